import { DfuError, didYouMean, parseJson } from '../../bytes/index.ts';
import { devicePattern, devicePatterns } from './device-pattern.ts';
import { CONDITIONS, FIELDS } from './fields.ts';
import type { Field } from './fields.ts';
import type { QuirkRow } from './quirk.ts';

/** Rows that a person may add: more is no list of quirks. */
const MOST_ROWS = 1000;

/** Where in which text something is wrong, counted from 1. */
function wrong(where: string, at: number, message: string): DfuError {
  return new DfuError('INVALID_ARGUMENT', `${where}, character ${at + 1}: ${message}`);
}

interface Known {
  readonly field: Field;
  readonly put: (value: unknown) => Record<string, unknown>;
}

const knownByWord: ReadonlyMap<string, Known> = new Map([
  ...Object.entries(FIELDS).map(
    ([key, field]) => [field.word, { field, put: (value: unknown) => ({ [key]: value }) }] as const,
  ),
  ...Object.entries(CONDITIONS).map(
    ([key, field]) =>
      [field.word, { field, put: (value: unknown) => ({ when: { [key]: value } }) }] as const,
  ),
]);

/**
 * A row as people write it: `VENDOR:PRODUCT[:RELEASE]:FIELD[=VALUE],…`, such as `1209:*:poll-time=5ms,dialect=dfu`.
 * Throws `INVALID_ARGUMENT` with the place; `where` is what the text is called.
 */
export function parseQuirk(text: string, where: string = 'quirk'): QuirkRow {
  const devices = devicesOf(text, where);
  let at = devices.length + 1;
  let row: Record<string, unknown> = { devices };
  while (at <= text.length) {
    const rest = text.slice(at);
    const [, word = '', equals = ''] = /^([^=,]*)(=?)/.exec(rest) ?? [];
    const known = knownByWord.get(word);
    if (known === undefined) {
      const meant = didYouMean(word, knownByWord.keys());
      throw wrong(where, at, `"${word}" is no field of a quirk${meant}`);
    }
    const from = word.length + equals.length;
    const comma = rest.indexOf(',', from);
    const isRest = known.field.isRest === true && rest[from] === '@';
    const end = isRest || comma < 0 ? rest.length : comma;
    const value = rest.slice(from, end);
    const read = known.field.read(value);
    if (!known.field.allows(read)) {
      throw wrong(where, at + from, `${word}: expected ${known.field.form}, got "${value}"`);
    }
    row = merged(row, known.put(read));
    at += end + 1;
  }
  return row as unknown as QuirkRow;
}

function merged(
  row: Record<string, unknown>,
  more: Record<string, unknown>,
): Record<string, unknown> {
  if (more['when'] === undefined) return { ...row, ...more };
  return { ...row, when: { ...(row['when'] as object | undefined), ...(more['when'] as object) } };
}

/** What stands in front of the fields. */
function devicesOf(text: string, where: string): string {
  const parts = text.split(':');
  for (const count of [3, 2]) {
    const devices = parts.slice(0, count).join(':');
    if (parts.length > count && devicePattern(devices) !== undefined) return devices;
  }
  const form = 'VENDOR:PRODUCT[:RELEASE]:FIELD[=VALUE],…, such as 1209:*:poll-time=5ms';
  throw wrong(where, 0, `expected ${form}, got "${text}"`);
}

/**
 * Rows out of a file: a line each as `parseQuirk` reads them (`#` begins a comment), or JSON, an array of rows as the
 * library has them. Throws `INVALID_ARGUMENT` with line and character, or with the place in the JSON.
 */
export function parseQuirkFile(text: string, where: string = 'quirks'): readonly QuirkRow[] {
  const rows = /^\s*[[{]/.test(text) ? fromJson(text, where) : fromLines(text, where);
  if (rows.length <= MOST_ROWS) return rows;
  throw new DfuError('INVALID_ARGUMENT', `${where}: expected at most ${MOST_ROWS} rows`);
}

function fromLines(text: string, where: string): QuirkRow[] {
  return text.split(/\r?\n/).flatMap((line, at) => {
    const row = line.replace(/(^|\s)#.*$/, '').trimEnd();
    if (row.trim() === '') return [];
    return [parseQuirk(row, `${where}, line ${at + 1}`)];
  });
}

function fromJson(text: string, where: string): QuirkRow[] {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DfuError('INVALID_ARGUMENT', `${where}: ${why}`, { cause });
  }
  const rows: readonly unknown[] = Array.isArray(value) ? value : [value];
  return rows.map((row, at) => checkedQuirk(row, `${where}[${at}]`));
}

const TEXTS = ['name', 'symptom', 'source'] as const;
const KEYS = ['devices', 'when', ...TEXTS, ...Object.keys(FIELDS)];

/** A row that somebody made, looked at. Throws `INVALID_ARGUMENT` for what is none. */
export function checkedQuirk(row: unknown, where: string = 'quirk'): QuirkRow {
  const refuse = (message: string): DfuError => new DfuError('INVALID_ARGUMENT', message);
  const demand = (at: string, value: unknown, { form, allows }: Pick<Field, 'form' | 'allows'>) => {
    if (value === undefined || allows(value)) return;
    throw refuse(`${at}: expected ${form}, got ${JSON.stringify(value)}`);
  };
  const known = (at: string, value: unknown, keys: readonly string[]): Record<string, unknown> => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw refuse(`${at}: expected an object`);
    }
    const strange = Object.keys(value).find((key) => !keys.includes(key));
    if (strange === undefined) return value as Record<string, unknown>;
    throw refuse(`${at}: "${strange}" is no field of a quirk${didYouMean(strange, keys)}`);
  };
  const fields = known(where, row, KEYS);
  const { devices, when } = fields;
  if (typeof devices !== 'string' || devicePatterns(devices) === undefined) {
    const got = JSON.stringify(devices) ?? 'nothing';
    throw refuse(`${where}.devices: expected VENDOR:PRODUCT[:RELEASE] in hex, got ${got}`);
  }
  const text = { form: 'a text', allows: (value: unknown) => typeof value === 'string' };
  for (const key of TEXTS) demand(`${where}.${key}`, fields[key], text);
  for (const [key, field] of Object.entries(FIELDS)) demand(`${where}.${key}`, fields[key], field);
  if (when !== undefined) {
    const conditions = known(`${where}.when`, when, Object.keys(CONDITIONS));
    for (const [key, field] of Object.entries(CONDITIONS)) {
      demand(`${where}.when.${key}`, conditions[key], field);
    }
  }
  return fields as unknown as QuirkRow;
}
