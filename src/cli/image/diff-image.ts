import { hexNumber, toHex } from '../../bytes/index.ts';
import {
  IMAGE_HEADER_BYTES,
  TLV_INFO_MAGIC,
  TlvType,
  flagWords,
  formatVersion,
  tlvName,
  tlvText,
} from '../../image/index.ts';
import type { McubootImage, PlacedTlv } from '../../image/index.ts';

// Where two images differ: what can be named by its name, the rest by its bytes.

/** A run of bytes that differ, end excluded. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** Gap of equal bytes that does not yet begin a new range, so that a changed table stays one. */
const NEAR = 8;

/** Ranges that are listed; the rest is counted. */
const SHOWN = 8;

interface Differences {
  /** Whether every bit that differs is 1 in the first and 0 in the second, or the other way round. */
  readonly onlyCleared: boolean;
  readonly onlySet: boolean;
  /** The first ones. */
  readonly ranges: readonly Range[];
  /** How many ranges there are in all. */
  readonly places: number;
  readonly bytes: number;
}

function differences(one: Uint8Array, other: Uint8Array): Differences {
  const ranges: Range[] = [];
  const length = Math.max(one.length, other.length);
  let last: { start: number; end: number } | undefined;
  let [places, bytes, cleared, set] = [0, 0, 0, 0];
  for (let at = 0; at < length; at += 1) {
    const [left, right] = [one[at], other[at]];
    if (left === right) continue;
    bytes += 1;
    cleared |= (left ?? 0) & ~(right ?? 0);
    set |= (right ?? 0) & ~(left ?? 0);
    if (last !== undefined && at - last.end < NEAR) {
      last.end = at + 1;
      continue;
    }
    last = { start: at, end: at + 1 };
    places += 1;
    if (places <= SHOWN) ranges.push(last);
  }
  const whole = one.length === other.length;
  return {
    ranges,
    places,
    bytes,
    onlyCleared: whole && set === 0,
    onlySet: whole && cleared === 0,
  };
}

const counted = (many: number, thing: string): string => `${many} ${thing}${many === 1 ? '' : 's'}`;

/** Differing bytes of one part, with offsets from the file's start. */
export function diffBytes(
  label: string,
  [one, other]: readonly [Uint8Array, Uint8Array],
  offset: number,
): string[] {
  const { ranges, places, bytes, onlyCleared, onlySet } = differences(one, other);
  if (bytes === 0) return [];
  const sizes = one.length === other.length ? '' : `, sizes ${one.length} and ${other.length}`;
  const shown = ranges.map(({ start, end }) => {
    const last = end - start === 1 ? '' : ` to ${hexNumber(offset + end - 1)}`;
    return `    ${hexNumber(offset + start)}${last}: ${counted(end - start, 'byte')}`;
  });
  const rest = places - shown.length;
  const written = (first: string, second: string): string =>
    `    only bits 1 → 0 from the ${first} to the ${second}: as where flash is written, not erased first`;
  return [
    `${label}: ${counted(bytes, 'byte')} differ in ${counted(places, 'place')}${sizes}`,
    ...shown,
    ...(rest > 0 ? [`    and ${rest} more`] : []),
    ...(onlyCleared ? [written('first', 'second')] : []),
    ...(onlySet ? [written('second', 'first')] : []),
  ];
}

function fields({ header, endian }: McubootImage): Readonly<Record<string, string>> {
  return {
    version: formatVersion(header.version),
    'byte order': endian,
    'header size': String(header.hdrSize),
    'payload size': String(header.imgSize),
    'protected TLVs': `${header.protectTlvSize} bytes`,
    flags: flagWords(header.flags).join(', ') || 'none',
    address: hexNumber(header.loadAddr, 8),
  };
}

function recordName({ type }: PlacedTlv, magic: number): string {
  const kind = magic === TLV_INFO_MAGIC ? 'TLV' : 'protected TLV';
  return `${kind} ${tlvName(type) ?? hexNumber(type, 2)}`;
}

/** Records of which the text says the gist. */
const abridged: ReadonlySet<number> = new Set([TlvType.BOOT_RECORD, TlvType.MANIFEST]);

/** Records by type and, among those of one type, by their order. */
function records(image: McubootImage): Map<string, string> {
  const found = new Map<string, string>();
  for (const area of [image.protectedArea, image.area]) {
    for (const tlv of area?.tlvs ?? []) {
      const name = recordName(tlv, area?.magic ?? TLV_INFO_MAGIC);
      let key = name;
      for (let count = 2; found.has(key); count += 1) key = `${name} #${count}`;
      // a text that leaves something out would be equal for records that are not
      const whole = tlv.data.length <= 64 && !abridged.has(tlv.type);
      const value = whole ? tlvText(tlv, image.endian) : toHex(tlv.data);
      found.set(key, value);
    }
  }
  return found;
}

const brief = (text: string): string => (text.length > 72 ? `${text.slice(0, 64)}…` : text);

/** Two values, short, from where they begin to differ if that is not at their start. */
function change(left: string, right: string): string {
  if (brief(left) !== brief(right)) return `${brief(left)} → ${brief(right)}`;
  let same = 0;
  while (left[same] === right[same]) same += 1;
  return `…${brief(left.slice(same))} → …${brief(right.slice(same))}`;
}

export function diffMaps(one: Map<string, string>, other: Map<string, string>): string[] {
  const names = [...one.keys(), ...[...other.keys()].filter((name) => !one.has(name))];
  return names.flatMap((name) => {
    const [left, right] = [one.get(name), other.get(name)];
    if (left === right) return [];
    if (left === undefined) return [`${name}: only in the second, ${brief(right ?? '')}`];
    if (right === undefined) return [`${name}: only in the first, ${brief(left)}`];
    return [`${name}: ${change(left, right)}`];
  });
}

/** Bytes that differ in a part of which nothing else that was told does: none goes unsaid. */
function diffRest(label: string, told: readonly string[], parts: Parts): string[] {
  return told.length > 0 ? [...told] : diffBytes(label, parts.bytes, parts.offset);
}

interface Parts {
  readonly bytes: readonly [Uint8Array, Uint8Array];
  readonly offset: number;
}

/** Two images part by part: header, filler, payload, records. Empty only if all their bytes are the same. */
export function diffImages(one: McubootImage, other: McubootImage): string[] {
  const parts = (cut: (image: McubootImage) => Uint8Array): readonly [Uint8Array, Uint8Array] => [
    cut(one),
    cut(other),
  ];
  const head = parts(({ bytes }) => bytes.subarray(0, IMAGE_HEADER_BYTES));
  const filler = parts(({ bytes, header }) => bytes.subarray(IMAGE_HEADER_BYTES, header.hdrSize));
  const tail = ({ bytes, header }: McubootImage): Uint8Array =>
    bytes.subarray(header.hdrSize + header.imgSize);
  const named = diffMaps(
    new Map(Object.entries(fields(one))),
    new Map(Object.entries(fields(other))),
  );
  const behind = one.header.hdrSize + one.header.imgSize;
  return [
    ...diffRest('header', named, { bytes: head, offset: 0 }),
    ...diffBytes('header filler', filler, IMAGE_HEADER_BYTES),
    ...diffBytes('payload', [one.payload, other.payload], one.header.hdrSize),
    ...diffRest('TLVs', diffMaps(records(one), records(other)), {
      bytes: parts(tail),
      offset: behind,
    }),
  ];
}
