import { DfuError } from '../../bytes/index.ts';
import type { OwnBytes } from '../../bytes/index.ts';
import { joinBytes } from '../keys/web-crypto.ts';
import { ImageFlag, encryptedFlag } from './header.ts';
import { numberTlv } from './records.ts';
import type {
  BytesToSign,
  CompressionOptions,
  CompressionSettings,
  ToSignOptions,
} from './sign-options.ts';
import { TlvType } from './tlv.ts';
import type { Tlv } from './tlv.ts';

/** What is not said is as imgtool has it: what loaders are built for. */
function settingsOf(asked: CompressionOptions): CompressionSettings {
  const { armThumb = false, dictionaryBytes = 128 * 1024, preset = 9 } = asked;
  const { lc = 3, lp = 1, pb = 2 } = asked;
  return { armThumb, dictionaryBytes, lc, lp, pb, preset };
}

/** Largest code of a dictionary's size: the next one means 4 GiB less a byte. */
const MOST_CODE = 39;

/** Most of each property that the byte of all three has room for (xz 1.2.1 §5.3.1, LZMA's lc, lp, pb). */
const MOST_PROPERTY = { lc: 8, lp: 4, pb: 4 } as const;

/** Code of the dictionary's size (xz 1.2.1 §5.3.1) and properties byte, in front of the stream. */
function streamHeader({ dictionaryBytes, lc, lp, pb }: CompressionSettings): OwnBytes {
  let code = 0;
  while ((2 | (code & 1)) * 2 ** (Math.floor(code / 2) + 11) < dictionaryBytes) code += 1;
  if (code > MOST_CODE) {
    const words = `expected at most 3 GiB, got ${dictionaryBytes} bytes`;
    throw new DfuError('INVALID_ARGUMENT', `compression: dictionary: ${words}`);
  }
  for (const [name, value] of Object.entries({ lc, lp, pb })) {
    const most = MOST_PROPERTY[name as keyof typeof MOST_PROPERTY];
    if (value >= 0 && value <= most) continue;
    const words = `${name}: expected 0 to ${most}, got ${value}`;
    throw new DfuError('INVALID_ARGUMENT', `compression: ${words}`);
  }
  return Uint8Array.of(code, (pb * 5 + lp) * 9 + lc);
}

/** What of the plain image goes into the compressed one. */
interface Unpacked extends Pick<BytesToSign, 'digest' | 'compression'> {
  readonly signature?: OwnBytes | undefined;
}

/** Records that let a loader check the payload once it is unpacked. */
function unpackedTlvs(
  { digest, signature }: Unpacked,
  size: number,
  { endian }: ToSignOptions,
): Tlv[] {
  const tlvs = [
    numberTlv(TlvType.DECOMP_SIZE, size, endian),
    { type: TlvType.DECOMP_SHA, data: digest },
  ];
  if (signature === undefined) return tlvs;
  return [...tlvs, { type: TlvType.DECOMP_SIGNATURE, data: signature }];
}

/**
 * The image that a loader has once it has unpacked and decrypted: plain, though its header keeps the
 * encryption flag, and not filled up to whole blocks.
 */
function unpacked<Options extends ToSignOptions>(options: Options): Options {
  const { encryption, flags = 0 } = options;
  const flag = encryption === undefined ? 0 : encryptedFlag(encryption.bits);
  return { ...options, encryption: undefined, flags: flags | flag };
}

/** How an image, or what is to be signed of it, is made of a payload that is not compressed. */
type Make<Options, Made> = (input: Uint8Array, options: Options) => Promise<Made>;

/**
 * Compresses the payload if that is asked for and gains anything: the image is made plain first, for its
 * hash and signature go into the compressed one as records.
 */
export async function compressed<Options extends ToSignOptions, Made extends Unpacked>(
  input: Uint8Array,
  options: Options,
  make: Make<Options, Made>,
): Promise<Made> {
  const { compression, headerSize, padHeader = false, protectedTlvs = [] } = options;
  if (compression === undefined) return make(input, options);
  const plain = await make(input, unpacked(options));
  const settings = settingsOf(compression);
  const payload = padHeader ? input : input.subarray(headerSize);
  const stream = await compression.compressor(payload, settings);
  const tlvs = unpackedTlvs(plain, payload.length, options);
  const overhead = tlvs.reduce((sum, { data }) => sum + data.length, 0);
  const gained = stream.length + overhead < payload.length;
  const result = { payloadBytes: payload.length, streamBytes: stream.length, gained };
  if (!gained) return { ...(await make(input, options)), compression: result };
  const room = new Uint8Array(padHeader ? 0 : headerSize);
  const header = streamHeader(settings);
  if (options.encryption !== undefined) {
    const size = header.length + stream.length;
    tlvs.push(numberTlv(TlvType.COMP_DEC_SIZE, size, options.endian));
  }
  const thumb = settings.armThumb ? ImageFlag.COMPRESSED_ARM_THUMB : 0;
  const made = await make(joinBytes(room, header, stream), {
    ...options,
    flags: (options.flags ?? 0) | ImageFlag.COMPRESSED_LZMA2 | thumb,
    protectedTlvs: [...tlvs, ...protectedTlvs],
  });
  return { ...made, compression: result };
}
