import process from 'node:process';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { boardModel, createBoard } from '../index.ts';
import type { Board, BoardEvent, MachineDebugger } from '../index.ts';
import { MachineWorkerRunner } from './index.ts';
import { MemoryFlash } from '../../flash/index.ts';
import { timerClock } from '../../usb/index.ts';
import { happening } from '../../../test/support/boards.ts';
import { machineFixture } from '../../../test/support/machine/fixture.ts';

const model = boardModel('rpi_pico');
const clock = timerClock(globalThis);
const boards: Board[] = [];
let threads = 0;
const countThread = (): void => {
  threads += 1;
};

beforeEach(() => {
  threads = 0;
  process.on('worker', countThread);
});

afterEach(async () => {
  process.off('worker', countThread);
  await Promise.all(boards.splice(0).map((board) => board.close()));
});

const program = (name: string): Uint8Array => machineFixture(`rp2040/${name}.bin`);

function bench(options: ConstructorParameters<typeof MachineWorkerRunner>[0] = {}): {
  readonly board: Board;
  readonly seen: BoardEvent[];
  readonly up: () => Promise<BoardEvent>;
} {
  const flash = new MemoryFlash(model.flash, program('dfu'));
  const runner = new MachineWorkerRunner(options);
  const board = createBoard({ model, flash, clock, runner });
  boards.push(board);
  const seen: BoardEvent[] = [];
  board.listen((event) => seen.push(event));
  return { board, seen, up: () => happening(board, ({ type }) => type === 'console') };
}

describe('the thread of a chip', () => {
  test('stays through resets, and through a loss of power', async () => {
    const { board, seen, up } = bench();
    const first = up();
    board.powerOn();
    await first;
    for (let reset = 0; reset < 3; reset += 1) {
      const next = up();
      board.pressReset();
      await next;
    }
    board.powerCut();
    const last = up();
    board.powerOn();
    await last;
    expect(threads).toBe(1);
    expect(seen.filter(({ type }) => type === 'fault')).toEqual([]);
  });

  test('has one chip at a time, however fast they come', async () => {
    const { board, seen, up } = bench();
    board.powerOn();
    for (let reset = 0; reset < 20; reset += 1) board.pressReset();
    await up();
    for (let reset = 0; reset < 20; reset += 1) board.pressReset();
    board.powerCut();
    board.powerOn();
    await up();
    expect(threads).toBe(1);
    expect(seen.filter(({ type }) => type === 'fault')).toEqual([]);
    // The lines of a chip that was left are not heard.
    expect(seen.filter(({ type }) => type === 'console')).toHaveLength(2);
  });

  test('keeps the process alive as long as the board has power', async () => {
    const ports = (): number =>
      process.getActiveResourcesInfo().filter((each) => each === 'MessagePort').length;
    const before = ports();
    const { board, up } = bench();
    const first = up();
    board.powerOn();
    await first;
    expect(ports()).toBe(before + 1);
    board.powerCut();
    // A port that was closed is gone a turn later.
    await vi.waitFor(() => expect(ports()).toBe(before));
  });

  test('is ended with its board, and made anew if that is used again', async () => {
    const { board, up } = bench();
    board.powerOn();
    await board.close();
    const again = up();
    board.powerOn();
    await again;
    expect(threads).toBe(2);
  });

  test('takes the next chip when the one before was halted by a debugger', async () => {
    let halted = true;
    let stands: (() => void) | undefined;
    const heard: string[] = [];
    const seat: MachineDebugger = {
      attached: () => {
        heard.push('attached');
        return { halted, breakpoints: [], watch: true };
      },
      stopped: ({ reason }) => {
        heard.push(reason);
        stands?.();
      },
      gone: () => void heard.push('gone'),
    };
    const standing = (): Promise<void> =>
      new Promise((resolve) => {
        stands = resolve;
      });
    const { board, up } = bench({ debugger: seat });
    const first = standing();
    board.powerOn();
    await first;
    const second = standing();
    board.pressReset();
    await second;
    expect(heard).toEqual(['attached', 'start', 'gone', 'attached', 'start']);
    halted = false;
    const line = up();
    board.pressReset();
    await line;
    expect(threads).toBe(1);
  });
});
