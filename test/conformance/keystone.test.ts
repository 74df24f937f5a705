import { describe, expect, test } from 'vitest';
import { COMPATIBLE, RIOTBOOT, STRICT } from '../../src/device/index.ts';
import type { DfuProfile } from '../../src/device/index.ts';
import { DfuError } from '../../src/bytes/index.ts';
import { connect, download, leave, parseDeviceIds, scan, upload } from '../../src/host/index.ts';
import type { DfuSession, HostEvent } from '../../src/host/index.ts';
import { LoopbackBus } from '../../src/link/loopback/index.ts';
import { VirtualClock } from '../../src/usb/index.ts';
import { MiniatureBoard } from '../support/miniature-board.ts';
import type { Bits } from '../support/miniature-board.ts';
import { onClock } from '../support/scripted-pipe.ts';

/*
 * The keystone: the host wired straight to the device, both as they are, time virtual. Every combination
 * of bmAttributes (DFU 1.1 table 4.2), with transfer sizes from one packet to the largest there is.
 */

const everyBits: Bits[] = Array.from({ length: 16 }, (_, number) => ({
  canDnload: (number & 1) !== 0,
  canUpload: (number & 2) !== 0,
  manifestationTolerant: (number & 4) !== 0,
  willDetach: (number & 8) !== 0,
}));

/** wTransferSize, and the size of the blocks that the host makes of it. */
const sizes = [
  [64, 64],
  [1000, 1000],
  [4096, 4096],
  [65_534, 65_534],
  // 65535 reads as a field that nobody filled in; a host may always send less.
  [65_535, 4096],
] as const;

interface Bench {
  readonly clock: VirtualClock;
  readonly bus: LoopbackBus;
  readonly board: MiniatureBoard;
  readonly events: HostEvent[];
}

function bench(
  bits: Bits,
  wTransferSize: number,
  profile: DfuProfile,
  manner: 'plain' | 'linux',
): Bench {
  const clock = new VirtualClock();
  const bus = new LoopbackBus(clock, { manner });
  const board = new MiniatureBoard(bits, wTransferSize, profile);
  bus.plug(board.device);
  return { clock, bus, board, events: [] };
}

function open({ clock, bus, events }: Bench): Promise<DfuSession> {
  const selection = { ...parseDeviceIds('1209:7d00,1209:7d02'), alternate: 'ramdisk1' };
  return connect(bus, { clock, selection, onEvent: (event) => events.push(event) });
}

/** Not periodic in any block size. */
function image(length: number): Uint8Array {
  let seed = 1;
  return Uint8Array.from({ length }, () => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    return seed >>> 16;
  });
}

function describeBits(bits: Bits): string {
  const names = Object.entries(bits).flatMap(([name, on]) => (on ? name : []));
  return names.length === 0 ? 'none' : names.join(' ');
}

const profiles = [
  [COMPATIBLE, 'plain'],
  [COMPATIBLE, 'linux'],
  [STRICT, 'plain'],
] as const;

interface Case {
  readonly title: string;
  readonly profile: DfuProfile;
  readonly manner: 'plain' | 'linux';
  readonly bits: Bits;
  /** wTransferSize, and the blocks that the host makes of it. */
  readonly said: number;
  readonly used: number;
}

const cases: Case[] = profiles.flatMap(([profile, manner]) =>
  everyBits.flatMap((bits) =>
    sizes.map(([said, used]) => {
      const title = `${profile.name}, ${manner}, ${describeBits(bits)}, ${said}`;
      return { title, profile, manner, bits, said, used };
    }),
  ),
);

/** What the device gives to be read; undefined if the host says that it gives nothing. */
async function readBack(session: DfuSession): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  try {
    await upload(session, (chunk) => void chunks.push(chunk));
    return Buffer.concat(chunks);
  } catch (error) {
    if (DfuError.is(error, 'UNSUPPORTED')) return undefined;
    throw error;
  }
}

/** Compares as one value: byte by byte takes the test runner seconds. */
function expectSame(got: Uint8Array | undefined, expected: Uint8Array | undefined): void {
  expect(got?.length).toBe(expected?.length);
  expect(Buffer.compare(got ?? new Uint8Array(0), expected ?? new Uint8Array(0))).toBe(0);
}

