import { DfuError, hexNumber, sameBytes, sha256 } from '../bytes/index.ts';
import { isIn } from '../usb/index.ts';
import type { SetupPacket } from '../usb/index.ts';
import { isPoll, readKey } from './replay-script.ts';
import type { Coming, Part, Step } from './replay-script.ts';
import type { ControlRecord, TraceFault } from './trace.ts';
import { isStandardRead, requestWords } from './words.ts';

/** What a host did, to be compared with what was recorded. */
export type Deed =
  | { readonly do: 'transfer'; readonly setup: SetupPacket; readonly data: Uint8Array | undefined }
  | { readonly do: 'alternate'; readonly interface: number; readonly alternate: number }
  | { readonly do: 'reset' };

/** How a replay takes a recording. */
interface PartRules {
  /** Questions about the state may be more or fewer. */
  readonly free: boolean;
  /** Alternates were written down. */
  readonly hasAlternates: boolean;
}

/** What was recorded of a deed, and who comes and goes because of it. */
export interface Played {
  readonly record: Step['record'] | undefined;
  readonly comings: readonly Coming[];
}

/** How far a replay has come with one device. */
export class PartReplay {
  readonly part: Part;
  readonly #rules: PartRules;
  readonly #read = new Map<string, number>();
  readonly #claimed = new Map<number, number>();
  /** The last answer to each question about its state. */
  readonly #polls = new Map<string, ControlRecord>();
  #opened = 0;
  #at = 0;

  constructor(part: Part, rules: PartRules) {
    this.part = part;
    this.#rules = rules;
  }

  /** Whether anything that has an order has been asked of it. */
  get begun(): boolean {
    return this.#at > 0;
  }

