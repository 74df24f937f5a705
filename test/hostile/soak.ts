import { attempt, attacks } from './attacks.ts';
import type { Attack } from './attack.ts';

export interface Soak {
  /** How long, in minutes; each attack gets its share, twice. */
  readonly minutes: number;
  /** The seed of the first round. */
  readonly seed: number;
  readonly say: (line: string) => void;
}

/** Findings of one kind say no more after so many. */
const MOST_FINDINGS = 20;
const PASSES = 2;

/** One attack until its time is over; what it finds is said, and it goes on behind it. */
async function one(attack: Attack, ms: number, { seed, say }: Soak): Promise<[number, number]> {
  // It begins when the attack has what it needs.
  let end = Infinity;
  let [rounds, findings] = [0, 0];
  while (performance.now() < end && findings < MOST_FINDINGS) {
    let done = 0;
    try {
      await attempt(attack, {
        firstSeed: seed + rounds,
        goesOn: (count) => {
          done = count;
          if (end === Infinity) end = performance.now() + ms;
          return performance.now() < end;
        },
      });
      rounds += done;
    } catch (error) {
      rounds += done + 1;
      findings += 1;
      // Nor does what never began go on for ever.
      if (end === Infinity) end = 0;
      say(`LOST: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return [rounds, findings];
}

/** Every attack for its share of the time; answers how many findings there were. */
export async function soak(options: Soak): Promise<number> {
  const { minutes, seed, say } = options;
  const share = (minutes * 60_000) / attacks.length / PASSES;
  const sums = new Map(attacks.map((attack) => [attack, { rounds: 0, findings: 0 }]));
  say(`${minutes} minutes, seeds from ${seed}`);
  for (let pass = 0; pass < PASSES; pass += 1) {
    for (const [attack, sum] of sums) {
      const from = { ...options, seed: seed + sum.rounds };
      const [rounds, findings] = await one(attack, share, from);
      sum.rounds += rounds;
      sum.findings += findings;
      say(`${attack.name}: ${sum.rounds} rounds, ${sum.findings} findings`);
    }
  }
  const all = [...sums.values()];
  const rounds = all.reduce((total, each) => total + each.rounds, 0);
  const findings = all.reduce((total, each) => total + each.findings, 0);
  say(`${rounds} rounds, ${findings} findings`);
  return findings;
}
