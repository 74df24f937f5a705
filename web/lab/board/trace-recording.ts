import { encodeTraceHeader, encodeTraceRecord, traceHeader, tracedBus } from 'dfukit/trace';
import { timerClock } from 'dfukit/usb';
import type { UsbBus } from 'dfukit/usb';

/** Characters that a recording may have: a download of some MiB, whole. */
const MOST = 24 << 20;

/** Everything that happens on a bus, as a trace that can be played back. */
export class TraceRecording {
  /** What is done on it is recorded. */
  readonly bus: UsbBus;
  readonly #parts: string[] = [];
  #length = 0;
  #isFull = false;

  constructor(bus: UsbBus, board: string) {
    this.#add(
      encodeTraceHeader(
        traceHeader({
          tool: 'dfukit laboratory',
          started: new Date().toISOString(),
          about: { board },
        }),
      ),
    );
    this.bus = tracedBus(bus, timerClock(globalThis), (record) =>
      this.#add(encodeTraceRecord(record)),
    );
  }

  /** Nothing has been left out yet. */
  get isWhole(): boolean {
    return !this.#isFull;
  }

  /** A trace without its middle cannot be played back: the end is what is missing, and it says so. */
  #add(line: string): void {
    if (this.#isFull) return;
    this.#length += line.length;
    if (this.#length > MOST) {
      this.#isFull = true;
      this.#parts.push(
        encodeTraceRecord({ type: 'note', text: 'what follows was not kept: it was too long' }),
      );
      return;
    }
    this.#parts.push(line);
  }

  text(): string {
    return this.#parts.join('');
  }
}
