import type { Bench } from './bench.ts';

/** One thing that is tried in the guest; it throws if it does not go as it should. */
export interface Scenario {
  readonly name: string;
  run(bench: Bench): Promise<void> | void;
}

/** A command of somebody's documentation, and what came of it. */
export interface SeedCommand {
  readonly document: string;
  /** As the document has it. */
  readonly command: string;
  /** What was typed instead, where that is another program. */
  readonly typed?: string;
  /** Lines of output, console or what the board said, the same in each run. */
  readonly seen: readonly string[];
}

/** What the guest says of a scenario: one JSON line on its output. */
export interface Outcome {
  readonly name: string;
  readonly milliseconds: number;
  /** The commands of documents that it has typed. */
  readonly commands: readonly SeedCommand[];
  /** Why it failed, and all that was said meanwhile; undefined if it went as it should. */
  readonly error?: string;
}
