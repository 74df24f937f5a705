/**
 * Packets of GDB's remote serial protocol (GDB manual, appendix E): `$payload#checksum`. A payload is a string of which
 * each character is a byte.
 */

/** Most bytes of a packet that is taken: what is told to gdb by `PacketSize`, and a little for its frame. */
export const MOST_PACKET_BYTES = 0x4000;

/** What came over the line. */
export type RemoteInput =
  | { readonly type: 'packet'; readonly payload: string }
  | { readonly type: 'ack' | 'resend' }
  /** Ctrl-C: stop what runs. */
  | { readonly type: 'interrupt' }
  /** A checksum was wrong, or there is none. */
  | { readonly type: 'damaged' }
  /** Longer than was agreed: nobody who speaks this protocol sends that. */
  | { readonly type: 'too-long' };

const [DOLLAR, HASH, ESCAPE, PLUS, MINUS, CTRL_C] = [0x24, 0x23, 0x7d, 0x2b, 0x2d, 0x03];
const ESCAPED = 0x20;

function sumOf(bytes: Iterable<number>): number {
  let sum = 0;
  for (const byte of bytes) sum = (sum + byte) & 0xff;
  return sum;
}

const latin1 = (bytes: readonly number[]): string => {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
};

/** Takes bytes as they come, in pieces of any length. */
export class PacketReader {
  #state: 'outside' | 'payload' | 'sum' = 'outside';
  #raw: number[] = [];
  #sum = '';

  *read(bytes: Uint8Array): Generator<RemoteInput> {
    for (const byte of bytes) {
      const input = this.#take(byte);
      if (input !== undefined) yield input;
    }
  }

  #take(byte: number): RemoteInput | undefined {
    switch (this.#state) {
      case 'outside':
        return this.#outside(byte);
      case 'payload':
        return this.#payload(byte);
      case 'sum':
      default:
        return this.#checksum(byte);
    }
  }

  #outside(byte: number): RemoteInput | undefined {
    if (byte === DOLLAR) {
      this.#raw = [];
      this.#state = 'payload';
    }
    if (byte === PLUS) return { type: 'ack' };
    if (byte === MINUS) return { type: 'resend' };
    // Anything else between packets is noise.
    return byte === CTRL_C ? { type: 'interrupt' } : undefined;
  }

  #payload(byte: number): RemoteInput | undefined {
    if (byte === DOLLAR) {
      // The end of the one before was lost.
      this.#raw = [];
      return { type: 'damaged' };
    }
    if (byte === HASH) {
      this.#sum = '';
      this.#state = 'sum';
      return undefined;
    }
    if (this.#raw.length === MOST_PACKET_BYTES) {
      this.#state = 'outside';
      return { type: 'too-long' };
    }
    this.#raw.push(byte);
    return undefined;
  }

  #checksum(byte: number): RemoteInput | undefined {
    this.#sum += String.fromCharCode(byte);
    if (this.#sum.length < 2) return undefined;
    this.#state = 'outside';
    const isRight = /^[0-9a-f]{2}$/i.test(this.#sum);
    if (!isRight || Number.parseInt(this.#sum, 16) !== sumOf(this.#raw)) return { type: 'damaged' };
    return { type: 'packet', payload: latin1(unescaped(this.#raw)) };
  }
}

function unescaped(raw: readonly number[]): readonly number[] {
  const bytes: number[] = [];
  for (let at = 0; at < raw.length; at += 1) {
    const byte = raw[at] ?? 0;
    if (byte !== ESCAPE) bytes.push(byte);
    else if (at + 1 < raw.length) bytes.push((raw[(at += 1)] ?? 0) ^ ESCAPED);
  }
  return bytes;
}

/** Bytes that mean something in a packet, `*` (a run of equal ones) included. */
const SPECIAL = new Set([DOLLAR, HASH, ESCAPE, 0x2a]);

/** A payload as it goes over the line. */
export function packetOf(payload: string): Uint8Array {
  const bytes: number[] = [];
  for (const char of payload) {
    const byte = char.charCodeAt(0) & 0xff;
    if (SPECIAL.has(byte)) bytes.push(ESCAPE, byte ^ ESCAPED);
    else bytes.push(byte);
  }
  const sum = sumOf(bytes).toString(16).padStart(2, '0');
  return Uint8Array.of(DOLLAR, ...bytes, HASH, ...sum.split('').map((each) => each.charCodeAt(0)));
}

/** The bytes of a string that is a payload, or a part of one. */
export function payloadBytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** A word in hex digits, the lowest byte first. */
export function hexWord(value: number): string {
  const bytes = [value, value >>> 8, value >>> 16, value >>> 24];
  return bytes.map((byte) => (byte & 0xff).toString(16).padStart(2, '0')).join('');
}

/** Eight hex digits, the lowest byte first; undefined for anything else. */
export function wordOfHex(text: string): number | undefined {
  if (!/^[0-9a-f]{8}$/i.test(text)) return undefined;
  const bytes = [6, 4, 2, 0].map((at) => text.slice(at, at + 2)).join('');
  return Number.parseInt(bytes, 16);
}

/** A number of up to 32 bits in hex digits, as addresses and lengths are written; undefined for anything else. */
export function numberOfHex(text: string): number | undefined {
  return /^[0-9a-f]{1,8}$/i.test(text) ? Number.parseInt(text, 16) : undefined;
}
