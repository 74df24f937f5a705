import { signImage } from '../../../src/image/index.ts';
import type { ImageVersion, SignOptions } from '../../../src/image/index.ts';

/** What an image is like that a test makes: anything that can be signed, and how long its payload is. */
export interface MadeImage extends Omit<Partial<SignOptions>, 'version'> {
  readonly major?: number | undefined;
  readonly minor?: number | undefined;
  readonly build?: number | undefined;
  readonly payloadBytes?: number | undefined;
  /** Where the reset vector of the payload points. */
  readonly resetVector?: number | undefined;
}

/** A version of which only this much matters. */
export function version(major: number, minor = 0, build = 0): ImageVersion {
  return { major, minor, revision: 0, build };
}

/** A whole image, with a header of 32 bytes; its payload is different for every major version. */
export async function makeImage(options: MadeImage = {}): Promise<Uint8Array> {
  const { major = 1, minor = 0, build = 0, payloadBytes = 600, resetVector, ...signing } = options;
  const payload = Uint8Array.from({ length: payloadBytes }, (_, n) => (n * 7 + major * 13) & 0xff);
  if (resetVector !== undefined) new DataView(payload.buffer).setUint32(4, resetVector, true);
  const plain = { version: version(major, minor, build), headerSize: 0x20, padHeader: true };
  return (await signImage(payload, { ...plain, ...signing })).bytes;
}

/** The same image with one more record among those that neither hash nor signature cover. */
export function withRecord(image: Uint8Array, type: number, data: Uint8Array): Uint8Array {
  const view = new DataView(image.buffer, image.byteOffset, image.length);
  const protectedBytes = view.getUint16(10, true);
  const area = view.getUint16(8, true) + view.getUint32(12, true) + protectedBytes;
  const bytes = new Uint8Array(image.length + 4 + data.length);
  const longer = new DataView(bytes.buffer);
  bytes.set(image);
  longer.setUint16(area + 2, view.getUint16(area + 2, true) + 4 + data.length, true);
  longer.setUint16(image.length, type, true);
  longer.setUint16(image.length + 2, data.length, true);
  bytes.set(data, image.length + 4);
  return bytes;
}
