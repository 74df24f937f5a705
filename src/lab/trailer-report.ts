import type { AreaName, Build, SwapState, TrailerLayout } from '../boot/mcuboot/index.ts';
import { buildOf, decodeSwapInfo, placeOf, readSwapState } from '../boot/mcuboot/index.ts';
import { hexNumber, toHex, viewOf } from '../bytes/index.ts';
import { decodeFlag, maxAlignOfMagic } from '../image/index.ts';
import type { FlagState } from '../image/index.ts';
import type { LabDevice } from './device.ts';
import { trailerOf } from './device.ts';
import { trailerFields } from './trailer-fields.ts';
import type { TrailerFieldPlace, TrailerFieldName } from './trailer-fields.ts';

/** One field of a trailer, and what it says. */
export interface TrailerField {
  readonly name: TrailerFieldName;
  /** From the start of the area. */
  readonly offsetBytes: number;
  /** From the start of the flash. */
  readonly addressBytes: number;
  readonly lengthBytes: number;
  /** What stands there, in hex; of the swap status only the entries that are written. */
  readonly hex: string;
  readonly meaning: string;
}

/** The trailer of one area. */
export interface TrailerReport {
  readonly area: AreaName;
  readonly layout: TrailerLayout;
  readonly state: SwapState;
  /** From the lowest offset up. */
  readonly fields: readonly TrailerField[];
}

const FLAG_WORDS: Readonly<Record<FlagState, string>> = {
  set: 'set',
  unset: 'not set',
  bad: 'damaged: neither 0x01 nor erased',
};

type Bytes = Uint8Array<ArrayBuffer>;

interface Reading {
  readonly build: Build;
  readonly erasedValue: number;
  readonly writeUnitBytes: number;
  read(offsetBytes: number, lengthBytes: number): Bytes;
}

function magicMeaning(bytes: Bytes, { build: { maxAlign }, erasedValue }: Reading): string {
  if (bytes.every((byte) => byte === erasedValue)) return 'unset: nothing is asked or noted here';
  const align = maxAlignOfMagic(bytes, ['little']);
  if (align === maxAlign) return `good: the fields below count (alignment ${maxAlign})`;
  if (align === undefined) return 'bad: neither the magic nor erased, so it counts for nothing';
  return `bad: the magic of alignment ${align}, but this layout has ${maxAlign}`;
}

function flagMeaning([byte = 0]: Bytes, { erasedValue }: Reading): string {
  return FLAG_WORDS[decodeFlag(byte, erasedValue)];
}

function swapInfoMeaning(byte: number, erasedValue: number): string {
  if (byte === erasedValue) return 'none: no swap was asked for or done by its type';
  const { swapType, imageNumber } = decodeSwapInfo(byte, erasedValue);
  if (swapType === 'none' && (byte & 0x0f) !== 1) return 'damaged: a swap type that does not exist';
  return `swap type ${swapType}, image ${imageNumber}`;
}

function numberMeaning(bytes: Uint8Array, erasedValue: number): string {
  if (bytes.every((byte) => byte === erasedValue)) return 'not set';
  return `${viewOf(bytes).getUint32(0, true)} bytes of each slot are exchanged`;
}

function sizesMeaning(bytes: Uint8Array, erasedValue: number): string {
  if (bytes.every((byte) => byte === erasedValue)) return 'not set';
  const view = viewOf(bytes);
  const [primary, secondary] = [view.getUint16(0, true), view.getUint16(2, true)];
  return `unprotected TLVs: ${primary} bytes in the primary image, ${secondary} in the secondary`;
}

function keyMeaning(bytes: Uint8Array): string {
  if (bytes.every((byte) => byte === 0xff)) return 'no key saved';
  return 'the key of an encrypted image, saved while it is swapped';
}

/** A status entry is the number of a state: 1, 2 or, with scratch, 3. */
const MOST_STATES = 3;

/** Which entries of the swap status are written, with their values. */
function statusEntries(reading: Reading, layout: TrailerLayout): [number, number][] {
  const { writeUnitBytes, erasedValue } = reading;
  const bytes = reading.read(layout.status, layout.statusBytes);
  const entries: [number, number][] = [];
  for (let at = 0; at < bytes.length; at += writeUnitBytes) {
    const value = bytes[at] ?? erasedValue;
    if (value !== erasedValue) entries.push([at / writeUnitBytes, value]);
  }
  return entries;
}

