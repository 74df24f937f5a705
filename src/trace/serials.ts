import { encodeUtf8, fromHex } from '../bytes/index.ts';
import { DescriptorType, StandardRequest, decodeString, deviceDescriptor } from '../usb/index.ts';
import type { SetupPacket } from '../usb/index.ts';
import { readTrace } from './read-ndjson.ts';
import { encodeTrace } from './ndjson.ts';
import type {
  ControlRecord,
  DeviceRecord,
  Trace,
  TraceFault,
  TraceHeader,
  TraceRecord,
} from './trace.ts';

/** Shorter ones are masked in their descriptor alone: elsewhere such letters mean something else. */
const LEAST_LETTERS = 4;
/** Of a serial number of hex digits the bytes, if they are so many and not all alike. */
const LEAST_RAW_BYTES = 4;
const LEAST_RAW_VALUES = 3;

/** Stand-ins for serial numbers, of the same length: the same one for the same number, wherever it stands. */
export interface SerialMask {
  /** A text with each serial number replaced. */
  text(text: string): string;
  /** A record likewise: in bytes as UTF-8, UTF-16 and, of hex digits, as the bytes that they are of. */
  record(record: TraceRecord): TraceRecord;
  /** The header likewise. */
  header(header: TraceHeader): TraceHeader;
}

/** What stands for the serial number of that rank among those of its length. */
function standIn(serial: string, rank: number): string {
  const digits = rank.toString(36).toUpperCase();
  return `${'X'.repeat(serial.length)}${digits}`.slice(-serial.length);
}

/** The serial numbers that the devices of a trace tell, in the order in which they do. */
export function serialsIn(records: readonly TraceRecord[]): string[] {
  const found = new Set<string>();
  const places = new Places();
  for (const record of records) {
    places.learn(record);
    if (record.type !== 'control' || record.data === undefined) continue;
    if (!places.isSerial(record) || record.data[1] !== DescriptorType.string) continue;
    const serial = asPlain(record.data) || decodeString(record.data);
    const isWhole = record.data.length >= (record.data[0] ?? 0);
    if (isWhole && serial !== '') found.add(serial);
  }
  return [...found];
}

/** GD32 has its serial number in single bytes where UTF-16 belongs. */
function asPlain(data: Uint8Array): string {
  const body = data.subarray(2);
  const isPlain = body.length > 0 && body.every((byte) => byte >= 0x20 && byte < 0x7f);
  return isPlain ? String.fromCharCode(...body) : '';
}

/** Which device a transfer is of, and where that has its serial number. */
class Places {
  readonly #devices = new Map<number, DeviceRecord>();
  readonly #pipes = new Map<number, number>();

  learn(record: TraceRecord): void {
    if (record.type === 'device') this.#devices.set(record.device, record);
    if (record.type === 'open') this.#pipes.set(record.pipe, record.device);
  }

  /** Whether it asks for the serial number. */
  isSerial({ pipe, setup }: ControlRecord): boolean {
    const device = this.#devices.get(this.#pipes.get(pipe) ?? 0);
    if (device === undefined || !isStringRead(setup)) return false;
    const { iSerialNumber } = deviceDescriptor.decode(device.descriptor);
    return iSerialNumber !== 0 && (setup.wValue & 0xff) === iSerialNumber;
  }
}

function isStringRead({ bmRequestType, bRequest, wValue }: SetupPacket): boolean {
  return (
    bmRequestType === 0x80 &&
    bRequest === StandardRequest.GET_DESCRIPTOR &&
    wValue >> 8 === DescriptorType.string
  );
}

/** A mask for these serial numbers. */
export function serialMask(serials: readonly string[]): SerialMask {
  return new Mask(serials);
}

/** Bytes to look for, and what stands for them. */
interface Needle {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

class Mask implements SerialMask {
  readonly #texts: (readonly [from: string, to: string])[] = [];
  readonly #needles: Needle[] = [];
  readonly #all: (readonly [from: string, to: string])[] = [];
  readonly #places = new Places();

  constructor(serials: readonly string[]) {
    // The longest first: one may begin as another does.
    const ordered = [...new Set(serials)].toSorted((a, b) => b.length - a.length);
    for (const [rank, serial] of ordered.entries()) {
      const to = standIn(serial, rank + 1);
      this.#all.push([serial, to]);
      if (serial.length < LEAST_LETTERS) continue;
      for (const each of new Set([serial, serial.toUpperCase(), serial.toLowerCase()])) {
        this.#texts.push([each, to]);
        for (const digits of [
          hexOfText(each),
          hexOf(utf16(each, true)),
          hexOf(utf16(each, false)),
        ]) {
          this.#texts.push([digits, digits.replace(/./g, '0')]);
        }
        this.#needles.push(
          { from: encodeUtf8(each), to: filled(to, encodeUtf8(each).length) },
          { from: utf16(each, true), to: utf16(to, true) },
          { from: utf16(each, false), to: utf16(to, false) },
        );
      }
      const raw = rawOf(serial);
      if (raw !== undefined) this.#needles.push({ from: raw, to: new Uint8Array(raw.length) });
    }
  }

