import type { BenchBoard, BenchOptions } from '../../../testing/index.ts';
import type { BoardOrder, Scenario, ScenarioBoard } from '../format/scenario.ts';
import { isBoardPath, mcubootMode } from '../../../board/index.ts';
import type { StandIn, StandInText } from '../../../board/index.ts';
import { loadStandIn } from '../../../board/node/index.ts';
import { DfuError, defined } from '../../../bytes/index.ts';
import type { Key } from '../../../image/index.ts';
import { loadKey } from '../../shared/key-files.ts';
import type { Terminal } from '../../shared/terminal.ts';
import { UnreadableFile } from '../../shared/unreadable-file.ts';
import { bytesOf, pathOf } from './stage.ts';

/** What a bench is made of. */
interface OrderedBench {
  readonly model: BenchBoard;
  readonly options: BenchOptions;
}

/** A board file is meant from the scenario's folder. */
function boardOf(scenario: Scenario, board: string): string {
  return isBoardPath(board) ? pathOf(scenario, board) : board;
}

function mcubootOf({ mode, refuseOlder, guarded }: BoardOrder): BenchOptions['mcuboot'] {
  const options = defined({
    mode: mode === undefined ? undefined : mcubootMode(mode),
    downgradePrevention: refuseOlder,
    guarded,
  });
  return Object.keys(options).length === 0 ? undefined : options;
}

/** The firmware that it plays is meant from the file's folder, too. */
function withPath(scenario: Scenario, { plays, ...rest }: StandInText): StandInText {
  if (typeof plays !== 'object') return { ...rest, plays };
  return { ...rest, plays: { firmwarePath: pathOf(scenario, plays.firmwarePath) } };
}

/** Reads key files, asking for their passphrases. */
async function keysOf(
  terminal: Terminal,
  scenario: Scenario,
  paths: readonly string[],
): Promise<readonly Key[]> {
  const keys: Key[] = [];
  for (const path of paths) {
    try {
      keys.push(await loadKey(terminal, pathOf(scenario, path)));
    } catch (cause) {
      if (!DfuError.is(cause) || cause instanceof UnreadableFile) throw cause;
      throw new DfuError(cause.code, `${path}: ${cause.message}`, { cause });
    }
  }
  return keys;
}

/** Reads all that a board of a scenario is ordered with. */
export async function benchOrder(
  terminal: Terminal,
  scenario: Scenario,
  board: ScenarioBoard,
): Promise<OrderedBench> {
  const { bootloader, serial, keys: paths, images = new Map<number, string>() } = board;
  const keys = paths && (await keysOf(terminal, scenario, paths));
  const slots: (Uint8Array | undefined)[] = [];
  for (const [slot, path] of images) slots[slot] = bytesOf({ terminal, scenario }, path);
  const standIn: StandIn[] = [];
  for (const each of board.standIns ?? [])
    standIn.push(await loadStandIn(withPath(scenario, each)));
  const mcuboot = mcubootOf(board);
  const options = defined({ bootloader, serial, keys, slots, standIn, mcuboot });
  return { model: boardOf(scenario, board.board), options };
}
