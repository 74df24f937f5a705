import { describe, expect, test } from 'vitest';
import { boxProgram, createBoard, programFlash, unboxProgram } from '../../src/board/index.ts';
import type {
  BoardEvent,
  BoardModel,
  BootDecision,
  Bootloader,
  BootloaderRecord,
} from '../../src/board/index.ts';
import { DfuError } from '../../src/bytes/index.ts';
import { COMPATIBLE, Device, DfuMode } from '../../src/device/index.ts';
import type { FunctionalOptions, Medium } from '../../src/device/index.ts';
import { MemoryFlash, partition } from '../../src/flash/index.ts';
import type { Flash } from '../../src/flash/index.ts';
import { connect, download } from '../../src/host/index.ts';
import { LoopbackBus } from '../../src/link/loopback/index.ts';
import { VirtualClock } from '../../src/usb/index.ts';
import { FakeRunner } from '../support/boards.ts';

/*
 * A bootloader that nobody has heard of: one slot, whose image begins with a byte of magic and a byte of version.
 * All that the boards know of it is its record.
 */

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const MAGIC = 0x7e;
const HEADER_BYTES = 16;
const SLOT = { offsetBytes: 0x400, sizeBytes: 0xc00 };
const TOY_ID = { idVendor: 0x1209, idProduct: 0x0001 };

const functional: FunctionalOptions = {
  bmAttributes: {
    canDnload: true,
    canUpload: false,
    manifestationTolerant: false,
    willDetach: true,
  },
  wDetachTimeOut: 255,
  wTransferSize: 64,
};

const layout = ({ flashBaseAddress }: BoardModel): ReturnType<BootloaderRecord['layout']> => {
  const address = flashBaseAddress + SLOT.offsetBytes;
  const slot = { index: 0, ...SLOT, address, imageAddress: address + HEADER_BYTES };
  return { flashBase: flashBaseAddress, bootloaderBytes: SLOT.offsetBytes, slots: [slot] };
};

/** The slot as a host downloads to it. */
function mediumOf(whole: Flash): Medium {
  const slot = partition(whole, SLOT.offsetBytes, SLOT.sizeBytes, 'slot');
  const ok = { status: 'OK', busyMs: 0 } as const;
  return {
    name: 'toy slot',
    sizeBytes: slot.sizeBytes,
    writable: true,
    readable: false,
    begin: () => {
      slot.erase(0, slot.sizeBytes);
      return ok;
    },
    write: (offsetBytes, bytes) => {
      slot.program(offsetBytes, bytes);
      return ok;
    },
    finish: () => ok,
    abort: () => {},
    read: () => new Uint8Array(0),
  };
}

function versionIn(flash: Flash): number | undefined {
  const [magic, version] = flash.read(SLOT.offsetBytes, 2);
  return magic === MAGIC ? version : undefined;
}

class ToyBootloader implements Bootloader {
  readonly name = 'toy';
  readonly platform = 'riot';
  readonly dfu = { functional, profile: COMPATIBLE };
  readonly areas = [];

  decide({ model, flash }: Parameters<Bootloader['decide']>[0]): BootDecision {
    const version = versionIn(flash);
    if (version === undefined) return { mode: 'dfu', why: 'no valid slot' };
    const entryAddress = layout(model).slots[0]?.imageAddress ?? 0;
    return { mode: 'application', why: 'newest slot', slot: 0, version, entryAddress };
  }

  dfuMode(flash: Flash, events: Parameters<NonNullable<Bootloader['dfuMode']>>[1]): Device {
    const mode = new DfuMode({
      media: [mediumOf(flash)],
      functional,
      profile: COMPATIBLE,
      onManifested: () => events.downloaded(0, 0),
      onLeave: () => events.left(),
    });
    return new Device({ identity: { ...TOY_ID }, configurations: [{ functions: [mode] }] });
  }
}

