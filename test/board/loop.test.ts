import { describe, expect, test } from 'vitest';
import {
  boardLayout,
  boardModel,
  firmwareImage,
  programFlash,
  unboxProgram,
} from '../../src/board/index.ts';
import type { Board, Peripherals, Runner, RunningProgram } from '../../src/board/index.ts';
import { DfuError } from '../../src/bytes/index.ts';
import { Device, DfuRuntime } from '../../src/device/index.ts';
import { connect, download, enterDfuMode, find, leave, scan } from '../../src/host/index.ts';
import type { DownloadEnding } from '../../src/host/index.ts';
import { LoopbackBus } from '../../src/link/loopback/index.ts';
import type { LoopbackPlug } from '../../src/link/loopback/index.ts';
import { testBoard } from '../support/boards.ts';
import type { TestBoard } from '../support/boards.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const model = boardModel('particle-xenon');

/** Runs the box at the entry as a firmware with usbus_dfu would; no thread, no time of its own. */
class UsbusDfu implements Runner {
  start(board: Peripherals): RunningProgram {
    try {
      const { flash } = board;
      const { entryAddress } = board.image;
      const payload = unboxProgram((at, length) => flash.read(at, length), entryAddress, model.ram);
      board.uart.write(`${new TextDecoder().decode(payload)}\n`);
      board.usb.present(
        new Device({
          identity: { idVendor: 0x1209, idProduct: 0x7d00, serial: board.serial },
          configurations: [
            {
              functions: [
                new DfuRuntime({
                  ...board.dfu,
                  name: 'RIOT-OS bootloader',
                  onDetach: () => board.enterDfuMode(),
                }),
              ],
            },
          ],
        }),
      );
    } catch (error) {
      board.fault(String(error));
    }
    return { stop: () => Promise.resolve() };
  }
}

interface Loop extends TestBoard {
  readonly bus: LoopbackBus;
  readonly plug: LoopbackPlug;
  readonly run: <T>(work: Promise<T>) => Promise<T>;
  readonly send: (
    slot: number | string,
    version: number,
    options?: SendOptions,
  ) => Promise<DownloadEnding>;
}

interface SendOptions {
  /** Linked for this slot instead of the one that it goes to. */
  readonly linkedFor?: number;
  readonly text?: string;
}

interface LoopOptions {
  readonly profile?: string;
  readonly willDetach?: boolean;
  readonly manner?: 'plain' | 'linux';
  readonly keepBootable?: boolean;
}

function imageFor(slot: number, version: number, text = `firmware ${version}`): Uint8Array {
  const payload = new TextEncoder().encode(text);
  return firmwareImage(payload, { model, bootloader: 'riotboot_dfu', slot, version });
}

/** A board with a host at the other end of the cable. */
function loop({ manner = 'plain', ...options }: LoopOptions = {}): Loop {
  // The watchdog of a program that has no loop of its own would bite while time jumps.
  const made = testBoard(new UsbusDfu(), { ...options, watchdogMs: 1e9 });
  const bus = new LoopbackBus(made.clock, { manner });
  const plug = bus.plug(made.port);
  const run = <T>(work: Promise<T>): Promise<T> => made.clock.run(work, turn);
  const { clock } = made;
  const send = async (slot: number | string, version: number, how: SendOptions = {}) => {
    const index = typeof slot === 'number' ? slot : Number(slot.slice(-1));
    const bytes = imageFor(how.linkedFor ?? index, version, how.text);
    const session = await connect(bus, { clock, selection: { alternate: slot } });
    try {
      return await download(session, bytes);
    } finally {
      await session.close();
    }
  };
  return { ...made, bus, plug, run, send: (...args) => run(send(...args)) };
}

/** Lets time pass until the board has done what it does by itself. */
async function settle({ clock }: Loop, ms = 5000): Promise<void> {
  await turn();
  clock.advance(ms);
  await turn();
}

function boots({ last }: Loop): unknown {
  const { mode, slot, version, why } = last('boot') ?? {};
  return mode === 'application' ? { slot, version } : why;
}

const combinations = ['compatible', 'riotboot'].flatMap((profile) =>
  [true, false].flatMap((willDetach) =>
    (['plain', 'linux'] as const).map((manner) => ({ profile, willDetach, manner })),
  ),
);

