import { DfuError } from 'dfukit';
import { programFlash, programSegments } from 'dfukit/board';
import type { Board, BoardEvent, ProgramLayout } from 'dfukit/board';
import type { NorFlash } from 'dfukit/flash';
import { unwrapFile } from 'dfukit/image';
import type { Clock } from 'dfukit/usb';
import type { BoardAction } from './board-client.ts';
import { boxed } from './firmware.ts';
import type { OrderedBoard } from './ordered-board.ts';
import { isProgramSource } from './program-source.ts';

/** Most time that a bootloader may take until it has decided, in ms: a large swap takes seconds. */
const DECIDES_MS = 60_000;

/** A board, and what is needed to do something to it. */
interface ActedOn {
  readonly board: Board;
  readonly flash: NorFlash;
  readonly ordered: OrderedBoard;
  readonly clock: Clock;
}

/** Does it, and waits until the bootloader has decided what runs, or the power has gone. */
function booted({ board, clock }: ActedOn, start: () => void): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      stop();
      cancel();
      resolve();
    };
    const ends = (event: BoardEvent): boolean =>
      event.type === 'boot' || event.type === 'fault' || (event.type === 'power' && !event.on);
    const stop = board.listen((event) => {
      if (ends(event)) end();
    });
    const cancel = clock.at(clock.now() + DECIDES_MS, end);
    start();
  });
}

function needPower(board: Board): void {
  if (!board.isOn) throw new DfuError('REFUSED', 'the board has no power: switch it on');
}

function cut({ board }: ActedOn, action: Extract<BoardAction, { do: 'cut' }>): void {
  needPower(board);
  const { afterOperations, kind } = action;
  if (afterOperations === undefined) board.powerCut();
  else board.cutAfter(afterOperations, { kind });
}

/** As a programmer at the debug port does it: the board stands still meanwhile. */
async function whileOff(acted: ActedOn, work: () => void): Promise<void> {
  const { board, flash } = acted;
  const wasOn = board.isOn;
  board.powerCut();
  // The programmer has power of its own.
  flash.restorePower();
  try {
    work();
  } finally {
    if (wasOn) await booted(acted, () => board.powerOn());
  }
}

type ProgramAction = Extract<BoardAction, { do: 'program' }>;

/** What goes into flash: the file itself, or of a program in source what `dfukit firmware build` makes of it. */
async function imageOf(
  ordered: OrderedBoard,
  { file, name = '', slot }: ProgramAction,
): Promise<Uint8Array> {
  if (!isProgramSource(file, name)) return file;
  const { firmware } = ordered.record;
  if (firmware.needsSlot && slot === undefined) {
    const words = 'a module is boxed for the slot that it is to run in: say which slot';
    throw new DfuError('INVALID_ARGUMENT', words);
  }
  const seconds = Math.floor(Date.now() / 1000);
  return boxed(ordered, { payload: file, slot, version: firmware.version(seconds) });
}

function program(
  { flash }: ActedOn,
  layout: ProgramLayout,
  { file, slot }: Pick<ProgramAction, 'file' | 'slot'>,
): void {
  const { what, bytes, segments } = unwrapFile(file);
  if (what.format !== 'binary' && segments.length > 0) programSegments(flash, layout, segments);
  else programFlash(flash, layout, bytes, slot === undefined ? undefined : { slot });
}

/** Carries it out; resolves when that is done. Throws `DfuError` for what the board cannot. */
export async function carryOut(acted: ActedOn, action: BoardAction): Promise<void> {
  const { board, flash, ordered } = acted;
  const layout = ordered.record.layout(ordered.model, ordered.mode);
  switch (action.do) {
    case 'power':
      if (action.on && !board.isOn) await booted(acted, () => board.powerOn());
      else if (!action.on) board.powerCut();
      return;
    case 'cut':
      return cut(acted, action);
    case 'reset':
      needPower(board);
      return booted(acted, () => board.pressReset({ button: action.button === true }));
    case 'button':
      return board.setButton(action.pressed, action.name);
    case 'unplug':
      return board.unplug();
    case 'replug':
      return board.replug();
    case 'type':
      needPower(board);
      if (board.input(action.line)) return;
      throw new DfuError('REFUSED', 'nobody reads the console: the line is lost');
    case 'sense':
      board.sensors.simulate(action.name, action.value);
      return;
    case 'program': {
      const { slot } = action;
      const file = await imageOf(ordered, action);
      return whileOff(acted, () => program(acted, layout, { file, slot }));
    }
    case 'erase-flash': {
      // What comes with the board is not the user's to erase.
      const from = ordered.record.inFlash === true ? 0 : layout.bootloaderBytes;
      return whileOff(acted, () => flash.erase(from, flash.sizeBytes - from));
    }
    default:
      throw new DfuError('INVALID_ARGUMENT', 'no such action');
  }
}
