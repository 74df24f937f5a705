/** Byte order of an image: little on almost every chip. */
export type Endian = 'little' | 'big';

/** First word of every image (`image.h`, IMAGE_MAGIC). */
export const IMAGE_MAGIC = 0x96f3b83d;

/** Which byte order the magic at `offset` is in; undefined if there is no magic. */
export function endianOfImage(bytes: Uint8Array, offset = 0): Endian | undefined {
  if (bytes.length - offset < 4) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, 4);
  if (view.getUint32(0, true) === IMAGE_MAGIC) return 'little';
  return view.getUint32(0, false) === IMAGE_MAGIC ? 'big' : undefined;
}

/** Whether `bytes` start as an MCUboot image does, in either byte order. */
export function isMcubootImage(bytes: Uint8Array): boolean {
  return endianOfImage(bytes) !== undefined;
}
