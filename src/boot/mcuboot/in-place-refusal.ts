import { hexNumber } from '../../bytes/index.ts';
import { ImageFlag } from '../../image/index.ts';
import type { BootConfig } from './config.ts';
import { isInPlace } from './config.ts';
import type { Refusal } from './machine.ts';
import type { Pair, Session, SlotIndex } from './session.ts';
import { slotOf } from './session.ts';
import { readImageSize } from './slot-image.ts';

// Why direct-xip and ram-load pass an image over before they look into it. The console says some of it, and some
// of it nowhere.

/** Where ram-load may load to unless a build says otherwise. */
const USUAL_RAM = { startAddress: 0x2000_0000, sizeBytes: 0x4_0000 };

/** The RAM that images may be loaded to. */
export function loadableRam({ executableRam = USUAL_RAM }: BootConfig): typeof USUAL_RAM {
  return executableRam;
}

/** An image linked for one address does not run at another. */
function wrongPlace({ area, header }: Pair['primary']): string | undefined {
  const { offsetBytes } = area.place;
  if ((header.flags & ImageFlag.ROM_FIXED) === 0 || header.loadAddr === offsetBytes) {
    return undefined;
  }
  return `it is built for ${hexNumber(header.loadAddr)} (ROM_FIXED), and stands at ${hexNumber(offsetBytes)}`;
}

/** With revert an image runs once if its trailer asks for it, and again only if it was confirmed. */
function unasked({ area }: Pair['primary']): string | undefined {
  const { magic, copyDone, imageOk } = area.state();
  if (magic !== 'good') return 'its trailer does not ask for it, so the bootloader erases it';
  if (copyDone !== 'set' || imageOk === 'set') return undefined;
  return 'it has run once and was not confirmed, so the bootloader erases it';
}

function notLoadable(build: BootConfig, { area, header }: Pair['primary']): string | undefined {
  if ((header.flags & ImageFlag.RAM_LOAD) === 0) {
    return 'it has no load address (imgtool sign --load-addr), and this bootloader runs images from RAM only';
  }
  const size = readImageSize({ area, header, offsetBytes: 0 });
  // what is wrong with its records is said by whoever reads them
  if (size === undefined) return undefined;
  const { startAddress, sizeBytes } = loadableRam(build);
  const [from, to] = [header.loadAddr, header.loadAddr + size.totalBytes];
  const end = startAddress + sizeBytes;
  if (from >= startAddress && to <= end) return undefined;
  const ram = `${hexNumber(startAddress)} to ${hexNumber(end)}`;
  return `it is to be loaded to ${hexNumber(from)} to ${hexNumber(to)}, and the RAM for images is ${ram}`;
}

/**
 * Why a build that runs images from their slots, or from RAM, does not even judge the image of a slot; undefined if
 * it does, and for builds that copy images.
 */
export function inPlaceRefusal(
  { build }: Session,
  pair: Pair,
  slot: SlotIndex,
): Refusal | undefined {
  if (!isInPlace(build.algorithm)) return undefined;
  const here = slotOf(pair, slot);
  const refuse = (refusedBy: Refusal['refusedBy'], reason: string): Refusal => ({
    image: pair.index,
    slot,
    refusedBy,
    reason,
  });
  const place = build.algorithm === 'direct-xip' ? wrongPlace(here) : undefined;
  if (place !== undefined) return refuse('image-address', place);
  const request = build.revert === true ? unasked(here) : undefined;
  if (request !== undefined) return refuse('request', request);
  const ram = build.algorithm === 'ram-load' ? notLoadable(build, here) : undefined;
  return ram === undefined ? undefined : refuse('image-address', ram);
}
