import type { Attack } from './attack.ts';
import { boardCommands } from './board-commands.ts';
import { buildFolders } from './builds.ts';
import { files } from './files.ts';
import { fullDisk } from './full-disk.ts';
import { killed } from './killed.ts';
import { manifests } from './manifests.ts';
import { hostFiles } from './host-files.ts';
import { failingCommands, lyingCommands } from './lying-commands.ts';
import { lyingDevices } from './lying-devices.ts';
import { programs } from './programs.ts';
import { Random } from './random.ts';
import { scenarioFiles } from './scenarios.ts';
import { socket } from './socket.ts';

export const attacks: readonly Attack[] = [
  files,
  hostFiles,
  lyingDevices,
  lyingCommands,
  failingCommands,
  socket,
  boardCommands,
  buildFolders,
  scenarioFiles,
  manifests,
  fullDisk,
  killed,
  programs,
];

/** No round may keep a processor longer, in µs; they take milliseconds. */
const MOST_CPU_US = 60_000_000;

interface Attempt {
  /** The seed of the first round; the next one's is one more. */
  readonly firstSeed: number;
  /** Asked before each round, with the number of those that were. */
  readonly goesOn: (rounds: number) => boolean;
}

/** Does it as often as asked; answers how often. Throws what was lost, with the seed that does it again. */
export async function attempt(attack: Attack, { firstSeed, goesOn }: Attempt): Promise<number> {
  const underWay = await attack.begin();
  let rounds = 0;
  try {
    for (; goesOn(rounds); rounds += 1) {
      const seed = firstSeed + rounds;
      const before = process.cpuUsage();
      try {
        await underWay.round(new Random(seed));
        const { user, system } = process.cpuUsage(before);
        if (user + system > MOST_CPU_US)
          throw new Error(`took ${(user + system) / 1e6} s of processor time`);
      } catch (cause) {
        throw new Error(`${attack.name}, seed ${seed}: ${String(cause)}`, { cause });
      }
    }
  } finally {
    await underWay.end();
  }
  return rounds;
}
