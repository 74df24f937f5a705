import { hexNumber } from '../../bytes/index.ts';
import { ENCRYPTED_FLAGS, ImageFlag, readImageHeader, recognise } from '../../image/index.ts';
import type { ImageSlot, VectorTable } from '../../image/index.ts';
import type { ProgramLayout } from '../seams/program-layout.ts';
import { imageKindOf } from './image-kind.ts';

/** Code of an image: where in it, and where the processor would see it. */
interface CodePlace {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly address: number;
}

/** What cannot be read where it lies: a payload that is encrypted or compressed. */
const UNREADABLE = ENCRYPTED_FLAGS | ImageFlag.COMPRESSED_LZMA1 | ImageFlag.COMPRESSED_LZMA2;

function vectorsOf(code: Uint8Array): VectorTable | undefined {
  const found = recognise(code);
  return found.format === 'binary' ? found.vectors : undefined;
}

/** The slot whose code runs from there: where images are swapped, all run from the first. */
function runsFrom({ slots }: ProgramLayout, { imageAddress }: ImageSlot): ImageSlot | undefined {
  return slots.find(
    ({ address, sizeBytes }) => imageAddress >= address && imageAddress < address + sizeBytes,
  );
}

/** Undefined where nobody can say. */
function codeOf(
  layout: ProgramLayout,
  image: Uint8Array,
  { address, slot }: { readonly address: number; readonly slot: ImageSlot | undefined },
): CodePlace | undefined {
  const kind = imageKindOf(image);
  const runs = slot === undefined ? undefined : runsFrom(layout, slot);
  if (kind === undefined) {
    const offsetBytes = vectorsOf(image)?.offsetBytes ?? 0;
    return { offsetBytes, lengthBytes: image.length - offsetBytes, address: address + offsetBytes };
  }
  if (slot === undefined || runs === undefined) return undefined;
  if (kind === 'riotboot') {
    const offsetBytes = slot.imageAddress - slot.address;
    const lengthBytes = image.length - offsetBytes;
    return { offsetBytes, lengthBytes, address: slot.imageAddress };
  }
  const { hdrSize, imgSize, flags } = readImageHeader(image);
  if ((flags & UNREADABLE) !== 0) return undefined;
  return { offsetBytes: hdrSize, lengthBytes: imgSize, address: runs.address + hdrSize };
}

/** The slot that code at that address belongs to, and where in it the code would begin. */
function linkedFor(layout: ProgramLayout, vector: number, code: CodePlace): string {
  const from = layout.slots.find(
    ({ address, sizeBytes }) => code.address >= address && code.address < address + sizeBytes,
  );
  const other = layout.slots.find(
    (each) => each !== from && vector >= each.address && vector < each.address + each.sizeBytes,
  );
  if (other === undefined) return '';
  const begins = other.address + code.address - (from?.address ?? code.address);
  return `; it is linked for slot ${other.index}, ${hexNumber(begins, 8)}`;
}

/** Whether it is machine code without a header, as it comes from the linker. */
export function isBareCode(image: Uint8Array): boolean {
  return imageKindOf(image) === undefined && vectorsOf(image) !== undefined;
}

/**
 * Why machine code would not run from there, with both addresses: its reset vector lies outside of itself. Undefined
 * if it would, or for what is no machine code.
 */
export function linkedElsewhere(
  layout: ProgramLayout,
  image: Uint8Array,
  place: { readonly address: number; readonly slot: ImageSlot | undefined },
): string | undefined {
  const code = codeOf(layout, image, place);
  if (code === undefined) return undefined;
  const { offsetBytes, lengthBytes, address } = code;
  const vectors = vectorsOf(image.subarray(offsetBytes, offsetBytes + lengthBytes));
  if (vectors?.offsetBytes !== 0) return undefined;
  const { resetHandler } = vectors;
  // Bit 0 says Thumb, and is no part of the address.
  const begins = resetHandler - 1;
  if (begins >= address && begins < address + lengthBytes) return undefined;
  const range = `${hexNumber(address, 8)} to ${hexNumber(address + lengthBytes - 1, 8)}`;
  const vector = `its reset vector is ${hexNumber(resetHandler, 8)}`;
  return `it would run from ${range}, but ${vector}${linkedFor(layout, resetHandler, code)}`;
}
