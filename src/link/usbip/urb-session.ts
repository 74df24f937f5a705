import { viewOf } from '../../bytes/index.ts';
import { DescriptorType, MAX_TRANSFER_BYTES, StandardRequest, isIn } from '../../usb/index.ts';
import type { Clock, DevicePort, SetupPacket, Transfer, TransferResult } from '../../usb/index.ts';
import type { Connection } from './connection.ts';
import {
  Command,
  Direction,
  Errno,
  NOT_ISOCHRONOUS,
  URB_HEADER_BYTES,
  encodeSubmitReply,
  encodeUnlinkReply,
  submitCommand,
  unlinkCommand,
} from './protocol.ts';
import { isPortReset } from './port-reset.ts';
import type { SubmitCommand } from './protocol.ts';

/** Most transfers that an importer may have under way. Linux has a handful. */
const MOST_PENDING = 64;
/** Most bytes of data stages, both ways, that they may have in all. */
const MOST_PENDING_BYTES = 1024 * 1024;
/**
 * How long the connection outlives the attachment, in ms: time for the peer to take the status of the
 * request that made the device leave.
 */
const LEAVE_MS = 20;
/**
 * After a port reset Linux reads the device descriptor with this wLength, resets the port once more, and
 * reads it again as long as it is (the first eight bytes of it, in older kernels).
 */
const AFTER_RESET_BYTES = 64;
const AGAIN_BYTES: readonly number[] = [18, 8];
/**
 * The second reset takes a root hub 60 ms at least (HUB_ROOT_RESET_TIME), the recovery 50 and SET_ADDRESS
 * 10; a program that reads the descriptor both ways does not stop in between.
 */
const SECOND_RESET_MS = 90;

/** What a session needs besides the device. */
interface SessionSurroundings {
  readonly clock: Clock;
  readonly deviceId: number;
}

interface PendingUrb {
  readonly transfer: Transfer;
  readonly bytes: number;
}

/** The second phase of a connection, at the device's end: URBs to and fro. */
export class UrbSession {
  readonly #connection: Connection;
  readonly #port: DevicePort;
  readonly #around: SessionSurroundings;
  readonly #pending = new Map<number, PendingUrb>();
  /** When what may be the first request after a port reset was answered, and nothing came since. */
  #maybeResetMs: number | undefined;
  #pendingBytes = 0;
  /** The device has left, the connection is about to. */
  #left = false;
  #cancelLeave: () => void = () => {};

  constructor(connection: Connection, port: DevicePort, around: SessionSurroundings) {
    this.#connection = connection;
    this.#port = port;
    this.#around = around;
    connection.reader.start(URB_HEADER_BYTES, (part) => this.#header(part));
  }

  /** The connection has ended. */
  end(): void {
    this.#cancelLeave();
    for (const { transfer } of this.#pending.values()) this.#port.cancel(transfer);
    this.#pending.clear();
  }

  /** The device has left the bus: the peer learns it by the end of the connection. */
  leave(): void {
    this.#left = true;
    const { clock } = this.#around;
    this.#cancelLeave = clock.at(clock.now() + LEAVE_MS, () =>
      this.#connection.finish('the device has left'),
    );
  }

  #header(part: Uint8Array): number {
    const command = viewOf(part).getUint32(0);
    if (command === Command.submit) return this.#submitHeader(submitCommand.decode(part));
    if (command === Command.unlink) {
      const { sequence, unlinked } = unlinkCommand.decode(part);
      this.#unlink(sequence, unlinked);
      return URB_HEADER_BYTES;
    }
    return this.#refuse(`expected CMD_SUBMIT or CMD_UNLINK, got command ${command}`);
  }