describe('the host against the device', () => {
  test.each(cases.filter(({ bits }) => bits.canDnload))('$title', async (each) => {
    const { profile, manner, bits, said, used } = each;
    const parts = bench(bits, said, profile, manner);
    const { clock, bus, board } = parts;
    const before = board.disks.map((disk) => disk.content.slice());
    const payload = image(2 * used + 17);

    const whole = async (): Promise<void> => {
      const session = await arrive(parts);
      expectSame(await readBack(session), bits.canUpload ? before[1] : undefined);
      const result = await download(session, payload);
      expect(result).toMatchObject({ blocks: 3, bytes: payload.length, ending: 'manifested' });
      expect(result.finalState).toBe(endState(bits, profile));
      expect(board.manifested).toBe(1);
      expectSame(board.disks[0]?.content, before[0]);
      expectSame(board.disks[1]?.content, payload);
      if (bits.manifestationTolerant) {
        expectSame(await readBack(session), bits.canUpload ? payload : undefined);
        await leave(session);
      }
      await session.close();
    };
    await onClock(clock, whole());

    // The new application is what the host finds next.
    await onClock(clock, settle(clock));
    const { entries } = await onClock(clock, scan(bus, { clock }));
    expect(entries).toMatchObject([{ mode: 'runtime', idProduct: 0x7d00 }]);
    expect(board.history.at(-1)).toBe('application');
    expect(board.history).toHaveLength(board.blank ? 2 : 3);
  });

  test.each(cases.filter(({ bits }) => !bits.canDnload))('$title', async (each) => {
    const { profile, manner, bits, said } = each;
    const parts = bench(bits, said, profile, manner);
    const { clock, board } = parts;
    const before = board.disks.map((disk) => disk.content.slice());

    const whole = async (): Promise<void> => {
      const session = await arrive(parts);
      expectSame(await readBack(session), bits.canUpload ? before[1] : undefined);
      await expect(download(session, image(10))).rejects.toMatchObject({ code: 'UNSUPPORTED' });
      await session.close();
    };
    await onClock(clock, whole());

    expect(board.manifested).toBe(0);
    for (const [at, disk] of board.disks.entries()) expectSame(disk.content, before[at]);
  });
});

/** Opens it in DFU mode, and looks at the way there. */
async function arrive(parts: Bench): Promise<DfuSession> {
  const { board, events } = parts;
  const session = await open(parts);
  expect(board.history).toEqual(board.blank ? ['loader'] : ['application', 'loader']);
  expect(session.interface).toMatchObject({
    mode: 'dfu',
    alternate: 1,
    name: 'ramdisk1',
    serial: 'KEYSTONE',
  });
  const told = events.map(({ type }) => type).filter((type) => type !== 'note');
  expect(told).toEqual(board.blank ? ['selected'] : WAY_TO_DFU_MODE);
  return session;
}

/** The last state that a device with these bits reports (DFU 1.1 A.2.7 to A.2.9). */
function endState(bits: Bits, profile: DfuProfile): string {
  if (bits.manifestationTolerant) return 'dfuIDLE';
  return profile === STRICT ? 'dfuMANIFEST' : 'dfuMANIFEST-WAIT-RESET';
}

const WAY_TO_DFU_MODE = ['selected', 'detaching', 'returned', 'selected'];

/** Lets a device that leaves after a reset do so, and come back. */
function settle(clock: VirtualClock): Promise<void> {
  return new Promise((resolve) => {
    clock.at(clock.now() + 5000, resolve);
  });
}

