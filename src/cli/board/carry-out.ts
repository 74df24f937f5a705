import type { Board } from '../../board/index.ts';
import { DfuError } from '../../bytes/index.ts';
import type { BoardCommand } from './json.ts';

/** What came of a command besides that it was done. */
type Outcome = Readonly<Record<string, unknown>>;

type Carried = Exclude<BoardCommand, { command: 'quit' | 'wait' }>;

/** Throws `REFUSED` for what only a board with power can do. */
function needPower(board: Board, what: string): void {
  if (board.isOn) return;
  throw new DfuError('REFUSED', `${what}: the board has no power; "power-on" gives it some`);
}

/** Does it, and waits until the bootloader has decided what runs. Rejects with `POWER_LOST` if it does not get there. */
async function booted(board: Board, start: () => void): Promise<Outcome> {
  let stop: (() => void) | undefined;
  try {
    return await new Promise<Outcome>((resolve, reject) => {
      stop = board.listen((event) => {
        if (event.type === 'boot') resolve({ mode: event.mode });
        if (event.type !== 'power' || event.on) return;
        reject(new DfuError('POWER_LOST', 'the power went before the bootloader had decided'));
      });
      start();
    });
  } finally {
    stop?.();
  }
}

/** Does something that may have been so already; answers whether it made a difference. */
function changing(before: boolean, after: boolean, work: () => void): Outcome {
  work();
  return { changed: before !== after };
}

/**
 * Carries a command out; `quit` and `wait` are for the caller. Resolves when it is carried out, not when it is taken: a reset when
 * the bootloader has decided. Throws `DfuError` where nothing would have happened.
 */
export async function carryOut(board: Board, command: Carried): Promise<Outcome> {
  switch (command.command) {
    case 'reset':
      needPower(board, 'reset');
      return booted(board, () => board.pressReset({ button: command.button === true }));
    case 'button':
      board.setButton(command.pressed, command.name);
      return {};
    case 'unplug':
      return changing(board.isPlugged, false, () => board.unplug());
    case 'replug':
      return changing(board.isPlugged, true, () => board.replug());
    case 'power-on':
      if (board.isOn) return { changed: false };
      return { changed: true, ...(await booted(board, () => board.powerOn())) };
    case 'power-off':
      return changing(board.isOn, false, () => board.powerCut());
    case 'power-cut':
      needPower(board, 'power-cut');
      board.cutAfter(command.afterOperations, { kind: command.kind });
      return { at: board.cutDueAt };
    case 'input':
      needPower(board, 'input');
      if (board.input(command.text)) return {};
      throw new DfuError('REFUSED', 'input: no program reads the console, the line is lost');
    case 'sensor':
      board.sensors.simulate(command.name, command.value);
      return {};
    case 'state':
      return stateOf(board);
    default:
      return command satisfies never;
  }
}

/** What can be asked of a board at any moment. */
function stateOf(board: Board): Outcome {
  const { isOn: on, isPlugged: plugged, operations, cutDueAt } = board;
  return { on, plugged, operations, cutAt: cutDueAt ?? null };
}
