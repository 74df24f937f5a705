import { describe, expect, test } from 'vitest';
import {
  boardModel,
  firmwareImage,
  mcubootFirmware,
  mcubootLayout,
  mcubootModes,
} from '../../src/board/index.ts';
import type { McubootMode, McubootOptions } from '../../src/board/index.ts';
import { DfuError } from '../../src/bytes/index.ts';
import { statusNumber } from '../../src/dfu/index.ts';
import type { DfuStatus } from '../../src/dfu/index.ts';
import { connect, download } from '../../src/host/index.ts';
import {
  generateKey,
  generateRiotbootHeader,
  padImage,
  parseVersion,
  signImage,
  uuidTlvs,
} from '../../src/image/index.ts';
import type { SignOptions } from '../../src/image/index.ts';
import { LoopbackBus } from '../../src/link/loopback/index.ts';
import type { VirtualClock } from '../../src/usb/index.ts';
import { FakeRunner, testBoard } from '../support/boards.ts';
import type { TestBoard } from '../support/boards.ts';
import { onClock } from '../support/scripted-pipe.ts';
import { sampleBoard, trusted } from '../support/zephyr/sample-board.ts';
import type { SampleBoard } from '../support/zephyr/sample-board.ts';

/* A bad image is refused while it is sent: what a host hears of it, and what boots afterwards. */

interface Told {
  readonly code: string;
  readonly status: number | undefined;
  readonly words: string;
}

/** Sends it from the project's own host; what the device said against it, undefined for nothing. */
async function sent(
  { bus, clock }: { readonly bus: LoopbackBus; readonly clock: VirtualClock },
  bytes: Uint8Array,
  { alternate, transferSizeBytes }: { alternate: number; transferSizeBytes?: number },
): Promise<Told | undefined> {
  const run = <T>(work: Promise<T>): Promise<T> => onClock(clock, work);
  const session = await run(connect(bus, { clock, selection: { alternate } }));
  try {
    await run(download(session, bytes, { transferSizeBytes }));
    return undefined;
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    const [, words = ''] = /it says "(.*)"(?:; acknowledged .*)?$/s.exec(error.message) ?? [];
    return { code: error.code, status: error.status, words };
  } finally {
    await run(session.close());
  }
}

const refusal = (status: DfuStatus, words: string | RegExp): unknown => ({
  code: 'DEVICE_STATUS',
  status: statusNumber(status),
  words: typeof words === 'string' ? words : (expect.stringMatching(words) as string),
});

const text = new TextEncoder().encode('an update');
const reel = boardModel('reel_board');

interface Wanted extends Partial<Omit<SignOptions, 'version'>> {
  readonly version?: string;
  readonly mode?: McubootMode;
  readonly slot?: number;
  readonly model?: typeof reel;
}

/** What `imgtool sign` would make of a firmware for a reel_board; signed unless `key` is undefined. */
async function signed({
  version = '0.0.0',
  mode,
  slot = 0,
  model = reel,
  ...options
}: Wanted = {}): Promise<Uint8Array> {
  const linked = { model, slot, ...(mode === undefined ? {} : { mode }) };
  const plain = await mcubootFirmware(text, linked);
  const { headerBytes: headerSize } = mcubootLayout(model, mode);
  const of = { version: parseVersion(version), headerSize, key: trusted, ...options };
  return (await signImage(plain, of)).bytes;
}

/** With one byte changed. */
function broken(image: Uint8Array, at: number, value?: number): Uint8Array {
  const copy = image.slice();
  copy[at] = value ?? (copy[at] ?? 0) ^ 0x01;
  return copy;
}

// Places in the header.
const HDR_SIZE = 8;
const IMG_SIZE = 12;
const FLAGS = 16;

/** Where the TLVs begin. */
function tlvsOf(image: Uint8Array): number {
  const view = new DataView(image.buffer, image.byteOffset);
  return view.getUint16(HDR_SIZE, true) + view.getUint32(IMG_SIZE, true);
}

