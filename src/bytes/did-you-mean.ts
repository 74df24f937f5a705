/**
 * How many characters must be put in, taken out, changed or swapped with their neighbour to make one word of the other
 * (optimal string alignment).
 */
function distance(from: string, to: string): number {
  let before: readonly number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let at = 0; at < from.length; at += 1) {
    const next = [at + 1];
    for (let other = 0; other < to.length; other += 1) {
      const changed = (row[other] ?? 0) + (from[at] === to[other] ? 0 : 1);
      const isSwap = from[at] === to[other - 1] && from[at - 1] === to[other];
      const swapped = isSwap ? (before[other - 1] ?? 0) + 1 : Infinity;
      next.push(Math.min(changed, swapped, (row[other + 1] ?? 0) + 1, (next[other] ?? 0) + 1));
    }
    [before, row] = [row, next];
  }
  return row[to.length] ?? 0;
}

/** Longest word that is looked at, in characters. */
const MOST_CHARACTERS = 64;

/**
 * `, did you mean "x"?` with the known word that is nearest to one that is none; empty if none is near. It is put behind
 * a message.
 */
export function didYouMean(word: string, known: Iterable<string>): string {
  if (word.length > MOST_CHARACTERS) return '';
  const wanted = word.toLowerCase();
  let [best, nearest] = ['', Infinity];
  for (const each of known) {
    const far = distance(wanted, each.toLowerCase());
    if (far < nearest) [best, nearest] = [each, far];
  }
  return nearest <= Math.max(1, Math.floor(best.length / 3)) ? `, did you mean "${best}"?` : '';
}
