import { DfuError, Utf8Reader, crc32, hexNumber, viewOf } from '../../bytes/index.ts';

/**
 * Unpacks raw DEFLATE (RFC 1951): Node's `inflateRawSync` with `maxOutputLength`, say. It is handed in, so that
 * what reads a zip file runs anywhere. Must refuse to make more bytes than `mostBytes`.
 */
export type Inflate = (deflated: Uint8Array, mostBytes: number) => Uint8Array;

/** A file in a zip file. */
interface ZipEntry {
  readonly name: string;
  readonly sizeBytes: number;
  /** Unpacks it. Throws `MALFORMED` if it is damaged, `UNSUPPORTED` for a way of packing that is not known. */
  read(inflate: Inflate): Uint8Array;
}

/** APPNOTE.TXT §4.3: signatures and sizes of the three headers that are needed. */
const LOCAL = { magic: 0x0403_4b50, bytes: 30 } as const;
const CENTRAL = { magic: 0x0201_4b50, bytes: 46 } as const;
const END = { magic: 0x0605_4b50, bytes: 22 } as const;

const MOST_ENTRIES = 1024;
const MOST_ENTRY_BYTES = 64 * 1024 * 1024;
const MOST_COMMENT_BYTES = 0xffff;

const Method = { stored: 0, deflated: 8 } as const;

function malformed(words: string): DfuError {
  return new DfuError('MALFORMED', `zip file: ${words}`);
}

/** Where the list of files ends: behind it there may be a comment. */
function endRecord(view: DataView): number {
  const last = view.byteLength - END.bytes;
  for (let at = last; at >= 0 && at >= last - MOST_COMMENT_BYTES; at -= 1) {
    if (view.getUint32(at, true) === END.magic) return at;
  }
  throw new DfuError('TRUNCATED', 'zip file: expected a list of files at its end, found none');
}

/** The files in a zip file, in the order of its list. Throws `MALFORMED` or `TRUNCATED`. */
export function zipEntries(file: Uint8Array): ZipEntry[] {
  const view = viewOf(file);
  const end = endRecord(view);
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (count > MOST_ENTRIES) throw malformed(`expected at most ${MOST_ENTRIES} files, got ${count}`);
  const entries: ZipEntry[] = [];
  for (let n = 0; n < count; n += 1) {
    if (at + CENTRAL.bytes > end || view.getUint32(at, true) !== CENTRAL.magic) {
      throw malformed(`expected ${count} files in its list, got ${n}`);
    }
    const nameBytes = view.getUint16(at + 28, true);
    const more = view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    const name = new Utf8Reader().read(file.subarray(at + 46, at + 46 + nameBytes));
    entries.push(entryAt(file, at, name));
    at += CENTRAL.bytes + nameBytes + more;
  }
  return entries;
}

function entryAt(file: Uint8Array, at: number, name: string): ZipEntry {
  const view = viewOf(file);
  const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
  const [sum, packedBytes] = [view.getUint32(at + 16, true), view.getUint32(at + 20, true)];
  const [sizeBytes, local] = [view.getUint32(at + 24, true), view.getUint32(at + 42, true)];
  const read = (inflate: Inflate): Uint8Array => {
    if ((flags & 1) !== 0) throw new DfuError('UNSUPPORTED', `zip file: ${name} is encrypted`);
    if (sizeBytes > MOST_ENTRY_BYTES) {
      throw malformed(`${name}: expected at most ${MOST_ENTRY_BYTES} bytes, got ${sizeBytes}`);
    }
    const packed = packedAt(file, local, { name, packedBytes });
    const bytes = unpacked(packed, { name, method, sizeBytes }, inflate);
    if (bytes.length !== sizeBytes) {
      throw malformed(`${name}: expected ${sizeBytes} bytes, got ${bytes.length}`);
    }
    const found = crc32(bytes);
    if (found === sum) return bytes;
    const words = `expected CRC-32 ${hexNumber(sum, 8)}, got ${hexNumber(found, 8)}`;
    throw malformed(`${name}: ${words}`);
  };
  return { name, sizeBytes, read };
}

function packedAt(
  file: Uint8Array,
  local: number,
  { name, packedBytes }: { readonly name: string; readonly packedBytes: number },
): Uint8Array {
  const view = viewOf(file);
  if (local + LOCAL.bytes > file.length || view.getUint32(local, true) !== LOCAL.magic) {
    throw malformed(`${name}: expected a file at ${hexNumber(local)}, found none`);
  }
  const from =
    local + LOCAL.bytes + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  if (from + packedBytes <= file.length) return file.subarray(from, from + packedBytes);
  throw new DfuError('TRUNCATED', `zip file: ${name} is cut short`);
}

function unpacked(
  packed: Uint8Array,
  entry: { readonly name: string; readonly method: number; readonly sizeBytes: number },
  inflate: Inflate,
): Uint8Array {
  const { name, method, sizeBytes } = entry;
  if (method === Method.stored) return packed;
  if (method !== Method.deflated) {
    const words = `${name}: expected stored or deflated (0 or 8), got method ${method}`;
    throw new DfuError('UNSUPPORTED', `zip file: ${words}`);
  }
  try {
    return inflate(packed, sizeBytes);
  } catch (cause) {
    throw new DfuError('MALFORMED', `zip file: ${name} cannot be unpacked`, { cause });
  }
}
