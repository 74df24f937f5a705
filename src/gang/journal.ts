import { DfuError } from '../bytes/index.ts';
import type { SendOutcome } from '../host/index.ts';
import type { GivenValues, InjectedValue } from './inject/supply.ts';

/** What a journal says of a unit. */
export interface JournalUnit {
  /** As it is called in events. */
  readonly unit: string;
  /** Its serial number, and the one that it has in DFU mode where that is another; null: it has none of its own. */
  readonly serial: string | null;
  readonly dfuSerial?: string | undefined;
  readonly path: string;
  /** Which of several buses. */
  readonly station?: string | undefined;
  /** Of the file, as it was before anything was put in, in hex. */
  readonly sha256: string;
}

/**
 * One line of a journal. `started` is there before anything of the unit is written, `ended` when nothing more is done to it.
 */
export type JournalEntry =
  | ({
      readonly type: 'started';
      /** From 1. */
      readonly attempt: number;
      readonly values: readonly InjectedValue[];
    } & JournalUnit)
  | ({
      readonly type: 'ended';
      readonly outcome: SendOutcome;
      readonly attempts: number;
      readonly ms: number;
      readonly code?: string | undefined;
      readonly message?: string | undefined;
    } & JournalUnit);

/** Where lines are kept. */
export interface GangJournal {
  /** Resolves when the line is where a crash does not lose it. */
  append(entry: JournalEntry): Promise<void>;
}

/** A unit that has been done. */
export interface DoneUnit {
  readonly serial: string;
  readonly sha256: string;
}

/** What a journal knows. */
export interface JournalState {
  readonly given: readonly GivenValues[];
  /** By serial number, those that have the file; a later failure takes a unit out again. */
  readonly done: readonly DoneUnit[];
  readonly lines: number;
}

/** A journal that has been read. */
export interface ReadJournal {
  readonly state: JournalState;
  /** Bytes of its whole lines. */
  readonly wholeBytes: number;
  /** What stands behind the last whole line: a line that a crash has cut, or nothing. */
  readonly torn: Uint8Array;
  /** Whether what stands there is a line all the same, but for its end. */
  readonly lacksEnd: boolean;
}

const NEWLINE = 0x0a;

/**
 * Reads a journal. What is behind its last line end is a line that was cut when it was written: nothing was done yet
 * of what it says. Throws `MALFORMED`, with the number of the line, for any other line that is none.
 */
export function readJournal(bytes: Uint8Array, decode: (bytes: Uint8Array) => string): ReadJournal {
  const wholeBytes = bytes.lastIndexOf(NEWLINE) + 1;
  const torn = bytes.subarray(wholeBytes);
  const lines = decode(bytes.subarray(0, wholeBytes)).split('\n').slice(0, -1);
  const reading = new Reading();
  for (const [at, line] of lines.entries()) reading.add(line, at + 1);
  const lacksEnd = torn.length > 0 && reading.adds(decode(torn), lines.length + 1);
  return { state: reading.state, wholeBytes, torn, lacksEnd };
}

class Reading {
  readonly #given: GivenValues[] = [];
  readonly #done = new Map<string, DoneUnit>();
  #lines = 0;

  get state(): JournalState {
    return { given: this.#given, done: [...this.#done.values()], lines: this.#lines };
  }

  adds(line: string, number: number): boolean {
    try {
      this.add(line, number);
      return true;
    } catch (error) {
      if (DfuError.is(error)) return false;
      throw error;
    }
  }

  add(line: string, number: number): void {
    const entry = parsed(line, number);
    this.#lines += 1;
    if (entry['type'] === 'started') this.#started(entry, number);
    else if (entry['type'] === 'ended') this.#ended(entry, number);
  }

  #started(entry: Line, number: number): void {
    const values = valuesOf(entry['values'], number);
    this.#given.push({ serial: serialOf(entry, number), values });
    this.#forget(entry, number);
  }

  #ended(entry: Line, number: number): void {
    this.#forget(entry, number);
    const { outcome, sha256, dfuSerial } = entry;
    if (typeof outcome !== 'string' || typeof sha256 !== 'string') throw malformed(number);
    if (outcome !== 'verified' && outcome !== 'written') return;
    for (const serial of [serialOf(entry, number), dfuSerial]) {
      if (typeof serial === 'string') this.#done.set(serial, { serial, sha256 });
    }
  }

  /** What was begun anew is not done any more. */
  #forget(entry: Line, number: number): void {
    const serial = serialOf(entry, number);
    if (serial !== undefined) this.#done.delete(serial);
    if (typeof entry['dfuSerial'] === 'string') this.#done.delete(entry['dfuSerial']);
  }
}

type Line = Readonly<Record<string, unknown>>;

function malformed(number: number): DfuError {
  const message = `journal, line ${number}: expected a line of a journal in JSON; it is not read any further`;
  return new DfuError('MALFORMED', message);
}

function parsed(line: string, number: number): Line {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && 'type' in value) return value;
  } catch {
    // said below
  }
  throw malformed(number);
}

function serialOf({ serial }: Line, number: number): string | undefined {
  if (serial === null) return undefined;
  if (typeof serial === 'string') return serial;
  throw malformed(number);
}

function valuesOf(values: unknown, number: number): readonly InjectedValue[] {
  if (!Array.isArray(values)) throw malformed(number);
  for (const each of values as unknown[]) {
    const { at, from, text } = (each ?? {}) as Line;
    if (typeof at === 'number' && typeof from === 'string' && typeof text === 'string') continue;
    throw malformed(number);
  }
  return values as readonly InjectedValue[];
}
