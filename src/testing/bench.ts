import { createBoard } from '../board/index.ts';
import type { Board } from '../board/index.ts';
import { SteadyRunner } from '../board/node/index.ts';
import { DfuError } from '../bytes/index.ts';
import type { DownloadEnding } from '../host/index.ts';
import { LoopbackBus } from '../link/loopback/index.ts';
import { BenchClock } from './bench-clock.ts';
import { benchDetach, benchDownload, benchUpload } from './bench-host.ts';
import type { BenchHost } from './bench-host.ts';
import { callSiteOf } from './call-site.ts';
import type { CallSite } from './call-site.ts';
import { BenchConsole } from './bench-console.ts';
import { ExpectationError } from './expectation-error.ts';
import { FlashView } from './flash-view.ts';
import { Journal } from './journal.ts';
import type { BenchEvent, BootEvent } from './journal.ts';
import { eventFits, fieldsText, fits, matchText } from './match.ts';
import type { EventMatch } from './match.ts';
import { imageBytes, orderOf, putImage } from './order.ts';
import type { BenchOrder } from './order.ts';
import type {
  BenchBoard,
  BenchOptions,
  BootExpectation,
  DownloadTarget,
  ImageSource,
  PowerCutOptions,
  Within,
} from './options.ts';
import { Pump } from './pump.ts';
import { watchedBootloader } from './watched-bootloader.ts';
import { bootText, lastWords, versionText } from './words.ts';
import { Work } from './work.ts';

/** How long something may take unless told otherwise, in ms of the board's time. */
const WITHIN_MS = 60_000;
/** How long a transfer may take: a whole flash at full speed, and a slow erase. */
const TRANSFER_MS = 1_800_000;

/**
 * A virtual board under test, with a host at its USB port. Time stands while nobody waits; whoever waits lets it go on,
 * and only when nothing else is under way, so that a test is quick and comes out the same each time.
 *
 * What waits ends with an {@link ExpectationError} when something else comes or the time is up.
 */
export class BoardBench {
  /** The board itself. */
  readonly board: Board;
  readonly console: BenchConsole;
  readonly #order: BenchOrder;
  readonly #clock = new BenchClock();
  readonly #work = new Work();
  readonly #journal: Journal;
  readonly #runner = new SteadyRunner();
  readonly #pump: Pump;
  readonly #host: BenchHost;
  /** The number of the first event that `boots` looks at. */
  #bootsFrom = 0;
  /** Boots that a transfer of this bench has asked for: nobody else waits for them. */
  readonly #ownBoots = new Set<number>();
  /** And of the first that `event` looks at. */
  #eventsFrom = 0;
  #isClosed = false;

