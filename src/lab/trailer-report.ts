import type { AreaName, BootConfig, SwapState, TrailerLayout } from '../boot/mcuboot/index.ts';
import { decodeSwapInfo, placeOf, readSwapState } from '../boot/mcuboot/index.ts';
import { toHex, viewOf } from '../bytes/index.ts';
import { TRAILER_MAGIC_BYTES, trailerMagic } from '../image/index.ts';
import type { LabDevice } from './device.ts';
import { trailerOf } from './device.ts';

/** One field of a trailer, and what it says. */
export interface TrailerField {
  /** MCUboot's name of it. */
  readonly name: string;
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

const MAX_ALIGNS: readonly number[] = [8, 16, 32];
const FLAG_WORDS = {
  set: 'set',
  unset: 'not set',
  bad: 'damaged: neither 0x01 nor erased',
} as const;

interface Reading {
  readonly config: BootConfig;
  readonly area: AreaName;
  readonly erasedValue: number;
  readonly writeUnitBytes: number;
  read(offsetBytes: number, lengthBytes: number): Uint8Array<ArrayBuffer>;
}

function magicMeaning(bytes: Uint8Array, { config, erasedValue }: Reading): string {
  const { maxAlign = 8 } = config;
  if (bytes.every((byte) => byte === erasedValue)) return 'unset: nothing is asked or noted here';
  const fits = (align: number): boolean => toHex(trailerMagic(align)) === toHex(bytes);
  if (fits(maxAlign)) return `good: the fields below count (alignment ${maxAlign})`;
  const other = MAX_ALIGNS.find(fits);
  if (other === undefined) return 'bad: neither the magic nor erased, so it counts for nothing';
  return `bad: the magic of alignment ${other}, but this layout has ${maxAlign}`;
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
  { algorithm, maxImgSectors = 128 }: BootConfig,
  room: number,
): string {
  if (entries.length === 0) return `no entry of ${room} written: no swap under way`;
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

function readFields(reading: Reading, layout: TrailerLayout, base: number): TrailerField[] {
  const { erasedValue, config } = reading;
  const fields: TrailerField[] = [];
  const add = (
    name: string,
    [offsetBytes, lengthBytes]: readonly [number, number],
    meaning: (bytes: Uint8Array) => string,
  ): void => {
    const bytes = reading.read(offsetBytes, lengthBytes);
    const at = { offsetBytes, addressBytes: base + offsetBytes, lengthBytes };
    fields.push({ name, ...at, hex: toHex(bytes), meaning: meaning(bytes) });
  };
  const entries = statusEntries(reading, layout);
  fields.push({
    name: 'swap_status',
    offsetBytes: layout.status,
    addressBytes: base + layout.status,
    lengthBytes: layout.statusBytes,
    hex: entriesText(entries),
    meaning: statusMeaning(entries, config, layout.statusBytes / reading.writeUnitBytes),
  });
  const { keys, keyBytes } = layout;
  if (keys !== undefined) {
    add('enc_key1', [keys[1], keyBytes], keyMeaning);
    add('enc_key0', [keys[0], keyBytes], keyMeaning);
  }
  add('swap_size', [layout.swapSize, 4], (bytes) => numberMeaning(bytes, erasedValue));
  if (layout.tlvSizes !== undefined) {
    add('unprotected_tlv_sizes', [layout.tlvSizes, 4], (bytes) => sizesMeaning(bytes, erasedValue));
  }
  add('swap_info', [layout.swapInfo, 1], ([byte = 0]) => swapInfoMeaning(byte, erasedValue));
  const flag = (byte: number): string =>
    FLAG_WORDS[byte === erasedValue ? 'unset' : byte === 1 ? 'set' : 'bad'];
  add('copy_done', [layout.copyDone, 1], ([byte = 0]) => flag(byte));
  add('image_ok', [layout.imageOk, 1], ([byte = 0]) => flag(byte));
  add('magic', [layout.magic, TRAILER_MAGIC_BYTES], (bytes) => magicMeaning(bytes, reading));
  return fields;
}

/**
 * Takes the trailer of an area apart.
 *
 * @throws {@link DfuError} `NOT_FOUND` if the build has no such area, `INVALID_ARGUMENT` if the
 * trailer is larger than the area.
 */
export function readTrailer({ flash, config }: LabDevice, area: AreaName): TrailerReport {
  const { geometry } = flash;
  const layout = trailerOf({ geometry, config }, area);
  const { offsetBytes: base } = placeOf(config, area);
  const { erasedValue, writeUnitBytes } = geometry;
  const read: Reading['read'] = (offset, length) => flash.read(base + offset, length);
  const state = readSwapState({ erasedValue, read }, layout, config.maxAlign ?? 8);
  const reading: Reading = { config, area, erasedValue, writeUnitBytes, read };
  return { area, layout, state, fields: readFields(reading, layout, base) };
}
