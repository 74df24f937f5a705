import { DfuError, hexNumber, sameBytes } from '../bytes/index.ts';
import type { Clock } from './clock.ts';
import { TRANSFER_TIMEOUT_MS } from './control-pipe.ts';
import type { ControlPipe, ControlRequest, OpenLimits, TransferOptions } from './control-pipe.ts';
import { DescriptorType, deviceDescriptor } from './descriptors.ts';
import type { DeviceDescriptor } from './descriptors.ts';
import { DIRECTION_IN, Recipient, StandardRequest } from './setup.ts';
import type { SetupPacket } from './setup.ts';

/** Most bytes of a data stage: wLength has 16 bits. */
export const MAX_TRANSFER_BYTES = 0xffff;

/**
 * The setup packet of a request with a data stage of `length` bytes. Throws `INVALID_ARGUMENT` if the
 * request goes the other way or the length does not fit wLength.
 */
export function setupOf(
  request: ControlRequest,
  direction: 'in' | 'out',
  length: number,
): SetupPacket {
  const isIn = (request.bmRequestType & DIRECTION_IN) !== 0;
  if (isIn !== (direction === 'in')) {
    const got = `got bmRequestType ${hexNumber(request.bmRequestType, 2)}`;
    throw new DfuError('INVALID_ARGUMENT', `control ${direction}: bit 7 says otherwise, ${got}`);
  }
  if (!Number.isInteger(length) || length < 0 || length > MAX_TRANSFER_BYTES) {
    const message = `control ${direction}: expected 0 to ${MAX_TRANSFER_BYTES} bytes, got ${length}`;
    throw new DfuError('INVALID_ARGUMENT', message);
  }
  const { bmRequestType, bRequest, wValue, wIndex } = request;
  return { bmRequestType, bRequest, wValue, wIndex, wLength: length };
}

/** A request in words, for messages: `request 0xa1 3, wValue 0x0, wIndex 0x0, wLength 6`. */
export function describeRequest(packet: SetupPacket): string {
  const { bmRequestType, bRequest, wValue, wIndex, wLength } = packet;
  const values = `wValue ${hexNumber(wValue)}, wIndex ${hexNumber(wIndex)}, wLength ${wLength}`;
  return `request ${hexNumber(bmRequestType, 2)} ${bRequest}, ${values}`;
}

/** The three ways a transfer fails, as errors that say which request it was. */
export const transferError = {
  stalled: (packet: SetupPacket, cause?: unknown): DfuError =>
    failure('STALLED', `the device refused ${describeRequest(packet)}`, cause),
  timeout: (packet: SetupPacket, timeoutMs: number, cause?: unknown): DfuError =>
    failure(
      'TIMEOUT',
      `no answer within ${wholeMs(timeoutMs)} to ${describeRequest(packet)}`,
      cause,
    ),
  disconnected: (packet: SetupPacket, cause?: unknown): DfuError =>
    failure('DISCONNECTED', `the device has gone; not answered: ${describeRequest(packet)}`, cause),
} as const;

/** A time for a message: what is left of a limit is no whole number. */
export function wholeMs(ms: number): string {
  return `${Math.max(1, Math.round(ms))} ms`;
}

function failure(
  code: 'STALLED' | 'TIMEOUT' | 'DISCONNECTED',
  message: string,
  cause: unknown,
): DfuError {
  return new DfuError(code, message, { cause });
}

/** The part of a {@link ControlPipe} that standard requests need. */
export type ControlTransfers = Pick<ControlPipe, 'controlIn' | 'controlOut'>;

/**
 * Transfers that take no longer than the limits say, one by one and all together, whatever their caller
 * grants them.
 */
export function limited(
  pipe: ControlTransfers,
  clock: Clock,
  { timeoutMs = TRANSFER_TIMEOUT_MS, totalMs = Infinity, signal }: OpenLimits = {},
): ControlTransfers {
  const deadlineMs = clock.now() + totalMs;
  const within = (own: TransferOptions | undefined): TransferOptions => {
    const leftMs = deadlineMs - clock.now();
    if (leftMs <= 0) {
      throw new DfuError('TIMEOUT', `the device has not been read within ${wholeMs(totalMs)}`);
    }
    return {
      timeoutMs: Math.ceil(Math.min(own?.timeoutMs ?? timeoutMs, timeoutMs, leftMs)),
      signal: own?.signal ?? signal,
    };
  };
  return {
    controlIn: async (request, length, own) => pipe.controlIn(request, length, within(own)),
    controlOut: async (request, data, own) => pipe.controlOut(request, data, within(own)),
  };
}

