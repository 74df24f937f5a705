import { describe, expect, test } from 'vitest';
import { FakeRunner } from '../../test/support/boards.ts';
import { tinyBoard } from '../../test/support/tiny-board.ts';
import { COMPATIBLE, Device, DfuMode, SectorDisk } from '../device/index.ts';
import { MemoryFlash } from '../flash/index.ts';
import type { Flash } from '../flash/index.ts';
import { VirtualClock } from '../usb/index.ts';
import { Board } from './board.ts';
import { NoBootloader } from './bootloaders/none/none.ts';
import type { BoardEvent } from './seams/board-event.ts';
import type { BootDecision, Bootloader, DfuModeEvents } from './seams/bootloader.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const application: BootDecision = { mode: 'application', why: 'no bootloader', entryAddress: 0 };
const plain = new NoBootloader(tinyBoard);

/** A bootloader that decides what the test says, and tells what it was asked. */
function scripted(decisions: readonly (() => BootDecision | Promise<BootDecision>)[]): {
  readonly bootloader: Bootloader;
  readonly asked: string[];
  readonly dfu: DfuModeEvents[];
  readonly flashes: Flash[];
} {
  const asked: string[] = [];
  const dfu: DfuModeEvents[] = [];
  const flashes: Flash[] = [];
  const left = [...decisions];
  const bootloader: Bootloader = {
    name: 'scripted',
    platform: 'riot',
    dfu: plain.dfu,
    areas: [],
    decide({ flash, print }) {
      asked.push('decide');
      flashes.push(flash);
      print('here I am');
      return left.shift()?.() ?? application;
    },
    requestDfuMode: () => void asked.push('magic number'),
    dfuMode(_flash, events) {
      dfu.push(events);
      const { functional } = plain.dfu;
      const media = [new SectorDisk()];
      const mode = new DfuMode({ media, functional, profile: COMPATIBLE, onLeave: () => {} });
      const identity = { idVendor: 0x1209, idProduct: 1 };
      return new Device({ identity, configurations: [{ functions: [mode] }] });
    },
  };
  return { bootloader, asked, dfu, flashes };
}

function boardWith(bootloader: Bootloader): {
  readonly board: Board;
  readonly events: BoardEvent[];
  readonly runner: FakeRunner;
  readonly flash: MemoryFlash;
} {
  const flash = new MemoryFlash(tinyBoard.flash);
  const runner = new FakeRunner();
  const clock = new VirtualClock();
  const board = new Board({ model: tinyBoard, flash, clock, runner, serial: '1', bootloader });
  const events: BoardEvent[] = [];
  board.listen((event) => events.push(event));
  return { board, events, runner, flash };
}

const boots = (events: readonly BoardEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'boot' ? [`${event.cause}: ${event.mode}`] : []));

const faults = (events: readonly BoardEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'fault' ? [event.message] : []));

describe('a bootloader that takes its time', () => {
  test('is followed when it has decided', async () => {
    const { bootloader } = scripted([async () => application]);
    const { board, events, runner } = boardWith(bootloader);
    board.powerOn();
    expect(runner.started).toEqual([]);
    await turn();
    expect(boots(events)).toEqual(['power-on: application']);
    expect(runner.started).toHaveLength(1);
  });

  test('comes to nothing once the power has gone, and its flash is dead', async () => {
    const script = scripted([async () => application]);
    const { board, events, runner } = boardWith(script.bootloader);
    board.powerOn();
    board.powerCut();
    await board.close();
    expect([boots(events), runner.started]).toEqual([[], []]);
    expect(() => script.flashes[0]?.read(0, 1)).toThrow('the board was reset');
  });

  test('that fails is a fault of the board, with its words', async () => {
    const { bootloader } = scripted([() => Promise.reject(new Error('no idea'))]);
    const { board, events } = boardWith(bootloader);
    board.powerOn();
    await turn();
    expect(faults(events)).toEqual(['bootloader: Error: no idea']);
    expect(board.isOn).toBe(true);
  });
});

test('a bootloader that was stopped says by what', () => {
  const stopped = { mode: 'none', why: 'bootloader stopped', fault: 'an assertion' } as const;
  const { board, events } = boardWith(scripted([() => stopped]).bootloader);
  board.powerOn();
  expect(faults(events)).toEqual(['bootloader: an assertion']);
});