interface Case {
  readonly what: string;
  readonly image: () => Promise<Uint8Array>;
  readonly status: DfuStatus;
  readonly words: string | RegExp;
  /** What the board's MCUboot is compiled with. */
  readonly build?: Omit<McubootOptions, 'keys'>;
  /** What the image that runs on it is signed with. */
  readonly running?: Partial<SignOptions>;
}

const ours = await uuidTlvs({ vendor: 'example.com', deviceClass: 'lamp' });
const stranger = await generateKey('ecdsa-p256');

const cases: readonly Case[] = [
  {
    what: 'no image at all',
    image: async () => new Uint8Array(2000).fill(0x5a),
    status: 'errFILE',
    words: 'expected an MCUboot image, which begins with 3db8f396, got 5a5a5a5a',
  },
  {
    what: 'a header that is too small',
    image: async () => broken(await signed(), HDR_SIZE + 1, 0),
    status: 'errFILE',
    words: 'size of the header: expected at least 32, got 0',
  },
  {
    what: 'an image that is not to be booted',
    image: () => signed({ nonBootable: true }),
    status: 'errFILE',
    words: 'flags 0x10: the image says that it is not to be booted',
  },
  {
    what: 'an encrypted image',
    image: async () => broken(await signed(), FLAGS, 0x04),
    status: 'errFILE',
    words: 'flags 0x4: encrypted, but this bootloader decrypts nothing',
  },
  {
    what: 'TLVs that are none',
    image: async () => {
      const image = await signed();
      return broken(image, tlvsOf(image), 0x08);
    },
    status: 'errFILE',
    words: /^TLVs at 0x[0-9a-f]+: expected 0x6907, got 0x6908$/,
  },
  {
    what: 'an image for another board',
    image: () => signed({ model: boardModel('nucleo_u575zi_q') }),
    status: 'errTARGET',
    words:
      /^the image runs from the primary slot, 0xc[0-9a-f]{3} to 0x[0-9a-f]+, but its reset vector is 0x8[0-9a-f]{6}$/,
  },
  {
    what: 'an image for the other slot',
    image: () => signed({ mode: 'direct-xip', slot: 0, romFixed: 0xc000 }),
    status: 'errTARGET',
    words: /^built for 0xc000, but the secondary slot is at 0x[0-9a-f]+$/,
    build: { mode: 'direct-xip' },
  },
  {
    what: 'an image for another vendor',
    image: async () => signed({ protectedTlvs: await uuidTlvs({ vendor: 'example.org' }) }),
    status: 'errTARGET',
    words: /^UUID_VID at 0x[0-9a-f]+: expected [0-9a-f]{16}…, got [0-9a-f]{16}…$/,
    build: { vendor: 'example.com' },
    running: { protectedTlvs: ours },
  },
  {
    what: 'an image that says nothing of the class of devices',
    image: async () => signed({ protectedTlvs: await uuidTlvs({ vendor: 'example.com' }) }),
    status: 'errTARGET',
    words: /^no class id: expected [0-9a-f]{16}…$/,
    build: { vendor: 'example.com', deviceClass: 'lamp' },
    running: { protectedTlvs: ours },
  },
  {
    what: 'an image that needs another one',
    image: () => signed({ dependencies: [{ imageId: 1, minVersion: parseVersion('1.0.0') }] }),
    status: 'errTARGET',
    words: 'it depends on an image that this bootloader does not know',
  },
  {
    what: 'an image that is too long by its header',
    image: async () => broken(await signed(), IMG_SIZE + 2, 0x10),
    status: 'errADDRESS',
    words: /^expected an image of at most \d+ bytes, got \d+: \d+ too many$/,
  },
  {
    what: 'bytes behind the image up to its trailer',
    image: async () => {
      const padded = new Uint8Array(mcubootLayout(reel).slots[1]?.sizeBytes ?? 0).fill(0x11);
      padded.set(await signed());
      return padded;
    },
    status: 'errADDRESS',
    words: 'what follows the image reaches into the trailer at the end of the slot',
  },
  {
    what: 'half a header',
    image: async () => (await signed()).subarray(0, 20),
    status: 'errNOTDONE',
    words: 'the image is cut short: expected at least 32 bytes, got 20',
  },
  {
    what: 'an image without its TLVs',
    image: async () => {
      const image = await signed();
      return image.subarray(0, tlvsOf(image));
    },
    status: 'errNOTDONE',
    words: /^the image is cut short: expected at least (\d+) bytes, got \d+$/,
  },
  {
    what: 'an image without its last byte',
    image: async () => (await signed()).subarray(0, -1),
    status: 'errNOTDONE',
    words: /^the image is cut short: expected \d+ bytes, got \d+$/,
  },
  {
    what: 'a damaged payload',
    image: async () => {
      const image = await signed();
      return broken(image, tlvsOf(image) - 1);
    },
    status: 'errVERIFY',
    words: /^SHA256 at 0x[0-9a-f]+: expected [0-9a-f]{16}…, got [0-9a-f]{16}…$/,
  },
  {
    what: 'a damaged signature',
    image: async () => {
      const image = await signed();
      return broken(image, image.length - 1);
    },
    status: 'errVERIFY',
    words: /^ECDSASIG at 0x[0-9a-f]+: it is not key 0's signature$/,
  },
  {
    what: 'the signature of a stranger',
    image: () => signed({ key: stranger }),
    status: 'errVERIFY',
    words: /^KEYHASH at 0x[0-9a-f]+: key [0-9a-f]{16}… is not in the bootloader$/,
  },
  {
    what: 'an image that nobody signed',
    image: () => signed({ key: undefined }),
    status: 'errVERIFY',
    words: "no ecdsa-p256 signature with its key's record",
  },
  {
    what: 'an older image',
    image: () => signed({ version: '1.1.9' }),
    status: 'errVENDOR',
    words: 'expected version 1.2.0+0 or later, got 1.1.9+0',
    build: { downgradePrevention: 'version' },
  },
  {
    what: 'an image with a lower security counter',
    image: () => signed({ securityCounter: 6 }),
    status: 'errVENDOR',
    words: 'expected at least 7 as in the primary slot, got security counter 6',
    build: { downgradePrevention: 'security-counter' },
    running: { securityCounter: 7 },
  },
];