/** How often a descriptor is asked for; Linux asks as often (usb_get_descriptor). */
const DESCRIPTOR_TRIES = 3;

/**
 * GET_DESCRIPTOR to the device (USB 2.0 §9.4.3), at most `length` bytes of it. A device that stalls, or
 * answers nothing or something else, is asked again, as Linux does: some are not ready at once.
 */
export async function getDescriptor(
  pipe: ControlTransfers,
  type: number,
  index: number,
  length: number,
): Promise<Uint8Array> {
  const bRequest = StandardRequest.GET_DESCRIPTOR;
  const wValue = type * 256 + index;
  const request = { bmRequestType: DIRECTION_IN, bRequest, wValue, wIndex: 0 };
  for (let tries = 1; ; tries += 1) {
    try {
      const bytes = await pipe.controlIn(request, length);
      const isIt = bytes.length > 1 && bytes[1] === type;
      if (isIt || length < 2 || tries === DESCRIPTOR_TRIES) return bytes;
    } catch (error) {
      if (!DfuError.is(error, 'STALLED') || tries === DESCRIPTOR_TRIES) throw error;
    }
  }
}

/** SET_CONFIGURATION (USB 2.0 §9.4.7). */
export async function setConfiguration(pipe: ControlTransfers, value: number): Promise<void> {
  const bRequest = StandardRequest.SET_CONFIGURATION;
  const request = { bmRequestType: Recipient.device, bRequest, wValue: value, wIndex: 0 };
  await pipe.controlOut(request, new Uint8Array(0));
}

/** SET_INTERFACE (USB 2.0 §9.4.10). */
export async function setInterface(
  pipe: ControlTransfers,
  interfaceNumber: number,
  alternate: number,
): Promise<void> {
  const bRequest = StandardRequest.SET_INTERFACE;
  const request = {
    bmRequestType: Recipient.interface,
    bRequest,
    wValue: alternate,
    wIndex: interfaceNumber,
  };
  await pipe.controlOut(request, new Uint8Array(0));
}

/** What a device says it is: the bytes that a host compares after a reset. */
export interface DeviceIdentity {
  readonly device: Uint8Array;
  readonly configurations: readonly Uint8Array[];
}

/** The most configurations that are read; Linux has the same bound (USB_MAXCONFIG). */
const MOST_CONFIGURATIONS = 8;
/** The nine bytes that say how long a configuration is. */
const CONFIGURATION_HEADER_BYTES = 9;

/** Reads the device descriptor whole. Throws `TRUNCATED` or `MALFORMED` if it is none. */
async function readDeviceDescriptor(pipe: ControlTransfers): Promise<Uint8Array> {
  const bytes = await getDescriptor(pipe, DescriptorType.device, 0, deviceDescriptor.size);
  deviceDescriptor.decode(bytes);
  return bytes;
}

/** Reads every configuration whole: nine bytes for its length, then all of it. */
async function readConfigurations(
  pipe: ControlTransfers,
  { bNumConfigurations }: Pick<DeviceDescriptor, 'bNumConfigurations'>,
): Promise<Uint8Array[]> {
  const configurations: Uint8Array[] = [];
  const type = DescriptorType.configuration;
  for (let index = 0; index < Math.min(bNumConfigurations, MOST_CONFIGURATIONS); index += 1) {
    const head = await getDescriptor(pipe, type, index, CONFIGURATION_HEADER_BYTES);
    const length = (head[2] ?? 0) + (head[3] ?? 0) * 256;
    configurations.push(await getDescriptor(pipe, type, index, Math.max(length, head.length)));
  }
  return configurations;
}

/** Reads device and configuration descriptors. */
export async function readIdentity(pipe: ControlTransfers): Promise<DeviceIdentity> {
  const device = await readDeviceDescriptor(pipe);
  const configurations = await readConfigurations(pipe, deviceDescriptor.decode(device));
  return { device, configurations };
}

/** Whether two readings are of the same device, byte for byte. */
export function sameIdentity(one: DeviceIdentity, other: DeviceIdentity): boolean {
  return (
    sameBytes(one.device, other.device) &&
    one.configurations.length === other.configurations.length &&
    one.configurations.every((bytes, at) =>
      sameBytes(bytes, other.configurations[at] ?? new Uint8Array(0)),
    )
  );
}
