import type { Board } from '../board/index.ts';
import type { DownloadEnding } from '../host/index.ts';
import type { AttachOptions, BenchAttachment } from './attachment.ts';
import type { FlashView } from './flash-view.ts';
import type { BenchEvent, BootEvent } from './journal.ts';
import type { EventMatch } from './match.ts';
import type {
  BootExpectation,
  DownloadTarget,
  ImageSource,
  PowerCutOptions,
  Within,
} from './options.ts';

/** The serial console of a bench's board. */
export interface BenchConsole {
  /** All that it has said, line by line; of very much the last. */
  readonly lines: readonly string[];
  /**
   * Resolves with the next line that fits: the groups of the expression are in it. It looks behind the line that it
   * answered last, and no further back than the start that `boots` answered last.
   */
  until(pattern: RegExp | string, options?: Within): Promise<RegExpExecArray>;
}

/**
 * A virtual board under test, with a host at its USB port. Time stands while nobody waits; whoever waits lets it go on,
 * and only when nothing else is under way, so that a test is quick and comes out the same each time.
 *
 * What waits rejects with an `ExpectationError` when something else comes or the time is up.
 */
export interface BoardBench {
  /** The board itself. */
  readonly board: Board;
  readonly console: BenchConsole;
  /** All that has happened to the board, the oldest first; of very many the last 50 000. */
  readonly events: readonly BenchEvent[];
  /** The board's time, in ms since the bench was made. */
  readonly timeMs: number;
  /** What is in flash now. */
  readonly flash: FlashView;
  /**
   * Resolves with the next boot that no call has answered yet, if it is as expected; lets time go on until there is one.
   * A boot counts when the bootloader has decided. Starts in DFU mode that `download`, `upload` and `detach` have asked
   * for are answered by them.
   */
  boots(expected?: BootExpectation): Promise<BootEvent>;
  /**
   * Resolves with the next event that fits, of those behind the one that it answered last, and of the start that `boots`
   * answered last.
   */
  event(match: EventMatch, options?: Within): Promise<BenchEvent>;
  /** What has happened up to now is looked at neither by `boots` nor by `event` nor by `console.until`. */
  skip(): void;
  /**
   * Sends a file with this package's host, as `dfukit download` does: from run-time to DFU mode if it must. Resolves when
   * the device has acknowledged all of it; rejects where that is not known.
   */
  download(image: ImageSource, target?: DownloadTarget): Promise<DownloadEnding>;
  /** Reads what is behind an alternate setting, as `dfukit upload` does. */
  upload(target?: DownloadTarget): Promise<Uint8Array>;
  /** Asks the run-time function into DFU mode; resolves when the board is there. */
  detach(options?: Within): Promise<void>;
  /** Presses the reset button, with the board's first button held if so told. Resolves when the bootloader has decided. */
  reset(options?: { readonly button?: boolean | undefined }): Promise<void>;
  /** Gives the board power. Resolves when the bootloader has decided. */
  powerOn(): Promise<void>;
  /** Takes the power away: at once, or in the flash operation that comes after so many more. */
  powerCut(options?: PowerCutOptions): Promise<void>;
  /** Pulls the USB cable out at the board's end. */
  unplug(): Promise<void>;
  /** Puts it in again. */
  replug(): Promise<void>;
  /** Presses or releases a button; without a name the board's first. */
  button(pressed: boolean, name?: string): Promise<void>;
  /** Types a line at the console. Rejects if nobody reads there. */
  input(line: string): Promise<void>;
  /**
   * Puts an image into flash over the debug port, by slot or address, else where its header says. What runs goes on, and
   * finds it at the next start.
   */
  program(
    image: ImageSource,
    target?: { readonly slot: number } | { readonly address: number },
  ): Promise<void>;
  /** Lets that much of the board's time go by, in ms. */
  pass(ms: number, options?: Pick<Within, 'signal'>): Promise<void>;
  /**
   * Lends the board to other hosts: over USB/IP, and to this machine's kernel if so told. From here on the board's time
   * is this machine's, until what this resolves with is closed. With `kernel` it resolves when the kernel has configured
   * what is at the board's port, as programs find it.
   */
  attach(options?: AttachOptions): Promise<BenchAttachment>;
  /** Takes the power away and puts everything away. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
