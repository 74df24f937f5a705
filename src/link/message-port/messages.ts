import { DfuError } from '../../bytes/index.ts';
import type { DfuErrorCode } from '../../bytes/index.ts';
import { MAX_TRANSFER_BYTES, busErrorCode, deviceDescriptor } from '../../usb/index.ts';
import type { BusDevice, UsbSpeed } from '../../usb/index.ts';

/** What can be asked of a bus, of one of its devices (`open`) and of an open pipe. */
export type Verb =
  'list' | 'open' | 'in' | 'out' | 'claim' | 'release' | 'select' | 'reset' | 'close';

/** What the end that uses the bus says. */
export type ToServer =
  | Ask
  /** Nobody waits for the answer to that any more. */
  | { readonly usb: 'never-mind'; readonly id: number }
  | { readonly usb: 'bye' };

/** Something is asked; answered by `answer` or `failed` with the same id. */
export interface Ask {
  readonly usb: 'ask';
  readonly id: number;
  readonly verb: Verb;
  /** A device's id, or the number of a pipe; nothing of the bus itself. */
  readonly of?: string | number | undefined;
  /**
   * open: most time for each transfer and for all of them; in, out: the setup packet's fields in order and the most time;
   * claim, release, select: the interface and the alternate.
   */
  readonly numbers?: readonly number[] | undefined;
  readonly bytes?: Uint8Array | undefined;
}

/** What the end that has the bus says. */
export type ToClient =
  | Answer
  | {
      readonly usb: 'failed';
      readonly id: number;
      readonly code: DfuErrorCode;
      readonly message: string;
    }
  | { readonly usb: 'attached'; readonly device: DeviceWords }
  | { readonly usb: 'detached'; readonly device: string }
  /** The device behind that pipe has left, or the pipe was closed. */
  | { readonly usb: 'gone'; readonly pipe: number }
  | { readonly usb: 'bye' };

/** An answer, with what was asked for. */
export interface Answer {
  readonly usb: 'answer';
  readonly id: number;
  readonly devices?: readonly DeviceWords[] | undefined;
  /** The number of a pipe, or how many bytes were taken. */
  readonly number?: number | undefined;
  readonly device?: DeviceWords | undefined;
  readonly reset?: 'same' | 'gone' | undefined;
  readonly bytes?: Uint8Array | undefined;
}

/** A device as it crosses the port. */
interface DeviceWords extends Pick<BusDevice, 'id' | 'location' | 'speed' | 'mostTransferBytes'> {
  /** The device descriptor, 18 bytes. */
  readonly descriptor: Uint8Array;
}

/** Longest text that crosses, in characters. */
const MOST_TEXT = 4096;
/** Most devices of a list. */
export const MOST_DEVICES = 1024;

type Wild = Readonly<Record<string, unknown>>;

/** What came, if it is of this protocol: others may use the port as well. */
export function oursOf(message: unknown): Wild | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  return typeof (message as Wild)['usb'] === 'string' ? (message as Wild) : undefined;
}

/** Nobody who keeps to the protocol says such a thing. */
export function nonsense(what: string): DfuError {
  return new DfuError('PROTOCOL', `message port: expected ${what}, got something else`);
}

/** Throws `PROTOCOL`; so do all that read here. */
export function wholeOf(value: unknown, most: number, what: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most) {
    return value as number;
  }
  throw nonsense(what);
}

export function textOf(value: unknown, what: string): string {
  if (typeof value === 'string' && value.length <= MOST_TEXT) return value;
  throw nonsense(what);
}

/** A time in ms; it may be infinite. */
export function timeOf(value: unknown): number {
  if (typeof value === 'number' && value >= 0) return value;
  throw nonsense('a time');
}

/** Bytes that nobody else can change: a data stage has 65535 at most. */
export function bytesOf(value: unknown): Uint8Array {
  const isOwn = value instanceof Uint8Array && value.buffer instanceof ArrayBuffer;
  if (isOwn && value.length <= MAX_TRANSFER_BYTES) return value;
  throw nonsense(`up to ${MAX_TRANSFER_BYTES} bytes`);
}

export function numbersOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value) && value.length <= 8) return value as readonly unknown[];
  throw nonsense('a few numbers');
}

/** A text that fits. */
export function cut(text: string): string {
  return text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT - 1)}…` : text;
}

/** What a bus fails with; that of a recording with `REPLAY`, too. */
export function codeOf(value: unknown): DfuErrorCode {
  return value === 'REPLAY' ? value : busErrorCode(value);
}

const speeds: readonly unknown[] = ['low', 'full', 'high', 'super'] satisfies readonly UsbSpeed[];

/** A device in words. */
export function wordsOf(device: BusDevice): DeviceWords {
  const { id, location, speed, mostTransferBytes } = device;
  const { bus, address, path, station } = location;
  return {
    id: textOf(id, 'the id of a device'),
    location: { bus, address, path: textOf(path, 'a path'), station },
    speed,
    mostTransferBytes,
    descriptor: deviceDescriptor.encode(device.descriptor),
  };
}

/** And back again, but for `open`. */
export function deviceOf(value: unknown): Omit<BusDevice, 'open'> {
  const { id, location, speed, mostTransferBytes, descriptor } = (value ?? {}) as Wild;
  const { bus, address, path, station } = (location ?? {}) as Wild;
  if (!speeds.includes(speed)) throw nonsense('a speed');
  return {
    id: textOf(id, 'the id of a device'),
    location: {
      bus: wholeOf(bus, Number.MAX_SAFE_INTEGER, 'the number of a bus'),
      address: wholeOf(address, Number.MAX_SAFE_INTEGER, 'an address'),
      path: textOf(path, 'a path'),
      ...(station === undefined ? {} : { station: textOf(station, 'a station') }),
    },
    speed: speed as UsbSpeed,
    ...(mostTransferBytes === undefined
      ? {}
      : { mostTransferBytes: wholeOf(mostTransferBytes, MAX_TRANSFER_BYTES, 'a bound') }),
    descriptor: deviceDescriptor.decode(bytesOf(descriptor)),
  };
}