test('riotboot: takes it all, reports dfuDNLOAD-IDLE, and leaves a second later', async () => {
  const bits = {
    canDnload: true,
    canUpload: false,
    manifestationTolerant: false,
    willDetach: true,
  };
  const parts = bench(bits, 64, RIOTBOOT, 'plain');
  const { clock, bus, board } = parts;
  const whole = async (): Promise<void> => {
    const session = await open(parts);
    const startMs = clock.now();
    expect(await download(session, image(1000))).toMatchObject({
      ending: 'left',
      finalState: 'dfuDNLOAD-IDLE',
    });
    // It says bwPollTimeout 255 with every block, and is never busy: only its restart takes time.
    expect(clock.now() - startMs).toBeLessThan(1500);
    await session.close();
  };
  await onClock(clock, whole());
  expectSame(board.disks[1]?.content, image(1000));
  await onClock(clock, settle(clock));
  const { entries } = await onClock(clock, scan(bus, { clock }));
  expect(entries).toMatchObject([{ mode: 'runtime' }]);
});

describe('what the device refuses', () => {
  const bits: Bits = {
    canDnload: true,
    canUpload: true,
    manifestationTolerant: true,
    willDetach: true,
  };

  async function inDfuMode(
    work: (session: DfuSession, board: MiniatureBoard) => Promise<void>,
  ): Promise<void> {
    const parts = bench(bits, 64, COMPATIBLE, 'plain');
    const whole = async (): Promise<void> => {
      const session = await open(parts);
      await work(session, parts.board);
      await session.close();
    };
    await onClock(parts.clock, whole());
  }

  test('a download that is too long: its status and its words; then a good one', () =>
    inDfuMode(async (session, board) => {
      await expect(download(session, new Uint8Array(200_001))).rejects.toMatchObject({
        code: 'DEVICE_STATUS',
        status: 8,
        message: expect.stringContaining(`it says "'ramdisk1' holds 200000 bytes`) as string,
      });
      const result = await download(session, image(100));
      expect(result.ending).toBe('manifested');
      expectSame(board.disks[1]?.content, image(100));
    }));

  test('a block that is longer than wTransferSize, until it is cut', () =>
    inDfuMode(async (session, board) => {
      const notes: string[] = [];
      const result = await download(session, image(200), {
        transferSizeBytes: 128,
        onEvent: (told) => told.type === 'note' && notes.push(told.message),
      });
      expect([result.outcome, result.acknowledged.blocks]).toEqual(['written', 4]);
      expect(notes.join()).toMatch(/blocks of 64 are sent/);
      expectSame(board.disks[1]?.content, image(200));
    }));

  test('a download or an upload that its bits forbid, though the host insists', async () => {
    const parts = bench({ ...bits, canDnload: false, canUpload: false }, 64, COMPATIBLE, 'plain');
    const whole = async (): Promise<void> => {
      const session = await open(parts);
      const options = { force: true };
      await expect(download(session, image(10), options)).rejects.toMatchObject({
        code: 'DEVICE_STATUS',
        status: 15,
      });
      await expect(upload(session, () => {}, options)).rejects.toMatchObject({
        code: 'DEVICE_STATUS',
        status: 15,
      });
    };
    await onClock(parts.clock, whole());
  });

  test('nothing of a download that is cancelled remains, and the next one goes through', () =>
    inDfuMode(async (session, board) => {
      const stop = new AbortController();
      const before = board.disks[1]?.content.slice();
      const work = download(session, image(1000), {
        signal: stop.signal,
        onEvent(event) {
          if (event.type === 'progress' && event.doneBytes >= 512) stop.abort();
        },
      });
      await expect(work).rejects.toMatchObject({ code: 'ABORTED' });
      expectSame(board.disks[1]?.content, before);
      expect((await download(session, image(1000))).ending).toBe('manifested');
      expectSame(board.disks[1]?.content, image(1000));
    }));

  test('an unplugged device ends a download with DISCONNECTED', async () => {
    const clock = new VirtualClock();
    const bus = new LoopbackBus(clock);
    const board = new MiniatureBoard(bits, 64, COMPATIBLE);
    const plug = bus.plug(board.device);
    const whole = async (): Promise<void> => {
      const session = await open({ clock, bus, board, events: [] });
      const work = download(session, image(1000), {
        onEvent(event) {
          if (event.type === 'progress' && event.doneBytes >= 512) plug.unplug();
        },
      });
      await expect(work).rejects.toMatchObject({ code: 'DISCONNECTED' });
      await session.close();
    };
    await onClock(clock, whole());
    expect(board.manifested).toBe(0);
  });
});
