import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CliBoard } from '../../../test/support/cli-board.ts';
import { ran } from '../../../test/support/fake-terminal.ts';
import { writeDfuSeFile } from '../../dfu/index.ts';

/* The commands at a loader that speaks DfuSe: the one in the ROM of an STM32. */

const FLASH = 0x0800_0000;

let folder: string;
let board: CliBoard;
const path = (name: string): string => join(folder, name);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-dfuse-'));
  board = await CliBoard.start('stm32f072b_disco');
});
afterEach(async () => {
  await board.quit();
  rmSync(folder, { recursive: true });
});

const call = (name: string, ...args: string[]): ReturnType<typeof ran> =>
  ran([name, '--bus', board.bus, ...args]);

const firmware = Uint8Array.from({ length: 5000 }, (_, at) => at * 3);

describe('a loader that speaks DfuSe', () => {
  test('is listed with its memories', async () => {
    const { exit, out } = await call('list', '-a', '0');
    expect(exit).toBe(0);
    expect(out).toMatch(/name="@Internal Flash {2}\/0x08000000\/064\*0002Kg"/);
  });

  test('is written where it is told to, and read again', async () => {
    writeFileSync(path('a.bin'), firmware);
    const written = await call('download', path('a.bin'), '-a', '0', '-s', '0x08000000');
    expect(written).toMatchObject({ exit: 0, err: '' });
    expect(written.out).toContain('Done!');
    const length = `0x08000000:${firmware.length}`;
    expect(await call('upload', path('b.bin'), '-a', '0', '-s', length)).toMatchObject({ exit: 0 });
    expect(Uint8Array.from(readFileSync(path('b.bin')))).toEqual(firmware);
    const piped = await call('upload', '-', '-a', '0', '--max-size', '3000');
    expect(piped.err).toContain('bytes');
  });

  test('takes a DfuSe file, which says itself what goes where', async () => {
    const target = { alternate: 0, name: 'flash', elements: [{ address: FLASH, data: firmware }] };
    const suffix = { idVendor: 0x0483, idProduct: 0xdf11, bcdDevice: 0xffff, bcdDFU: 0x011a };
    writeFileSync(path('a.dfu'), writeDfuSeFile([target], suffix));
    expect(await call('download', path('a.dfu'))).toMatchObject({ exit: 0, err: '' });
    const { exit } = await call('upload', path('b.bin'), '-a', '0', '-s', `${FLASH}:5000`);
    expect(exit).toBe(0);
    expect(Uint8Array.from(readFileSync(path('b.bin')))).toEqual(firmware);
  });

  test('carries out commands alone', async () => {
    writeFileSync(path('a.bin'), firmware);
    await call('download', path('a.bin'), '-a', '0', '-s', '0x08000000');
    const erased = await call('download', '-a', '0', '-s', ':mass-erase:force');
    expect(erased).toMatchObject({ exit: 0 });
    await call('upload', path('b.bin'), '-a', '0', '-s', '0x08000000:16');
    expect(readFileSync(path('b.bin')).every((byte) => byte === 0xff)).toBe(true);
  });

  test.each(['0x08000000:unprotect:force', ':unprotect:force'])(
    'departure dfu-util/unprotect-before-a-file: a restart before it has the file (-s %s): 79',
    async (opening) => {
      writeFileSync(path('a.bin'), firmware);
      const { exit, out, err } = await call('download', path('a.bin'), '-a', '0', '-s', opening);
      expect(exit).toBe(79);
      expect(out).not.toMatch(/success|Done!/);
      expect(err).toContain('read protection is off and the flash is erased');
      expect(err).toMatch(/run download again for the file \(acknowledged: .*0 of 5000 bytes\)/);
    },
  );

  test('and for a program', async () => {
    writeFileSync(path('a.bin'), firmware);
    const opening = ['-s', '0x08000000:unprotect:force', '--json'];
    const { exit, out } = await call('download', path('a.bin'), '-a', '0', ...opening);
    expect(exit).toBe(79);
    const told = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    expect(told.some(({ type }) => type === 'downloaded')).toBe(false);
    expect(told.at(-1)).toMatchObject({
      type: 'error',
      code: 'INCOMPLETE',
      outcome: 'partly-written',
      planned: { bytes: 5000 },
      acknowledged: { bytes: 0, commands: 1 },
    });
  });

  test('says what it did without a file', async () => {
    const words = async (...args: string[]): Promise<string> => {
      const { exit, out } = await call('download', '-a', '0', ...args);
      expect(exit).toBe(0);
      expect(out).not.toMatch(/File|Download done/);
      return out;
    };
    expect(await words('-s', ':mass-erase:force')).toMatch(/Acknowledged: 1 command\nDone!\n$/);
    expect(await words('-s', '0x08000000:mass-erase:force:leave')).toMatch(
      /Acknowledged: 2 commands\nDone!\nThe device has left\.\n$/,
    );
  });

  test('whose read protection is taken off says so', async () => {
    const { exit, out } = await call('download', '-a', '0', '-s', ':unprotect:force');
    expect(exit).toBe(0);
    expect(out).toMatch(/Acknowledged: 1 command\nDone!\nThe device has left\.\n$/);
  });

  test('is not sent an empty file: 64', async () => {
    writeFileSync(path('a.bin'), '');
    const { exit, out, err } = await call('download', path('a.bin'), '-a', '0', '-s', '0x08000000');
    expect(exit).toBe(64);
    expect(out).not.toContain('Done!');
    expect(err).toContain('expected at least 1 byte');
  });

  test('is not written to without an address: 64', async () => {
    writeFileSync(path('a.bin'), firmware);
    const { exit, err } = await call('download', path('a.bin'), '-a', '0');
    expect(exit).toBe(64);
    expect(err).toContain('-s, e.g. -s 0x08000000');
  });

  test('leaves for what was written', async () => {
    writeFileSync(path('a.bin'), firmware);
    const { exit, out } = await call('download', path('a.bin'), '-a', '0', '-s', `${FLASH}:leave`);
    expect(exit).toBe(0);
    expect(out).toContain('The device has left to start its new firmware.');
  });

  test.each([
    [['download', '-a', '0'], "missing required argument 'file'"],
    [['download', 'x', '-s', 'nowhere'], 'nowhere'],
  ])('%j: 64', async ([name = '', ...args], words) => {
    const { exit, err } = await call(name, ...args);
    expect(exit).toBe(64);
    expect(err).toContain(words);
  });
});
