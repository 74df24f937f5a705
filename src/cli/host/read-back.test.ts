import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CliBoard } from '../../../test/support/cli-board.ts';
import { ran } from '../../../test/support/fake-terminal.ts';
import type { Ran } from '../../../test/support/fake-terminal.ts';
import { MiniatureBoard } from '../../../test/support/miniature-board.ts';
import { COMPATIBLE, Device, DfuSeMode, DfuSeRam } from '../../device/index.ts';
import type { FunctionalOptions } from '../../device/index.ts';
import { UsbipServer } from '../../link/usbip/index.ts';
import { timerClock } from '../../usb/index.ts';
import type { UsbDevice } from '../../usb/index.ts';

/* --verify, --changed-only and --resume at virtual boards: what is read, what is written, and what is said. */

let folder: string;
let board: CliBoard | undefined;
let server: UsbipServer | undefined;
let bus: string;
const path = (name: string): string => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-read-back-'));
});
afterEach(async () => {
  await board?.quit();
  board = undefined;
  await server?.close();
  server = undefined;
  rmSync(folder, { recursive: true });
});

const call = (name: string, ...args: string[]): Promise<Ran> => ran([name, '--bus', bus, ...args]);

async function start(name: string): Promise<void> {
  board = await CliBoard.start(name);
  bus = board.bus;
}

/** A device of our own on a bus of its own. */
async function plugIn(device: UsbDevice): Promise<void> {
  server = new UsbipServer({ clock: timerClock(globalThis), port: 0 });
  const { host, port } = await server.listen();
  bus = `usbip://${host}:${port}`;
  server.add(device);
}

/** The last line of a command's JSON. */
async function told(...args: string[]): Promise<object> {
  const { exit, out } = await call('download', ...args, '--json');
  return { exit, ...(JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as object) };
}

const firmware = Uint8Array.from({ length: 9000 }, (_, at) => (at * 3) ^ (at >> 8));
const at = ['-a', '0', '-s', '0x08000000'] as const;

describe('the DfuSe loader of an STM32', () => {
  beforeEach(async () => {
    await start('stm32f072b_disco');
    writeFileSync(path('a.bin'), firmware);
  });

  test('--verify reads back what was written: 0, verified', async () => {
    const { exit, out, err } = await call('download', path('a.bin'), ...at, '--verify');
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    expect(out).toContain('Done!\nRead back: all is as it should be.\n');
    expect(await told(path('a.bin'), ...at, '--verify')).toMatchObject({
      exit: 0,
      outcome: 'verified',
      bytes: 9000,
    });
  });

  test('and leaves afterwards', async () => {
    const leaving = ['-a', '0', '-s', '0x08000000:leave', '--verify'];
    expect(await told(path('a.bin'), ...leaving)).toMatchObject({ outcome: 'verified', exit: 0 });
  });

  test('--changed-only of what is there already writes nothing: verified', async () => {
    await call('download', path('a.bin'), ...at);
    const { exit, out } = await call('download', path('a.bin'), ...at, '--changed-only');
    expect(exit).toBe(0);
    expect(out).toContain('All 9000 bytes are there already: read back, and nothing was written');
    expect(out).not.toContain('downloaded successfully');
    expect(await told(path('a.bin'), ...at, '--changed-only')).toMatchObject({
      outcome: 'verified',
      bytes: 0,
      kept: { sectors: 5, bytes: 9000 },
      planned: { erases: 0, bytes: 0 },
    });
  });

  test('--changed-only writes the sectors that differ, and no other', async () => {
    await call('download', path('a.bin'), ...at);
    const other = Uint8Array.from(firmware);
    other[3000] = 0x55;
    other[8999] = 0x55;
    writeFileSync(path('b.bin'), other);
    expect(await told(path('b.bin'), ...at, '--changed-only')).toMatchObject({
      outcome: 'written',
      bytes: 2048 + (9000 - 8192),
      kept: { sectors: 3, bytes: 3 * 2048 },
      planned: { erases: 2 },
    });
    await call('upload', path('c.bin'), '-a', '0', '-s', '0x08000000:9000');
    expect(Uint8Array.from(readFileSync(path('c.bin')))).toEqual(other);
  });

  test('--resume goes on at the first sector that differs, whatever stands behind it', async () => {
    writeFileSync(path('part.bin'), firmware.subarray(0, 5000));
    await call('download', path('part.bin'), ...at);
    expect(await told(path('a.bin'), ...at, '--resume', '--verify')).toMatchObject({
      outcome: 'verified',
      bytes: 9000 - 4096,
      kept: { sectors: 2, bytes: 4096 },
      planned: { erases: 3 },
    });
    await call('upload', path('c.bin'), '-a', '0', '-s', '0x08000000:9000');
    expect(Uint8Array.from(readFileSync(path('c.bin')))).toEqual(firmware);
  });

  test('what erases everything leaves nothing to compare with: 64', async () => {
    const args = ['-a', '0', '-s', '0x08000000:mass-erase:force', '--changed-only'];
    expect(await told(path('a.bin'), ...args)).toMatchObject({ exit: 64, outcome: 'unchanged' });
  });
});

