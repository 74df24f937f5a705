import { DfuError, viewOf } from '../../bytes/index.ts';
import { endianOfImage, parseImage, readImageHeader } from '../../image/index.ts';
import type { FirmwareFlashArea } from '../seams/firmware-api.ts';
import type { Peripherals } from '../seams/peripherals.ts';

/** Where an image lies, by address. */
export interface ImageExtent {
  /** The part of flash that it is in; undefined where the map has no name for it. */
  readonly area: FirmwareFlashArea | undefined;
  /** One past the last byte that can be code. */
  readonly codeEnd: number;
  /** All of it: header, code and records, or as far as flash is not erased. */
  readonly bytes: Uint8Array;
}

/** Header and payload of an MCUboot image, and all that belongs to it; undefined for anything else. */
function mcubootExtent(
  bytes: Uint8Array,
): { readonly codeEnd: number; readonly whole: Uint8Array } | undefined {
  if (endianOfImage(bytes) === undefined) return undefined;
  try {
    const { hdrSize, imgSize } = readImageHeader(bytes);
    const codeEnd = hdrSize + imgSize;
    return { codeEnd, whole: mcubootWhole(bytes) ?? bytes.subarray(0, codeEnd) };
  } catch (error) {
    if (DfuError.is(error)) return undefined;
    throw error;
  }
}

/** Undefined where no records follow: a build that looks at none boots that, too. */
function mcubootWhole(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return parseImage(bytes).bytes;
  } catch (error) {
    if (DfuError.is(error)) return undefined;
    throw error;
  }
}

/** Without the erased bytes at the end. */
function trimmed(bytes: Uint8Array, erasedValue: number): Uint8Array {
  const { length } = bytes;
  const view = viewOf(bytes);
  const word = erasedValue * 0x0101_0101;
  let end = length;
  while (end % 4 !== 0 && bytes[end - 1] === erasedValue) end -= 1;
  while (end >= 4 && end % 4 === 0 && view.getUint32(end - 4) === word) end -= 4;
  while (end > 0 && bytes[end - 1] === erasedValue) end -= 1;
  return bytes.subarray(0, end);
}

/**
 * How far the image reaches whose vector table stands at `image.entryAddress`: to the end that MCUboot's header tells,
 * else to the end of its slot, or of flash where there are no slots.
 */
export function imageExtent({ model, image, flash, areas }: Peripherals): ImageExtent {
  const { flashBaseAddress } = model;
  const { entryAddress } = image;
  const area = areas.find(
    ({ address, sizeBytes }) => entryAddress >= address && entryAddress < address + sizeBytes,
  );
  const start = area?.address ?? entryAddress;
  const end = area === undefined ? flashBaseAddress + flash.sizeBytes : start + area.sizeBytes;
  const content = flash.read(start - flashBaseAddress, end - start);
  const extent = entryAddress === start ? undefined : mcubootExtent(content);
  const codeEnd = extent === undefined ? end : Math.min(end, start + extent.codeEnd);
  return { area, codeEnd, bytes: extent?.whole ?? trimmed(content, model.flash.erasedValue) };
}
