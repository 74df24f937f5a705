import { callSiteOf } from './call-site.ts';
import type { CallSite } from './call-site.ts';
import type { BenchEvent, Journal } from './journal.ts';
import type { Within } from './options.ts';

type ConsoleEvent = Extract<BenchEvent, { readonly type: 'console' }>;

/** How a console waits. */
interface ConsoleWaiting {
  until<T>(
    waiting: { readonly look: () => T | undefined; readonly wanted: string },
    within: Within,
    at: CallSite,
  ): Promise<T>;
}

/** The serial console of a bench's board. */
export class BenchConsole {
  readonly #journal: Journal;
  readonly #waiting: ConsoleWaiting;
  #from = 0;

  /** For a bench. */
  constructor(journal: Journal, waiting: ConsoleWaiting) {
    this.#journal = journal;
    this.#waiting = waiting;
  }

  /** All that it has said, line by line; of very much the last. */
  get lines(): readonly string[] {
    return this.#journal.events.flatMap((event) => (event.type === 'console' ? [event.text] : []));
  }

  /**
   * Resolves with the next line that fits: the groups of the expression are in it. It looks behind the line that it
   * answered last, and no further back than the start that `boots` answered last.
   */
  async until(pattern: RegExp | string, { within, signal }: Within = {}): Promise<RegExpExecArray> {
    const at = callSiteOf(this, 'until');
    const expression =
      typeof pattern === 'string'
        ? new RegExp(pattern.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`), 'u')
        : new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, ''));
    const fits = (event: BenchEvent): event is ConsoleEvent =>
      event.type === 'console' && expression.test(event.text);
    const look = (): ConsoleEvent | undefined => this.#journal.find(this.#from, fits);
    const wanted = `a line of the console with ${typeof pattern === 'string' ? `"${pattern}"` : String(pattern)}`;
    const { text, sequence } = await this.#waiting.until({ look, wanted }, { within, signal }, at);
    this.#from = sequence + 1;
    return expression.exec(text) as RegExpExecArray;
  }

  /** What came before that event is not looked at any more. */
  skipTo(sequence: number): void {
    this.#from = Math.max(this.#from, sequence);
  }
}
