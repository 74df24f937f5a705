import { isVersion } from '../../board/index.ts';
import type { BoardEvent } from '../../board/index.ts';
import { eventName, fieldKind, literalOf, wordsField, wrongOf } from './event-fields.ts';
import type { EventName } from './event-fields.ts';

/** What one field is to be: this, compared as text, or something that the expression fits. */
interface FieldMatch {
  readonly field: string;
  readonly wanted: string | RegExp;
}

/** Which events are meant: those of this kind whose fields all fit. */
export interface EventMatch {
  readonly event: EventName;
  readonly fields: readonly FieldMatch[];
  /** As it was asked for. */
  readonly asked: string;
}

/** Longest regular expression, in characters. */
const MOST_PATTERN = 1024;

/** An expression is shown so many characters of a text; a slow one is slow on few. */
const MOST_TEXT = 4096;

/** What was asked for is told up to so many characters. */
const MOST_ASKED = 400;

/** Most events that one wait can be for. */
const MOST_MATCHES = 16;

function expression(source: string, flags: string): RegExp {
  if (source.length > MOST_PATTERN)
    throw wrongOf(`a regular expression of up to ${MOST_PATTERN} characters`, source);
  try {
    return new RegExp(source, flags);
  } catch (error) {
    throw wrongOf(`a regular expression (${error instanceof Error ? error.message : ''})`, source);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `{"match":"regex"}`, with `"flags":"i"` where case is nothing. */
function jsonExpression(value: Readonly<Record<string, unknown>>): RegExp {
  const { match, flags = '', ...strange } = value;
  const [key] = Object.keys(strange);
  if (key !== undefined) throw wrongOf('"match" and "flags"', key, ['match', 'flags']);
  if (typeof match !== 'string') throw wrongOf('"match" with a regular expression', match);
  if (flags !== '' && flags !== 'i') throw wrongOf('"flags" i', flags);
  return expression(match, flags);
}

function jsonField(event: EventName, field: string, value: unknown): FieldMatch {
  const kind = fieldKind(event, field);
  if (isObject(value)) return { field, wanted: jsonExpression(value) };
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return { field, wanted: literalOf(field, kind, value) };
  throw wrongOf(`"${field}" with a text, a number, true, false or {"match":"regex"}`, value);
}

function jsonMatch(value: unknown): EventMatch {
  if (!isObject(value)) throw wrongOf('"for" with an object such as {"event":"boot"}', value);
  const { event: name, ...rest } = value;
  const event = eventName(name);
  const fields = Object.entries(rest).map(([field, each]) => jsonField(event, field, each));
  return { event, fields, asked: JSON.stringify(value).slice(0, MOST_ASKED) };
}

/** Reads the `for` of a wait: an event, or several of which one is enough. Throws `INVALID_ARGUMENT`. */
export function parseFor(value: unknown): readonly EventMatch[] {
  const several: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (several.length === 0 || several.length > MOST_MATCHES)
    throw wrongOf(`"for" with 1 to ${MOST_MATCHES} events`, several.length);
  return several.map((each) => jsonMatch(each));
}

/** `/regex/` or `/regex/i`, up to the comma behind it. */
const EXPRESSION = /^\/((?:[^/\\]|\\.|\/(?!i?(?:,|$)))+)\/(i?)(?:,|$)/;

/** `text`, up to the next comma. */
const PLAIN = /^([^,]*)(?:,|$)/;

/** The value that begins a text, and how many characters it takes, its comma included. */
function takeValue(text: string): { readonly wanted: string | RegExp; readonly length: number } {
  const [whole, source, flags] = EXPRESSION.exec(text) ?? [];
  if (whole !== undefined)
    return { wanted: expression(source ?? '', flags ?? ''), length: whole.length };
  if (text.startsWith('/')) throw wrongOf('/regex/ or /regex/i, with its end', text);
  const [plain = '', wanted = ''] = PLAIN.exec(text) ?? [];
  return { wanted, length: plain.length };
}

/**
 * Reads an event as the command line has it: `fault`, `boot:version=2.0.0,slot=1`, `console:/regex/i`,
 * `refused:reason=/regex/`. Throws `INVALID_ARGUMENT`.
 */
export function parseSpec(text: string): EventMatch {
  const colon = text.indexOf(':');
  const event = eventName(colon < 0 ? text : text.slice(0, colon));
  const fields: FieldMatch[] = [];
  let rest = colon < 0 ? '' : text.slice(colon + 1);
  if (colon >= 0 && rest === '') throw wrongOf(`FIELD=VALUE or /regex/ behind "${event}:"`, text);
  if (rest.startsWith('/')) {
    const { wanted, length } = takeValue(rest);
    fields.push({ field: wordsField(event), wanted });
    rest = rest.slice(length);
  }
  while (rest !== '') {
    const equals = rest.indexOf('=');
    if (equals < 0) throw wrongOf('FIELD=VALUE or /regex/', rest);
    const field = rest.slice(0, equals);
    const kind = fieldKind(event, field);
    const { wanted, length } = takeValue(rest.slice(equals + 1));
    const isText = typeof wanted === 'string';
    fields.push({ field, wanted: isText ? literalOf(field, kind, wanted) : wanted });
    rest = rest.slice(equals + 1 + length);
  }
  return { event, fields, asked: text };
}

/** What is at a field, or at `outer.inner`; undefined if it is not there. */
function valueAt(event: BoardEvent, path: string): string | number | boolean | undefined {
  let value: unknown = event;
  for (const key of path.split('.'))
    value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  if (typeof value === 'string' || typeof value === 'number') return value;
  return typeof value === 'boolean' ? value : undefined;
}

/** Whether an event is one of those that are meant. */
export function fits({ event, fields }: EventMatch, told: BoardEvent): boolean {
  if (told.type !== event) return false;
  return fields.every(({ field, wanted }) => {
    const value = valueAt(told, field);
    if (value === undefined) return false;
    const isPlain = typeof wanted === 'string' && typeof value !== 'boolean';
    if (isPlain && fieldKind(event, field) === 'version') return isVersion(wanted, value);
    const text = String(value);
    return typeof wanted === 'string' ? text === wanted : wanted.test(text.slice(0, MOST_TEXT));
  });
}
