import { DfuError, hexNumber, sameBytes, toHex } from '../../bytes/index.ts';
import {
  TLV_INFO_MAGIC,
  formatVersion,
  imageFlagNames,
  parseImage,
  rangeText,
  recognise,
  tlvName,
  unwrapFile,
} from '../../image/index.ts';
import type { McubootImage, PackagedFile, PlacedTlv, Unwrapped } from '../../image/index.ts';
import { inFile } from '../shared/firmware-file.ts';
import { packagedFiles, readPart } from '../shared/image-part.ts';
import type { PartOptions } from '../shared/image-part.ts';
import { tlvText } from './describe.ts';
import type { Terminal } from '../shared/terminal.ts';

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
function diffBytes(
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
    flags: imageFlagNames(header.flags).join(', ') || 'none',
    address: hexNumber(header.loadAddr, 8),
  };
}

function recordName({ type }: PlacedTlv, magic: number): string {
  const kind = magic === TLV_INFO_MAGIC ? 'TLV' : 'protected TLV';
  return `${kind} ${tlvName(type) ?? hexNumber(type, 2)}`;
}

/** Records by type and, among those of one type, by their order. */
function records(image: McubootImage): Map<string, string> {
  const found = new Map<string, string>();
  for (const area of [image.protectedArea, image.area]) {
    for (const tlv of area?.tlvs ?? []) {
      const name = recordName(tlv, area?.magic ?? TLV_INFO_MAGIC);
      let key = name;
      for (let count = 2; found.has(key); count += 1) key = `${name} #${count}`;
      const value = tlv.data.length > 64 ? toHex(tlv.data) : tlvText(tlv, image.endian);
      found.set(key, value);
    }
  }
  return found;
}

const brief = (text: string): string => (text.length > 72 ? `${text.slice(0, 64)}…` : text);

function diffMaps(one: Map<string, string>, other: Map<string, string>): string[] {
  const names = [...one.keys(), ...[...other.keys()].filter((name) => !one.has(name))];
  return names.flatMap((name) => {
    const [left, right] = [one.get(name), other.get(name)];
    if (left === right) return [];
    if (left === undefined) return [`${name}: only in the second, ${brief(right ?? '')}`];
    if (right === undefined) return [`${name}: only in the first, ${brief(left)}`];
    return [`${name}: ${brief(left)} → ${brief(right)}`];
  });
}

function diffImages(one: McubootImage, other: McubootImage): string[] {
  const filler = (image: McubootImage): Uint8Array =>
    image.bytes.subarray(32, image.header.hdrSize);
  return [
    ...diffMaps(new Map(Object.entries(fields(one))), new Map(Object.entries(fields(other)))),
    ...diffBytes('header filler', [filler(one), filler(other)], 32),
    ...diffBytes('payload', [one.payload, other.payload], one.header.hdrSize),
    ...diffMaps(records(one), records(other)),
  ];
}

/** An image taken apart; what is wrong with it where that cannot be done. */
function takenApart({ bytes }: Unwrapped): McubootImage | DfuError {
  try {
    return parseImage(bytes);
  } catch (error) {
    if (DfuError.is(error)) return error;
    throw error;
  }
}

function diffFiles(one: Unwrapped, other: Unwrapped): string[] {
  const lines: string[] = [];
  if (one.what.format !== other.what.format) {
    lines.push(`format: ${one.what.format} → ${other.what.format}`);
  }
  const places = [one.address, other.address].map((address) =>
    address === undefined ? 'none' : hexNumber(address, 8),
  );
  if (places[0] !== places[1]) lines.push(`address: ${places[0] ?? ''} → ${places[1] ?? ''}`);
  if (JSON.stringify(one.suffix) !== JSON.stringify(other.suffix))
    lines.push('DFU suffix: differs');
  for (const line of diffElsewhere(one, other)) lines.push(line);
  if (one.what.format !== 'mcuboot' || other.what.format !== 'mcuboot') {
    return [...lines, ...diffBytes('bytes', [one.bytes, other.bytes], 0)];
  }
  const [left, right] = [takenApart(one), takenApart(other)];
  if (left instanceof DfuError || right instanceof DfuError) {
    const broken = (name: string, image: McubootImage | DfuError): string[] =>
      image instanceof DfuError ? [`${name}: cannot be taken apart: ${image.message}`] : [];
    const found = [...broken('first', left), ...broken('second', right)];
    return [...lines, ...found, ...diffBytes('bytes', [one.bytes, other.bytes], 0)];
  }
  const behind = (image: McubootImage, { bytes }: Unwrapped): Uint8Array =>
    bytes.subarray(image.bytes.length);
  const tails = [behind(left, one), behind(right, other)] as const;
  return [
    ...lines,
    ...diffImages(left, right),
    ...diffBytes('behind the image', tails, left.bytes.length),
  ];
}

