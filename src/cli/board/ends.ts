import { describeEvent } from '../../board/index.ts';
import type { Board, BoardEvent } from '../../board/index.ts';
import { DfuError } from '../../bytes/index.ts';
import type { Clock } from '../../usb/index.ts';
import { fits, parseSpec } from './event-match.ts';
import type { EventMatch } from './event-match.ts';
import { ExitCode } from '../shared/exit-codes.ts';
import { duration, isDuration } from '../shared/numbers.ts';

/** The options of `board run` that end it, as they were typed. */
export interface EndOptions {
  readonly until?: readonly string[] | undefined;
  readonly failOn?: readonly string[] | undefined;
  readonly timeout?: string | undefined;
}

/** One thing that a board runs until: an event, or a time. */
type Step = { readonly asked: string } & (EventMatch | { readonly afterMs: number });

/** When a board is put away without anybody saying so. */
export interface Ends {
  /** Each is looked for behind the one before. */
  readonly until: readonly Step[];
  readonly failOn: readonly EventMatch[];
  readonly timeoutMs: number | undefined;
  /** As it was typed. */
  readonly timeout: string;
}

/** Why a board is put away by itself. */
export interface Ending {
  readonly why: 'until' | 'fail-on' | 'timeout';
  readonly exitCode: number;
  /** For a person. */
  readonly message: string;
}

/** Most of each option. */
const MOST_SPECS = 64;

function specs<T>(option: string, texts: readonly string[], read: (text: string) => T): T[] {
  if (texts.length > MOST_SPECS)
    throw new DfuError('INVALID_ARGUMENT', `${option}: expected up to ${MOST_SPECS} of them`);
  return texts.map((text) => {
    try {
      return read(text);
    } catch (error) {
      if (!DfuError.is(error, 'INVALID_ARGUMENT') || error.message.startsWith(option)) throw error;
      throw new DfuError(error.code, `${option}: ${error.message}`, { cause: error });
    }
  });
}

function stepOf(text: string): Step {
  if (!isDuration(text)) return parseSpec(text);
  return { afterMs: duration('--until')(text), asked: text };
}

/** Reads `--until`, `--fail-on` and `--timeout`. Throws `INVALID_ARGUMENT`. */
export function endsOf({ until = [], failOn = [], timeout }: EndOptions): Ends {
  return {
    until: specs('--until', until, stepOf),
    failOn: specs('--fail-on', failOn, parseSpec),
    timeoutMs: timeout === undefined ? undefined : duration('--timeout')(timeout),
    timeout: timeout ?? '',
  };
}

/** How many of the last lines of the console are told when time is up. */
const TOLD_LINES = 10;

/** Looks at a board from its first event on, and says when it is to be put away. */
export class EndWatch {
  readonly #ends: Ends;
  readonly #clock: Clock;
  readonly #tell: (line: string) => void;
  readonly #stops: (() => void)[] = [];
  readonly #lines: string[] = [];
  #lastBoot: BoardEvent | undefined;
  /** How many steps of `until` are behind. */
  #met = 0;
  #end: (ending: Ending) => void = () => {};
  /** Resolves with the end; never, if none comes. */
  readonly over: Promise<Ending> = new Promise((resolve) => {
    this.#end = resolve;
  });

  /** `tell` takes a line for a person: what has come of what the board runs until. */
  constructor(ends: Ends, clock: Clock, tell: (line: string) => void) {
    this.#ends = ends;
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Whether the board has an end of its own. */
  get isBounded(): boolean {
    return this.#ends.until.length > 0;
  }

  /** From now on, the time too. */
  watch(board: Board): void {
    const { timeoutMs } = this.#ends;
    this.#stops.push(board.listen((event) => this.#heard(event)));
    if (timeoutMs !== undefined) this.#after(timeoutMs, () => this.#timeUp());
    this.#begin();
  }

  /** Looks no longer. */
  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  /** The exit code where something else has put the board away, and what it did not come to. */
  endedBy(why: string): { readonly exitCode: number; readonly message: string } {
    const step = this.#ends.until[this.#met];
    if (step === undefined) return { exitCode: ExitCode.ok, message: '' };
    const exitCode = why === 'signal' ? ExitCode.interrupted : ExitCode.unconfirmed;
    return { exitCode, message: `put away by ${why}: --until ${step.asked} has not come` };
  }

  #after(ms: number, run: () => void): void {
    this.#stops.push(this.#clock.at(this.#clock.now() + ms, run));
  }

  #heard(event: BoardEvent): void {
    if (event.type === 'console') {
      this.#lines.push(event.text);
      if (this.#lines.length > TOLD_LINES) this.#lines.shift();
    }
    if (event.type === 'boot') this.#lastBoot = event;
    const failed = this.#ends.failOn.find((each) => fits(each, event));
    const words = describeEvent(event);
    if (failed !== undefined)
      this.#finish('fail-on', ExitCode.no, `--fail-on ${failed.asked}: ${words}`);
    const step = this.#ends.until[this.#met];
    if (failed === undefined && step !== undefined && 'event' in step && fits(step, event))
      this.#reached(step, words);
  }

  #reached({ asked }: Step, words: string): void {
    const message = `--until ${asked}: ${words}`;
    this.#met += 1;
    if (this.#met === this.#ends.until.length) this.#finish('until', ExitCode.ok, message);
    else {
      this.#tell(message);
      this.#begin();
    }
  }

  /** A step that is a time begins when the one before is met. */
  #begin(): void {
    const step = this.#ends.until[this.#met];
    if (step === undefined || !('afterMs' in step)) return;
    this.#after(step.afterMs, () => this.#reached(step, 'it ran so long'));
  }

  #timeUp(): void {
    const step = this.#ends.until[this.#met];
    const missing = step === undefined ? '' : `: --until ${step.asked} has not come`;
    const boot = this.#lastBoot === undefined ? 'none' : describeEvent(this.#lastBoot);
    const ending = this.#lines.map((line) => `\n  ${line}`).join('') || ' nothing';
    const message = `${this.#ends.timeout} are over${missing}\nlast boot: ${boot}\nend of the console:${ending}`;
    this.#finish('timeout', ExitCode.timeUp, message);
  }

  #finish(why: Ending['why'], exitCode: number, message: string): void {
    this.close();
    this.#end({ why, exitCode, message });
  }
}
