import { DfuError } from './error.ts';
import { hexNumber, toHex } from './hex.ts';

/** One value of fixed size inside a layout: how it is read and how it is written. */
export interface Field<T> {
  /** Size in bytes. */
  readonly size: number;
  /** `path` names the field in errors, e.g. `suffix.bLength`. */
  read(view: DataView, offset: number, path: string): T;
  write(view: DataView, offset: number, value: T, path: string): void;
}

/** A layout described once, as data: encode and decode both come from it. */
export interface Struct<T> extends Field<T> {
  /** What it is called in errors. */
  readonly name: string;
  /** Reads it at `offset`. Throws `TRUNCATED` or `MALFORMED`. */
  decode(bytes: Uint8Array, offset?: number): T;
  /** Writes it into new bytes. Throws `OUT_OF_RANGE`. */
  encode(value: T): Uint8Array<ArrayBuffer>;
  /** Writes it into bytes that exist, at `offset`. Throws `OUT_OF_RANGE` or `TRUNCATED`. */
  encodeInto(value: T, bytes: Uint8Array, offset: number): void;
}

/** The fields of a layout, in wire order. */
export type Fields<T> = { readonly [K in keyof T]-?: Field<T[K]> };

/** The bytes as a `DataView`, without a copy. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Describes a layout: fields in wire order, no padding but what is written down. */
export function struct<T extends object>(name: string, fields: Fields<T>): Struct<T> {
  const entries = Object.entries(fields) as [string, Field<unknown>][];
  const size = entries.reduce((sum, [, field]) => sum + field.size, 0);
  const read = (view: DataView, offset: number, path: string): T => {
    const value: Record<string, unknown> = {};
    let at = offset;
    for (const [key, field] of entries) {
      value[key] = field.read(view, at, `${path}.${key}`);
      at += field.size;
    }
    return value as T;
  };
  const write = (view: DataView, offset: number, value: T, path: string): void => {
    let at = offset;
    for (const [key, field] of entries) {
      field.write(view, at, value[key as keyof T], `${path}.${key}`);
      at += field.size;
    }
  };
  const room = (bytes: Uint8Array, offset: number): void => {
    if (bytes.length - offset < size) {
      const left = Math.max(0, bytes.length - offset);
      throw new DfuError('TRUNCATED', `${name}: ${left} bytes of ${size}`);
    }
  };
  return {
    name,
    size,
    read,
    write,
    decode(bytes, offset = 0) {
      room(bytes, offset);
      return read(viewOf(bytes), offset, name);
    },
    encode(value) {
      const bytes = new Uint8Array(size);
      write(viewOf(bytes), 0, value, name);
      return bytes;
    },
    encodeInto(value, bytes, offset) {
      room(bytes, offset);
      write(viewOf(bytes), offset, value, name);
    },
  };
}

type Getter = (view: DataView, offset: number) => number;
type Setter = (view: DataView, offset: number, value: number) => void;

function integer(
  size: number,
  [least, most]: readonly [number, number],
  access: [Getter, Setter],
): Field<number> {
  const [get, set] = access;
  return {
    size,
    read: get,
    write(view, offset, value, path) {
      if (!Number.isInteger(value) || value < least || value > most) {
        throw new DfuError('OUT_OF_RANGE', `${path}: expected ${least} to ${most}, got ${value}`);
      }
      set(view, offset, value);
    },
  };
}

/** Unsigned 8 bits. */
export const u8: Field<number> = integer(
  1,
  [0, 0xff],
  [(view, at) => view.getUint8(at), (view, at, value) => view.setUint8(at, value)],
);

/** Unsigned 16 bits, little endian. */
export const u16le: Field<number> = integer(
  2,
  [0, 0xffff],
  [(view, at) => view.getUint16(at, true), (view, at, value) => view.setUint16(at, value, true)],
);

/** Unsigned 24 bits, little endian. */
export const u24le: Field<number> = integer(
  3,
  [0, 0xffffff],
  [
    (view, at) => view.getUint16(at, true) | (view.getUint8(at + 2) << 16),
    (view, at, value) => {
      view.setUint16(at, value & 0xffff, true);
      view.setUint8(at + 2, value >>> 16);
    },
  ],
);