/** What files have for other memories than their bytes, where it is not the same: configuration words count too. */
function diffElsewhere({ elsewhere: left }: Unwrapped, { elsewhere: right }: Unwrapped): string[] {
  const others = new Map(right.map((segment) => [segment.address, segment]));
  const lines: string[] = [];
  for (const segment of left) {
    const other = others.get(segment.address);
    others.delete(segment.address);
    if (other === undefined) lines.push(`elsewhere: only in the first, ${rangeText(segment)}`);
    else lines.push(...diffBytes('elsewhere', [segment.bytes, other.bytes], segment.address));
  }
  for (const segment of others.values()) {
    lines.push(`elsewhere: only in the second, ${rangeText(segment)}`);
  }
  return lines;
}

/** Two packages, file by file, by their names. */
function diffPackages(one: readonly PackagedFile[], other: readonly PackagedFile[]): string[] {
  const others = new Map(other.map((file) => [file.name, file]));
  const lines: string[] = [];
  for (const { name, bytes } of one) {
    const found = others.get(name);
    others.delete(name);
    if (found === undefined) lines.push(`${name}: only in the first`);
    else if (!sameBytes(bytes, found.bytes)) {
      const files = [bytes, found.bytes].map((each) => inFile(name, () => unwrapFile(each)));
      const [left, right] = files as [Unwrapped, Unwrapped];
      const told = diffFiles(left, right);
      const written = told.length > 0 ? told : ['the same bytes, written in another way'];
      lines.push(...written.map((line) => `${name}: ${line}`));
    }
  }
  for (const name of others.keys()) lines.push(`${name}: only in the second`);
  return lines;
}

/** `dfukit image diff`: 0 if the images are equal, 1 if not, as diff has it. */
export function imageDiff(
  terminal: Terminal,
  [one, other]: readonly [string, string],
  options: PartOptions = {},
): number {
  const files = [terminal.files.read(one), terminal.files.read(other)] as const;
  if (sameBytes(...files)) {
    terminal.out.write(`no difference: ${files[0].length} bytes, all the same\n`);
    return 0;
  }
  const { lines, size } = compared(terminal, [one, other], options);
  for (const line of lines) terminal.out.write(`${line}\n`);
  if (lines.length > 0) return 1;
  terminal.out.write(
    `no difference in what they hold, ${size} bytes; the files are written in another way\n`,
  );
  return 0;
}

/** A part is one of the file that has parts; what it is compared with may be that part by itself. */
function partOrWhole(terminal: Terminal, path: string, options: PartOptions): Unwrapped {
  const { format } = recognise(terminal.files.read(path));
  const isPlain = format === 'mcuboot' || format === 'riotboot' || format === 'binary';
  return readPart(terminal, path, isPlain ? {} : options);
}

function compared(
  terminal: Terminal,
  [one, other]: readonly [string, string],
  options: PartOptions,
): { readonly lines: string[]; readonly size: number } {
  if (options.part === undefined) {
    const [left, right] = [one, other].map((path) => packagedFiles(terminal.files, path));
    if (left !== undefined && right !== undefined) {
      const size = left.reduce((sum, { bytes }) => sum + bytes.length, 0);
      return { lines: diffPackages(left, right), size };
    }
  }
  const [left, right] = [one, other].map((path) => partOrWhole(terminal, path, options)) as [
    Unwrapped,
    Unwrapped,
  ];
  const size = [left.bytes, ...left.elsewhere.map(({ bytes }) => bytes)].reduce(
    (sum, bytes) => sum + bytes.length,
    0,
  );
  return { lines: diffFiles(left, right), size };
}