  #submitHeader(urb: SubmitCommand): number {
    const { deviceId } = this.#around;
    if (urb.deviceId !== deviceId) {
      return this.#refuse(`CMD_SUBMIT.devid: expected ${deviceId}, got ${urb.deviceId}`);
    }
    if (urb.length > MAX_TRANSFER_BYTES) {
      const expected = `expected at most ${MAX_TRANSFER_BYTES}`;
      return this.#refuse(`CMD_SUBMIT.length: ${expected}, got ${urb.length}`);
    }
    if (urb.packets !== NOT_ISOCHRONOUS && urb.packets !== 0) {
      return this.#refuse(`CMD_SUBMIT.packets: expected none, got ${urb.packets}`);
    }
    if (this.#pending.has(urb.sequence)) {
      return this.#refuse(`CMD_SUBMIT.seqnum: ${urb.sequence} is under way already`);
    }
    if (
      this.#pending.size >= MOST_PENDING ||
      this.#pendingBytes + urb.length > MOST_PENDING_BYTES
    ) {
      return this.#refuse(`too much at once: ${this.#pending.size} transfers under way`);
    }
    if (urb.direction !== Direction.out || urb.length === 0) {
      this.#submit(urb, undefined);
      return URB_HEADER_BYTES;
    }
    this.#connection.reader.start(urb.length, (data) => {
      this.#connection.reader.start(URB_HEADER_BYTES, (part) => this.#header(part));
      this.#submit(urb, data);
      return URB_HEADER_BYTES;
    });
    return urb.length;
  }

  #refuse(reason: string): number {
    this.#connection.fail(reason);
    return 0;
  }

  #submit(urb: SubmitCommand, data: Uint8Array | undefined): void {
    const { sequence, setup } = urb;
    const refused = this.#left ? Errno.shutdown : refusal(urb);
    if (refused !== 0) {
      this.#connection.send(encodeSubmitReply(sequence, refused, 0));
      return;
    }
    if (isPortReset(setup)) {
      this.#port.reset();
      this.#connection.send(encodeSubmitReply(sequence, 0, 0));
      return;
    }
    const first = this.#pending.size === 0 && readsDevice(setup, [AFTER_RESET_BYTES]);
    if (this.#revealsReset(setup)) this.#port.reset();
    let ended = false;
    const transfer = this.#port.submit(setup, data, (result) => {
      ended = true;
      if (this.#pending.delete(sequence)) this.#pendingBytes -= urb.length;
      if (first) this.#maybeResetMs = this.#around.clock.now();
      this.#connection.send(replyTo(urb, result));
    });
    if (ended) return;
    this.#pending.set(sequence, { transfer, bytes: urb.length });
    this.#pendingBytes += urb.length;
  }

  /**
   * USB/IP carries no bus reset. It shows in what Linux asks next: the device descriptor in two ways, with
   * nothing in between but the time that a reset takes. Programs ask for it with 64 bytes, too.
   */
  #revealsReset(setup: SetupPacket): boolean {
    const sinceMs = this.#maybeResetMs;
    this.#maybeResetMs = undefined;
    if (sinceMs === undefined || this.#pending.size > 0) return false;
    if (!readsDevice(setup, AGAIN_BYTES)) return false;
    return this.#around.clock.now() - sinceMs >= SECOND_RESET_MS;
  }

  #unlink(sequence: number, unlinked: number): void {
    const urb = this.#pending.get(unlinked);
    const cancelled = urb !== undefined && this.#port.cancel(urb.transfer);
    if (cancelled) {
      this.#pending.delete(unlinked);
      this.#pendingBytes -= urb.bytes;
    }
    this.#connection.send(encodeUnlinkReply(sequence, cancelled ? Errno.connectionReset : 0));
  }
}

/** Why a URB never gets to the device: 0 if it does. */
function refusal({ endpoint, setup, direction, length }: SubmitCommand): number {
  if (endpoint !== 0) return Errno.pipe;
  if (setup.wLength === 0) return length === 0 ? 0 : Errno.protocol;
  const goesIn = direction === Direction.in;
  // A data stage to the device must be as long as the setup packet says, one to the host may be.
  if (goesIn !== isIn(setup) || (!goesIn && length !== setup.wLength)) return Errno.protocol;
  return 0;
}

/** GET_DESCRIPTOR(DEVICE) with one of these lengths. */
function readsDevice(
  { bmRequestType, bRequest, wValue, wLength }: SetupPacket,
  lengths: readonly number[],
): boolean {
  return (
    bmRequestType === 0x80 &&
    bRequest === StandardRequest.GET_DESCRIPTOR &&
    wValue === DescriptorType.device * 256 &&
    lengths.includes(wLength)
  );
}

function replyTo({ sequence, length }: SubmitCommand, result: TransferResult): Uint8Array {
  if (result.end === 'out') return encodeSubmitReply(sequence, 0, result.taken);
  if (result.end === 'stall') return encodeSubmitReply(sequence, Errno.pipe, 0);
  if (result.end === 'lost') return encodeSubmitReply(sequence, Errno.shutdown, 0);
  const { data } = result;
  if (data.length <= length) return encodeSubmitReply(sequence, 0, data.length, data);
  return encodeSubmitReply(sequence, Errno.overflow, length, data.subarray(0, length));
}