const toy: BootloaderRecord = {
  name: 'toy',
  modes: [],
  trustsKeys: false,
  understands: [],
  dfu: { usbId: TOY_ID, dfuse: false, alternate: () => 0 },
  firmware: {
    needsSlot: false,
    runtimeModules: [],
    version: () => '1',
    async box(payload, { model, version = '1' }) {
      const boxed = boxProgram(payload, layout(model).slots[0]?.imageAddress ?? 0, model.ram);
      const image = new Uint8Array(HEADER_BYTES + boxed.length);
      image.set([MAGIC, Number(version)]);
      image.set(boxed, HEADER_BYTES);
      if (image.length > SLOT.sizeBytes) throw new DfuError('OUT_OF_RANGE', 'too long for a toy');
      return image;
    },
  },
  layout,
  make: () => new ToyBootloader(),
  reader: async (model) => ({
    read(flash) {
      const version = versionIn(flash);
      const reason = version === undefined ? 'no image' : 'boots';
      const address = model.flashBaseAddress + SLOT.offsetBytes;
      const slot = { index: 0, address, sizeBytes: SLOT.sizeBytes, version, reason, details: [] };
      const report = { version };
      return { bootloader: 'toy', sentence: reason, recognised: true, slots: [slot], report };
    },
  }),
};

const toyBoard: BoardModel = {
  name: 'toy-board',
  chip: 'none',
  flash: { sectors: [{ count: 16, sizeBytes: 0x100 }], writeUnitBytes: 1, erasedValue: 0xff },
  flashBaseAddress: 0x1000,
  ram: { baseAddress: 0x20000000, sizeBytes: 0x1000 },
  riotboot: { headerBytes: 0x100 },
  bootloaders: ['toy'],
  buttons: [],
  sensors: [],
};

function bench(): {
  readonly flash: MemoryFlash;
  readonly runner: FakeRunner;
  readonly events: BoardEvent[];
  readonly board: ReturnType<typeof createBoard>;
  readonly clock: VirtualClock;
} {
  const clock = new VirtualClock();
  const runner = new FakeRunner();
  const flash = new MemoryFlash(toyBoard.flash);
  const board = createBoard({ model: toyBoard, flash, clock, runner, bootloader: toy });
  const events: BoardEvent[] = [];
  board.listen((event) => events.push(event));
  return { flash, runner, events, board, clock };
}

const payload = new TextEncoder().encode('a program');

/** What runs, as the runner finds it. */
function running({ runner, flash }: ReturnType<typeof bench>): string {
  const { image } = runner.board;
  const read = (address: number, length: number): Uint8Array =>
    flash.read(address - 0x1000, length);
  return new TextDecoder().decode(unboxProgram(read, image.entryAddress, toyBoard.ram));
}

describe('a bootloader that is only a record', () => {
  test('boxes a firmware, is flashed by the programmer, and runs it', async () => {
    const made = bench();
    const image = await toy.firmware.box(payload, { model: toyBoard, version: '7' });
    const where = programFlash(made.flash, toy.layout(toyBoard), image, { slot: 0 });
    made.board.powerOn();
    expect(where).toMatchObject({ address: 0x1400, slot: 0 });
    expect(made.events).toContainEqual(
      expect.objectContaining({ type: 'boot', mode: 'application', slot: 0, version: 7 }),
    );
    expect(running(made)).toBe('a program');
  });

  test('takes a download of the host, found by the id of its record', async () => {
    const made = bench();
    const { board, clock, events } = made;
    const bus = new LoopbackBus(clock, { manner: 'linux' });
    bus.plug(board.port);
    board.powerOn();
    const image = await toy.firmware.box(payload, { model: toyBoard, version: '3' });
    const { idVendor: vendor, idProduct: product } = toy.dfu?.usbId ?? TOY_ID;
    const selection = { dfu: { vendor, product }, alternate: toy.dfu?.alternate(0) };
    const flashing = async (): Promise<void> => {
      const session = await connect(bus, { clock, selection });
      await download(session, image);
      await session.close();
    };
    await clock.run(flashing(), turn);
    clock.advance(1000);
    expect(events.filter(({ type }) => type === 'boot')).toMatchObject([
      { mode: 'dfu', why: 'no valid slot' },
      { mode: 'application', version: 3 },
    ]);
    expect(running(made)).toBe('a program');
  });

  test('has its dumps read', async () => {
    const { flash } = bench();
    const reader = await toy.reader?.(toyBoard);
    expect(reader?.read(flash)).toMatchObject({ sentence: 'no image' });
    const image = await toy.firmware.box(payload, { model: toyBoard, version: '9' });
    programFlash(flash, toy.layout(toyBoard), image, { slot: 0 });
    expect(reader?.read(flash)).toMatchObject({
      recognised: true,
      slots: [{ index: 0, address: 0x1400, version: 9, reason: 'boots' }],
    });
  });
});
