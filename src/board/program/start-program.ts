import { NOTHING_RUNS } from '../seams/nothing-runs.ts';
import type {
  BoardSite,
  MachineCode,
  Peripherals,
  Program,
  Runner,
  RunningProgram,
} from '../seams/peripherals.ts';
import { readProgram } from './box.ts';
import { readMachineCode } from './machine-code.ts';
import type { FirstWords } from './machine-code.ts';

/** What stood at an entry, and as long as nothing is written still stands there. */
interface ReadBefore {
  readonly operations: number;
  readonly entryAddress: number;
  readonly program: Program | undefined;
}

/** Starts what stands at images' entries. */
export class ProgramStarter {
  readonly #runners: readonly Runner[];
  #before: ReadBefore | undefined;

  constructor(runners: readonly Runner[]) {
    this.#runners = runners;
  }

  /**
   * Starts what stands at the image's entry, with the first runner that takes it. What none takes is a fault of the
   * processor. `native` hears of machine code before it starts, and answers whether it still is to; `operations` is how
   * many the flash has done: it is read once, however often it starts.
   */
  start(
    board: Peripherals,
    operations: number,
    native: (code: MachineCode) => boolean,
  ): RunningProgram {
    const any = this.#runners.find(({ takes }) => takes === undefined);
    const program = this.#read(board, operations);
    const runner = this.#runners.find(
      ({ takes }) => program !== undefined && takes?.includes(program.kind),
    );
    if (runner !== undefined) {
      const code = program?.machineCode;
      return code === undefined || native(code) ? runner.start(board, program) : NOTHING_RUNS;
    }
    return any?.start(board, undefined) ?? NOTHING_RUNS;
  }

  /** A start may come soon. */
  prepare(board: BoardSite): void {
    for (const runner of this.#runners) runner.prepare?.(board);
  }

  /** No start will come. */
  async release(board: BoardSite): Promise<void> {
    await Promise.all(this.#runners.map(async (runner) => runner.release?.(board)));
  }

  #read(board: Peripherals, operations: number): Program | undefined {
    const { entryAddress } = board.image;
    const before = this.#before;
    if (before?.operations === operations && before.entryAddress === entryAddress) {
      return before.program;
    }
    const mustRun = this.#runners.every(({ takes }) => takes !== undefined);
    const program = readFor(this.#runners, board, mustRun);
    // What cannot run is to be told each time.
    if (program !== undefined) this.#before = { operations, entryAddress, program };
    return program;
  }
}

/** The program at the entry, if one of the runners takes its kind. */
function readFor(
  runners: readonly Runner[],
  board: Peripherals,
  mustRun: boolean,
): Program | undefined {
  const kinds = runners.flatMap(({ takes = [] }) => takes);
  if (kinds.length === 0 && !mustRun) return undefined;
  const { model, image, flash } = board;
  const place = {
    read: (address: number, lengthBytes: number) =>
      flash.read(address - model.flashBaseAddress, lengthBytes),
    entryAddress: image.entryAddress,
    ram: model.ram,
    machineCode: (words: FirstWords) => readMachineCode(board, words),
  };
  try {
    return readProgram(place, kinds);
  } catch (error) {
    if (mustRun)
      board.fault(`hard fault: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
