import { DfuError, fromHex, hexNumber, toHex } from '../../bytes/index.ts';
import { joinBytes } from './web-crypto.ts';
import type { OwnBytes } from '../../bytes/index.ts';

/** Tags of the DER values that keys and signatures are made of (X.690 §8). */
export const DerTag = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  sequence: 0x30,
  /** Context-specific, constructed, number 0 and 1. */
  explicit0: 0xa0,
  explicit1: 0xa1,
} as const;

/** Reads the values of one DER structure one behind the other, strictly. */
export interface DerReader {
  /** Tag of the next value; undefined at the end. */
  peek(): number | undefined;
  /** Content of the next value, which must have this tag. */
  read(tag: number, what: string): Uint8Array;
  /** The next value with its own tag and length. */
  readWhole(tag: number, what: string): Uint8Array;
  /** The next value, a sequence, to be read in turn. */
  sequence(what: string): DerReader;
  /** An INTEGER that is not negative, without its leading zero. */
  unsigned(what: string): Uint8Array;
  /** A small INTEGER that is not negative, up to 2³²−1. */
  small(what: string): number;
  /** An OBJECT IDENTIFIER as hex digits of its content. */
  oid(what: string): string;
  /** Whole bytes of a BIT STRING. */
  bits(what: string): Uint8Array;
  /** Throws unless all was read. */
  end(): void;
}

interface Cursor {
  readonly bytes: Uint8Array;
  readonly name: string;
  at: number;
}

function fail({ name, at }: Cursor, what: string, words: string): DfuError {
  return new DfuError('MALFORMED', `${name}.${what} at ${hexNumber(at)}: ${words}`);
}

/** Length octets in their shortest form only (X.690 §10.1), four bytes at most. */
function lengthOf(cursor: Cursor, what: string): { length: number; start: number } {
  const { bytes, at } = cursor;
  const first = bytes[at + 1];
  if (first === undefined) throw fail(cursor, what, 'the bytes end before the length');
  if (first < 0x80) return { length: first, start: at + 2 };
  const count = first & 0x7f;
  if (count === 0 || count > 4) {
    throw fail(cursor, what, `expected a length of 1 to 4 bytes, got ${hexNumber(first)}`);
  }
  let length = 0;
  for (let index = 0; index < count; index += 1) {
    const byte = bytes[at + 2 + index];
    if (byte === undefined) throw fail(cursor, what, 'the bytes end before the length');
    length = length * 256 + byte;
  }
  if (length < 0x80 || length < 256 ** (count - 1)) {
    throw fail(cursor, what, `expected the shortest form of length ${length}`);
  }
  return { length, start: at + 2 + count };
}

function next(cursor: Cursor, tag: number, what: string): { start: number; end: number } {
  const found = cursor.bytes[cursor.at];
  if (found !== tag) {
    const got = found === undefined ? 'the end' : `tag ${hexNumber(found, 2)}`;
    throw fail(cursor, what, `expected tag ${hexNumber(tag, 2)}, got ${got}`);
  }
  const { length, start } = lengthOf(cursor, what);
  if (start + length > cursor.bytes.length) {
    throw fail(cursor, what, `${cursor.bytes.length - start} bytes of ${length}`);
  }
  return { start, end: start + length };
}

function unsignedOf(cursor: Cursor, content: Uint8Array, what: string): Uint8Array {
  const [first, second = 0x80] = content;
  if (first === undefined) throw fail(cursor, what, 'expected an integer, got no bytes');
  if (first >= 0x80) throw fail(cursor, what, 'expected a positive integer, got a negative one');
  if (first !== 0) return content;
  if (content.length > 1 && second < 0x80) {
    throw fail(cursor, what, 'expected the shortest form of an integer');
  }
  return content.subarray(1);
}

/** Starts reading `bytes`; `name` is what errors call them. Throws `MALFORMED`. */
export function readDer(bytes: Uint8Array, name: string): DerReader {
  const cursor: Cursor = { bytes, name, at: 0 };
  const read = (tag: number, what: string): Uint8Array => {
    const { start, end } = next(cursor, tag, what);
    cursor.at = end;
    return bytes.subarray(start, end);
  };
  return {
    peek: () => bytes[cursor.at],
    read,
    readWhole(tag, what) {
      const from = cursor.at;
      read(tag, what);
      return bytes.subarray(from, cursor.at);
    },
    sequence: (what) => readDer(read(DerTag.sequence, what), `${name}.${what}`),
    unsigned: (what) => unsignedOf(cursor, read(DerTag.integer, what), what),
    small(what) {
      const content = unsignedOf(cursor, read(DerTag.integer, what), what);
      if (content.length > 4) throw fail(cursor, what, `expected 4 bytes, got ${content.length}`);
      return content.reduce((value, byte) => value * 256 + byte, 0);
    },
    oid: (what) => toHex(read(DerTag.oid, what)),
    bits(what) {
      const content = read(DerTag.bitString, what);
      if (content[0] !== 0) throw fail(cursor, what, 'expected whole bytes');
      return content.subarray(1);
    },
    end() {
      const left = bytes.length - cursor.at;
      if (left > 0) throw fail(cursor, 'end', `expected no more, got ${left} bytes`);
    },
  };
}

/** One value: tag, length, contents one behind the other. */
export function der(tag: number, ...contents: readonly Uint8Array[]): OwnBytes {
  const length = contents.reduce((sum, content) => sum + content.length, 0);
  const digits: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  const head = length < 0x80 ? [length] : [0x80 | digits.length, ...digits];
  return joinBytes(Uint8Array.of(tag, ...head), ...contents);
}

/** An INTEGER of these bytes, most significant first, taken as positive. */
export function derUnsigned(bytes: Uint8Array): OwnBytes {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const digits = bytes.subarray(start);
  const lead = (digits[0] ?? 0x80) >= 0x80 ? Uint8Array.of(0) : new Uint8Array(0);
  return der(DerTag.integer, lead, digits);
}

/** An OBJECT IDENTIFIER, given as hex digits of its content. */
export function derOid(content: string): OwnBytes {
  return der(DerTag.oid, fromHex(content));
}

/** A SEQUENCE. */
export function derSequence(...contents: readonly Uint8Array[]): OwnBytes {
  return der(DerTag.sequence, ...contents);
}

/** A BIT STRING of whole bytes. */
export function derBits(bytes: Uint8Array): OwnBytes {
  return der(DerTag.bitString, Uint8Array.of(0), bytes);
}
