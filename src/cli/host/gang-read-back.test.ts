import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ran } from '../../../test/support/fake-terminal.ts';
import type { Ran } from '../../../test/support/fake-terminal.ts';
import { MiniatureBoard } from '../../../test/support/miniature-board.ts';
import { COMPATIBLE, Device, DfuSeMode, DfuSeRam } from '../../device/index.ts';
import { UsbipServer } from '../../link/usbip/index.ts';
import { timerClock } from '../../usb/index.ts';
import type { UsbDevice } from '../../usb/index.ts';

/* Many at once, and what is read back and waited for: each unit by itself, the exit code by the worst. */

const servers: UsbipServer[] = [];
let folder = '';
let image = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-gang-'));
  image = join(folder, 'app.bin');
  writeFileSync(
    image,
    Uint8Array.from({ length: 5000 }, (_, at) => (at * 3) ^ (at >> 8)),
  );
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
  rmSync(folder, { recursive: true });
});

async function station(...devices: readonly UsbDevice[]): Promise<string[]> {
  const server = new UsbipServer({ clock: timerClock(globalThis), host: '127.0.0.1', port: 0 });
  servers.push(server);
  for (const device of devices) server.add(device);
  const { host, port } = await server.listen();
  return ['--bus', `usbip://${host}:${port}`];
}

const call = (...args: readonly string[]): Promise<Ran> =>
  ran(['download', image, '--all', ...args]);

describe('DfuSe devices', () => {
  class Counting extends DfuSeRam {
    programmed = 0;
    override program(...args: Parameters<DfuSeRam['program']>): ReturnType<DfuSeRam['program']> {
      this.programmed += args[1].length;
      return super.program(...args);
    }
  }

  async function rack(): Promise<{ memories: readonly Counting[]; args: readonly string[] }> {
    const memories = ['A', 'B'].map(() => new Counting({ layout: '@Flash /0x08000000/64*001Kg' }));
    const devices = memories.map((memory, at) => {
      const mode = new DfuSeMode({ memories: [memory], functional: { wTransferSize: 1024 } });
      const identity = { idVendor: 0x0483, idProduct: 0xdf11, serial: `ST-${at}` };
      return new Device({ identity, configurations: [{ functions: [mode] }] });
    });
    const buses = await Promise.all(devices.map((device) => station(device)));
    return { memories, args: [...buses.flat(), '-s', '0x08000000'] };
  }

  test('--verify, --changed-only and --resume: each by what it has', async () => {
    const { memories, args } = await rack();
    const first = await call(...args, '--verify');
    expect([first.exit, first.err]).toEqual([0, '']);
    expect(first.out).toContain('2 verified in ');
    const [, other] = memories;
    other?.read(0x0800_0400, 1).set([0x55]);
    for (const each of memories) each.programmed = 0;
    const again = await call(...args, '--changed-only', '--verify');
    expect([again.exit, again.err]).toEqual([0, '']);
    expect(again.out).toContain('ST-0: all is there already, by what was read\n');
    expect(again.out).toContain('ST-1: 3976 bytes were there, by what was read\n');
    expect(memories.map(({ programmed }) => programmed)).toEqual([0, 1024]);
    for (const each of memories) {
      expect(Buffer.from(each.read(0x0800_0000, 5000))).toEqual(readFileSync(image));
    }
    const resumed = await call(...args, '--resume', '--json');
    expect(resumed.exit).toBe(0);
    expect(JSON.parse(resumed.out.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      outcomes: { verified: 2 },
      exit: 0,
    });
  });

  test('values of their own are read back as they are, and written where they differ alone', async () => {
    const { memories, args } = await rack();
    expect((await call(...args)).exit).toBe(0);
    for (const each of memories) each.programmed = 0;
    const inject = ['--inject', '0x08000410:counter:100:u32le', '--verify', '--changed-only'];
    const journal = join(folder, 'line.ndjson');
    const { exit, out } = await call(...args, ...inject, '--journal', journal);
    expect(exit).toBe(0);
    expect(out).toContain('2 verified in ');
    const given = memories.map((each) => each.read(0x0800_0410, 1)[0]);
    expect(given.toSorted((a = 0, b = 0) => a - b)).toEqual([100, 101]);
    expect(memories.map(({ programmed }) => programmed)).toEqual([1024, 1024]);
    const outcomes = readFileSync(journal, 'utf8').match(/"outcome":"[a-z-]+"/g);
    expect(outcomes).toEqual(['"outcome":"verified"', '"outcome":"verified"']);
  });

  test('what is missing on the command line is said with its option', async () => {
    const { args } = await rack();
    const { exit, err } = await call(...args.slice(0, -2));
    expect(exit).toBe(64);
    expect(err).toContain('-s');
  });
});

describe('devices of plain DFU', () => {
  const bits = { canDnload: true, canUpload: true, manifestationTolerant: true, willDetach: true };

  test('one that gives no uploads is 80, and said; all others are verified', async () => {
    const boards = [
      new MiniatureBoard(bits, 64, COMPATIBLE, { serial: 'WELL', starts: 'loader' }),
      new MiniatureBoard({ ...bits, canUpload: false }, 64, COMPATIBLE, {
        serial: 'MUTE',
        starts: 'loader',
      }),
    ];
    const args = ['-d', '1209:7d00,1209:7d02', '-a', '0', '--verify'];
    const bus = await station(...boards.map(({ device }) => device));
    const { exit, out } = await call(...args, ...bus);
    expect(exit).toBe(80);
    expect(out).toContain('WELL: verified\n');
    expect(out).toContain('MUTE: could not be read back: the device gives no uploads');
  });

  test('--wait-app waits for each, also for those with the same serial number', async () => {
    const leaving = { ...bits, manifestationTolerant: false };
    const boards = ['A', 'B', 'SAME', 'SAME'].map(
      (serial) => new MiniatureBoard(leaving, 64, COMPATIBLE, { serial }),
    );
    const args = ['-d', '1209:7d00,1209:7d02', '-a', '0', '-R', '--wait-app', '20'];
    const bus = await station(...boards.map(({ device }) => device));
    const { exit, out } = await call(...args, ...bus);
    expect(exit).toBe(0);
    expect(out.match(/its application is there after/g)).toHaveLength(4);
    expect(out).toContain('4 written in ');
  });

  test('one serial number is not expected of many', async () => {
    const { exit, err } = await call('--expect-serial', 'A', '--bus', 'usbip://127.0.0.1:1');
    expect([exit, err]).toEqual([64, expect.stringContaining('--expect-serial is for one device')]);
  });
});
