import type { Bench } from './bench.ts';
import type { SeedCommand } from './seed-command.ts';

/** One thing that is tried in the guest; it throws if it does not go as it should. */
export interface Scenario {
  readonly name: string;
  run(bench: Bench): Promise<void> | void;
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
