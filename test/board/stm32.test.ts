import { describe, expect, test } from 'vitest';
import {
  boardModel,
  bootloaderOf,
  createBoard,
  plainFirmware,
  programFlash,
} from '../../src/board/index.ts';
import type { BoardEvent, BoardOptions, Board } from '../../src/board/index.ts';
import { MemoryFlash } from '../../src/flash/index.ts';
import {
  connect,
  downloadDfuSe,
  leave,
  scan,
  send,
  sendPlan,
  uploadDfuSe,
} from '../../src/host/index.ts';
import type { DfuSession, Selection } from '../../src/host/index.ts';
import { LoopbackBus } from '../../src/link/loopback/index.ts';
import { VirtualClock } from '../../src/usb/index.ts';
import { FakeRunner } from '../support/boards.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const model = boardModel('stm32f072b_disco');
const BASE = 0x08000000;
const MAGIC_ADDRESS = 0x20003ffc;

function image(source: string): Uint8Array {
  return plainFirmware(new TextEncoder().encode(source), model);
}

class Bench {
  readonly clock = new VirtualClock();
  readonly runner = new FakeRunner();
  readonly flash = new MemoryFlash(model.flash);
  readonly events: BoardEvent[] = [];
  readonly board: Board;
  readonly bus: LoopbackBus;

  constructor(options: Partial<BoardOptions> = {}) {
    const { clock, runner, flash } = this;
    this.board = createBoard({ model, flash, clock, runner, watchdogMs: 1e9, ...options });
    this.board.listen((event) => this.events.push(event));
    this.bus = new LoopbackBus(clock, { manner: 'linux' });
    this.bus.plug(this.board.port);
  }

  install(source: string): void {
    programFlash(this.flash, bootloaderOf(model).layout(model), image(source));
  }

  run<T>(work: (session: DfuSession) => Promise<T>, selection: Selection = {}): Promise<T> {
    const { clock, bus } = this;
    const whole = async (): Promise<T> => {
      const session = await connect(bus, { clock, selection: { alternate: 0, ...selection } });
      try {
        return await work(session);
      } finally {
        await session.close();
      }
    };
    return clock.run(whole(), turn);
  }

  download(data: Uint8Array, address = BASE, leaves = true): Promise<unknown> {
    return this.run((session) =>
      downloadDfuSe(session, [{ address, data }], { leave: leaves, address }),
    );
  }

  /** `boot application` events as text, in order. */
  get boots(): string[] {
    return this.events.flatMap((event) =>
      event.type === 'boot' ? [`${event.mode}: ${event.why}`] : [],
    );
  }
}

describe('start-up', () => {
  test('an erased chip is in its loader, an application runs, BOOT0 leads to the loader', () => {
    const bench = new Bench();
    bench.board.powerOn();
    bench.board.powerCut();
    bench.install('one');
    bench.board.powerOn();
    expect(bench.runner.board.image).toEqual({ slot: 0, version: 0, entryAddress: BASE });
    bench.board.pressReset({ button: true });
    bench.board.pressReset();
    expect(bench.boots).toEqual([
      'dfu: no application',
      'application: application',
      'dfu: button',
      'application: application',
    ]);
  });

  test('the magic number leads into the loader once', () => {
    const bench = new Bench();
    bench.install('one');
    bench.board.powerOn();
    bench.runner.board.retainedRam.writeWord(MAGIC_ADDRESS, 0xdeadbeef);
    bench.runner.board.reset();
    bench.board.pressReset();
    expect(bench.boots.slice(1)).toEqual(['dfu: magic number', 'application: application']);
  });

  test('the magic number does not outlive the power', () => {
    const bench = new Bench();
    bench.install('one');
    bench.board.powerOn();
    bench.runner.board.retainedRam.writeWord(MAGIC_ADDRESS, 0xdeadbeef);
    bench.board.powerCut();
    bench.board.powerOn();
    expect(bench.boots.at(-1)).toBe('application: application');
  });

  test('the bootloader is the one that the board has', () => {
    expect(() => new Bench({ bootloader: 'riotboot_dfu' })).toThrow('it has: stm32-rom');
    expect(() => new Bench({ profile: 'nonsense' })).toThrow('stm32-rom, usbd-dfu');
  });
});

