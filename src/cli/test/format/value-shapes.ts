import { refuse, textShape, madeShape } from '../../../bytes/index.ts';
import type { Shape } from '../../../bytes/index.ts';
import type { LinePattern } from './scenario.ts';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 };
/** Longest time, in ms: a week. */
const MOST_MS = 7 * 24 * 3_600_000;

const time = /^(\d+(?:\.\d+)?)(ms|s|min|h)$/;

/** A time with its unit, as milliseconds: a number alone could be anything. */
export const timeShape: Shape<number> = {
  expected: 'a time with its unit, such as 500ms, 2s, 1min or 1h, at most a week',
  kinds: ['text', 'number'],
  schema: { type: 'string', pattern: time.source },
  read(value, place) {
    const [, digits, unit = ''] = time.exec(String(value)) ?? [];
    const ms = Number(digits) * (UNITS[unit] ?? NaN);
    return ms <= MOST_MS ? ms : refuse(place, timeShape.expected, value);
  },
};

/** A version: a text with MCUboot, a number with riotboot. */
export const versionShape: Shape<string> = {
  expected: 'a version, such as 2.0.0, 1.2.3+4 or 7',
  kinds: ['text', 'number'],
  schema: { anyOf: [{ type: 'string', pattern: '^[0-9][0-9.+]*$' }, { type: 'integer' }] },
  read(value, place) {
    const text = String(value);
    return /^\d[\d.+]{0,40}$/.test(text) ? text : refuse(place, versionShape.expected, value);
  },
};

/** What something is called, in reports too: no character that is a command to a terminal. */
export const nameShape: Shape<string> = textShape('a name of printable characters', {
  // oxlint-disable-next-line no-control-regex -- those are meant
  pattern: /^[^\u0000-\u001f\u007f-\u009f]*$/,
  least: 1,
  most: 200,
});

/** A path; relative ones are meant from the file's folder. */
export const pathShape: Shape<string> = textShape('a path', { least: 1, most: 4096 });

/** A text of which a line has a part, or `/a regular expression/`. */
export const patternShape: Shape<LinePattern> = madeShape(
  textShape('a text that a line has in it, or /a regular expression/', { least: 1, most: 1000 }),
  (shown, place) => {
    const [, source, flags = ''] = /^\/(.+)\/([imsu]*)$/s.exec(shown) ?? [];
    const literal = shown.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
    try {
      const regExp = new RegExp(source ?? literal, flags);
      return { shown, regExp, fits: (line) => regExp.test(line) };
    } catch (error) {
      throw place.fault(place.path, (error as Error).message);
    }
  },
);
