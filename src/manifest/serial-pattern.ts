// Not a regular expression: one from a file may take longer than a page lives, and whether two of them have a serial
// number in common cannot be said of those that programs know.

type Range = readonly [least: number, most: number];

/** One part of a pattern: characters of these ranges; one, or any number of them. */
interface Part {
  readonly ranges: readonly Range[];
  readonly isRun: boolean;
}

/** What a serial number looks like. */
export type SerialPattern = readonly Part[];

const ANY: readonly Range[] = [[0, 0x10ffff]];

/** Printable ASCII without a backslash; brackets only around the characters of one place. */
export const SERIAL_PATTERN: RegExp = /^([ -Z^-~]|\[[ -Z^-~]+\])+$/;

/** Longest pattern, in characters. */
export const MOST_PATTERN = 64;

const codeAt = (text: string, at: number): number => text.codePointAt(at) ?? 0;

/** The inside of brackets: characters, and ranges with `-`. Undefined for a range that goes backwards. */
function rangesOf(inside: string): Range[] | undefined {
  const ranges: Range[] = [];
  for (let at = 0; at < inside.length;) {
    const isRange = inside[at + 1] === '-' && at + 2 < inside.length;
    const range: Range = [codeAt(inside, at), codeAt(inside, isRange ? at + 2 : at)];
    if (range[0] > range[1]) return undefined;
    ranges.push(range);
    at += isRange ? 3 : 1;
  }
  return ranges;
}

/** Reads a pattern that fits `SERIAL_PATTERN`; undefined for a range that goes backwards. */
export function parseSerialPattern(text: string): SerialPattern | undefined {
  const parts: Part[] = [];
  for (const [word] of text.matchAll(/\[[^\]]*\]|./g)) {
    const literal: Range = [codeAt(word, 0), codeAt(word, 0)];
    const ranges =
      word === '*' || word === '?'
        ? ANY
        : word.length > 1
          ? rangesOf(word.slice(1, -1))
          : [literal];
    if (ranges === undefined) return undefined;
    parts.push({ ranges, isRun: word === '*' });
  }
  return parts;
}

/** Where in a pattern one may be, with what runs may be left out. */
function settled(pattern: SerialPattern, places: Iterable<number>): Set<number> {
  const all = new Set(places);
  for (const at of all) if (pattern[at]?.isRun === true) all.add(at + 1);
  return all;
}

/** Whether a whole serial number looks like that. */
export function fitsSerialPattern(pattern: SerialPattern, serial: string): boolean {
  let places = settled(pattern, [0]);
  for (const character of serial) {
    const code = codeAt(character, 0);
    const next: number[] = [];
    for (const at of places) {
      const part = pattern[at];
      if (part === undefined) continue;
      if (!part.ranges.some(([least, most]) => code >= least && code <= most)) continue;
      next.push(part.isRun ? at : at + 1);
    }
    places = settled(pattern, next);
    if (places.size === 0) return false;
  }
  return places.has(pattern.length);
}

function haveCommon(one: Part, other: Part): boolean {
  if (one.ranges === ANY || other.ranges === ANY) return true;
  return one.ranges.some(([least, most]) =>
    other.ranges.some(([low, high]) => least <= high && low <= most),
  );
}

/** Whether some serial number looks like both. */
export function patternsMeet(one: SerialPattern, other: SerialPattern): boolean {
  const width = other.length + 1;
  // Pairs of places; all ways lead forwards.
  const reached = new Uint8Array((one.length + 1) * width);
  reached[0] = 1;
  for (let pair = 0, at = 0; at <= one.length; at += 1) {
    const left = one[at];
    for (let beside = 0; beside < width; beside += 1, pair += 1) {
      if (reached[pair] === 0) continue;
      const right = other[beside];
      if (left?.isRun === true) reached[pair + width] = 1;
      if (right?.isRun === true) reached[pair + 1] = 1;
      if (left === undefined || right === undefined || !haveCommon(left, right)) continue;
      reached[pair + (left.isRun ? 0 : width) + (right.isRun ? 0 : 1)] = 1;
    }
  }
  return reached.at(-1) === 1;
}
