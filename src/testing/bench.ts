import { createBoard } from '../board/index.ts';
import type { Board } from '../board/index.ts';
import { SteadyRunner } from '../board/node/index.ts';
import { DfuError } from '../bytes/index.ts';
import type { MemoryFlash } from '../flash/index.ts';
import type { DownloadEnding } from '../host/index.ts';
import { LoopbackBus } from '../link/loopback/index.ts';
import type { LoopbackPlug } from '../link/loopback/index.ts';
import { attach } from './attachment.ts';
import type { AttachOptions, BenchAttachment } from './attachment.ts';
import { BenchClock } from './bench-clock.ts';
import { benchDetach, benchDownload, benchUpload } from './bench-host.ts';
import type { BenchHost } from './bench-host.ts';
import type { BenchConsole, BoardBench } from './board-bench.ts';
import { callSiteOf } from './call-site.ts';
import type { CallSite } from './call-site.ts';
import { ExpectedConsole, Expectations } from './expectations.ts';
import { flashView } from './flash-view.ts';
import type { FlashView } from './flash-view.ts';
import { Journal } from './journal.ts';
import type { BenchEvent, BootEvent } from './journal.ts';
import { demandCut, demandKnown } from './known-keys.ts';
import type { EventMatch } from './match.ts';
import { putImage } from './order.ts';
import type { BenchOrder } from './order.ts';
import type {
  BootExpectation,
  DownloadTarget,
  ImageSource,
  PowerCutOptions,
  Within,
} from './options.ts';
import { Pump } from './pump.ts';
import { slotReasons } from './slot-reasons.ts';
import { imageBytes } from './sources.ts';
import { Starts } from './starts.ts';
import { SILENT_WORDS, playsSilently } from './words.ts';
import { watchedBootloader } from './watched-bootloader.ts';
import { Work } from './work.ts';

/** How long a transfer may take: a whole flash at full speed, and a slow erase. */
const TRANSFER_MS = 1_800_000;

/** How long a kernel may take for a device that it was given: Linux tries four times, 5 s each. */
const KERNEL_MS = 30_000;

/** What went before, where a bench takes over from another one. */
interface BenchPast {
  readonly timeMs: number;
  readonly events: readonly BenchEvent[];
}

/** What is behind a `BoardBench`. */
export class Bench implements BoardBench {
  readonly board: Board;
  readonly console: BenchConsole;
  readonly order: BenchOrder;
  readonly #flash: MemoryFlash;
  readonly #clock: BenchClock;
  readonly #journal: Journal;
  readonly #pump: Pump;
  readonly #expectations: Expectations;
  readonly #host: BenchHost;
  readonly #plug: LoopbackPlug;
  readonly #starts = new Starts();
  #attachment: BenchAttachment | undefined;
  #isClosed = false;

