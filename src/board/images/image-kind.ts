import {
  IMAGE_HEADER_BYTES,
  RIOTBOOT_HEADER_BYTES,
  endianOfImage,
  riotbootFault,
} from '../../image/index.ts';

/** What a header says that an image is for. */
export type ImageKind = 'riotboot' | 'mcuboot';

/** Undefined for what has no header. */
export function imageKindOf(image: Uint8Array): ImageKind | undefined {
  if (image.length >= RIOTBOOT_HEADER_BYTES && riotbootFault(image) === undefined)
    return 'riotboot';
  return image.length >= IMAGE_HEADER_BYTES && endianOfImage(image) === 'little'
    ? 'mcuboot'
    : undefined;
}