describe('a DfuSe device that gives back something else', () => {
  class Worn extends DfuSeRam {
    #wears = false;
    /** From now on one of its cells loses a bit behind every programming. */
    wear(): void {
      this.#wears = true;
    }
    override program(...args: Parameters<DfuSeRam['program']>): ReturnType<DfuSeRam['program']> {
      const answer = super.program(...args);
      const [cell = 0] = super.read(0x0800_1234, 1);
      if (this.#wears && cell !== 0xff) super.read(0x0800_1234, 1)[0] = cell ^ 0x80;
      return answer;
    }
  }

  async function device(layout: string, functional: FunctionalOptions = {}): Promise<Worn> {
    const memory = new Worn({ layout });
    const mode = new DfuSeMode({
      memories: [memory],
      functional: { wTransferSize: 1024, ...functional },
    });
    const identity = { idVendor: 0x0483, idProduct: 0xdf11, serial: 'ST' };
    await plugIn(new Device({ identity, configurations: [{ functions: [mode] }] }));
    writeFileSync(path('a.bin'), firmware);
    return memory;
  }

  test('79, with the first difference; it is not told to leave', async () => {
    const memory = await device('@Flash /0x08000000/64*001Kg');
    memory.wear();
    const { exit, out, err } = await call(
      'download',
      path('a.bin'),
      '-s',
      '0x08000000:leave',
      '--verify',
    );
    expect(exit).toBe(79);
    expect(out).not.toContain('Done!');
    const byte = firmware[0x1234] ?? 0;
    const hex = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;
    const words = `read back at 0x08001234: expected ${hex(byte)}, got ${hex(byte ^ 0x80)}; it has not been told`;
    expect(err).toContain(words);
    const args = [path('a.bin'), '-s', '0x08000000', '--verify'];
    expect(await told(...args)).toMatchObject({
      exit: 79,
      code: 'MISMATCH',
      outcome: 'partly-written',
      acknowledged: { bytes: 9000 },
    });
  });

  test('memory that is not readable: written, and 80 with the reason', async () => {
    await device('@Flash /0x08000000/64*001Kf');
    const args = [path('a.bin'), '-s', '0x08000000', '--verify'];
    expect(await told(...args)).toMatchObject({
      exit: 80,
      outcome: 'written',
      unverified: '0x08000000 is not readable in "Flash"',
    });
    const { exit, out } = await call('download', ...args);
    expect(exit).toBe(80);
    expect(out).toContain('It could not be read back: 0x08000000 is not readable');
    expect(await told(path('a.bin'), '-s', '0x08000000', '--changed-only')).toMatchObject({
      exit: 0,
      outcome: 'written',
      bytes: 9000,
    });
  });

  test('a device that gives no uploads: 80', async () => {
    const bmAttributes = { canDnload: true, canUpload: false };
    await device('@Flash /0x08000000/64*001Kg', { bmAttributes });
    const args = [path('a.bin'), '-s', '0x08000000:leave', '--verify'];
    expect(await told(...args)).toMatchObject({ exit: 80, outcome: 'written' });
  });
});

describe('a device of plain DFU', () => {
  const bits = {
    canDnload: true,
    canUpload: true,
    manifestationTolerant: true,
    willDetach: true,
  };

  async function device(more: Partial<typeof bits> = {}): Promise<MiniatureBoard> {
    const made = new MiniatureBoard({ ...bits, ...more }, 1024, COMPATIBLE, { starts: 'loader' });
    await plugIn(made.device);
    writeFileSync(path('a.bin'), firmware);
    return made;
  }

  test('is read back once it is in dfuIDLE again', async () => {
    await device();
    expect(await told(path('a.bin'), '-a', '1', '--verify')).toMatchObject({
      exit: 0,
      outcome: 'verified',
      ending: 'manifested',
    });
  });

  test('--changed-only: all of it, or nothing', async () => {
    const { disks } = await device();
    const first = await told(path('a.bin'), '-a', '1', '--changed-only');
    expect(first).toMatchObject({ outcome: 'written', bytes: 9000 });
    const writes = disks[1]?.content.slice();
    const again = await told(path('a.bin'), '-a', '1', '--changed-only');
    expect(again).toMatchObject({ exit: 0, outcome: 'verified', bytes: 0, kept: { bytes: 9000 } });
    expect(disks[1]?.content).toEqual(writes);
  });

  test('--resume begins at the beginning, and says so', async () => {
    await device();
    const { exit, err } = await call('download', path('a.bin'), '-a', '1', '--resume');
    expect(exit).toBe(0);
    expect(err).toContain('plain DFU, which begins at the beginning: all of it is sent');
  });

  test.each([
    ['gives no uploads', { canUpload: false }, /gives no uploads \(bitCanUpload is 0\)/],
    ['leaves to start it', { manifestationTolerant: false }, /the device has left|not in dfuIDLE/],
  ])('that %s is written: 80', async (_, more, why) => {
    await device(more);
    const ended = await told(path('a.bin'), '-a', '1', '--verify');
    expect(ended).toMatchObject({ exit: 80, outcome: 'written' });
    expect(ended).toMatchObject({ unverified: expect.stringMatching(why) as unknown });
  });
});
