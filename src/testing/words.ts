import { hexNumber } from '../bytes/index.ts';
import type { BenchEvent, Journal } from './journal.ts';

/** Lines of the console that a message shows. */
const SHOWN_LINES = 20;
/** Events that it shows. */
const SHOWN_EVENTS = 10;

/** A version as people write it: a build number of 0 goes without saying. */
export function versionText(version: string | number): string {
  return String(version).replace(/\+0$/, '');
}

type OfType<T extends BenchEvent['type']> = Extract<BenchEvent, { readonly type: T }>;

/** What a boot was, for a sentence. */
export function bootText({ mode, slot, version, why, cause }: OfType<'boot'>): string {
  const image =
    mode === 'application' ? 'the application' : mode === 'dfu' ? 'DFU mode' : 'nothing';
  const number = version === undefined ? '' : ` version ${versionText(version)}`;
  const place = slot === undefined ? '' : ` in slot ${slot}`;
  return `${image}${number}${place} (${why}; ${cause})`;
}

function powerText({ on, operations, cut }: OfType<'power'>): string {
  if (on) return 'power on';
  if (cut === undefined) return `power off after ${operations} flash operations`;
  const { operation, type, address, kind } = cut;
  return `power cut (${kind}) at flash operation ${operation}: ${type} at ${hexNumber(address, 8)}`;
}

/** What an event is, besides a line of the console. */
function eventText(event: BenchEvent): string {
  if (event.type === 'boot') return `boot: ${bootText(event)}`;
  if (event.type === 'power') return powerText(event);
  if (event.type === 'fault') return `fault: ${event.message}`;
  if (event.type === 'native') {
    const { entry, sha256 } = event;
    return `native: entry ${hexNumber(entry, 8)}, SHA-256 ${sha256.slice(0, 16)}`;
  }
  const { type, sequence: _, timeMs: __, ...rest } = event;
  const fields = Object.entries(rest).filter(([, value]) => value !== undefined);
  return `${type}: ${fields.map(([key, value]) => `${key} ${String(value)}`).join(', ')}`;
}

/** An event with its time, for a message. */
function timedText(event: BenchEvent): string {
  return `${(event.timeMs / 1000).toFixed(3)} s  ${eventText(event)}`;
}

/** What a host that finds nothing should know, where machine code has nobody to play its USB port. */
export const SILENT_WORDS =
  'machine code runs, and has nothing at the USB port; where a stand-in plays it, usb-dfu and dfu-runtime have';

/** Whether machine code runs, and nothing has come to the USB port since. */
export function playsSilently({ events }: Pick<Journal, 'events'>): boolean {
  const last = events.findLast(
    ({ type }) => type === 'native' || type === 'usb' || type === 'power',
  );
  return last?.type === 'native';
}

/** What a message shows of all that has happened: the last of it. */
export function lastWords({ events }: Pick<Journal, 'events'>): string {
  const lines: string[] = [];
  const others: string[] = [];
  for (let at = events.length - 1; at >= 0; at -= 1) {
    const event = events[at];
    if (event === undefined) continue;
    if (event.type === 'console') {
      if (lines.length < SHOWN_LINES) lines.push(`  | ${event.text}`);
    } else if (others.length < SHOWN_EVENTS) others.push(`  ${timedText(event)}`);
    if (lines.length === SHOWN_LINES && others.length === SHOWN_EVENTS) break;
  }
  const console =
    lines.length === 0
      ? ['The console has said nothing.']
      : ['Last lines of the console:', ...lines.toReversed()];
  const happened =
    others.length === 0
      ? ['Nothing has happened to the board.']
      : ['Last events:', ...others.toReversed()];
  return [...console, ...happened].join('\n');
}