  constructor(order: BenchOrder, flash: MemoryFlash, past?: BenchPast) {
    const { model, record, keys, options } = order;
    const work = new Work();
    const runner = new SteadyRunner();
    const clock = new BenchClock(past?.timeMs);
    this.order = order;
    this.#flash = flash;
    this.#clock = clock;
    this.#pump = new Pump(clock, work, runner);
    this.#journal = new Journal({
      past: past?.events,
      now: () => clock.now(),
      heard: () => this.#pump.poke(),
    });
    const begins = (): void => this.#journal.bootBegins();
    this.board = createBoard({
      ...order.boardOptions,
      model,
      flash,
      clock,
      runner,
      standIns: order.standIns,
      bootloader: watchedBootloader(record, { flash, work, begins }),
      mcuboot: keys && { ...options.mcuboot, keys },
    });
    this.board.listen((event) => {
      this.#starts.heard(event, clock.now());
      this.#journal.add(event);
    });
    this.#expectations = new Expectations({
      journal: this.#journal,
      pump: this.#pump,
      signal: options.signal,
      demandOpen: () => this.#demandOpen(),
      demandHope: () => this.#demandHope(),
      slotReasons: () => slotReasons(order, flash),
    });
    this.console = new ExpectedConsole(this.#journal, this.#expectations);
    if (options.clock === 'real') clock.run();
    const bus = new LoopbackBus(clock);
    this.#plug = bus.plug(this.board.port);
    this.#host = { bus, clock, record };
    if (options.power !== false) this.board.powerOn();
  }

  get events(): readonly BenchEvent[] {
    return this.#journal.events;
  }

  /** The number that the next event will have. */
  get eventCount(): number {
    return this.#journal.count;
  }

  get timeMs(): number {
    return this.#clock.now();
  }

  get memory(): MemoryFlash {
    return this.#flash;
  }

  get flash(): FlashView {
    const { layout, config } = this.order;
    return flashView({ flash: this.#flash, layout, config });
  }

  async boots(expected: BootExpectation = {}): Promise<BootEvent> {
    return this.#expectations.boots(expected, callSiteOf(this, 'boots'));
  }

  async event(match: EventMatch, within: Within = {}): Promise<BenchEvent> {
    return this.#expectations.event(match, within, callSiteOf(this, 'event'));
  }

  skip(): void {
    this.#expectations.skip();
  }

  async download(image: ImageSource, target: DownloadTarget = {}): Promise<DownloadEnding> {
    const at = callSiteOf(this, 'download');
    const work = (): Promise<DownloadEnding> =>
      benchDownload(this.#host, imageBytes(image), target);
    return this.#transfer('download', work, { ...target, at });
  }

  async upload(target: DownloadTarget = {}): Promise<Uint8Array> {
    const at = callSiteOf(this, 'upload');
    return this.#transfer('upload', () => benchUpload(this.#host, target), { ...target, at });
  }

  async detach(within: Within = {}): Promise<void> {
    const at = callSiteOf(this, 'detach');
    demandKnown('detach', within, ['within', 'signal']);
    await this.#transfer('detach', () => benchDetach(this.#host), { ...within, at });
  }

  async reset(options: { readonly button?: boolean | undefined } = {}): Promise<void> {
    const at = callSiteOf(this, 'reset');
    demandKnown('reset', options, ['button']);
    const { button } = options;
    if (!this.board.isOn) throw this.#failure('reset: the board has no power', at);
    await this.#done(() => this.board.pressReset({ button: button === true }));
  }

  async powerOn(): Promise<void> {
    await this.#done(() => this.board.powerOn());
  }

  async powerCut(options: PowerCutOptions = {}): Promise<void> {
    demandCut(options);
    const { afterOperations, kind } = options;
    await this.#done(() => {
      if (afterOperations === undefined) this.board.powerCut();
      else this.board.cutAfter(afterOperations, { kind });
    });
  }

  async unplug(): Promise<void> {
    await this.#done(() => this.board.unplug());
  }

  async replug(): Promise<void> {
    await this.#done(() => this.board.replug());
  }

  async button(pressed: boolean, name?: string): Promise<void> {
    await this.#done(() => this.board.setButton(pressed, name));
  }

  async input(line: string): Promise<void> {
    const at = callSiteOf(this, 'input');
    await this.#done(() => {
      if (this.board.input(line)) return;
      throw this.#failure(`input "${line}": no program reads the console, the line is lost`, at);
    });
  }

  async program(
    image: ImageSource,
    target?: { readonly slot: number } | { readonly address: number },
  ): Promise<void> {
    if (target !== undefined) demandKnown('program', target, ['slot', 'address']);
    await this.#done(() => putImage(this.order.layout, this.#flash, { source: image, target }));
  }

  async pass(ms: number, options: Pick<Within, 'signal'> = {}): Promise<void> {
    const at = callSiteOf(this, 'pass');
    demandKnown('pass', options, ['signal']);
    const { signal } = options;
    if (!(ms >= 0 && ms < Infinity)) {
      throw new DfuError('INVALID_ARGUMENT', `pass: expected a time in ms, got ${ms}`);
    }
    const end = this.#clock.now() + ms;
    await this.#pump
      .until({
        look: () => {
          if (this.#clock.now() >= end) return true;
          this.#demandRest();
          return undefined;
        },
        withinMs: ms,
        late: () => this.#failure(`expected ${ms} ms to pass`, at),
        signal: signal ?? this.order.options.signal,
      })
      .catch((error: unknown) => {
        if (!DfuError.is(error)) throw error;
        throw this.#failure(`pass: ${error.message}`, at, error);
      });
  }

  async attach(options: AttachOptions = {}): Promise<BenchAttachment> {
    this.#demandOwn();
    demandKnown('attach', options, ['host', 'port', 'kernel', 'log']);
    await this.#pump.settle();
    const wasReal = this.#clock.isReal;
    this.#plug.unplug();
    this.#clock.run();
    const over = (): void => {
      this.#attachment = undefined;
      if (this.#isClosed) return;
      if (!wasReal) this.#clock.stand();
      this.#plug.replug();
    };
    this.#attachment = await attach(this.board.port, options, { clock: this.#clock, over });
    if (options.kernel === true) await this.#configured();
    return this.#attachment;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#attachment?.close();
    await this.#host.bus.close();
    await this.board.close();
    this.#clock.stand();
    this.#pump.poke();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Resolves when nothing is under way at this moment of the board's time. */
  settle(): Promise<void> {
    return this.#pump.settle();
  }

  /** Resolves when the kernel has configured what is at the port, as programs find it; at the latest after its time. */
  async #configured(): Promise<void> {
    const waits = (): boolean => {
      const last = this.#journal.events.findLast(({ type }) => type === 'usb');
      return last?.type === 'usb' && last.state === 'attached';
    };
    if (!waits()) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        cancel();
        stop();
        resolve();
      };
      const cancel = this.#clock.at(this.#clock.now() + KERNEL_MS, end);
      const stop = this.board.listen(() => {
        if (!waits()) end();
      });
    });
  }

  /** Does something to the board, and resolves when nothing follows from it any more at this moment. */
  async #done(work: () => void): Promise<void> {
    work();
    await this.#pump.settle();
  }

  async #transfer<T>(
    what: string,
    work: () => Promise<T>,
    { within = TRANSFER_MS, signal, at }: Within & { readonly at: CallSite },
  ): Promise<T> {
    this.#demandOwn();
    await this.#pump.settle();
    const from = this.#journal.count;
    let ended: Outcome<T> | undefined;
    void outcomeOf(work).then((outcome) => {
      ended = outcome;
      this.#pump.poke();
      return outcome;
    });
    const waiting = { look: () => ended, wanted: `the ${what} to end` };
    const outcome = await this.#expectations.until(waiting, { within, signal }, at);
    this.#expectations.answerDfuBoots(from);
    if ('value' in outcome) return outcome.value;
    const { error } = outcome;
    const words = DfuError.is(error) ? `${error.message} (${error.code})` : String(error);
    const isSilent = DfuError.is(error, 'NOT_FOUND') && playsSilently(this.#journal);
    const why = isSilent ? `; ${SILENT_WORDS}` : '';
    throw this.#failure(`${what}: ${words}${why}`, at, error);
  }

  /** Throws `BUSY` while the board is lent to somebody else. */
  #demandOwn(): void {
    if (this.#attachment === undefined) return;
    const words = `the board is lent to other hosts at ${this.#attachment.bus}; close that first`;
    throw new DfuError('BUSY', words);
  }

  #demandOpen(): void {
    if (this.#isClosed) throw new DfuError('ABORTED', 'the bench is closed');
  }

  /** Without power nothing comes, however long somebody waits; a host may still have something to say. */
  #demandHope(): void {
    const canCome = this.board.isOn || this.#clock.isReal || this.#clock.nextMs < Infinity;
    if (!canCome) throw new DfuError('POWER_LOST', 'the board has no power');
    this.#demandRest();
  }

  /** A board that does nothing but reset itself is not waited for. */
  #demandRest(): void {
    if (!this.#clock.isReal) this.#starts.demandRest(this.#clock.now());
  }

  #failure(message: string, at: CallSite, cause?: unknown): Error {
    return this.#expectations.failure(message, at, cause);
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