async function startedAgain(bench: SampleBoard): Promise<string[]> {
  const from = bench.console().length;
  await bench.reset();
  // The program begins after the bootloader has said its last word.
  await new Promise((turn) => setImmediate(turn));
  return bench.console().slice(from);
}

describe('a reel_board with MCUboot refuses', () => {
  test.each(cases)('$what: $status', async (each) => {
    const { image, status, words, build = {}, running } = each;
    const bench = await sampleBoard('reel_board', 'compatible', {
      mcuboot: build,
      version: '1.2.0',
      ...(running === undefined ? {} : { sign: running }),
    });
    const told = await sent(bench, await image(), { alternate: 1 });
    expect(told).toEqual(refusal(status, words));
    expect(told?.words.length).toBeLessThanOrEqual(126);
    expect(bench.console()).not.toContain('<inf> main: USBD message: DFU download completed');
    const log = await startedAgain(bench);
    expect(log).toContain('I: Image version: v1.2.0');
    expect(log).toContain('<inf> main: USB DFU sample is initialized');
  });

  test.each([8, 100, 512])('in blocks of %i bytes as in any other', async (transferSizeBytes) => {
    const bench = await sampleBoard('reel_board', 'compatible');
    const foreign = await signed({ model: boardModel('nucleo_u575zi_q') });
    const image = await signed();
    const options = { alternate: 1, transferSizeBytes };
    expect(await sent(bench, foreign, options)).toMatchObject({
      status: statusNumber('errTARGET'),
    });
    expect(await sent(bench, image.subarray(0, -9), options)).toMatchObject({
      status: statusNumber('errNOTDONE'),
    });
    expect(await sent(bench, image, options)).toBeUndefined();
    expect(await startedAgain(bench)).toContain('I: Image index: 0, Swap type: test');
  });

  test('a wrong header before anything is erased, and takes a right image then', async () => {
    const bench = await sampleBoard('reel_board', 'compatible');
    const slot = (): Uint8Array => bench.flash.read(bench.slotOffsets[1] ?? 0, 0x2000);
    expect(await sent(bench, await signed(), { alternate: 1 })).toBeUndefined();
    const before = slot();
    const bad = new Uint8Array(5000);
    expect(await sent(bench, bad, { alternate: 1 })).toMatchObject({
      status: statusNumber('errFILE'),
    });
    expect(slot()).toEqual(before);
    expect(await startedAgain(bench)).toContain('I: Image index: 0, Swap type: test');
  });

  test('nothing that its bootloader would take: an older image', async () => {
    const bench = await sampleBoard('reel_board', 'compatible', { version: '1.2.0' });
    const older = await signed({ version: '1.1.0' });
    expect(await sent(bench, older, { alternate: 1 })).toBeUndefined();
    const log = await startedAgain(bench);
    expect(log).toContain('I: Image version: v1.1.0');
    expect(log.at(-1)).toBe('an update');
  });

  test('no image that imgtool has padded to its slot and confirmed', async () => {
    const bench = await sampleBoard('reel_board', 'compatible');
    const slotSize = mcubootLayout(reel).slots[1]?.sizeBytes ?? 0;
    const padded = padImage(await signed(), { slotSize, align: 4, confirm: true });
    expect(await sent(bench, padded, { alternate: 1 })).toBeUndefined();
    const log = await startedAgain(bench);
    expect(log).toContain('I: Image index: 0, Swap type: perm');
    expect(log.at(-1)).toBe('an update');
  });

  test.each([
    ['with the check switched off', 'compatible', { checkImages: false }],
    ['as the original', 'zephyr', {}],
  ])('nothing %s', async (_, profile, options) => {
    const bench = await sampleBoard('reel_board', profile, options);
    const bad = new Uint8Array(2000).fill(0x5a);
    expect(await sent(bench, bad, { alternate: 1 })).toBeUndefined();
    expect(bench.flash.read(bench.slotOffsets[1] ?? 0, bad.length)).toEqual(bad);
    expect(bench.console()).toContain('<inf> main: USBD message: DFU download completed');
    // The bootloader finds out by itself, after the reset.
    const log = await startedAgain(bench);
    expect(log).toContain('I: Image index: 0, Swap type: test');
    expect(log).toContain('<inf> main: USB DFU sample is initialized');
  });
});

