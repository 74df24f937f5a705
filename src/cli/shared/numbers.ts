import { DfuError, cNumber } from '../../bytes/index.ts';

/** A whole number as C and dfu-util read it: decimal, 0x hex or 0 octal; what is none is NaN. */
function whole(text: string): number {
  return cNumber(text) ?? Number.NaN;
}

/** A whole number, or a decimal one with a fraction; what is none is NaN. */
function decimal(text: string): number {
  return cNumber(text) ?? (/^\d+\.\d+$/.test(text) ? Number(text) : Number.NaN);
}

function wrong(option: string, expected: string, got: string): DfuError {
  return new DfuError('INVALID_ARGUMENT', `${option}: expected ${expected}, got "${got}"`);
}

/** Reads a whole number, decimal, 0x hex or 0 octal, for an option. Throws `INVALID_ARGUMENT`. */
export function wholeNumber(
  option: string,
  [least, most]: readonly [number, number],
): (text: string) => number {
  return (text) => {
    const value = whole(text);
    if (value >= least && value <= most) return value;
    throw wrong(option, `a whole number from ${least} to ${most}`, text);
  };
}

/** Reads one of these whole numbers, which `words` tell if not their figures. Throws `INVALID_ARGUMENT`. */
export function oneOf<T extends number>(
  option: string,
  choices: readonly T[],
  words: string = choices.join(', '),
): (text: string) => T {
  return (text) => {
    const found = choices.find((each) => each === whole(text));
    if (found !== undefined) return found;
    throw wrong(option, words, text);
  };
}

/** Reads a time in seconds, fractions allowed, as milliseconds. Throws `INVALID_ARGUMENT`. */
export function seconds(option: string, most: number): (text: string) => number {
  return (text) => {
    const value = decimal(text);
    if (value > 0 && value <= most) return value * 1000;
    throw wrong(option, `seconds, more than 0 and at most ${most}`, text);
  };
}

/** Reads a time in the option's own unit, fractions and 0 allowed. Throws `INVALID_ARGUMENT`. */
export function time(option: string): (text: string) => number {
  return (text) => {
    const value = decimal(text);
    if (value <= 1e9) return value;
    throw wrong(option, 'a time of 0 or more', text);
  };
}

const UNITS = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 } as const;

/** Whether a text is a time with its unit, or means to be: it begins with a figure. */
export function isDuration(text: string): boolean {
  return /^[\d.]/.test(text);
}

/** Longest duration, in ms: a week. */
const MOST_DURATION_MS = 604_800_000;

/** Reads a time with its unit, as ms: `500ms`, `30s`, `2min`, `1h`. Throws `INVALID_ARGUMENT`. */
export function duration(option: string): (text: string) => number {
  return (text) => {
    const [, digits, unit] = /^(\d+(?:\.\d+)?)(ms|s|min|h)$/.exec(text) ?? [];
    const ms = Number(digits) * (UNITS[unit as keyof typeof UNITS] ?? Number.NaN);
    if (ms > 0 && ms <= MOST_DURATION_MS) return ms;
    throw wrong(option, 'a time with its unit, such as 500ms, 30s or 2min, up to a week', text);
  };
}
