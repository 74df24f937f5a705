import { DfuError, Utf8Reader } from '../bytes/index.ts';
import {
  DIRECTION_IN,
  DescriptorType,
  LANGUAGE_ENGLISH,
  StandardRequest,
  decodeLanguages,
  decodeString,
  getDescriptor,
  limited,
} from '../usb/index.ts';
import type { CancelSignal, Clock, ControlPipe, ControlTransfers } from '../usb/index.ts';
import { UNKNOWN } from './dfu-interface.ts';
import type { QuirkRow } from './quirks/index.ts';

/** bLength is one byte: no string descriptor is longer. */
const STRING_BYTES = 255;
/** bLength and bDescriptorType. */
const HEAD_BYTES = 2;

/** How often a device may keep silent about its strings before it is asked for no more of them. */
const MOST_SILENCES = 2;

/** How long a device may take over what it says of itself. */
export interface ReadLimits {
  readonly clock: Clock;
  /** Most time for one request, in ms. Default 5000. */
  readonly transferMs?: number | undefined;
  /** Most time for all of them, in ms. */
  readonly totalMs: number;
  readonly signal?: CancelSignal | undefined;
  /** What somebody knows of devices besides the table. */
  readonly quirks?: readonly QuirkRow[] | undefined;
}

/** The descriptors of one open device, asked for once each and within bounded time. */
export class DescriptorReader {
  readonly pipe: ControlPipe;
  readonly quirks: readonly QuirkRow[];
  readonly #transfers: ControlTransfers;
  readonly #strings = new Map<number, string>();
  #language: number | undefined;
  /** It refuses requests for 255 bytes, and is asked for a string's own length instead. */
  #asksLengthFirst = false;
  #silences = 0;

  constructor(pipe: ControlPipe, limits: ReadLimits) {
    const { clock, transferMs: timeoutMs, totalMs, signal, quirks = [] } = limits;
    this.pipe = pipe;
    this.quirks = quirks;
    this.#transfers = limited(pipe, clock, { timeoutMs, totalMs, signal });
  }

  /** GET_DESCRIPTOR (USB 2.0 §9.4.3). Throws what the transfer throws. */
  descriptor(type: number, index: number, lengthBytes: number): Promise<Uint8Array> {
    return getDescriptor(this.#transfers, type, index, lengthBytes);
  }

  /** A string in the device's first language; `UNKNOWN` for index 0 or if it does not come. */
  async string(index: number): Promise<string> {
    if (index === 0) return UNKNOWN;
    const known = this.#strings.get(index);
    if (known !== undefined) return known;
    const value = await this.#read(index);
    this.#strings.set(index, value);
    return value;
  }

  async #read(index: number): Promise<string> {
    const bytes = await this.#inItsLanguage(index);
    return (bytes === undefined ? '' : decodeString(bytes)) || UNKNOWN;
  }

  async #inItsLanguage(index: number): Promise<Uint8Array | undefined> {
    this.#language ??= await this.#languageOf();
    return this.#bytesOf(index, this.#language);
  }

  /** A string whose bytes are UTF-8 behind the two of its head, as GD32 has its serial number. */
  async utf8String(index: number): Promise<string> {
    if (index === 0) return UNKNOWN;
    const bytes = (await this.#inItsLanguage(index)) ?? new Uint8Array(0);
    const text = new Utf8Reader().read(bytes.subarray(HEAD_BYTES, bytes[0]));
    return text.split('\0', 1)[0] || UNKNOWN;
  }

  async #languageOf(): Promise<number> {
    const bytes = await this.#bytesOf(0, 0);
    return (bytes === undefined ? undefined : decodeLanguages(bytes)[0]) ?? LANGUAGE_ENGLISH;
  }

  /**
   * A string descriptor: all that there can be of it, or else two bytes for its length and then so many,
   * as Linux and libusb ask. Undefined if it does not come.
   */
  async #bytesOf(index: number, language: number): Promise<Uint8Array | undefined> {
    if (!this.#asksLengthFirst) {
      const whole = await this.#attempt(index, language, STRING_BYTES);
      if (whole !== undefined) return whole;
    }
    const [length = 0] = (await this.#attempt(index, language, HEAD_BYTES)) ?? [];
    if (length < HEAD_BYTES) return undefined;
    const bytes = await this.#attempt(index, language, length);
    if (bytes !== undefined) this.#asksLengthFirst = true;
    return bytes;
  }

  async #attempt(
    index: number,
    wIndex: number,
    lengthBytes: number,
  ): Promise<Uint8Array | undefined> {
    if (this.#silences >= MOST_SILENCES) return undefined;
    const bRequest = StandardRequest.GET_DESCRIPTOR;
    const wValue = DescriptorType.string * 256 + index;
    const request = { bmRequestType: DIRECTION_IN, bRequest, wValue, wIndex };
    try {
      const bytes = await this.#transfers.controlIn(request, lengthBytes);
      return bytes[1] === DescriptorType.string ? bytes : undefined;
    } catch (error) {
      if (!DfuError.is(error) || endsReading(error)) throw error;
      if (error.code === 'TIMEOUT') this.#silences += 1;
      return undefined;
    }
  }
}

/** A device that has left, or a caller who has given up, is asked nothing more. */
export function endsReading(error: DfuError): boolean {
  return error.code === 'DISCONNECTED' || error.code === 'ABORTED';
}

/** The string of that index, or undefined; never fails, and ends within the limits. */
export async function readString(
  pipe: ControlPipe,
  index: number,
  limits: ReadLimits,
): Promise<string | undefined> {
  try {
    const value = await new DescriptorReader(pipe, limits).string(index);
    return value === UNKNOWN ? undefined : value;
  } catch (error) {
    if (DfuError.is(error)) return undefined;
    throw error;
  }
}
