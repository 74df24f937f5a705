import { DfuError } from '../../bytes/index.ts';
import { ENCRYPTED_FLAGS, IMAGE_HEADER_BYTES, ImageFlag } from './header.ts';
import type { ImageInspection } from './inspect.ts';
import { bootRecordRole, readDependency, readNumber } from './records.ts';
import type { SignOptions } from './sign-options.ts';
import { TlvType } from './tlv.ts';
import type { PlacedTlv } from './tlv.ts';
import { signedBytes } from './signed-bytes.ts';
import { platformCrypto } from '../keys/web-crypto.ts';
import type { OwnBytes } from '../../bytes/index.ts';
import type { CryptoLike } from '../keys/web-crypto.ts';

/** What an image was made of: sign it with these, some changed, and get it again. */
export interface TakenImage {
  /** The plain payload. */
  readonly input: OwnBytes;
  readonly options: SignOptions;
}

/** Records that are made anew from options; the others of the protected area are kept as they are. */
const remade: ReadonlySet<number> = new Set([
  TlvType.SEC_CNT,
  TlvType.BOOT_RECORD,
  TlvType.DEPENDENCY,
]);

function roleOf(tlv: PlacedTlv | undefined): string | undefined {
  if (tlv === undefined) return undefined;
  const role = bootRecordRole(tlv);
  if (role !== undefined) return role;
  throw new DfuError('UNSUPPORTED', 'BOOT_RECORD: laid out in a way that cannot be made anew');
}

/**
 * Takes an image back to what it was made of, so that it can be signed with another key without a
 * build. Throws `ACCESS` if its payload is sealed, `UNSUPPORTED` for compressed images (they carry
 * a second signature over what is inside).
 */
export async function takeImage(
  { image, payload, imageKey, pure }: ImageInspection,
  crypto: CryptoLike = platformCrypto(),
): Promise<TakenImage> {
  const { header, endian, protectedArea } = image;
  if (payload === 'sealed') {
    throw new DfuError('ACCESS', 'image: it is encrypted, and none of the keys opens it');
  }
  const compressed = ImageFlag.COMPRESSED_LZMA1 | ImageFlag.COMPRESSED_LZMA2;
  if ((header.flags & compressed) !== 0) {
    throw new DfuError('UNSUPPORTED', 'image: compressed ones are signed anew from their build');
  }
  const whole = await signedBytes(image, imageKey, crypto);
  const { hdrSize, imgSize } = header;
  const input = Uint8Array.from(whole.subarray(hdrSize, hdrSize + imgSize));
  const tlvs = protectedArea?.tlvs ?? [];
  const counter = tlvs.find(({ type }) => type === TlvType.SEC_CNT);
  const dependencies = tlvs.filter(({ type }) => type === TlvType.DEPENDENCY);
  const fixed = (header.flags & ImageFlag.ROM_FIXED) !== 0;
  const options: SignOptions = {
    version: header.version,
    headerSize: hdrSize,
    padHeader: true,
    headerRest: Uint8Array.from(whole.subarray(IMAGE_HEADER_BYTES, hdrSize)),
    endian,
    flags: header.flags & ~ENCRYPTED_FLAGS,
    romFixed: fixed ? header.loadAddr : undefined,
    loadAddr: fixed ? undefined : header.loadAddr,
    pure,
    securityCounter: counter === undefined ? undefined : readNumber(counter, endian),
    bootRecord: roleOf(tlvs.find(({ type }) => type === TlvType.BOOT_RECORD)),
    dependencies: dependencies.map((tlv) => readDependency(tlv, endian)),
    protectedTlvs: tlvs.filter(({ type }) => !remade.has(type)),
  };
  return { input, options };
}
