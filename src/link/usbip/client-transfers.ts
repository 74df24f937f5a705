import { DfuError, viewOf } from '../../bytes/index.ts';
import {
  TRANSFER_TIMEOUT_MS,
  describeRequest,
  isIn,
  setupOf,
  throwIfAborted,
  transferError,
} from '../../usb/index.ts';
import type {
  Clock,
  ControlRequest,
  ControlTransfers,
  SetupPacket,
  TransferOptions,
} from '../../usb/index.ts';
import type { Connection } from './connection.ts';
import {
  Command,
  Errno,
  URB_HEADER_BYTES,
  encodeSubmit,
  encodeUnlink,
  submitReply,
  unlinkReply,
} from './protocol.ts';
import type { SubmitReply } from './protocol.ts';

/** Transfers that were given up and not confirmed; a server with more of them is broken. */
const MOST_GIVEN_UP = 64;
const NO_DATA: Uint8Array = new Uint8Array(0);

interface Outcome {
  readonly taken: number;
  readonly data: Uint8Array;
}

interface Waiting {
  readonly packet: SetupPacket;
  /** Called once; not any more after the transfer was given up. */
  settle: ((outcome: Outcome | DfuError) => void) | undefined;
}

/** The second phase of a connection, at the host's end: control transfers as URBs. */
export class ClientTransfers implements ControlTransfers {
  /** Resolves when the connection has ended. */
  readonly gone: Promise<void>;
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #deviceId: number;
  readonly #waiting = new Map<number, Waiting>();
  /** Which transfer an unlink is about, by the unlink's own number. */
  readonly #unlinks = new Map<number, number>();
  #sequence = 0;

  constructor(connection: Connection, clock: Clock, deviceId: number) {
    this.#connection = connection;
    this.#clock = clock;
    this.#deviceId = deviceId;
    connection.reader.start(URB_HEADER_BYTES, (part) => this.#header(part));
    this.gone = new Promise((resolve) => {
      connection.onEnd((reason, cause) => {
        for (const { packet, settle } of this.#waiting.values()) {
          settle?.(transferError.disconnected(packet, cause ?? new Error(reason)));
        }
        this.#waiting.clear();
        resolve();
      });
    });
  }

  async controlIn(
    request: ControlRequest,
    length: number,
    options?: TransferOptions,
  ): Promise<Uint8Array> {
    const { data } = await this.#transfer(setupOf(request, 'in', length), undefined, options);
    return data;
  }

  async controlOut(
    request: ControlRequest,
    data: Uint8Array,
    options?: TransferOptions,
  ): Promise<number> {
    const packet = setupOf(request, 'out', data.length);
    const { taken } = await this.#transfer(packet, data, options);
    return taken;
  }

  #transfer(
    setup: SetupPacket,
    data: Uint8Array | undefined,
    { timeoutMs = TRANSFER_TIMEOUT_MS, signal }: TransferOptions = {},
  ): Promise<Outcome> {
    throwIfAborted(signal);
    if (this.#connection.over) return Promise.reject(transferError.disconnected(setup));
    const sequence = this.#nextSequence();
    return new Promise((resolve, reject) => {
      const settle = (outcome: Outcome | DfuError): void => {
        cancelTimer();
        signal?.removeEventListener('abort', abort);
        if (outcome instanceof DfuError) reject(outcome);
        else resolve(outcome);
      };
      const waiting: Waiting = { packet: setup, settle };
      const cancelTimer = this.#clock.at(this.#clock.now() + timeoutMs, () =>
        this.#giveUp(sequence, waiting, transferError.timeout(setup, timeoutMs)),
      );
      const abort = (): void => {
        const error = new DfuError('ABORTED', 'cancelled', { cause: signal?.reason });
        this.#giveUp(sequence, waiting, error);
      };
      signal?.addEventListener('abort', abort);
      this.#waiting.set(sequence, waiting);
      this.#connection.send(encodeSubmit({ sequence, deviceId: this.#deviceId, setup, data }));
    });
  }

  #nextSequence(): number {
    this.#sequence = this.#sequence === 0xffffffff ? 1 : this.#sequence + 1;
    return this.#sequence;
  }

  /** The answer may be on its way, so the transfer is remembered until the server has said which. */
  #giveUp(sequence: number, waiting: Waiting, error: DfuError): void {
    const { settle } = waiting;
    waiting.settle = undefined;
    const unlink = this.#nextSequence();
    this.#unlinks.set(unlink, sequence);
    this.#connection.send(encodeUnlink(unlink, this.#deviceId, sequence));
    settle?.(error);
    if (this.#unlinks.size > MOST_GIVEN_UP) this.#connection.fail('the server confirms no unlink');
  }

  #header(part: Uint8Array): number {
    const command = viewOf(part).getUint32(0);
    if (command === Command.submitted) return this.#submitted(submitReply.decode(part));
    if (command !== Command.unlinked) {
      throw new DfuError('PROTOCOL', `expected RET_SUBMIT or RET_UNLINK, got command ${command}`);
    }
    const { sequence } = unlinkReply.decode(part);
    const unlinked = this.#unlinks.get(sequence);
    if (unlinked === undefined) {
      throw new DfuError('PROTOCOL', `RET_UNLINK: nobody has sent an unlink ${sequence}`);
    }
    this.#unlinks.delete(sequence);
    this.#waiting.delete(unlinked);
    return URB_HEADER_BYTES;
  }

  #submitted(reply: SubmitReply): number {
    const { sequence, actualLength } = reply;
    const waiting = this.#waiting.get(sequence);
    if (waiting === undefined) {
      throw new DfuError('PROTOCOL', `RET_SUBMIT: nobody has sent a transfer ${sequence}`);
    }
    this.#waiting.delete(sequence);
    const { packet, settle } = waiting;
    if (actualLength > packet.wLength) {
      const message = `RET_SUBMIT.actual_length: expected at most ${packet.wLength}, got ${actualLength}`;
      const error = new DfuError('PROTOCOL', message);
      settle?.(error);
      throw error;
    }
    const hasData = isIn(packet) && actualLength > 0;
    if (!hasData) {
      settle?.(outcomeOf(reply, packet, NO_DATA));
      return URB_HEADER_BYTES;
    }
    this.#connection.reader.start(actualLength, (data) => {
      this.#connection.reader.start(URB_HEADER_BYTES, (part) => this.#header(part));
      settle?.(outcomeOf(reply, packet, data));
      return URB_HEADER_BYTES;
    });
    return actualLength;
  }
}

function outcomeOf(
  { status, actualLength }: SubmitReply,
  packet: SetupPacket,
  data: Uint8Array,
): Outcome | DfuError {
  switch (status) {
    case 0:
      return { taken: isIn(packet) ? 0 : actualLength, data };
    case Errno.pipe:
      return transferError.stalled(packet);
    case Errno.noDevice:
    case Errno.shutdown:
    case Errno.connectionReset:
    case Errno.noEntry:
      return transferError.disconnected(packet);
    case Errno.timedOut:
      return new DfuError('TIMEOUT', `the server gave up ${describeRequest(packet)}`);
    default: {
      const message = `the transfer failed with status ${status}: ${describeRequest(packet)}`;
      return new DfuError('PROTOCOL', message);
    }
  }
}
