import type { Socket } from 'node:net';
import { DfuError } from '../../bytes/index.ts';
import type { Clock } from '../../usb/index.ts';
import { PartReader } from './part-reader.ts';

/** Unsent output above which nothing more is read from the peer, in bytes. */
const MOST_UNSENT_BYTES = 256 * 1024;
/** How long a peer may leave its answers untaken before it is given up, in ms. */
const STUCK_MS = 30_000;
/** Idle time before TCP asks whether the peer is still there, in ms. */
const KEEP_ALIVE_MS = 15_000;
/** How long a closing connection may take to get its last bytes out, in ms. */
const LINGER_MS = 1000;

/**
 * A TCP connection with bounded memory: while the peer does not take what it is sent, nothing more is
 * read from it.
 */
export class Connection {
  readonly reader: PartReader = new PartReader();
  /** Resolves when the socket is closed, some time after the end. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #onEnd: ((reason: string, cause: unknown) => void)[] = [];
  #over = false;
  #reason = 'closed by the peer';
  #cause: unknown;
  #cancelStuck: () => void = () => {};

  constructor(socket: Socket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on('data', (chunk) => {
      if (!this.#over) this.#guarded(() => this.reader.push(chunk));
    });
    socket.on('drain', () => this.#drained());
    socket.on('error', (error) => {
      this.#reason = error.message;
      this.#cause = error;
    });
    // The peer has nothing more to say: neither phase of the protocol goes on then.
    socket.on('end', () => this.#end());
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#end();
        resolve();
      });
    });
  }

  /** Whether it has ended; nothing is read or written any more. */
  get over(): boolean {
    return this.#over;
  }

  /** Bytes that the peer has not taken yet. */
  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  /** Whether reading has stopped because the peer is slow. */
  get stuck(): boolean {
    return this.reader.paused;
  }

  /** Calls back once when it has ended: the reason in words, and the error if there was one. */
  onEnd(run: (reason: string, cause: unknown) => void): void {
    this.#onEnd.push(run);
  }

  /** Sends bytes, which belong to the connection from now on. */
  send(bytes: Uint8Array): void {
    if (this.#over) return;
    this.#socket.write(bytes);
    if (this.#socket.writableLength > MOST_UNSENT_BYTES && !this.reader.paused) {
      this.reader.pause();
      this.#socket.pause();
      this.#cancelStuck = this.#clock.at(this.#clock.now() + STUCK_MS, () =>
        this.fail(`has not taken its answers for ${STUCK_MS} ms`),
      );
    }
  }

  /** Ends it at once, for a reason. */
  fail(reason: string, cause?: unknown): void {
    if (this.#over) return;
    this.#reason = reason;
    this.#cause = cause;
    this.#socket.destroy();
    this.#end();
  }

  /** Ends it once what was sent has got out, or after a second if it does not. */
  finish(reason: string): void {
    if (this.#over) return;
    this.#reason = reason;
    const cancel = this.#clock.at(this.#clock.now() + LINGER_MS, () => this.#socket.destroy());
    this.#socket.on('close', cancel);
    this.#socket.destroySoon();
    this.#end();
  }

  #drained(): void {
    if (this.#over || !this.reader.paused) return;
    this.#cancelStuck();
    this.#guarded(() => this.reader.resume());
    if (!this.#over && !this.reader.paused) this.#socket.resume();
  }

  /** What a peer sends must not bring down the process, not even by way of a defect here. */
  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.fail(DfuError.is(error) ? error.message : `defect: ${String(error)}`, error);
    }
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelStuck();
    for (const run of this.#onEnd.splice(0)) run(this.#reason, this.#cause);
    if (!this.#socket.destroyed && !this.#socket.writableEnded) this.#socket.destroy();
  }
}