describe('host and board, the whole loop', () => {
  test.each(combinations)('%o', async (options) => {
    const whole = loop(options);
    const { board, send, events } = whole;
    board.powerOn();
    expect(boots(whole)).toBe('no valid slot');
    await send(0, 1);
    await settle(whole);
    expect(boots(whole)).toEqual({ slot: 0, version: 1 });
    await send('RIOT-OS Slot 1', 2);
    await settle(whole);
    expect(boots(whole)).toEqual({ slot: 1, version: 2 });
    await send(0, 3);
    await settle(whole);
    expect(boots(whole)).toEqual({ slot: 0, version: 3 });
    const reasons = events.flatMap((event) => (event.type === 'boot' ? [event.why] : []));
    expect(reasons).toEqual([
      'no valid slot',
      'newest slot',
      'magic number',
      'newest slot',
      'magic number',
      'newest slot',
    ]);
    const downloads = events.flatMap((event) => (event.type === 'download' ? [event.slot] : []));
    expect(downloads).toEqual([0, 1, 0]);
    const texts = events.flatMap((event) => (event.type === 'console' ? [event.text] : []));
    expect(texts).toEqual(['firmware 1', 'firmware 2', 'firmware 3']);
  });

  test('to the letter a reset ends DFU mode as soon as there is firmware, also that of the enumeration', async () => {
    const whole = loop({ profile: 'strict' });
    whole.board.powerOn();
    await whole.send(0, 1);
    await settle(whole);
    expect(boots(whole)).toEqual({ slot: 0, version: 1 });
    const again = whole.send(1, 2);
    await expect(again).rejects.toThrow(/did not come back in DFU mode/);
    expect(boots(whole)).toEqual({ slot: 0, version: 1 });
  });

  test('of two valid slots the newer boots, then the older, then none', async () => {
    const whole = loop();
    const { board, send, flash } = whole;
    board.powerOn();
    await send(0, 10);
    await settle(whole);
    await send(1, 11);
    await settle(whole);
    expect(boots(whole)).toEqual({ slot: 1, version: 11 });
    flash.program(0x82000, new Uint8Array(4));
    board.pressReset();
    expect(boots(whole)).toEqual({ slot: 0, version: 10 });
    flash.program(0x4000, new Uint8Array(4));
    board.pressReset();
    expect(boots(whole)).toBe('no valid slot');
  });

  test('what the host lists in either mode', async () => {
    const whole = loop();
    const { board, run, bus, clock, install } = whole;
    board.powerOn();
    const list = async (): Promise<unknown> =>
      (await run(scan(bus, { clock }))).entries.map(
        ({ mode, idVendor, idProduct, alternate, name }) => [
          mode,
          idVendor,
          idProduct,
          alternate,
          name,
        ],
      );
    expect(await list()).toEqual([
      ['dfu', 0x1209, 0x7d02, 0, 'RIOT-OS Slot 0'],
      ['dfu', 0x1209, 0x7d02, 1, 'RIOT-OS Slot 1'],
    ]);
    install(0, 1);
    board.pressReset();
    expect(await list()).toEqual([['runtime', 0x1209, 0x7d00, 0, 'RIOT-OS bootloader']]);
  });

  test.each([true, false])('detach and leave, bitWillDetach %o', async (willDetach) => {
    const whole = loop({ willDetach });
    const { board, run, bus, clock, install } = whole;
    install(0, 1);
    board.powerOn();
    const { device, interface: runtime } = await run(find(bus, { clock }));
    await run(enterDfuMode(bus, device, runtime, { clock }));
    expect(boots(whole)).toBe('magic number');
    const session = await run(connect(bus, { clock, selection: { alternate: 0 } }));
    await run(leave(session));
    await run(session.close());
    await settle(whole);
    expect(boots(whole)).toEqual({ slot: 0, version: 1 });
  });

  test('RIOT’s own answer to DFU_DETACH in DFU mode is DFU mode again', async () => {
    const whole = loop({ profile: 'riotboot' });
    const { board, run, bus, clock, install } = whole;
    install(0, 1);
    board.setButton(true);
    board.powerOn();
    board.setButton(false);
    expect(boots(whole)).toBe('button');
    const session = await run(connect(bus, { clock, selection: { alternate: 0 } }));
    const left = leave(session).catch((error: unknown) => error);
    await run(left);
    await run(session.close());
    await settle(whole);
    expect(boots(whole)).toBe('magic number');
  });
});