// Where direct-xip reverts, what a programmer wrote is not confirmed and does not boot.
const modes = mcubootModes.filter((mode) => mode !== 'direct-xip-with-revert');
const places = (['reel_board', 'nucleo_u575zi_q'] as const).flatMap((name) =>
  modes.map((mode) => ({ name, mode })),
);

describe.each(places)('a $name with MCUboot, $mode', ({ name, mode }) => {
  test('takes a good image and runs it, and no damaged one', async () => {
    const model = boardModel(name);
    const bench = await sampleBoard(name, 'compatible', { mcuboot: { mode } });
    const { config, slots } = mcubootLayout(model, mode);
    const slot = config.algorithm === 'direct-xip' ? 1 : 0;
    const place = { model, mode, slot, version: '2.0.0' };
    const update = await signed(
      slot === 1 ? { ...place, romFixed: slots[1]?.offsetBytes ?? 0 } : place,
    );
    const bad = broken(update, tlvsOf(update) - 1);
    expect(await sent(bench, bad, { alternate: 1 })).toMatchObject({
      status: statusNumber('errVERIFY'),
    });
    expect(await startedAgain(bench)).toContain('<inf> main: USB DFU sample is initialized');
    expect(await sent(bench, update, { alternate: 1 })).toBeUndefined();
    expect((await startedAgain(bench)).at(-1)).toBe('an update');
  });
});