  text(text: string): string {
    let masked = text;
    for (const [from, to] of this.#texts) masked = masked.replaceAll(from, to);
    return masked;
  }

  header(header: TraceHeader): TraceHeader {
    const { about } = header;
    const told =
      about === undefined
        ? undefined
        : Object.fromEntries(
            Object.entries(about).map(([name, value]) => [name, this.text(value)]),
          );
    return { ...header, serials: 'masked', ...(told !== undefined && { about: told }) };
  }

  record(record: TraceRecord): TraceRecord {
    this.#places.learn(record);
    if (record.type === 'control') return this.#control(record);
    if (record.type === 'device') return { ...record, id: this.text(record.id) };
    if (record.type === 'note') return { ...record, text: this.text(record.text) };
    if (record.type === 'enclosed') return { ...record, lines: this.#enclosed(record.lines) };
    return 'error' in record && record.error !== undefined
      ? { ...record, error: this.#fault(record.error) }
      : record;
  }

  #fault({ code, message }: TraceFault): TraceFault {
    return { code, message: this.text(message) };
  }

  /** An enclosed trace has serial numbers of its own, too. */
  #enclosed(lines: readonly string[]): string[] {
    const { header, records } = readTrace(`${lines.join('\n')}\n`);
    const own = new Mask([...this.#all.map(([serial]) => serial), ...serialsIn(records)]);
    const text = encodeTrace(
      own.header(header),
      records.map((each) => own.record(each)),
    );
    return text.split('\n').slice(0, -1);
  }

  #control(record: ControlRecord): ControlRecord {
    const { data, error } = record;
    const fault = error === undefined ? {} : { error: this.#fault(error) };
    if (data === undefined) return { ...record, ...fault };
    const masked = this.#places.isSerial(record) ? this.#serial(data) : this.#bytes(data);
    return { ...record, data: masked, ...fault };
  }

  /** The descriptor itself, or as much of it as was asked for. */
  #serial(data: Uint8Array): Uint8Array {
    const body = data.subarray(2);
    const plain = this.#all.find(([serial]) => startsWith(encodeUtf8(serial), body));
    const wide = this.#all.find(([serial]) => startsWith(utf16(serial, true), body));
    const to = plain === undefined ? utf16(wide?.[1] ?? '', true) : encodeUtf8(plain[1]);
    const bytes = data.slice();
    // One that nobody has told whole.
    bytes.fill(0x58, 2);
    bytes.set(to.subarray(0, Math.max(0, bytes.length - 2)), 2);
    return bytes;
  }

  #bytes(data: Uint8Array): Uint8Array {
    let masked = data;
    for (const { from, to } of this.#needles) {
      for (let at = indexOf(masked, from, 0); at >= 0; at = indexOf(masked, from, at + 1)) {
        if (masked === data) masked = data.slice();
        masked.set(to.subarray(0, from.length), at);
      }
    }
    return masked;
  }
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function hexOfText(text: string): string {
  return hexOf(encodeUtf8(text));
}

function utf16(text: string, little: boolean): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < text.length; at += 1) view.setUint16(at * 2, text.charCodeAt(at), little);
  return bytes;
}

function rawOf(serial: string): Uint8Array | undefined {
  if (!/^(?:[0-9a-fA-F]{2})+$/.test(serial)) return undefined;
  const raw = fromHex(serial);
  const isTelling = raw.length >= LEAST_RAW_BYTES && new Set(raw).size >= LEAST_RAW_VALUES;
  return isTelling ? raw : undefined;
}

/** A stand-in in as many bytes as a text outside of ASCII takes. */
function filled(text: string, lengthBytes: number): Uint8Array {
  return encodeUtf8(text.padStart(lengthBytes, 'X'));
}

/** Whether bytes begin as others do, as far as those go. */
function startsWith(whole: Uint8Array, start: Uint8Array): boolean {
  return start.length <= whole.length && start.every((byte, at) => whole[at] === byte);
}

function indexOf(bytes: Uint8Array, part: Uint8Array, from: number): number {
  const [first = -1] = part;
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (at + part.length > bytes.length) return -1;
    if (part.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}

/** A trace with stand-ins for the serial numbers of its devices, and for these. */
export function traceSerialsMasked(
  { header, records, torn }: Trace,
  serials: readonly string[] = [],
): Trace {
  const mask = new Mask([...serials, ...serialsIn(records)]);
  return { header: mask.header(header), records: records.map((each) => mask.record(each)), torn };
}
