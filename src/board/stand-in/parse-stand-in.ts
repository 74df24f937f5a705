import { DfuError, didYouMean } from '../../bytes/index.ts';
import type { StandIn, StandInEnd, StandInPlay, StandInSelector } from './stand-in.ts';

/** A stand-in as a text says it: a firmware is only named, and whoever has files reads it. */
export interface StandInText extends Omit<StandIn, 'plays'> {
  readonly plays?: Exclude<StandInPlay, object> | { readonly firmwarePath: string } | undefined;
}

/** Longest time that can be told, in ms: a week. */
const MOST_MS = 7 * 24 * 3_600_000;
/** Longest text, in characters. */
const MOST_CHARACTERS = 4096;

const UNITS = { ms: 1, s: 1000, min: 60_000 } as const;
const SELECTORS = ['version', 'sha256', 'slot'] as const;
const PLAYS = ['silent', 'dfu-runtime', 'usb-dfu'] as const;
const ENDS = ['hang', 'crash', 'reset'] as const;
const WORDS = [...PLAYS, 'firmware', 'confirm', 'upgrade', ...ENDS];

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function wrong(words: string): DfuError {
  return new DfuError('INVALID_ARGUMENT', `stand-in: ${words}`);
}

function oneOf<T extends string>(list: readonly T[], word: string): T | undefined {
  return list.find((each) => each === word);
}

/** `confirm=500ms` in two; the second is undefined without a `=`. */
function halves(piece: string): readonly [string, string | undefined] {
  const at = piece.indexOf('=');
  return at < 0 ? [piece, undefined] : [piece.slice(0, at), piece.slice(at + 1)];
}

function timeOf(word: string, text: string | undefined): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(ms|s|min)$/.exec(text ?? '') ?? [];
  const ms = Number(digits) * (UNITS[unit as keyof typeof UNITS] ?? NaN);
  if (ms <= MOST_MS) return ms;
  const expected = 'expected a time of at most a week, such as 500ms, 2s or 1min';
  throw wrong(`${word}: ${expected}, got "${text ?? ''}"`);
}

function readSelector(piece: string, into: Writable<StandInSelector>): void {
  const [word, value = ''] = halves(piece);
  const key = oneOf(SELECTORS, word);
  if (key === undefined) {
    const expected = 'expected version=…, sha256=… or slot=… in front of the colon';
    throw wrong(`${expected}, got "${piece}"${didYouMean(word, SELECTORS)}`);
  }
  if (into[key] !== undefined) throw wrong(`${key} is there twice`);
  if (key === 'slot') {
    if (!/^\d{1,2}$/.test(value)) throw wrong(`slot: expected a number, got "${value}"`);
    into.slot = Number(value);
  } else if (key === 'sha256') {
    if (!/^[0-9a-fA-F]{8,64}$/.test(value)) {
      throw wrong(`sha256: expected 8 to 64 hex digits, got "${value}"`);
    }
    into.sha256 = value.toLowerCase();
  } else {
    if (!/^[0-9][0-9a-zA-Z.+]*$/.test(value)) {
      throw wrong(`version: expected one such as 2.0.0, 1.2.3+4 or 7, got "${value}"`);
    }
    into.version = value;
  }
}

/** Refuses what was said before, in the same word or in another one for the same thing. */
function once(said: unknown, what: string): void {
  if (said !== undefined) throw wrong(`${what} is said twice`);
}

function readPlay(word: string, value: string | undefined): StandInText['plays'] {
  const play = oneOf(PLAYS, word);
  if (play !== undefined) {
    if (value === undefined) return play;
    throw wrong(`${word} takes no value, got "${value}"`);
  }
  if (value !== undefined && value !== '') return { firmwarePath: value };
  throw wrong('firmware: expected firmware=PATH, a folder or a module');
}

function readUpgrade(value: string | undefined): StandIn['upgrade'] {
  const [time, how, ...more] = (value ?? '').split('/');
  if ((how === undefined || how === 'test' || how === 'permanent') && more.length === 0) {
    return { afterMs: timeOf('upgrade', time), permanent: how === 'permanent' };
  }
  throw wrong(`upgrade: expected a time, alone or with /test or /permanent, got "${value ?? ''}"`);
}

function readWord(piece: string, into: Writable<StandInText>): void {
  const [word, value] = halves(piece);
  const how: StandInEnd['how'] | undefined = oneOf(ENDS, word);
  if (how !== undefined) {
    once(into.ends, 'how it ends');
    into.ends = { how, afterMs: timeOf(word, value) };
  } else if (word === 'confirm') {
    once(into.confirmMs, word);
    into.confirmMs = timeOf(word, value);
  } else if (word === 'upgrade') {
    once(into.upgrade, word);
    into.upgrade = readUpgrade(value);
  } else if (word === 'firmware' || oneOf(PLAYS, word) !== undefined) {
    once(into.plays, 'what it plays');
    into.plays = readPlay(word, value);
  } else {
    const known = WORDS.join(', ');
    throw wrong(`no word "${word}"${didYouMean(word, WORDS) || `; there is: ${known}`}`);
  }
}

/** What stands in front of the colon that belongs to no path, and what behind it. */
function selectorsAndWords(text: string): readonly [string | undefined, string] {
  const at = text.indexOf(':');
  const head = text.slice(0, Math.max(0, at));
  const inPath = head.split(',').some((piece) => piece.startsWith('firmware='));
  return at < 0 || inPath ? [undefined, text] : [head, text.slice(at + 1)];
}

/**
 * Reads `[SELECTOR,…:]WORD,…`, e.g. `version=2.0.0:usb-dfu,confirm=500ms`. Selectors are `version=2.0.0`, `sha256=…`
 * (8 to 64 hex digits) and `slot=0`; words are `silent`, `dfu-runtime`, `usb-dfu`, `firmware=PATH` (without a comma in it),
 * `confirm=500ms`, `upgrade=2s` or `upgrade=2s/permanent`, and one of `hang=3s`, `crash=0ms`, `reset=1s`. Times are in `ms`,
 * `s` or `min`. Throws `INVALID_ARGUMENT`.
 */
export function parseStandIn(text: string): StandInText {
  if (text.length > MOST_CHARACTERS) throw wrong(`expected at most ${MOST_CHARACTERS} characters`);
  const [selectors, words] = selectorsAndWords(text);
  const read: Writable<StandInText> = {};
  if (selectors !== undefined) {
    const when: Writable<StandInSelector> = {};
    for (const piece of selectors.split(',')) readSelector(piece.trim(), when);
    read.when = when;
  }
  for (const piece of words.split(',')) readWord(piece.trim(), read);
  return read;
}
