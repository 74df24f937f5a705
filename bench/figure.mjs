// What all benchmarks have in common: one JSON line a figure, and the middle of several tries.
import { loadavg } from 'node:os';

// Node reads the certificates that it names at each start, which can take longer than all else: no part of any figure.
delete process.env['NODE_EXTRA_CA_CERTS'];

/**
 * Writes a figure: its name, its value, the unit, what else is worth knowing, and the machine's load: how many programs
 * wanted a processor in the last minute, those of the benchmark among them.
 */
export function figure(name, value, unit, more = {}) {
  const rounded = Number(value.toPrecision(4));
  const load = Number(loadavg()[0].toFixed(1));
  process.stdout.write(
    `${JSON.stringify({ figure: name, value: rounded, unit, ...more, load })}\n`,
  );
}

/** The middle one. */
export function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** The middle of that many tries, in ms. */
export async function medianMs(tries, work) {
  const times = [];
  for (let at = 0; at < tries; at += 1) {
    const began = performance.now();
    await work();
    times.push(performance.now() - began);
  }
  return median(times);
}
