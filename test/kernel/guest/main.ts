// Runs the scenarios in the guest; one JSON line each on stdout. Arguments: only those whose name contains one of them.
import { Bench } from './bench.ts';
import type { Outcome, Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';

/** No scenario takes longer; one that does hangs. */
const LIMIT_MS = 480_000;

async function attempt(scenario: Scenario): Promise<Outcome> {
  const bench = new Bench();
  const began = Date.now();
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`still running after ${LIMIT_MS} ms`)), LIMIT_MS);
  });
  let error: string | undefined;
  try {
    await Promise.race([scenario.run(bench), tooLong]);
  } catch (thrown) {
    error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  } finally {
    clearTimeout(timer);
  }
  try {
    await bench.cleanUp();
  } catch (thrown) {
    error = `${error ?? ''}\nwhile cleaning up: ${String(thrown)}`;
  }
  const { commands } = bench;
  const outcome = { name: scenario.name, milliseconds: Date.now() - began, commands };
  return error === undefined ? outcome : { ...outcome, error: `${error}\n${bench.log}` };
}

const wanted = process.argv.slice(2);
for (const scenario of scenarios) {
  if (wanted.length > 0 && !wanted.some((part) => scenario.name.includes(part))) continue;
  process.stdout.write(`${JSON.stringify(await attempt(scenario))}\n`);
}
process.exit();
