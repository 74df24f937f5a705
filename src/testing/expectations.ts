import { DfuError } from '../bytes/index.ts';
import type { BenchConsole } from './board-bench.ts';
import { callSiteOf } from './call-site.ts';
import type { CallSite } from './call-site.ts';
import { ExpectationError } from './expectation-error.ts';
import type { BenchEvent, BootEvent, Journal } from './journal.ts';
import { demandKnown } from './known-keys.ts';
import { demandEventType, eventFits, fieldsText, fits, matchText } from './match.ts';
import type { EventMatch } from './match.ts';
import type { BootExpectation, Within } from './options.ts';
import type { Pump } from './pump.ts';
import { bootText, lastWords, versionText } from './words.ts';

/** How long something may take unless told otherwise, in ms of the board's time. */
const WITHIN_MS = 60_000;

/** What is waited for, and its name in a sentence. */
interface Wanted<T> {
  readonly look: () => T | undefined;
  readonly wanted: string;
}

type ConsoleEvent = Extract<BenchEvent, { readonly type: 'console' }>;

/** What expectations are held against. */
interface ExpectationParts {
  readonly journal: Journal;
  readonly pump: Pump;
  /** Ends whatever is waited for. */
  readonly signal: Within['signal'];
  /** Throws if nothing is to be expected of the bench any more. */
  readonly demandOpen: () => void;
  /** Throws if nothing can come any more. */
  readonly demandHope: () => void;
  /** Why the bootloader takes none of the images that are there. */
  readonly slotReasons: () => Promise<readonly string[]>;
}

/** What a test waits for: each kind of it goes through the journal once, from its beginning to its end. */
export class Expectations {
  readonly #parts: ExpectationParts;
  /** The number of the first event that `boots` looks at, and so on. */
  #bootsFrom = 0;
  #eventsFrom = 0;
  #linesFrom = 0;
  /** Boots that somebody has asked for and answered. */
  readonly #answered = new Set<number>();

  constructor(parts: ExpectationParts) {
    this.#parts = parts;
    this.skip();
  }

  /** What has happened is not looked at any more. */
  skip(): void {
    const { count } = this.#parts.journal;
    this.#bootsFrom = count;
    this.#eventsFrom = count;
    this.#linesFrom = count;
  }

  async boots({ within, signal, ...fields }: BootExpectation, at: CallSite): Promise<BootEvent> {
    demandKnown('boots', fields, ['version', 'slot', 'why', 'mode', 'cause']);
    const { journal } = this.#parts;
    const mode = fields.mode ?? (fields.why === undefined ? 'application' : undefined);
    const wanted = bootWanted({ ...fields, mode });
    const boot = await this.until({ look: () => this.#nextBoot(), wanted }, { within, signal }, at);
    this.#bootsFrom = boot.sequence + 1;
    const begin = journal.beginOf(boot);
    this.#eventsFrom = Math.max(this.#eventsFrom, begin);
    this.#linesFrom = Math.max(this.#linesFrom, begin);
    if (fits({ ...fields, mode }, boot)) return boot;
    const why = boot.mode === 'none' ? await this.#parts.slotReasons() : [];
    const got = [bootText(boot), ...why].join('; ');
    throw this.failure(`expected ${wanted}, got ${got}`, at);
  }

  /** A board that went to DFU mode since that event has done what it was asked to. */
  answerDfuBoots(from: number): void {
    const { journal } = this.#parts;
    const isOwn = (event: BenchEvent): event is BootEvent =>
      event.type === 'boot' && event.mode === 'dfu';
    let boot = journal.find(from, isOwn);
    while (boot !== undefined) {
      this.#answered.add(boot.sequence);
      boot = journal.find(boot.sequence + 1, isOwn);
    }
  }

  async event(match: EventMatch, within: Within, at: CallSite): Promise<BenchEvent> {
    const { journal } = this.#parts;
    demandKnown('event', within, ['within', 'signal']);
    demandEventType(match);
    const isMeant = (event: BenchEvent): event is BenchEvent => eventFits(match, event);
    const look = (): BenchEvent | undefined => journal.find(this.#eventsFrom, isMeant);
    const event = await this.until({ look, wanted: matchText(match) }, within, at);
    this.#eventsFrom = event.sequence + 1;
    return event;
  }

  async line(pattern: RegExp | string, within: Within, at: CallSite): Promise<RegExpExecArray> {
    const { journal } = this.#parts;
    demandKnown('console.until', within, ['within', 'signal']);
    const expression = expressionOf(pattern);
    const isMeant = (event: BenchEvent): event is ConsoleEvent =>
      event.type === 'console' && expression.test(event.text);
    const look = (): ConsoleEvent | undefined => journal.find(this.#linesFrom, isMeant);
    const words = typeof pattern === 'string' ? `"${pattern}"` : String(pattern);
    const wanted = `a line of the console with ${words}`;
    const { text, sequence } = await this.until({ look, wanted }, within, at);
    this.#linesFrom = sequence + 1;
    return expression.exec(text) as RegExpExecArray;
  }

  /** Waits, and rejects with an `ExpectationError` in any case. */
  async until<T>(
    { look, wanted }: Wanted<T>,
    { within = WITHIN_MS, signal = this.#parts.signal }: Within,
    at: CallSite,
  ): Promise<T> {
    const { pump, demandOpen, demandHope } = this.#parts;
    if (typeof within !== 'number' || !(within >= 0)) {
      const words = `"within": expected a time in ms, got ${String(within)}`;
      throw new DfuError('INVALID_ARGUMENT', words);
    }
    const took = `${within / 1000} s of the board's time`;
    try {
      return await pump.until({
        look: () => {
          demandOpen();
          const found = look();
          if (found === undefined) demandHope();
          return found;
        },
        withinMs: within,
        late: () => this.failure(`expected ${wanted}, and it did not come within ${took}`, at),
        signal,
      });
    } catch (error) {
      if (error instanceof ExpectationError) throw error;
      if (!DfuError.is(error)) throw error;
      throw this.failure(`expected ${wanted}: ${error.message}`, at, error);
    }
  }

  failure(message: string, at: CallSite, cause?: unknown): ExpectationError {
    return new ExpectationError(message, { at, cause, shown: lastWords(this.#parts.journal) });
  }

  #nextBoot(): BootEvent | undefined {
    const isNext = (event: BenchEvent): event is BootEvent =>
      event.type === 'boot' && !this.#answered.has(event.sequence);
    return this.#parts.journal.find(this.#bootsFrom, isNext);
  }
}

/** The console, as a test has it. */
export class ExpectedConsole implements BenchConsole {
  readonly #journal: Journal;
  readonly #expectations: Expectations;

  constructor(journal: Journal, expectations: Expectations) {
    this.#journal = journal;
    this.#expectations = expectations;
  }

  get lines(): readonly string[] {
    return this.#journal.events.flatMap((event) => (event.type === 'console' ? [event.text] : []));
  }

  async until(pattern: RegExp | string, within: Within = {}): Promise<RegExpExecArray> {
    return this.#expectations.line(pattern, within, callSiteOf(this, 'until'));
  }
}

/** A text stands for itself; what an expression remembers between two uses is left out. */
function expressionOf(pattern: RegExp | string): RegExp {
  return typeof pattern === 'string'
    ? new RegExp(pattern.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`), 'u')
    : new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, ''));
}

/** What is expected of a boot, for a sentence. */
function bootWanted({ version, ...fields }: Omit<BootExpectation, 'within' | 'signal'>): string {
  const text = typeof version === 'string' ? versionText(version) : version;
  return `a boot with ${fieldsText({ version: text, ...fields })}`;
}
