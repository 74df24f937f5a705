import { ImageFlag, TlvType, numberTlv, signImage } from '../../image/index.ts';
import type { SignedImage, SignOptions, Tlv } from '../../image/index.ts';
import type { Terminal } from '../shared/terminal.ts';

/** How a payload is compressed: LZMA2 alone, or behind the filter for ARM Thumb code. */
export interface CompressionFilter {
  readonly armThumb: boolean;
  /** Bytes of the dictionary. */
  readonly dictionary: number;
  readonly lc: number;
  readonly lp: number;
  readonly pb: number;
}

/** Makes a raw LZMA2 stream of these bytes with exactly these settings, preset 9. */
export type Compressor = (bytes: Uint8Array, filter: CompressionFilter) => Promise<Uint8Array>;

/** What the loader's decompressor is built for; imgtool has no options for it. */
const settings = { dictionary: 128 * 1024, lc: 3, lp: 1, pb: 2 } as const;

/** Dictionary code of LZMA2 and the properties byte, in front of the stream. */
function streamHeader(): Uint8Array {
  const { dictionary, lc, lp, pb } = settings;
  let code = 0;
  while ((2 | (code & 1)) * 2 ** (Math.floor(code / 2) + 11) < dictionary) code += 1;
  return Uint8Array.of(code, (pb * 5 + lp) * 9 + lc);
}

/** How compression is run and told. */
interface CompressionRun {
  readonly terminal: Terminal;
  /** Called each time that an image is signed. */
  readonly tell: () => void;
  readonly filter: string;
  readonly compressor: Compressor;
}

/** Records that let a loader check the payload once it is unpacked. */
function decompressionTlvs(plain: SignedImage, size: number, { endian }: SignOptions): Tlv[] {
  const tlvs = [
    numberTlv(TlvType.DECOMP_SIZE, size, endian),
    { type: TlvType.DECOMP_SHA, data: plain.digest },
  ];
  if (plain.signature === undefined) return tlvs;
  return [...tlvs, { type: TlvType.DECOMP_SIGNATURE, data: plain.signature }];
}

function withHeaderRoom(payload: Uint8Array, { padHeader, headerSize }: SignOptions): Uint8Array {
  if (padHeader === true) return payload;
  const bytes = new Uint8Array(headerSize + payload.length);
  bytes.set(payload, headerSize);
  return bytes;
}

/**
 * Signs the image plain, compresses its payload and signs that again, with the plain image's hash
 * and signature as records. Falls back to the plain image where compression gains nothing.
 */
export async function compressImage(
  input: Uint8Array,
  options: SignOptions,
  { terminal, tell, filter, compressor }: CompressionRun,
): Promise<SignedImage> {
  const { encryption, ...unencrypted } = options;
  tell();
  const plain = await signImage(input, unencrypted);
  const payload = options.padHeader === true ? input : input.subarray(options.headerSize);
  const armThumb = filter === 'lzma2armthumb';
  const stream = await compressor(payload, { armThumb, ...settings });
  terminal.out.write(`compressed image size: ${stream.length} bytes\n`);
  terminal.out.write(`original image size: ${payload.length} bytes\n`);
  const tlvs = decompressionTlvs(plain, payload.length, options);
  const overhead = tlvs.reduce((sum, { data }) => sum + data.length, 0);
  if (stream.length + overhead >= payload.length) {
    if (encryption === undefined) return plain;
    tell();
    return signImage(input, options);
  }
  const header = streamHeader();
  const packed = new Uint8Array(header.length + stream.length);
  packed.set(header);
  packed.set(stream, header.length);
  if (encryption !== undefined) {
    tlvs.push(numberTlv(TlvType.COMP_DEC_SIZE, packed.length, options.endian));
  }
  const thumb = armThumb ? ImageFlag.COMPRESSED_ARM_THUMB : 0;
  tell();
  return signImage(withHeaderRoom(packed, options), {
    ...options,
    flags: ImageFlag.COMPRESSED_LZMA2 | thumb,
    protectedTlvs: [...tlvs, ...(options.protectedTlvs ?? [])],
  });
}
