import type { BootResult } from '../../../../src/boot/mcuboot/index.ts';
import { bootOnce, ran } from '../bench.ts';
import type { Device } from '../bench.ts';

/** Something that makes the engine say sentences. */
export interface Scenario {
  readonly what: string;
  /** What must be among the words; `ends: …` for what came of the boot. */
  readonly says: readonly string[];
  /** Plays it; all that was said. */
  readonly hear: () => Promise<readonly string[]>;
}

/** All words of a boot: its console, its reasons, and how it ended. */
function wordsOf(result: BootResult): string[] {
  const reasons = [...result.refusals, ...result.hazards].map(({ reason }) => reason);
  return [...result.log, ...reasons, result.reason ?? '', `ends: ${ran(result)}`];
}

/** The words of the next boot. */
export async function hearBoot(device: Device): Promise<string[]> {
  return wordsOf(await bootOnce(device));
}

/** The message that somebody throws; empty if nobody does. */
export async function hearError(work: () => unknown): Promise<string[]> {
  try {
    await work();
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