describe('DFU mode', () => {
  const dfu: BootDecision = { mode: 'dfu', why: 'button' };

  test('ends in a reset, by way of the magic number if it is to come again', () => {
    const script = scripted([() => dfu, () => dfu]);
    const { board, events } = boardWith(script.bootloader);
    board.powerOn();
    script.dfu[0]?.downloaded(1, 99);
    script.dfu[0]?.again();
    expect(script.asked).toEqual(['decide', 'magic number', 'decide']);
    script.dfu[1]?.left();
    expect(boots(events)).toEqual(['power-on: dfu', 'software: dfu', 'software: application']);
    expect(events).toContainEqual({ type: 'download', slot: 1, bytes: 99 });
  });

  test('of an earlier life has nothing to say any more', () => {
    const script = scripted([() => dfu, () => dfu]);
    const { board } = boardWith(script.bootloader);
    board.powerOn();
    board.pressReset();
    script.dfu[0]?.left();
    script.dfu[0]?.again();
    expect(script.asked).toEqual(['decide', 'decide']);
  });
});

describe('a program', () => {
  test('hears what is typed as long as it runs', () => {
    const { board, runner, events } = boardWith(scripted([]).bootloader);
    const heard: string[] = [];
    board.powerOn();
    runner.board.uart.onLine((line) => heard.push(line));
    board.input('hello');
    runner.board.fault('trap');
    board.input('are you there?');
    expect(heard).toEqual(['hello']);
    expect(faults(events)).toEqual(['trap']);
  });

  test('that is over can neither reset the board nor fault', () => {
    const script = scripted([]);
    const { board, runner, events } = boardWith(script.bootloader);
    board.powerOn();
    const before = runner.board;
    board.pressReset();
    before.reset();
    before.enterDfuMode();
    before.fault('too late');
    expect(script.asked).toEqual(['decide', 'decide']);
    expect(faults(events)).toEqual([]);
  });

  test('knows what started it, and RAM forgets nothing before the power goes', () => {
    const { board, runner } = boardWith(scripted([]).bootloader);
    board.powerOn();
    const causes = [runner.board.cause];
    runner.board.ram[0] = 1;
    runner.board.retainedRegisters[0] = 2;
    runner.board.reset('watchdog');
    causes.push(runner.board.cause);
    expect([runner.board.ram[0], runner.board.retainedRegisters[0]]).toEqual([1, 2]);
    runner.board.reset();
    causes.push(runner.board.cause);
    board.pressReset();
    causes.push(runner.board.cause);
    board.powerCut();
    board.powerOn();
    causes.push(runner.board.cause);
    expect(causes).toEqual(['power-on', 'watchdog', 'software', 'reset-pin', 'power-on']);
    expect([runner.board.ram[0], runner.board.retainedRegisters[0]]).toEqual([0, 0]);
  });

  test('that jumps into the loader leaves the board to its DFU mode', () => {
    const script = scripted([]);
    const { board, runner, events } = boardWith(script.bootloader);
    board.powerOn();
    const before = runner.board;
    before.enterLoader();
    expect(events.at(-1)).toMatchObject({ type: 'boot', mode: 'dfu', why: 'jump to the loader' });
    expect([runner.stopped, script.dfu.length]).toEqual([1, 1]);
    before.enterLoader();
    expect([runner.stopped, script.asked]).toEqual([1, ['decide']]);
    script.dfu[0]?.left();
    expect(boots(events).at(-1)).toBe('software: application');
  });

  test('that jumps into a loader without a DFU mode has a fault', () => {
    const { board, runner, events, flash } = boardWith(new NoBootloader(tinyBoard));
    flash.program(0, new Uint8Array(8));
    board.powerOn();
    runner.board.enterLoader();
    expect(faults(events)).toEqual(['jump into none, which has no DFU mode']);
  });

  test('is not started by a board that a listener has switched off', () => {
    const { board, runner } = boardWith(scripted([]).bootloader);
    board.listen(({ type }) => {
      if (type === 'boot') board.powerCut();
    });
    board.powerOn();
    expect(runner.started).toEqual([]);
  });

  test('whose power is cut in the middle of a write switches the board off', () => {
    const { board, runner, events, flash } = boardWith(scripted([]).bootloader);
    board.powerOn();
    board.cutAfter(1);
    const program = (): void => runner.board.flash.program(0, new Uint8Array(8));
    expect(program).toThrow('power');
    expect([board.isOn, events.at(-1)]).toMatchObject([false, { type: 'power', on: false }]);
    flash.restorePower();
    expect([...flash.read(0, 8)]).toEqual([0, 0, 0, 0, 255, 255, 255, 255]);
    expect(() => board.cutAfter(-1)).toThrow('expected a number of operations, got -1');
  });
});