describe('what a board refuses, and says why', () => {
  const status = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => 'done',
      (error: unknown) => (DfuError.is(error, 'DEVICE_STATUS') ? error.message : error),
    );

  test('an image that is linked for the other slot', async () => {
    const whole = loop();
    whole.board.powerOn();
    expect(await status(whole.send(0, 1, { linkedFor: 1 }))).toMatch(/errTARGET/);
    expect(await status(whole.send(0, 1))).toBe('done');
  });

  test('a file that is longer than the slot', async () => {
    const whole = loop();
    const { board, run, bus, clock, flash } = whole;
    board.powerOn();
    const bytes = new Uint8Array(0x7e001);
    bytes.set(imageFor(0, 1));
    const send = async (): Promise<void> => {
      const session = await connect(bus, { clock, selection: { alternate: 0 } });
      try {
        await download(session, bytes);
      } finally {
        await session.close();
      }
    };
    expect(await status(run(send()))).toMatch(/errADDRESS/);
    expect(flash.read(0x82000, 4)).toEqual(new Uint8Array(4).fill(0xff));
  });

  test('a download over the only slot that boots, if it is told to keep it', async () => {
    const whole = loop({ keepBootable: true });
    const { board, send, install } = whole;
    install(0, 1);
    board.powerOn();
    expect(await status(send(0, 2))).toMatch(/errVENDOR/);
    expect(await status(send(1, 2))).toBe('done');
    await settle(whole);
    expect(await status(send(0, 3))).toBe('done');
  });

  test('but by default a slot can be flashed again and again', async () => {
    const whole = loop();
    whole.board.powerOn();
    for (let version = 1; version <= 3; version += 1) {
      await whole.send(0, version);
      await settle(whole);
      expect(boots(whole)).toEqual({ slot: 0, version });
    }
  });
});

describe('a download that is cut', () => {
  const long = 'x'.repeat(10_000);

  /** What cuts it, and what brings the board back. */
  const cuts: readonly [
    string,
    (loop: Loop) => void,
    (board: Board, plug: LoopbackPlug) => void,
  ][] = [
    [
      'by the host’s end of the cable',
      ({ clock, plug }) => void clock.at(clock.now() + 120, () => plug.unplug()),
      (_, plug) => plug.replug(),
    ],
    [
      'by the board’s end of the cable',
      ({ clock, board }) => void clock.at(clock.now() + 120, () => board.unplug()),
      (board) => board.replug(),
    ],
    [
      'by the reset button',
      ({ clock, board }) =>
        void clock.at(clock.now() + 120, () => board.pressReset({ button: true })),
      () => {},
    ],
    ...[0, 1, 2, 3, 500, 1030, 2000, 2764].map(
      (operations) =>
        [
          `by the power, after ${operations} flash operations`,
          ({ board }: Loop) => board.cutAfter(operations),
          (board: Board) => board.powerOn(),
        ] as [string, (loop: Loop) => void, (board: Board) => void],
    ),
  ];

  test.each(cuts)('%s leaves the other slot, and can be repeated', async (_, cut, repair) => {
    const whole = loop();
    const { board, send, install, plug } = whole;
    install(0, 1);
    board.setButton(true);
    board.powerOn();
    cut(whole);
    const cutShort = await send(1, 2, { text: long }).then(
      () => 'done',
      (error: unknown) => DfuError.is(error) && error.code,
    );
    expect(cutShort).not.toBe('done');
    board.setButton(false);
    repair(board, plug);
    await settle(whole);
    board.pressReset();
    expect(boots(whole)).toEqual({ slot: 0, version: 1 });
    await send(1, 2, { text: long });
    await settle(whole);
    expect(boots(whole)).toEqual({ slot: 1, version: 2 });
  });
});

describe('the programmer', () => {
  const layout = boardLayout(model, 'riotboot_dfu');

  test('finds the slot that an image is linked for', () => {
    const { flash } = testBoard(new UsbusDfu());
    expect(programFlash(flash, layout, imageFor(1, 4))).toMatchObject({
      slot: 1,
      address: 0x82000,
    });
  });

  test.each([
    ['where the bootloader is', new Uint8Array(4), { address: 0x1000 }, 'UNSUPPORTED'],
    ['beyond the flash', new Uint8Array(4), { address: 0x100000 }, 'OUT_OF_RANGE'],
    ['a slot that does not exist', new Uint8Array(4), { slot: 2 }, 'NOT_FOUND'],
    ['more than a slot holds', new Uint8Array(0x7e001), { slot: 0 }, 'OUT_OF_RANGE'],
    ['bytes that say nothing of where', new Uint8Array(64), undefined, 'INVALID_ARGUMENT'],
    ['nothing', new Uint8Array(0), { slot: 0 }, 'INVALID_ARGUMENT'],
  ] as const)('refuses %s', (_, bytes, target, code) => {
    const { flash } = testBoard(new UsbusDfu());
    const refused = (): unknown => programFlash(flash, layout, bytes, target);
    expect(refused).toThrow(expect.objectContaining({ code }) as Error);
  });
});
