import { cNumber } from '../c-number.ts';
import { didYouMean } from '../did-you-mean.ts';
import { refuse } from './shape.ts';
import type { Shape } from './shape.ts';

/** Longest text in a file, in characters, unless told otherwise. */
const MOST_TEXT = 4096;

/** A text. `pattern` is for all of it, and is in the schema, too. */
export function textShape(
  expected: string,
  {
    pattern,
    least = 0,
    most = MOST_TEXT,
  }: { pattern?: RegExp; least?: number; most?: number } = {},
): Shape<string> {
  const schema = {
    type: 'string',
    ...(least > 0 && { minLength: least }),
    maxLength: most,
    ...(pattern !== undefined && { pattern: pattern.source }),
  };
  return {
    expected,
    kinds: ['text'],
    schema,
    read(value, place) {
      const text = value as string;
      // JSON Schema counts code points.
      const count = text.length > 2 * most ? text.length : Array.from(text).length;
      const fits = count >= least && count <= most && pattern?.test(text) !== false;
      return fits ? text : refuse(place, expected, text);
    },
  };
}

/**
 * No control, line or direction characters; written so that a validator in any language reads it, whether it knows
 * Unicode's classes or not.
 */
const unseen = String.raw`\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb`;
const inLine = new RegExp(String.raw`^[^\u0000-\u001f${unseen}]*$`);
const inLines = new RegExp(String.raw`^[^\u0000-\u0008\u000b-\u001f${unseen}]*$`);

/** A text that people are shown, and that cannot disturb what stands around it; `lines`: of several lines, with tabs. */
export function shownShape(
  expected: string,
  { least = 0, most, lines = false }: { least?: number; most: number; lines?: boolean },
): Shape<string> {
  return textShape(expected, { pattern: lines ? inLines : inLine, least, most });
}

const wholeText = { type: 'string', pattern: '^(0[xX][0-9a-fA-F]+|[1-9][0-9]*|0)$' };

/** A whole number: as a number, or as a text in decimal or 0x hex. */
export function wholeShape(least: number, most: number, unit = '', step = 1): Shape<number> {
  const words = unit === '' ? '' : ` of ${unit}`;
  const steps = step === 1 ? '' : `, a multiple of ${step}`;
  const expected = `a whole number${words} from ${least} to ${most}${steps}`;
  const fits = (value: number | undefined): value is number =>
    Number.isSafeInteger(value) &&
    value !== undefined &&
    value >= least &&
    value <= most &&
    value % step === 0;
  return {
    expected,
    kinds: ['number', 'text'],
    schema: {
      anyOf: [
        { type: 'integer', minimum: least, maximum: most, ...(step !== 1 && { multipleOf: step }) },
        wholeText,
      ],
    },
    read(value, place) {
      const number = typeof value === 'string' ? readWhole(value) : (value as number);
      return fits(number) ? number : refuse(place, expected, value);
    },
  };
}

/** Octal numbers are nobody's wish in a file: 010 is refused. */
function readWhole(text: string): number | undefined {
  return /^0[0-9]/.test(text) ? undefined : cNumber(text);
}

/** One of these whole numbers, written as any other. */
export function numberChoiceShape<const T extends number>(choices: readonly T[]): Shape<T> {
  const expected = `one of ${choices.join(', ')}`;
  return {
    expected,
    kinds: ['number', 'text'],
    schema: { anyOf: [{ enum: choices }, wholeText] },
    read(value, place) {
      const number = typeof value === 'string' ? readWhole(value) : value;
      return choices.find((each) => each === number) ?? refuse(place, expected, value);
    },
  };
}

/** A number that need not be whole. */
export function amountShape(least: number, most: number, unit = ''): Shape<number> {
  const words = unit === '' ? '' : ` of ${unit}`;
  const expected = `a number${words} from ${least} to ${most}`;
  return {
    expected,
    kinds: ['number'],
    schema: { type: 'number', minimum: least, maximum: most },
    read(value, place) {
      const number = value as number;
      return number >= least && number <= most ? number : refuse(place, expected, value);
    },
  };
}

/** What somebody may look for here, and what cannot be had: refused with the reason, and unknown to editors. */
export function refusedShape(reason: string): Shape<undefined> {
  return {
    expected: `nothing: ${reason}`,
    kinds: [],
    schema: { not: {} },
    read: () => undefined,
  };
}

/** True or false. */
export const flagShape: Shape<boolean> = {
  expected: 'true or false',
  kinds: ['flag'],
  schema: { type: 'boolean' },
  read: (value) => value as boolean,
};

/** Nothing behind the key, as in `- detach:`. */
export const nothingShape: Shape<undefined> = {
  expected: 'nothing',
  kinds: ['nothing'],
  schema: { type: 'null' },
  read: () => undefined,
};

/** One of these words. `not` has words that mean something and cannot be had, with the reason. */
export function choiceShape<const T extends string>(
  choices: readonly T[],
  not: Readonly<Record<string, string>> = {},
): Shape<T> {
  const expected = `one of ${choices.join(', ')}`;
  return {
    expected,
    kinds: ['text'],
    schema: { enum: choices },
    read(value, place) {
      const found = choices.find((each) => each === value);
      if (found !== undefined) return found;
      const got = `got "${(value as string).slice(0, 60)}"`;
      const word = value as string;
      const hint = Object.hasOwn(not, word) ? `: ${not[word]}` : didYouMean(word, choices);
      throw place.fault(place.path, `expected ${expected}, ${got}${hint}`);
    },
  };
}