describe('the loader', () => {
  test('is what dfu-util lists for such a chip', async () => {
    const bench = new Bench({ serial: 'FFFFFFFEFFFF' });
    bench.board.powerOn();
    const { entries } = await bench.clock.run(scan(bench.bus, { clock: bench.clock }), turn);
    expect(
      entries.map(({ idVendor, idProduct, bcdDevice, alternate, name, serial, functional }) => [
        [idVendor, idProduct, bcdDevice].map((id) => id.toString(16)).join(' '),
        [alternate, name, serial, functional.wTransferSize, functional.bcdDFUVersion],
      ]),
    ).toEqual([
      [
        '483 df11 2200',
        [0, '@Internal Flash  /0x08000000/064*0002Kg', 'FFFFFFFEFFFF', 2048, 0x11a],
      ],
      ['483 df11 2200', [1, '@Option Bytes  /0x1FFFF800/01*016 e', 'FFFFFFFEFFFF', 2048, 0x11a]],
    ]);
  });

  test('programs, leaves, and the application runs from there', async () => {
    const bench = new Bench();
    bench.board.powerOn();
    const data = image('export const main = () => {};'.padEnd(5001));
    const result = await bench.download(data);
    expect(result).toMatchObject({ ending: 'left', finalState: 'dfuMANIFEST', bytes: data.length });
    expect(bench.boots).toEqual(['dfu: no application', 'application: left the loader']);
    expect(bench.runner.board.image.entryAddress).toBe(BASE);
    expect(Buffer.compare(bench.flash.read(0, data.length), data)).toBe(0);
    const download = bench.events.find((event) => event.type === 'download');
    expect(download).toMatchObject({ slot: 0, bytes: data.length });
    // A reset finds the application by itself.
    bench.board.pressReset();
    expect(bench.boots.at(-1)).toBe('application: application');
  });

  test('jumps to where its pointer stands', async () => {
    const bench = new Bench();
    bench.board.powerOn();
    await bench.download(new Uint8Array(64).fill(1), BASE + 0x4000);
    expect(bench.runner.board.image.entryAddress).toBe(BASE + 0x4000);
  });

  test('takes as long as the datasheet and the ROM say', async () => {
    const bench = new Bench();
    bench.board.powerOn();
    const before = bench.clock.now();
    await bench.download(new Uint8Array(4 * 2048).fill(7), BASE, false);
    const took = bench.clock.now() - before;
    // Four pages at 100 ms, four blocks at 104 ms, and the bus.
    expect(took).toBeGreaterThanOrEqual(4 * 204);
    expect(took).toBeLessThan(4 * 204 + 200);
  });

  test('uploads what is there, and mass erase erases it', async () => {
    const bench = new Bench();
    bench.install('to be read');
    bench.board.powerOn();
    bench.board.pressReset({ button: true });
    const read = async (): Promise<Buffer> => {
      const chunks: Uint8Array[] = [];
      await bench.run((session) =>
        uploadDfuSe(session, (chunk) => void chunks.push(chunk), { address: BASE }),
      );
      return Buffer.concat(chunks);
    };
    const before = await read();
    expect(before).toHaveLength(128 * 1024);
    expect(before.subarray(0, 74)).toEqual(Buffer.from(image('to be read')));
    await bench.run((session) =>
      send(session, sendPlan(undefined, { massErase: true, force: true })),
    );
    expect((await read()).every((byte) => byte === 0xff)).toBe(true);
    bench.board.pressReset();
    expect(bench.boots.at(-1)).toBe('dfu: no application');
  });

  test('DETACH resets: the application, if there is one', async () => {
    const bench = new Bench();
    bench.install('one');
    bench.board.powerOn();
    bench.board.pressReset({ button: true });
    // The loader starts in dfuERROR, where it takes no DETACH; a command brings it to dfuIDLE.
    await bench.run(async (session) => {
      await send(session, sendPlan(undefined));
      await leave(session);
    });
    bench.clock.advance(1000);
    expect(bench.boots.at(-1)).toBe('application: application');
  });

  test('read protection: nothing but read unprotect, which erases', async () => {
    const bench = new Bench();
    bench.install('secret');
    bench.board.powerOn();
    bench.board.pressReset({ button: true });
    // Level 1: what is neither 0xaa nor 0xcc.
    const options = Uint8Array.of(0xbb);
    await bench.run((session) => downloadDfuSe(session, [{ address: 0x1ffff800, data: options }]), {
      alternate: 1,
    });
    const read = (): Promise<unknown> =>
      bench.run((session) => uploadDfuSe(session, () => {}, { address: BASE }));
    // Until the next reset the old option bytes count.
    await read();
    bench.board.pressReset({ button: true });
    await expect(read()).rejects.toMatchObject({ code: 'DEVICE_STATUS', status: 0x0b });
    await expect(bench.download(image('other'))).rejects.toMatchObject({ status: 0x0b });
    const end = await bench.run((session) =>
      send(session, sendPlan(undefined, { unprotect: true, force: true })),
    );
    expect(end.ending).not.toBe('unconfirmed');
    bench.clock.advance(1000);
    expect(bench.boots.at(-1)).toBe('dfu: no application');
    await read();
  });

  test('a restart at read unprotect is no download', async () => {
    const bench = new Bench();
    bench.install('secret');
    bench.board.powerOn();
    bench.board.pressReset({ button: true });
    const plan = sendPlan(image('new'), { address: BASE, unprotect: true, force: true });
    await expect(bench.run((session) => send(session, plan))).rejects.toMatchObject({
      code: 'INCOMPLETE',
      message: expect.stringContaining('run download again for the file'),
    });
  });

  test('a power cut while it erases leaves what was erased', async () => {
    const bench = new Bench();
    bench.install('x'.repeat(6000));
    bench.board.powerOn();
    bench.board.pressReset({ button: true });
    bench.board.cutAfter(2);
    await expect(bench.download(image('y'.repeat(6000)))).rejects.toMatchObject({
      code: 'DISCONNECTED',
    });
    expect(bench.board.isOn).toBe(false);
    bench.board.powerOn();
    expect(bench.flash.read(0, 4096).every((byte) => byte === 0xff)).toBe(true);
    expect(bench.flash.read(4096, 1)).not.toEqual(Uint8Array.of(0xff));
    expect(bench.boots.at(-1)).toBe('dfu: no application');
    await bench.download(image('z'));
    expect(bench.boots.at(-1)).toBe('application: left the loader');
  });
});
