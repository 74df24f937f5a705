import { buildOf } from '../boot/mcuboot/index.ts';
import type { BootConfig, TrailerLayout } from '../boot/mcuboot/index.ts';
import { viewOf } from '../bytes/index.ts';
import { trailerFields } from './trailer-fields.ts';
import type { TrailerFieldName } from './trailer-fields.ts';

/** Fields of one byte, and the largest value that means something in them. */
const mostOfFlags: Readonly<Partial<Record<TrailerFieldName, number>>> = {
  image_ok: 1,
  copy_done: 1,
};

/** The largest swap type. */
const MOST_SWAP_TYPE = 4;

/** Whether the first byte of a field means something. */
function isMeant(
  name: TrailerFieldName,
  value: number,
  isPair: (number: number) => boolean,
): boolean {
  if (name === 'swap_info') {
    const type = value & 0x0f;
    return type >= 1 && type <= MOST_SWAP_TYPE && isPair(value >> 4);
  }
  const most = mostOfFlags[name];
  return most === undefined || (value >= 1 && value <= most);
}

/** How a trailer goes with a layout. */
export interface TrailerFit {
  /** Bytes that no field explains. */
  readonly strays: number;
  readonly entries: number;
  readonly swapSize: number | undefined;
  readonly magic: boolean;
}

/** Number of the status entry that the exchange begins with where another pass comes before it. */
export function firstExchange(config: BootConfig): number | undefined {
  return config.algorithm === 'swap-using-move' ? buildOf(config).maxImgSectors : undefined;
}

/** What of a trailer's bytes its layout explains. */
export function fitTrailer(
  trailer: TrailerLayout,
  area: Uint8Array,
  {
    unit,
    erased,
    exchangeFrom,
    emptyFrom,
    isPair = (number) => number === 0,
  }: {
    readonly unit: number;
    readonly erased: number;
    /** Whether swap_info, whose upper half it is, may name this image pair; only the first one unless given. */
    readonly isPair?: ((number: number) => boolean) | undefined;
    /** Swap using move: number of the first entry of the exchange, whatever was moved before it. */
    readonly exchangeFrom?: number | undefined;
    /** Where nothing but the trailer stands any more, if that is below it. */
    readonly emptyFrom?: number | undefined;
  },
): TrailerFit {
  const known = new Uint8Array(area.length);
  let strays = 0;
  let entries = 0;
  let before = -1;
  for (const { name, offsetBytes, lengthBytes } of trailerFields(trailer)) {
    if (name !== 'swap_status') known.fill(1, offsetBytes, offsetBytes + lengthBytes);
    const value = area[offsetBytes] ?? erased;
    if (value !== erased && !isMeant(name, value, isPair)) strays += 1;
  }
  for (let at = 0; at < trailer.statusBytes; at += unit) {
    const value = area[trailer.status + at] ?? erased;
    if (value === erased) continue;
    const index = at / unit;
    // a swap leaves no entry out
    const follows = index === before + 1 || index === exchangeFrom;
    before = index;
    if (value >= 1 && value <= 3 && follows) entries += 1;
    else strays += 1;
    known[trailer.status + at] = 1;
  }
  const from = Math.min(trailer.status, emptyFrom ?? trailer.status);
  for (let at = from; at < area.length; at += 1) {
    if (known[at] === 0 && area[at] !== erased) strays += 1;
  }
  const magic = area.subarray(trailer.magic).some((byte) => byte !== erased);
  const size = viewOf(area).getUint32(trailer.swapSize, true);
  const unset = size === (erased === 0 ? 0 : 0xffffffff);
  return { strays, entries, magic, swapSize: unset ? undefined : size };
}
