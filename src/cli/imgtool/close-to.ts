/** Where two texts have the longest run in common; the first such place of both. */
function longestRun(one: string, other: string): { at: number; otherAt: number; length: number } {
  let best = { at: 0, otherAt: 0, length: 0 };
  for (let at = 0; at < one.length; at += 1) {
    for (let otherAt = 0; otherAt < other.length; otherAt += 1) {
      let length = 0;
      while (at + length < one.length && one[at + length] === other[otherAt + length]) length += 1;
      if (length > best.length) best = { at, otherAt, length };
    }
  }
  return best;
}

/** Characters of all runs in common: the longest, then on both sides of it. */
function inCommon(one: string, other: string): number {
  const { at, otherAt, length } = longestRun(one, other);
  if (length === 0) return 0;
  const before = inCommon(one.slice(0, at), other.slice(0, otherAt));
  return before + length + inCommon(one.slice(at + length), other.slice(otherAt + length));
}

/** How much of both texts is in common before they count as close. */
const CLOSE = 0.6;

/** Words longer than any option are close to none; comparing them would cost their square. */
const LONGEST = 64;

/**
 * The known words that are most like this one, three at most, best first: by the measure of Ratcliff and
 * Obershelp, as Python's difflib has it, which is what imgtool's parser asks.
 */
export function closeTo(word: string, known: readonly string[]): string[] {
  if (word.length > LONGEST) return [];
  return known
    .map((each) => ({ each, ratio: (2 * inCommon(each, word)) / (each.length + word.length) }))
    .filter(({ ratio }) => ratio >= CLOSE)
    .toSorted((one, other) => other.ratio - one.ratio || (one.each < other.each ? 1 : -1))
    .slice(0, 3)
    .map(({ each }) => each);
}
