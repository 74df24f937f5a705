import { spawnSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NorFlash } from '../../flash/index.ts';
import type { FlashGeometry } from '../../flash/index.ts';
import { FlashFile, flashFileHolder } from './flash-file.ts';

const geometry: FlashGeometry = {
  sectors: [{ count: 4, sizeBytes: 256 }],
  writeUnitBytes: 4,
  erasedValue: 0xff,
};

const bootId = '/proc/sys/kernel/random/boot_id';

const code = (expected: string): Error => expect.objectContaining({ code: expected }) as Error;

describe('flash in a file', () => {
  let folder = '';
  let path = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dfukit-flash-'));
    path = join(folder, 'flash.bin');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('is made with the right size, filled as erased, and leaves nothing else behind', () => {
    FlashFile.open(path, geometry).close();
    expect(new Uint8Array(readFileSync(path))).toEqual(new Uint8Array(1024).fill(0xff));
    expect(readdirSync(folder)).toEqual(['flash.bin']);
  });

  test('has erased zeros where the part has them', () => {
    FlashFile.open(path, { ...geometry, erasedValue: 0 }).close();
    expect(new Uint8Array(readFileSync(path))).toEqual(new Uint8Array(1024));
  });

  test('keeps what was programmed, at once and for the next time', () => {
    const file = FlashFile.open(path, geometry);
    const flash = new NorFlash(geometry, file);
    flash.program(260, Uint8Array.of(1, 2, 3, 4));
    expect(readFileSync(path).subarray(259, 265)).toEqual(Buffer.from('ff01020304ff', 'hex'));
    file.close();
    const again = FlashFile.open(path, geometry);
    expect(new NorFlash(geometry, again).read(260, 4)).toEqual(Uint8Array.of(1, 2, 3, 4));
    new NorFlash(geometry, again).erase(256, 256);
    again.close();
    expect(new Uint8Array(readFileSync(path))).toEqual(new Uint8Array(1024).fill(0xff));
  });

  test('of another size is not taken, and not touched', () => {
    writeFileSync(path, 'hello');
    expect(() => FlashFile.open(path, geometry)).toThrow(/expected 1024 bytes, got 5/);
    expect(readFileSync(path, 'utf8')).toBe('hello');
    expect(readdirSync(folder)).toEqual(['flash.bin']);
  });

  test('is locked against a second opener, by whatever name, until it is closed', () => {
    const file = FlashFile.open(path, geometry);
    symlinkSync(path, join(folder, 'other.bin'));
    expect(() => FlashFile.open(path, geometry)).toThrow(code('BUSY'));
    expect(() => FlashFile.open(join(folder, 'other.bin'), geometry)).toThrow(
      new RegExp(`in use by process ${process.pid}`),
    );
    file.close();
    file.close();
    FlashFile.open(path, geometry).close();
    expect(() => file.write(0, new Uint8Array(4))).toThrow(code('IO'));
  });

  test('tells who has it, by another name of the file in its folder too', () => {
    FlashFile.open(path, geometry).close();
    const other = join(folder, 'other.bin');
    linkSync(path, other);
    expect(flashFileHolder(path)).toBeUndefined();
    const file = FlashFile.open(path, geometry);
    expect([flashFileHolder(path), flashFileHolder(other)]).toEqual([process.pid, process.pid]);
    expect(() => FlashFile.open(other, geometry)).toThrow(code('BUSY'));
    expect(existsSync(`${other}.lock`)).toBe(false);
    file.close();
    FlashFile.open(other, geometry).close();
    expect(flashFileHolder(other)).toBeUndefined();
    expect(flashFileHolder(join(folder, 'missing'))).toBeUndefined();
  });

  test('one of another container or machine is believed, and the message says what to do', () => {
    const boot = existsSync(bootId) ? readFileSync(bootId, 'latin1').trim() : '-';
    const elsewhere = [
      [`4000000 1 ${boot} box 1\n`, existsSync(bootId)],
      ['4000000 1 another another-machine 1\n', true],
    ] as const;
    for (const [text, applies] of elsewhere) {
      if (!applies) continue;
      writeFileSync(`${path}.lock`, text);
      expect(() => FlashFile.open(path, geometry)).toThrow(
        /by process 4000000 of another container or machine \(.*flash\.bin\.lock\); if nothing runs/,
      );
      expect(readFileSync(`${path}.lock`, 'latin1')).toBe(text);
    }
  });

  test('one from before the machine started anew counts for nothing', () => {
    const host = encodeURIComponent(hostname());
    writeFileSync(`${path}.lock`, `${process.pid} 1 another ${host} 1\n`);
    FlashFile.open(path, geometry).close();
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  test('a lock whose process is gone counts for nothing', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(`${path}.lock`, `${pid} 12345\n`);
    FlashFile.open(path, geometry).close();
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  test.runIf(existsSync('/proc/self/stat'))('nor does one whose number has been used again', () => {
    writeFileSync(`${path}.lock`, `${process.pid} 1\n`);
    FlashFile.open(path, geometry).close();
    expect(readdirSync(folder)).toEqual(['flash.bin']);
  });

  test('nor does one that nobody can have written', () => {
    writeFileSync(`${path}.lock`, 'garbage');
    FlashFile.open(path, geometry).close();
    expect(readdirSync(folder)).toEqual(['flash.bin']);
  });

  test('an unfinished file of an earlier attempt is in nobody’s way', () => {
    writeFileSync(`${path}.new`, 'half');
    FlashFile.open(path, geometry).close();
    expect(readFileSync(path)).toHaveLength(1024);
  });

  test('in a folder that is not there is an error that names it', () => {
    const missing = join(folder, 'no', 'flash.bin');
    expect(() => FlashFile.open(missing, geometry)).toThrow(code('IO'));
  });
});
