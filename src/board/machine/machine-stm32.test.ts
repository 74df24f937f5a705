import { describe, expect, test } from 'vitest';
import { MachineRunner, boardModel, createBoard } from '../index.ts';
import type { Board, BoardEvent, BoardOptions } from '../index.ts';
import { MemoryFlash } from '../../flash/index.ts';
import { connect, download, downloadDfuSe, scan, upload, uploadDfuSe } from '../../host/index.ts';
import type { DfuSession, Selection } from '../../host/index.ts';
import { LoopbackBus } from '../../link/loopback/index.ts';
import { VirtualClock } from '../../usb/index.ts';
import { machineFixture } from '../../../test/support/machine/fixture.ts';

/* Machine code on the STM32F072 board, into the loader in system memory and back. */

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const model = boardModel('stm32f072b_disco');
const BASE = 0x08000000;
const fixture = (name: string): Uint8Array => machineFixture(`stm32f0/${name}.bin`);

class Bench {
  readonly clock = new VirtualClock();
  readonly flash = new MemoryFlash(model.flash);
  readonly events: BoardEvent[] = [];
  readonly board: Board;
  readonly bus: LoopbackBus;

  constructor(program?: string, options: Partial<BoardOptions> = {}) {
    const { clock, flash } = this;
    if (program !== undefined) {
      const bytes = fixture(program);
      flash.program(
        0,
        Uint8Array.from(
          { length: bytes.length + (bytes.length % 2) },
          (_, at) => bytes[at] ?? 0xff,
        ),
      );
    }
    const runner = new MachineRunner();
    this.board = createBoard({ model, flash, clock, runner, watchdogMs: 1e9, ...options });
    this.board.listen((event) => this.events.push(event));
    this.bus = new LoopbackBus(clock, { manner: 'linux' });
    this.bus.plug(this.board.port);
    this.board.powerOn();
  }

  after(ms: number): Promise<void> {
    const { clock } = this;
    return clock.run(
      new Promise<void>((resolve) => void clock.at(clock.now() + ms, resolve)),
      turn,
    );
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

  get console(): string[] {
    return this.events.flatMap((event) => (event.type === 'console' ? [event.text] : []));
  }

  get boots(): string[] {
    return this.events.flatMap((event) =>
      event.type === 'boot' ? [`${event.mode}: ${event.cause}, ${event.why}`] : [],
    );
  }
}

/** What an upload brings. */
class Sink {
  readonly #chunks: Uint8Array[] = [];
  readonly take = (chunk: Uint8Array): void => void this.#chunks.push(Uint8Array.from(chunk));