  /** For {@link boardBench}. */
  constructor(order: BenchOrder) {
    const { model, record, keys, flash, options } = order;
    this.#order = order;
    this.#journal = new Journal(
      () => this.#clock.now(),
      () => this.#pump.poke(),
    );
    const { power, clock, mcuboot, ...more } = options;
    const { slots: _, key: __, keys: ___, flash: ____, signal: _____, ...rest } = more;
    const watch = { flash, work: this.#work, begins: () => this.#journal.bootBegins() };
    this.#pump = new Pump(this.#clock, this.#work, this.#runner);
    this.board = createBoard({
      ...rest,
      model,
      flash,
      clock: this.#clock,
      runner: [this.#runner],
      bootloader: watchedBootloader(record, watch),
      mcuboot: keys && { ...mcuboot, keys },
    });
    this.board.listen((event) => this.#journal.add(event));
    if (clock === 'real') this.#clock.run();
    const bus = new LoopbackBus(this.#clock);
    bus.plug(this.board.port);
    this.#host = { bus, clock: this.#clock, record };
    this.console = new BenchConsole(this.#journal, {
      until: (waiting, within, at) => this.#until(waiting, within, at),
    });
    if (power !== false) this.board.powerOn();
  }

  /** All that has happened to the board, the oldest first; of very many the last 200 000. */
  get events(): readonly BenchEvent[] {
    return this.#journal.events;
  }

  /** The board's time, in ms since the bench was made. */
  get timeMs(): number {
    return this.#clock.now();
  }

  /** What is in flash now. */
  get flash(): FlashView {
    return new FlashView(this.#order);
  }

  /**
   * Resolves with the next boot that no call has answered yet, if it is as expected; lets time go on until there is one.
   * A boot counts when the bootloader has decided. Starts in DFU mode that `download`, `upload` and `detach` have asked
   * for are answered by them.
   */
  async boots(expected: BootExpectation = {}): Promise<BootEvent> {
    const at = callSiteOf(this, 'boots');
    const { within, signal, ...fields } = expected;
    const mode = fields.mode ?? (fields.why === undefined ? 'application' : undefined);
    const wanted = bootWanted({ ...fields, mode });
    const boot = await this.#until(
      {
        look: () => this.#nextBoot() ?? this.#demandPower(),
        wanted,
      },
      { within, signal },
      at,
    );
    this.#bootsFrom = boot.sequence + 1;
    this.#eventsFrom = Math.max(this.#eventsFrom, this.#journal.beginOf(boot));
    this.console.skipTo(this.#journal.beginOf(boot));
    if (fits({ ...fields, mode }, boot)) return boot;
    throw this.#failed(`expected ${wanted}, got ${bootText(boot)}`, at);
  }

  /**
   * Resolves with the next event that fits, of those behind the one that it answered last, and of the start that `boots`
   * answered last.
   */
  async event(match: EventMatch, { within, signal }: Within = {}): Promise<BenchEvent> {
    const at = callSiteOf(this, 'event');
    const look = (): BenchEvent | undefined =>
      this.#journal.find(this.#eventsFrom, (event): event is BenchEvent => eventFits(match, event));
    const event = await this.#until({ look, wanted: matchText(match) }, { within, signal }, at);
    this.#eventsFrom = event.sequence + 1;
    return event;
  }

  /** What has happened up to now is looked at neither by `boots` nor by `event` nor by `console.until`. */
  skip(): void {
    this.#bootsFrom = this.#journal.count;
    this.#eventsFrom = this.#journal.count;
    this.console.skipTo(this.#journal.count);
  }

  /**
   * Sends a file with this package's host, as `dfukit download` does: from run-time to DFU mode if it must. Resolves when
   * the device has acknowledged all of it; rejects where that is not known.
   */
  async download(image: ImageSource, target: DownloadTarget = {}): Promise<DownloadEnding> {
    const at = callSiteOf(this, 'download');
    return this.#transfer('download', () => benchDownload(this.#host, imageBytes(image), target), {
      ...target,
      at,
    });
  }

  /** Reads what is behind an alternate setting, as `dfukit upload` does. */
  async upload(target: DownloadTarget = {}): Promise<Uint8Array> {
    const at = callSiteOf(this, 'upload');
    return this.#transfer('upload', () => benchUpload(this.#host, target), { ...target, at });
  }

  /** Asks the run-time function into DFU mode; resolves when the board is there. */
  async detach(within: Within = {}): Promise<void> {
    const at = callSiteOf(this, 'detach');
    await this.#transfer('detach', () => benchDetach(this.#host), { ...within, at });
  }

  /** Presses the reset button, with the other button held if so told. Resolves when the bootloader has decided. */
  async reset({ button }: { readonly button?: boolean | undefined } = {}): Promise<void> {
    const at = callSiteOf(this, 'reset');
    if (!this.board.isOn) throw this.#failed('reset: the board has no power', at);
    this.board.pressReset({ button: button === true });
    await this.#pump.settle();
  }

  /** Gives the board power. Resolves when the bootloader has decided. */
  async powerOn(): Promise<void> {
    this.board.powerOn();
    await this.#pump.settle();
  }

  /** Takes the power away: at once, or in the flash operation that comes after so many more. */
  async powerCut({ afterOperations, kind }: PowerCutOptions = {}): Promise<void> {
    if (afterOperations === undefined) this.board.powerCut();
    else this.board.cutAfter(afterOperations, { kind });
    await this.#pump.settle();
  }

  /** Pulls the USB cable out at the board's end. */
  async unplug(): Promise<void> {
    this.board.unplug();
    await this.#pump.settle();
  }

  /** Puts it in again. */
  async replug(): Promise<void> {
    this.board.replug();
    await this.#pump.settle();
  }

  /** Presses or releases a button; without a name the board's first. */
  async button(pressed: boolean, name?: string): Promise<void> {
    this.board.setButton(pressed, name);
    await this.#pump.settle();
  }

  /** Types a line at the console. Rejects if nobody reads there. */
  async input(line: string): Promise<void> {
    const at = callSiteOf(this, 'input');
    if (!this.board.input(line)) {
      throw this.#failed(`input "${line}": no program reads the console, the line is lost`, at);
    }
    await this.#pump.settle();
  }

  /**
   * Puts an image into flash over the debug port, by slot or address, else where its header says. What runs goes on, and
   * finds it at the next start.
   */
  async program(
    image: ImageSource,
    target?: { readonly slot: number } | { readonly address: number },
  ): Promise<void> {
    putImage(this.#order, image, target);
    await this.#pump.settle();
  }

  /** Lets that much of the board's time go by, in ms. */
  async pass(ms: number, { signal }: Pick<Within, 'signal'> = {}): Promise<void> {
    const at = callSiteOf(this, 'pass');
    const end = this.#clock.now() + ms;
    const look = (): true | undefined => (this.#clock.now() >= end ? true : undefined);
    await this.#until({ look, wanted: `${ms} ms to pass` }, { within: ms, signal }, at);
  }

  /** Takes the power away and puts everything away. What still waits is refused. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#host.bus.close();
    await this.board.close();
    this.#clock.stand();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #transfer<T>(
    what: string,
    work: () => Promise<T>,
    { within = TRANSFER_MS, signal, at }: Within & { readonly at: CallSite },
  ): Promise<T> {
    await this.#pump.settle();
    const from = this.#journal.count;
    let ended: Outcome<T> | undefined;
    void outcomeOf(work).then((outcome) => {
      ended = outcome;
      this.#pump.poke();
      return outcome;
    });
    const wanted = `the ${what} to end`;
    const outcome = await this.#until({ look: () => ended, wanted }, { within, signal }, at);
    this.#takeOwnBoots(from);
    if ('value' in outcome) return outcome.value;
    const { error } = outcome;
    const words = DfuError.is(error) ? `${error.message} (${error.code})` : String(error);
    throw this.#failed(`${what}: ${words}`, at, error);
  }

  #until<T>(
    { look, wanted }: { readonly look: () => T | undefined; readonly wanted: string },
    { within = WITHIN_MS, signal = this.#order.options.signal }: Within,
    at: CallSite,
  ): Promise<T> {
    if (this.#isClosed) throw this.#failed(`expected ${wanted}, and the bench is closed`, at);
    const late = (): Error =>
      this.#failed(
        `expected ${wanted} within ${within / 1000} s of the board's time, and it did not come`,
        at,
      );
    return this.#pump.until({ look, withinMs: within, late, signal }).catch((error: unknown) => {
      if (error instanceof ExpectationError) throw error;
      const words = error instanceof Error ? error.message : String(error);
      throw this.#failed(`expected ${wanted}: ${words}`, at, error);
    });
  }

  #nextBoot(): BootEvent | undefined {
    const isNext = (event: BenchEvent): event is BootEvent =>
      event.type === 'boot' && !this.#ownBoots.has(event.sequence);
    return this.#journal.find(this.#bootsFrom, isNext);
  }

  /** A board that went to DFU mode in a transfer has done what it was asked. */
  #takeOwnBoots(from: number): void {
    for (const event of this.#journal.events) {
      const isOwn = event.sequence >= from && event.type === 'boot' && event.mode === 'dfu';
      if (isOwn) this.#ownBoots.add(event.sequence);
    }
  }

  /** Without power nothing comes, however long somebody waits. */
  #demandPower(): undefined {
    if (this.board.isOn || this.#clock.isReal) return undefined;
    throw new DfuError('POWER_LOST', 'the board has no power');
  }

  #failed(message: string, at: CallSite, cause?: unknown): ExpectationError {
    return new ExpectationError(message, { at, cause, shown: lastWords(this.#journal) });
  }
}

/** What came of some work. */
type Outcome<T> = { readonly value: T } | { readonly error: unknown };

async function outcomeOf<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error };
  }
}

/** What is expected of a boot, for a sentence. */
function bootWanted({ version, ...fields }: Omit<BootExpectation, 'within' | 'signal'>): string {
  const text = typeof version === 'object' ? version : version && versionText(version);
  const wanted = fieldsText({ version: text, ...fields });
  return `a boot with ${wanted}`;
}

/**
 * Makes a bench: the board, its flash with the images in it, a host at its USB port; then gives it power. Throws
 * `DfuError` for what cannot be had: a board or slot that is not there, an image that the bootloader could not read, a
 * key that is none.
 */
export async function boardBench(
  board: BenchBoard,
  options: BenchOptions = {},
): Promise<BoardBench> {
  return new BoardBench(await orderOf(board, options));
}
