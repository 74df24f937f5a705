// Two runs of the benchmarks, figure by figure. A ratio is how many times as much the second run needs: above 1 it is
// slower or larger, below 1 it is better, whichever way the figure itself counts.
import { median } from './figure.mjs';

/** Of these units more is better; of every other one (s, ms, MiB) less is. */
const RATES = /\/s$/;
/** What says how a figure came about, besides its name; the rest of a line is worth knowing, no more. */
const MEASURED = new Set(['value']);

/** What tells a figure from the others: its name, its unit, and under which circumstances it was taken. */
function keyOf(line) {
  const rest = Object.entries(line).filter(([name]) => !MEASURED.has(name));
  const circumstances = rest.filter(([name]) => name === 'figure' || isCircumstance(line, name));
  return circumstances.map(([name, value]) => (name === 'figure' ? value : `${name} ${value}`));
}