  /** What has been recorded and not been asked for. */
  get rest(): readonly Step[] {
    return this.part.steps.slice(this.#at);
  }

  /** How the next opening goes. */
  open(): TraceFault | undefined {
    const { opens } = this.part;
    this.#opened += 1;
    return opens[Math.min(this.#opened, opens.length) - 1];
  }

  /** How the next claim of that interface goes. */
  claim(interfaceNumber: number): TraceFault | undefined {
    const claims = this.part.claims.get(interfaceNumber) ?? [];
    const at = this.#claimed.get(interfaceNumber) ?? 0;
    this.#claimed.set(interfaceNumber, at + 1);
    return claims[Math.min(at, claims.length - 1)];
  }

  /** What was recorded of it. Throws `REPLAY` if the recording has something else there. */
  play(deed: Deed): Played {
    if (deed.do === 'transfer' && isStandardRead(deed.setup)) {
      return { record: this.#answer(deed.setup), comings: [] };
    }
    return this.#step(deed);
  }

  /** It is gone already: that this request found it gone is what was recorded, too. */
  miss(deed: Deed): void {
    const next = this.part.steps[this.#at];
    if (next?.record.type !== 'control' || next.record.end !== 'gone') return;
    if (difference(next, deed) === undefined) this.#at += 1;
  }

  /**
   * The recorded answers to the same request, one after the other; the last one again and again. One that asked for
   * more bytes, or that brought all that there is, answers whoever asks for another number.
   */
  #answer(setup: SetupPacket): ControlRecord {
    const key = readKey(setup);
    const all = this.part.answers.get(key) ?? [];
    const exact = all.filter((each) => each.setup.wLength === setup.wLength);
    const fitting = exact.length > 0 ? exact : all.filter((each) => covers(each, setup.wLength));
    const counter = `${key} ${exact.length > 0 ? setup.wLength : ''}`;
    const at = this.#read.get(counter) ?? 0;
    this.#read.set(counter, at + 1);
    const found = fitting[Math.min(at, fitting.length - 1)];
    if (found !== undefined) return found;
    throw departs(`${this.#place} was not asked for ${requestWords(setup)} in the recording`);
  }

  get #place(): string {
    return this.part.described.location.path;
  }

  #step(deed: Deed): Played {
    const { steps } = this.part;
    const { free, hasAlternates } = this.#rules;
    if (deed.do === 'alternate' && !hasAlternates) return { record: undefined, comings: [] };
    // Nor does fwupd write down that it resets a port.
    if (free && deed.do === 'reset') return { record: undefined, comings: [] };
    if (free) {
      const skipped = this.#skip(deed);
      if (skipped !== undefined) return skipped;
    }
    const next = steps[this.#at];
    const wrong = next === undefined ? 'its end' : difference(next, deed);
    if (next === undefined || wrong !== undefined) {
      const where = `step ${this.#at + 1} of ${steps.length} at ${this.#place}`;
      throw departs(`the recording has ${wrong} there (${where}), and ${deedWords(deed)} came`);
    }
    this.#at += 1;
    if (next.record.type === 'control' && isPoll(next.record.setup)) {
      this.#polls.set(pollKey(next.record.setup), next.record);
    }
    return next;
  }

  /** Goes past questions that this host does not ask, and answers one that the other did not. */
  #skip(deed: Deed): Played | undefined {
    const { steps } = this.part;
    let at = this.#at;
    while (at < steps.length) {
      const step = steps[at];
      if (step === undefined || difference(step, deed) === undefined) break;
      const { record } = step;
      if (record.type !== 'control' || !isPoll(record.setup)) break;
      at += 1;
    }
    const found = steps[at];
    if (found !== undefined && difference(found, deed) === undefined) {
      for (const { record } of steps.slice(this.#at, at)) {
        if (record.type === 'control') this.#polls.set(pollKey(record.setup), record);
      }
      this.#at = at;
      return undefined;
    }
    if (deed.do !== 'transfer' || !isPoll(deed.setup)) return undefined;
    if (!isIn(deed.setup)) return { record: undefined, comings: [] };
    const record = this.#polls.get(pollKey(deed.setup));
    return record === undefined ? undefined : { record, comings: [] };
  }
}

function pollKey({ bRequest }: SetupPacket): string {
  return String(bRequest);
}

/** Whether an answer says all that one to a request for so many bytes would. */
function covers({ setup, data, end }: ControlRecord, lengthBytes: number): boolean {
  if (end !== 'ok') return true;
  const came = data?.length ?? 0;
  return came >= lengthBytes || came < setup.wLength;
}

/** A replay that goes another way than the recording. */
function departs(message: string): DfuError {
  return new DfuError('REPLAY', message);
}

/** What was recorded in words, if it is not what was done. */
function difference({ record }: Step, deed: Deed): string | undefined {
  switch (record.type) {
    case 'reset':
      return deed.do === 'reset' ? undefined : 'a reset of the port';
    case 'alternate': {
      const same =
        deed.do === 'alternate' &&
        deed.interface === record.interface &&
        deed.alternate === record.alternate;
      return same
        ? undefined
        : `the choice of alternate ${record.alternate} of interface ${record.interface}`;
    }
    case 'control':
      return transferDifference(record, deed);
    default:
      return record satisfies never;
  }
}

function transferDifference(record: ControlRecord, deed: Deed): string | undefined {
  const words = requestWords(record.setup);
  if (deed.do !== 'transfer' || !sameSetup(record.setup, deed.setup)) return words;
  if (isIn(deed.setup)) return undefined;
  const came = deed.data ?? new Uint8Array(0);
  const { data = new Uint8Array(0), leftOut } = record;
  if (leftOut !== undefined) {
    const { sha256: sum } = leftOut;
    const same = sum === undefined || sameBytes(sum, sha256(came));
    return same ? undefined : `${words} with other bytes`;
  }
  if (sameBytes(data, came)) return undefined;
  const at = data.findIndex((byte, index) => byte !== came[index]);
  const [had, has] = [hexNumber(data[at] ?? 0, 2), hexNumber(came[at] ?? 0, 2)];
  return `${words} with ${had} and not ${has} at byte ${at}`;
}

function sameSetup(one: SetupPacket, other: SetupPacket): boolean {
  return readKey(one) === readKey(other) && one.wLength === other.wLength;
}

function deedWords(deed: Deed): string {
  switch (deed.do) {
    case 'transfer':
      return requestWords(deed.setup);
    case 'alternate':
      return `the choice of alternate ${deed.alternate} of interface ${deed.interface}`;
    case 'reset':
      return 'a reset of the port';
    default:
      return deed satisfies never;
  }
}
