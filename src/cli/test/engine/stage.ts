import { resolve } from 'node:path';
import type { BoardBench } from '../../../testing/index.ts';
import type { Clock } from '../../../usb/index.ts';
import type { Terminal } from '../../shared/terminal.ts';
import type { Scenario, Step } from '../format/scenario.ts';
import type { ShellEnd } from './shell.ts';

/** All that the steps of a scenario have around them. */
export interface Stage {
  readonly terminal: Terminal;
  readonly scenario: Scenario;
  /** By the name that steps call them. */
  readonly benches: ReadonlyMap<string, BoardBench>;
  /** The machine's. */
  readonly clock: Clock;
  /** Raised when the scenario's time is up, or somebody cancels. */
  readonly signal: AbortSignal;
  /** How the last command ended. */
  lastRun?: ShellEnd | undefined;
}

/** A path of the scenario, from its file's folder. */
export function pathOf({ folder }: Pick<Scenario, 'folder'>, path: string): string {
  return resolve(folder, path);
}

/** The bytes of a file of the scenario. Throws an `UnreadableFile`. */
export function bytesOf(
  { terminal, scenario }: Pick<Stage, 'terminal' | 'scenario'>,
  path: string,
): Uint8Array {
  return terminal.files.read(pathOf(scenario, path));
}

/** The board that a step is for; the format has seen to it that there is one. */
export function benchOf({ benches }: Stage, { on }: Step): BoardBench {
  const bench = on === undefined ? [...benches.values()][0] : benches.get(on);
  if (bench === undefined) throw new Error(`no board "${on}"`);
  return bench;
}

/** How long a step may wait, as a bench is told it: undefined as the bench has it. */
export function withinOf(
  { scenario }: Stage,
  { timeOutMs }: Step,
): { readonly within: number | undefined } {
  return { within: timeOutMs ?? scenario.stepTimeOutMs };
}