  get bytes(): Uint8Array {
    return Uint8Array.from(this.#chunks.flatMap((chunk) => [...chunk]));
  }
}

/** Bytes that are neither erased nor equal to their neighbours. */
const pattern = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (at * 13 + seed) & 0xff);

describe('an application whose DFU_DETACH ends in the loader in system memory', () => {
  const APPLICATION = 'application 1.0.0 up, csr=0c800000';

  test('is updated: it resets, jumps, the loader takes the next one, and that runs', async () => {
    const bench = new Bench('runtime-1.0.0');
    await bench.after(300);
    expect(bench.console).toEqual([APPLICATION]);
    const next = fixture('runtime-2.0.0');
    const before = new Sink();
    await bench.run(async (session) => {
      expect(session.interface.idVendor).toBe(0x0483);
      await uploadDfuSe(session, before.take, { address: BASE, lengthBytes: 1972 });
      await downloadDfuSe(session, [{ address: BASE, data: next }], { leave: true, address: BASE });
    });
    expect(before.bytes).toEqual(fixture('runtime-1.0.0').subarray(0, 1972));
    await bench.after(300);
    expect(bench.boots).toEqual([
      'application: power-on, application',
      'application: software, application',
      'dfu: software, jump to the loader',
      'application: software, left the loader',
    ]);
    expect(bench.console).toEqual([APPLICATION, 'detach', 'application 2.0.0 up, csr=14000000']);
    expect(bench.flash.read(0, next.length)).toEqual(next);
    const { entries } = await bench.clock.run(scan(bench.bus, { clock: bench.clock }), turn);
    expect(entries.map(({ bcdDevice, serial }) => [bcdDevice, serial])).toEqual([[0x200, '2.0.0']]);
  });

  test('comes back by a reset, as if nothing had been', async () => {
    const bench = new Bench('runtime-1.0.0');
    await bench.after(300);
    await bench.run(() => Promise.resolve());
    expect(bench.boots.at(-1)).toBe('dfu: software, jump to the loader');
    bench.board.pressReset();
    await bench.after(300);
    expect(bench.console.at(-1)).toBe('application 1.0.0 up, csr=14000000');
  });

  test('the word that it leaves in RAM does not outlive the power', async () => {
    const bench = new Bench('runtime-1.0.0');
    await bench.after(300);
    await bench.run(() => Promise.resolve());
    bench.board.powerCut();
    bench.board.powerOn();
    await bench.after(300);
    expect(bench.console.at(-1)).toBe(APPLICATION);
  });

  test('BOOT0 leads to the loader, and nothing of the application runs', async () => {
    const bench = new Bench('runtime-1.0.0');
    await bench.after(300);
    bench.board.pressReset({ button: true });
    await bench.after(300);
    expect([bench.boots.at(-1), bench.console.length]).toEqual(['dfu: reset-pin, button', 1]);
  });
});

describe('a whole DFU device of its own', () => {
  test('takes a download into its flash and gives it back', async () => {
    const bench = new Bench('dfu');
    await bench.after(300);
    const data = pattern(5000, 3);
    const back = new Sink();
    await bench.run(async (session) => {
      await download(session, data);
      await upload(session, back.take);
    });
    expect(back.bytes.length).toBe(0x10000);
    expect(back.bytes.subarray(0, data.length)).toEqual(data);
    expect(bench.flash.read(0x10000, data.length)).toEqual(data);
  });

  test('takes it again after the power was cut in the middle', async () => {
    const bench = new Bench('dfu');
    await bench.after(300);
    bench.board.cutAfter(700, { kind: 'torn' });
    const data = pattern(3000, 9);
    await expect(bench.run((session) => download(session, data))).rejects.toThrow(
      /gone|lost|vanished|left/i,
    );
    expect(bench.events.filter(({ type }) => type === 'power').length).toBe(2);
    bench.board.powerOn();
    await bench.after(300);
    await bench.run((session) => download(session, data));
    expect(bench.flash.read(0x10000, data.length)).toEqual(data);
  });
});

describe('what goes wrong', () => {
  const told = async (letter: string, options: Partial<BoardOptions> = {}): Promise<Bench> => {
    const bench = new Bench('faults', options);
    await bench.after(20);
    bench.board.input(letter);
    await bench.after(1000);
    return bench;
  };

  test('its own watchdog resets it, and the flags say so', async () => {
    const bench = await told('s');
    expect(bench.boots).toEqual([
      'application: power-on, application',
      'application: watchdog, application',
    ]);
    expect(bench.console).toContain('start 00000002 csr=24000000');
  });

  test('a jump by way of MEM_MODE leads to the loader', async () => {
    const bench = await told('m');
    expect(bench.boots.at(-1)).toBe('dfu: software, jump to the loader');
  });

  test('a HardFault with a handler of its own is told, and where', async () => {
    const bench = await told('f');
    const line = bench.console.find((each) => each.startsWith('board: ')) ?? '';
    expect(line).toMatch(
      /^board: hard fault at 0x0800[0-9a-f]{4}, lr 0x[0-9a-f]{8}: a write at 0x60000000, where/,
    );
    expect(bench.console).toContain('hard fault');
    expect(bench.events.some(({ type }) => type === 'fault')).toBe(false);
  });

  test('what is not modelled is a fault with a name', async () => {
    const bench = await told('u');
    const fault = bench.events.find(({ type }) => type === 'fault');
    expect(fault).toMatchObject({
      message: 'STM32F072: DMA1 CCR1: a transfer (0x40020008) is not modelled',
    });
  });

  test('a lock-up is a fault, and says where', async () => {
    const bench = await told('l');
    const fault = bench.events.find(({ type }) => type === 'fault');
    expect(fault).toMatchObject({ message: /^hard fault: UNDEFINED instruction 0xde00/ });
    expect(bench.console).toContain('hard fault');
  });
});