interface RiotBench extends TestBoard {
  readonly bus: LoopbackBus;
  readonly runner: FakeRunner;
}

/** A particle-xenon with version 5 in slot 0, held in its bootloader. */
function riotBench(options: Parameters<typeof testBoard>[1] = {}): RiotBench {
  const runner = new FakeRunner();
  const made = testBoard(runner, options);
  made.install(0, 5);
  const bus = new LoopbackBus(made.clock, { manner: 'linux' });
  bus.plug(made.board.port);
  made.board.setButton(true);
  made.board.powerOn();
  made.board.setButton(false);
  return { ...made, bus, runner };
}

const xenon = boardModel('particle-xenon');

function riotImage(slot: number, version: number): Uint8Array {
  return firmwareImage(text, { model: xenon, bootloader: 'riotboot_dfu', slot, version });
}

const riotCases: readonly Omit<Case, 'build'>[] = [
  {
    what: 'no image at all',
    image: async () => new Uint8Array(2000).fill(0x5a),
    status: 'errFILE',
    words: "slot 1: expected an image that begins with 'RIOT', got 5a5a5a5a",
  },
  {
    what: 'a damaged header',
    image: async () => broken(riotImage(1, 6), 12, 0),
    status: 'errFILE',
    words: /^slot 1: expected the header checksum 0x[0-9a-f]{8}, got 0x[0-9a-f]{6}00$/,
  },
  {
    what: 'an image for slot 0',
    image: async () => riotImage(0, 6),
    status: 'errTARGET',
    words: 'slot 1: expected an image linked for 0x82400, got one for 0x4400, slot 0',
  },
  {
    what: 'an image that is too long',
    image: async () => joined(riotImage(1, 6), new Uint8Array(0x7e000)),
    status: 'errADDRESS',
    words: "'RIOT-OS Slot 1' holds 516096 bytes, the download is longer",
  },
  {
    what: 'half a header',
    image: async () => riotImage(1, 6).subarray(0, 12),
    status: 'errNOTDONE',
    words:
      'RIOT-OS Slot 1: the image is cut short: expected at least the 16 bytes of its header, got 12',
  },
];

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

/** What starts after a reset. */
function bootsNow({ board, last }: RiotBench): unknown {
  board.pressReset();
  return last('boot');
}

describe('departure riot/guarded-by-default: a particle-xenon with riotboot_dfu refuses', () => {
  test.each(riotCases)('$what: $status', async ({ image, status, words }) => {
    const bench = riotBench();
    expect(await sent(bench, await image(), { alternate: 1 })).toEqual(refusal(status, words));
    expect(bench.last('download')).toBeUndefined();
    expect(bootsNow(bench)).toMatchObject({ mode: 'application', slot: 0, version: 5 });
  });

  test('an older image only if it was told to', async () => {
    const strict = riotBench({ refuseOlder: true });
    const told = await sent(strict, riotImage(1, 4), { alternate: 1 });
    expect(told).toEqual(
      refusal('errVENDOR', 'slot 1: expected version 5, as in slot 0, or later, got 4'),
    );
    expect(bootsNow(strict)).toMatchObject({ mode: 'application', slot: 0, version: 5 });
    const usual = riotBench();
    expect(await sent(usual, riotImage(1, 4), { alternate: 1 })).toBeUndefined();
    expect(usual.last('download')).toMatchObject({ slot: 1 });
  });

  test.each([
    ['with the check switched off', { checkImages: false }],
    ['as the original', { profile: 'riotboot' }],
  ])('nothing %s', async (_, options) => {
    const bench = riotBench(options);
    const header = generateRiotbootHeader({
      version: 9,
      startAddress: 0x1234,
      headerLength: 0x400,
    });
    const image = joined(header, text);
    await sent(bench, image, { alternate: 1 });
    expect(bench.flash.read(0x82000, image.length)).toEqual(image);
  });
});
