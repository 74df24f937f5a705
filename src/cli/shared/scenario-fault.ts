import { DfuError } from '../../bytes/index.ts';

/** Something in a scenario file is not as it must be: it has an exit code of its own (78), and nothing was run. */
export class ScenarioFault extends DfuError {
  /** As it was typed. */
  readonly file: string;
  /** From 1; undefined where nothing tells. */
  readonly line: number | undefined;

  constructor(file: string, line: number | undefined, words: string, cause?: unknown) {
    const where = line === undefined ? file : `${file}:${line}`;
    super('INVALID_ARGUMENT', `${where}: ${words}`, { cause });
    this.file = file;
    this.line = line;
  }
}