function statusMeaning(
  entries: readonly (readonly [number, number])[],
  { algorithm, maxImgSectors }: Build,
  room: number,
): string {
  if (entries.length === 0) return `no entry of ${room} written: no swap under way`;
  const damaged = entries.filter(([, value]) => value < 1 || value > MOST_STATES);
  if (damaged.length > 0) {
    const [[at, value]] = damaged as [[number, number]];
    const byte = hexNumber(value, 2);
    const words = `${damaged.length} of ${room} entries are damaged: no swap writes ${byte} (entry ${at})`;
    return `${words}; the bootloader takes each entry that is not erased for a step done`;
  }
  const counted = `${entries.length} of ${room} entries written`;
  const [last] = entries.at(-1) ?? [0];
  if (algorithm === 'swap-using-move') {
    const moved = entries.filter(([index]) => index < maxImgSectors).length;
    const swapped = entries.length - moved;
    const halves = swapped % 2 === 0 ? '' : ' and a half';
    return `${counted}: ${moved} sectors moved up, ${Math.floor(swapped / 2)}${halves} exchanged`;
  }
  if (algorithm === 'swap-using-offset') {
    return `${counted}: up to half ${(last % 2) + 1} of sector ${Math.floor(last / 2)}`;
  }
  return `${counted}: up to step ${(last % 3) + 1} of group ${Math.floor(last / 3)}`;
}

/** `0=1 1=1 128=1`, shortened where it is long. */
function entriesText(entries: readonly (readonly [number, number])[]): string {
  const shown = entries.slice(0, 6).map(([index, value]) => `${index}=${value}`);
  const more = entries.length - shown.length;
  return [...shown, ...(more > 0 ? [`… ${more} more`] : [])].join(' ');
}

/** What the bytes of a field say; of the swap status, see {@link statusMeaning}. */
const meanings: Readonly<
  Record<Exclude<TrailerFieldName, 'swap_status'>, (bytes: Bytes, reading: Reading) => string>
> = {
  enc_key1: keyMeaning,
  enc_key0: keyMeaning,
  swap_size: (bytes, { erasedValue }) => numberMeaning(bytes, erasedValue),
  unprotected_tlv_sizes: (bytes, { erasedValue }) => sizesMeaning(bytes, erasedValue),
  swap_info: ([byte = 0], { erasedValue }) => swapInfoMeaning(byte, erasedValue),
  copy_done: flagMeaning,
  image_ok: flagMeaning,
  magic: magicMeaning,
};

/** The bytes of a field in hex, and what they mean. */
function contentOf(
  { name, offsetBytes, lengthBytes }: TrailerFieldPlace,
  reading: Reading,
  layout: TrailerLayout,
): Pick<TrailerField, 'hex' | 'meaning'> {
  if (name === 'swap_status') {
    const entries = statusEntries(reading, layout);
    const room = lengthBytes / reading.writeUnitBytes;
    return { hex: entriesText(entries), meaning: statusMeaning(entries, reading.build, room) };
  }
  const bytes = reading.read(offsetBytes, lengthBytes);
  return { hex: toHex(bytes), meaning: meanings[name](bytes, reading) };
}

function readFields(reading: Reading, layout: TrailerLayout, base: number): TrailerField[] {
  return trailerFields(layout).map((place) => {
    const { name, offsetBytes, lengthBytes } = place;
    const { hex, meaning } = contentOf(place, reading, layout);
    return { name, offsetBytes, addressBytes: base + offsetBytes, lengthBytes, hex, meaning };
  });
}

/**
 * Takes the trailer of an area apart.
 *
 * @throws `DfuError` `NOT_FOUND` if the build has no such area, `INVALID_ARGUMENT` if the
 * trailer is larger than the area.
 */
export function readTrailer({ flash, config }: LabDevice, area: AreaName): TrailerReport {
  const { geometry } = flash;
  const layout = trailerOf({ geometry, config }, area);
  const { offsetBytes: base } = placeOf(config, area);
  const { erasedValue, writeUnitBytes } = geometry;
  const read: Reading['read'] = (offset, length) => flash.read(base + offset, length);
  const build = buildOf(config);
  const state = readSwapState({ erasedValue, read }, layout, build.maxAlign);
  const reading: Reading = { build, erasedValue, writeUnitBytes, read };
  return { area, layout, state, fields: readFields(reading, layout, base) };
}