/** Unsigned 32 bits, little endian. */
export const u32le: Field<number> = integer(
  4,
  [0, 0xffffffff],
  [(view, at) => view.getUint32(at, true), (view, at, value) => view.setUint32(at, value, true)],
);

/** Unsigned 16 bits, big endian. */
export const u16be: Field<number> = integer(
  2,
  [0, 0xffff],
  [(view, at) => view.getUint16(at, false), (view, at, value) => view.setUint16(at, value, false)],
);

/** Unsigned 32 bits, big endian. */
export const u32be: Field<number> = integer(
  4,
  [0, 0xffffffff],
  [(view, at) => view.getUint32(at, false), (view, at, value) => view.setUint32(at, value, false)],
);

/** Signed 32 bits, big endian. */
export const i32be: Field<number> = integer(
  4,
  [-0x80000000, 0x7fffffff],
  [(view, at) => view.getInt32(at, false), (view, at, value) => view.setInt32(at, value, false)],
);

/** `size` raw bytes. Reading gives a view of the source, not a copy. */
export function raw(size: number): Field<Uint8Array> {
  return {
    size,
    read: (view, offset) => new Uint8Array(view.buffer, view.byteOffset + offset, size),
    write(view, offset, value, path) {
      if (value.length !== size) {
        throw new DfuError('OUT_OF_RANGE', `${path}: expected ${size} bytes, got ${value.length}`);
      }
      new Uint8Array(view.buffer, view.byteOffset + offset, size).set(value);
    },
  };
}

/** Text in `size` bytes, padded with NUL; one byte a character (U+0000 to U+00FF). */
export function text(size: number): Field<string> {
  return {
    size,
    read(view, offset) {
      let value = '';
      for (let at = 0; at < size; at += 1) {
        const code = view.getUint8(offset + at);
        if (code === 0) break;
        value += String.fromCharCode(code);
      }
      return value;
    },
    write(view, offset, value, path) {
      if (value.length > size) {
        throw new DfuError(
          'OUT_OF_RANGE',
          `${path}: expected at most ${size} characters, got ${value.length}`,
        );
      }
      for (let at = 0; at < size; at += 1) {
        const code = at < value.length ? value.charCodeAt(at) : 0;
        if (code > 0xff) {
          throw new DfuError('OUT_OF_RANGE', `${path}: expected Latin-1 text, got "${value}"`);
        }
        view.setUint8(offset + at, code);
      }
    },
  };
}

/** Single bits of an integer by name; bits without a name are written 0 and ignored when read. */
export function flags<K extends string>(
  base: Field<number>,
  bits: Readonly<Record<K, number>>,
): Field<Readonly<Record<K, boolean>>> {
  const names = Object.entries(bits) as [K, number][];
  return {
    size: base.size,
    read(view, offset, path) {
      const word = base.read(view, offset, path);
      const value = {} as Record<K, boolean>;
      for (const [name, bit] of names) value[name] = (word & (1 << bit)) !== 0;
      return value;
    },
    write(view, offset, value, path) {
      let word = 0;
      for (const [name, bit] of names) if (value[name]) word |= 1 << bit;
      base.write(view, offset, word >>> 0, path);
    },
  };
}

/** A field that must hold exactly `expected`; anything else read is `MALFORMED`. */
export function constant<T extends number | string>(base: Field<T>, expected: T): Field<T> {
  const show = (value: T): string => (typeof value === 'number' ? hexNumber(value) : `"${value}"`);
  return {
    size: base.size,
    read(view, offset, path) {
      const value = base.read(view, offset, path);
      if (value !== expected) {
        throw new DfuError('MALFORMED', `${path}: expected ${show(expected)}, got ${show(value)}`);
      }
      return value;
    },
    write: (view, offset, _value, path) => base.write(view, offset, expected, path),
  };
}

/** Bytes that must equal `expected`, e.g. a magic; written whatever the value says. */
export function magic(expected: Uint8Array): Field<Uint8Array> {
  const base = raw(expected.length);
  return {
    size: expected.length,
    read(view, offset, path) {
      const value = base.read(view, offset, path);
      if (value.some((byte, at) => byte !== expected[at])) {
        throw new DfuError(
          'MALFORMED',
          `${path}: expected ${toHex(expected)}, got ${toHex(value)}`,
        );
      }
      return value;
    },
    write: (view, offset, _value, path) => base.write(view, offset, expected, path),
  };
}
