import type { BoardEvent } from '../board/index.ts';
import { DfuError, didYouMean } from '../bytes/index.ts';
import type { BenchEvent } from './journal.ts';
import { versionText } from './words.ts';

/** What a field must be: equal, or with a text that the expression fits. */
export type Wanted<V> =
  V | RegExp | (V extends object ? { readonly [K in keyof V]?: Wanted<V[K]> } : never);

/** Some fields of an event, as they must be. */
export type EventPattern<E extends BoardEvent = BoardEvent> = E extends { readonly type: infer T }
  ? { readonly type: T } & { readonly [K in Exclude<keyof E, 'type'>]?: Wanted<E[K]> }
  : never;

/** What an event must be: some of its fields, or whatever the function says. */
export type EventMatch = EventPattern | ((event: BenchEvent) => boolean);

/** Whether a value is what was wanted. A version without a build number has the build number 0. */
export function fits(wanted: unknown, got: unknown): boolean {
  if (wanted === undefined) return true;
  if (wanted instanceof RegExp) return new RegExp(wanted).test(String(got));
  if (typeof wanted === 'object' && wanted !== null) {
    if (typeof got !== 'object' || got === null) return false;
    return Object.entries(wanted).every(([key, value]) =>
      fits(value, (got as Readonly<Record<string, unknown>>)[key]),
    );
  }
  if (typeof wanted === 'string' && typeof got === 'string')
    return versionText(wanted) === versionText(got);
  return wanted === got;
}

/** Whether an event is meant. */
export function eventFits(match: EventMatch, event: BenchEvent): boolean {
  return typeof match === 'function' ? match(event) : fits(match, event);
}

function valueText(value: unknown): string {
  if (value instanceof RegExp) return String(value);
  if (typeof value === 'object' && value !== null) return `{ ${fieldsText(value)} }`;
  return typeof value === 'string' ? `"${value}"` : String(value);
}

/** Wanted fields, for a sentence. */
export function fieldsText(wanted: object): string {
  return Object.entries(wanted)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} ${valueText(value)}`)
    .join(', ');
}

/** What was waited for, for a sentence. */
export function matchText(match: EventMatch): string {
  if (typeof match === 'function') return 'an event that the function takes';
  const { type, ...rest } = match;
  const fields = fieldsText(rest);
  return `an event "${type}"${fields === '' ? '' : ` with ${fields}`}`;
}

const eventTypes: Readonly<Record<BoardEvent['type'], true>> = {
  actuator: true,
  boot: true,
  confirmed: true,
  console: true,
  download: true,
  fault: true,
  native: true,
  power: true,
  refused: true,
  upgrade: true,
  usb: true,
};

/** Throws `INVALID_ARGUMENT` for a type that no event has: it would never come. */
export function demandEventType(match: EventMatch): void {
  if (typeof match === 'function' || Object.hasOwn(eventTypes, match.type)) return;
  const known = Object.keys(eventTypes);
  const words = `event: no event is of type "${match.type}"${didYouMean(match.type, known)}; there is: ${known.join(', ')}`;
  throw new DfuError('INVALID_ARGUMENT', words);
}
