import { DfuError, viewOf } from '../../bytes/index.ts';
import { describeRequest, isIn, transferError } from '../../usb/index.ts';
import type { SetupPacket, TransferEnd, Wire, WireTransfer } from '../../usb/index.ts';
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

interface Waiting {
  readonly packet: SetupPacket;
  /** Called once; not any more after the transfer was given up. */
  ended: ((how: TransferEnd) => void) | undefined;
}

/** The second phase of a connection, at the host's end: control transfers as URBs. */
export class ClientTransfers implements Wire {
  readonly #connection: Connection;
  readonly #deviceId: number;
  readonly #waiting = new Map<number, Waiting>();
  /** Which transfer an unlink is about, by the unlink's own number. */
  readonly #unlinks = new Map<number, number>();
  #sequence = 0;

  constructor(connection: Connection, deviceId: number) {
    this.#connection = connection;
    this.#deviceId = deviceId;
    connection.reader.start(URB_HEADER_BYTES, (part) => this.#header(part));
    connection.onEnd((reason, cause) => {
      const lost = [...this.#waiting.values()];
      this.#waiting.clear();
      for (const { packet, ended } of lost) {
        // What the server did wrong ends the connection: no device has left.
        const error = DfuError.is(cause)
          ? cause
          : transferError.disconnected(packet, cause ?? new Error(reason));
        ended?.({ end: 'failed', error });
      }
    });
  }

  transfer(
    { packet: setup, data }: WireTransfer,
    ended: (how: TransferEnd) => void,
  ): (() => void) | undefined {
    if (this.#connection.over) {
      ended({ end: 'lost' });
      return undefined;
    }
    const sequence = this.#nextSequence();
    const waiting: Waiting = { packet: setup, ended };
    this.#waiting.set(sequence, waiting);
    this.#connection.send(encodeSubmit({ sequence, deviceId: this.#deviceId, setup, data }));
    return () => this.#giveUp(sequence, waiting);
  }

  #nextSequence(): number {
    this.#sequence = this.#sequence === 0xffffffff ? 1 : this.#sequence + 1;
    return this.#sequence;
  }

  /** The answer may be on its way, so the transfer is remembered until the server has said which. */
  #giveUp(sequence: number, waiting: Waiting): void {
    if (this.#waiting.get(sequence) !== waiting) return;
    waiting.ended = undefined;
    const unlink = this.#nextSequence();
    this.#unlinks.set(unlink, sequence);
    this.#connection.send(encodeUnlink(unlink, this.#deviceId, sequence));
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
    const { packet } = waiting;
    if (actualLength > packet.wLength) {
      const message = `RET_SUBMIT.actual_length: expected at most ${packet.wLength}, got ${actualLength}`;
      throw new DfuError('PROTOCOL', message);
    }
    const hasData = isIn(packet) && actualLength > 0;
    if (!hasData) {
      this.#end(reply, NO_DATA);
      return URB_HEADER_BYTES;
    }
    // It waits on: the connection may end within its data.
    this.#connection.reader.start(actualLength, (data) => {
      this.#connection.reader.start(URB_HEADER_BYTES, (part) => this.#header(part));
      this.#end(reply, data);
      return URB_HEADER_BYTES;
    });
    return actualLength;
  }

  #end(reply: SubmitReply, data: Uint8Array): void {
    const waiting = this.#waiting.get(reply.sequence);
    this.#waiting.delete(reply.sequence);
    waiting?.ended?.(endOf(reply, waiting.packet, data));
  }
}

/**
 * Bytes that a device took. Some servers acknowledge a control-out with actual_length 0, which Linux
 * takes for all of it (jiegec/usbip#13): its status stage came, and that is behind the data.
 */
function takenOf({ actualLength }: SubmitReply, { wLength }: SetupPacket): number {
  return actualLength === 0 ? wLength : actualLength;
}

function endOf(reply: SubmitReply, packet: SetupPacket, data: Uint8Array): TransferEnd {
  const { status } = reply;
  switch (status) {
    case 0:
      return isIn(packet) ? { end: 'in', data } : { end: 'out', taken: takenOf(reply, packet) };
    case Errno.pipe:
      return { end: 'stall' };
    case Errno.noDevice:
    case Errno.shutdown:
    case Errno.connectionReset:
    case Errno.noEntry:
      return { end: 'lost' };
    case Errno.timedOut: {
      const message = `the server gave up ${describeRequest(packet)}`;
      return { end: 'failed', error: new DfuError('TIMEOUT', message) };
    }
    default: {
      const message = `the transfer failed with status ${status}: ${describeRequest(packet)}`;
      return { end: 'failed', error: new DfuError('PROTOCOL', message) };
    }
  }
}
