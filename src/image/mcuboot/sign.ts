import { DfuError } from '../../bytes/index.ts';
import { isEc, keyTraits, publicKeyHash } from '../keys/key.ts';
import type { Key, KeyKind } from '../keys/key.ts';
import { signMessage } from '../keys/sign.ts';
import { compressed } from './compress.ts';
import { DEFAULT_IMAGE_KEY_BITS, imageCipher, newImageKey, wrapImageKey } from './encrypt.ts';
import { IMAGE_HEADER_BYTES, ImageFlag, encryptedFlag, writeImageHeader } from './header.ts';
import { bootRecordTlv, dependencyTlv, numberTlv, securityCounterOf } from './records.ts';
import type {
  BytesToSign,
  SignOptions,
  SignedImage,
  SignedPieces,
  ToSignOptions,
} from './sign-options.ts';
import { TLV_INFO_MAGIC, TLV_PROT_INFO_MAGIC, TlvType, tlvAreaSize, writeTlvArea } from './tlv.ts';
import type { Tlv } from './tlv.ts';
import { hashTlvs, signatureTlvs } from './signed-bytes.ts';
import type { SignatureKind } from './signed-bytes.ts';
import { HASH_BYTES, hashOfPieces, joinBytes, platformCrypto } from '../keys/web-crypto.ts';
import type { OwnBytes } from '../../bytes/index.ts';
import type { HashName } from '../keys/web-crypto.ts';

/** Hashes that signatures of each kind may go with. */
export function allowedHashes(
  kind: KeyKind,
  { pure = false }: { readonly pure?: boolean } = {},
): readonly HashName[] {
  if (kind === 'ed25519') return pure ? ['SHA-512'] : ['SHA-256', 'SHA-512'];
  return [keyTraits[kind].hash];
}

/** Whose signature it is or will be, and the hash that goes with it. */
interface Signer {
  readonly publicKey: Key | undefined;
  readonly hash: HashName;
}

function signerOf(options: ToSignOptions): Signer {
  const { key, fixedSignature: fixed, pure = false } = options;
  if (key !== undefined && fixed !== undefined) {
    throw new DfuError(
      'INVALID_ARGUMENT',
      'sign: expected a key or a finished signature, not both',
    );
  }
  const publicKey = key ?? fixed?.key;
  if (publicKey === undefined) return { publicKey, hash: options.hash ?? 'SHA-256' };
  if (publicKey.kind === 'x25519' || (pure && publicKey.kind !== 'ed25519')) {
    const expected = pure ? 'ed25519 for a pure signature' : 'a key that signs';
    throw new DfuError('INVALID_ARGUMENT', `sign: expected ${expected}, got ${publicKey.kind}`);
  }
  const allowed = allowedHashes(publicKey.kind, { pure });
  const hash = options.hash ?? allowed[0] ?? 'SHA-256';
  if (!allowed.includes(hash)) {
    const words = `expected ${allowed.join(' or ')} with ${publicKey.kind}, got ${hash}`;
    throw new DfuError('INVALID_ARGUMENT', `sign: ${words}`);
  }
  return { publicKey, hash };
}

/** An image without its records: the room of the header, which is this side's own, and the payload as it was given. */
interface Plain {
  readonly head: OwnBytes;
  readonly payload: Uint8Array;
}

/** Header room and payload, filled up to whole AES blocks if it will be encrypted; else the payload is not copied. */
function plainImage(input: Uint8Array, options: ToSignOptions): Plain {
  const { headerSize, padHeader = false, erasedValue = 0xff, encryption } = options;
  if (headerSize < IMAGE_HEADER_BYTES || headerSize > 0xffff) {
    const words = `expected ${IMAGE_HEADER_BYTES} to 65535, got ${headerSize}`;
    throw new DfuError('OUT_OF_RANGE', `sign: header size: ${words}`);
  }
  if (!padHeader && (input.length < headerSize || input.subarray(0, headerSize).some(Boolean))) {
    const words = `expected ${headerSize} zero bytes in front of the payload for the header`;
    throw new DfuError('INVALID_ARGUMENT', `sign: ${words}`);
  }
  const head = new Uint8Array(headerSize);
  if (padHeader) {
    head.fill(erasedValue);
    const rest = options.headerRest?.subarray(0, headerSize - IMAGE_HEADER_BYTES);
    if (rest !== undefined) head.set(rest, IMAGE_HEADER_BYTES);
  }
  const payload = padHeader ? input : input.subarray(headerSize);
  const missing = encryption === undefined ? 0 : -(headerSize + payload.length) & 15;
  return { head, payload: missing === 0 ? payload : joinBytes(payload, new Uint8Array(missing)) };
}

function flagsOf(options: ToSignOptions): number {
  const { loadAddr = 0, romFixed = 0, nonBootable = false, encryption } = options;
  let flags = options.flags ?? 0;
  if (encryption !== undefined) flags |= encryptedFlag(encryption.bits);
  if (loadAddr !== 0) flags |= ImageFlag.RAM_LOAD;
  if (romFixed !== 0) flags |= ImageFlag.ROM_FIXED;
  if (nonBootable) flags |= ImageFlag.NON_BOOTABLE;
  return flags;
}

/** Protected records in the order that imgtool has: counter, boot record, dependencies, others. */
function protectedTlvsOf(options: ToSignOptions, hash: HashName, signerId: Uint8Array): Tlv[] {
  const { version, endian, securityCounter, bootRecord, dependencies = [] } = options;
  const tlvs: Tlv[] = [];
  if (securityCounter !== undefined) {
    const value = securityCounter === 'auto' ? securityCounterOf(version) : securityCounter;
    tlvs.push(numberTlv(TlvType.SEC_CNT, value, endian));
  }
  if (bootRecord !== undefined) {
    tlvs.push(bootRecordTlv({ softwareType: bootRecord, version, hash, signerId }));
  }
  tlvs.push(...dependencies.map((dependency) => dependencyTlv(dependency, endian)));
  return [...tlvs, ...(options.protectedTlvs ?? [])];
}

/** Length that ECDSA signatures are filled up to; a P-384 signature may be one byte longer. */
const paddedBytes: Readonly<Partial<Record<KeyKind, number>>> = {
  'ecdsa-p256': 72,
  'ecdsa-p384': 103,
};

async function signatureOf(
  { signedPieces, digest }: Prepared,
  options: SignOptions,
): Promise<OwnBytes | undefined> {
  const { key, fixedSignature: fixed } = options;
  if (fixed !== undefined) return Uint8Array.from(fixed.signature);
  if (key === undefined) return undefined;
  const isOfDigest = key.kind === 'ed25519' && options.pure !== true;
  const over = isOfDigest ? digest : joinBytes(...signedPieces);
  const signature = await signMessage(key, over, options.crypto);
  if (options.padSignature !== true || !isEc(key.kind)) return signature;
  const missing = (paddedBytes[key.kind] ?? 0) - signature.length;
  return joinBytes(signature, new Uint8Array(Math.max(0, missing)));
}

interface Wrapped {
  readonly payload: Uint8Array;
  readonly tlvs: readonly Tlv[];
}

async function encryptPayload(
  payload: Uint8Array,
  { encryption, crypto = platformCrypto() }: SignOptions,
): Promise<Wrapped> {
  if (encryption === undefined) return { payload, tlvs: [] };
  const { key, bits = DEFAULT_IMAGE_KEY_BITS, hash = 'SHA-256', clear = false } = encryption;
  const imageKey = encryption.imageKey ?? newImageKey(bits, crypto);
  if (imageKey.length * 8 !== bits) {
    const words = `expected ${bits / 8} bytes, got ${imageKey.length}`;
    throw new DfuError('INVALID_ARGUMENT', `sign: image key: ${words}`);
  }
  const tlvs = [await wrapImageKey(imageKey, key, { hash, crypto })];
  if (clear) return { payload, tlvs };
  return { payload: await (await imageCipher(imageKey, crypto)).crypt(payload), tlvs };
}

/** An image as far as it can be made without signing. */
interface Prepared {
  readonly signer: Signer;
  readonly signerId: OwnBytes;
  /** Not encrypted. */
  readonly plain: Plain;
  readonly protectedArea: OwnBytes;
  /** All of these, one behind the other. */
  readonly signedPieces: readonly Uint8Array[];
  readonly digest: OwnBytes;
}

async function prepare(input: Uint8Array, options: ToSignOptions): Promise<Prepared> {
  const { headerSize, version, endian = 'little', crypto = platformCrypto() } = options;
  const signer = signerOf(options);
  const { publicKey, hash } = signer;
  const none = new Uint8Array(HASH_BYTES[publicKey === undefined ? 'SHA-256' : hash]);
  const signerId = publicKey === undefined ? none : await publicKeyHash(publicKey, hash, crypto);
  const plain = plainImage(input, options);
  const protectedTlvs = protectedTlvsOf(options, hash, signerId);
  const { loadAddr = 0, romFixed = 0 } = options;
  const header = writeImageHeader(
    {
      loadAddr: romFixed === 0 ? loadAddr : romFixed,
      hdrSize: headerSize,
      protectTlvSize: tlvAreaSize(protectedTlvs),
      imgSize: plain.payload.length,
      flags: flagsOf(options),
      version,
    },
    endian,
  );
  plain.head.set(header);
  const protectedArea = writeTlvArea(TLV_PROT_INFO_MAGIC, protectedTlvs, endian);
  const signedPieces = [plain.head, plain.payload, protectedArea];
  const digest = await hashOfPieces(hash, signedPieces, crypto);
  return { signer, signerId, plain, protectedArea, signedPieces, digest };
}

function keyTlv({ signer, signerId }: Prepared, { keyRecord }: SignOptions): Tlv | undefined {
  if (signer.publicKey === undefined) return undefined;
  return keyRecord === 'full'
    ? { type: TlvType.PUBKEY, data: signer.publicKey.publicDer }
    : { type: TlvType.KEYHASH, data: signerId };
}

async function finish(input: Uint8Array, options: SignOptions): Promise<SignedPieces> {
  const { endian = 'little' } = options;
  const prepared = await prepare(input, options);
  const { signer, plain, protectedArea, signedPieces, digest } = prepared;
  const signature = await signatureOf(prepared, options);
  const tlvs: Tlv[] = [{ type: hashTlvs[signer.hash], data: digest }];
  if (options.pure === true) tlvs.push({ type: TlvType.SIG_PURE, data: Uint8Array.of(1) });
  const named = keyTlv(prepared, options);
  if (named !== undefined && signature !== undefined) {
    const kind = signer.publicKey?.kind as SignatureKind;
    tlvs.push(named, { type: signatureTlvs[kind], data: signature });
  }
  const wrapped = await encryptPayload(plain.payload, options);
  const area = writeTlvArea(TLV_INFO_MAGIC, [...tlvs, ...wrapped.tlvs], endian);
  const pieces = [plain.head, wrapped.payload, protectedArea, area];
  const wrappedKeyBytes = wrapped.tlvs[0]?.data.length ?? 0;
  return { pieces, signedPieces, digest, signature, wrappedKeyBytes, compression: undefined };
}

/**
 * As `signImage`, without a copy of the payload: the pieces of the image, one behind the other, of which one
 * may be a view of `input`.
 */
export function signPieces(input: Uint8Array, options: SignOptions): Promise<SignedPieces> {
  return compressed(input, options, finish);
}

/**
 * Makes an image of a payload: header in front, records behind, compressed, signed and encrypted as
 * asked for. The result is byte for byte what imgtool makes, but for what is random (RSA, ECDSA,
 * wrapped keys). Throws `INVALID_ARGUMENT` or `OUT_OF_RANGE`, and what the compressor throws.
 */
export async function signImage(input: Uint8Array, options: SignOptions): Promise<SignedImage> {
  const { pieces, signedPieces, ...made } = await signPieces(input, options);
  return { ...made, bytes: joinBytes(...pieces), signedBytes: joinBytes(...signedPieces) };
}

/**
 * What a signature made elsewhere must be over: the digest, or the bytes themselves for a pure one. The
 * same options with `fixedSignature` make the image then. Throws what `signImage` throws.
 */
export function bytesToSign(input: Uint8Array, options: ToSignOptions): Promise<BytesToSign> {
  return compressed(input, options, async (payload, last): Promise<BytesToSign> => {
    const { signedPieces, digest } = await prepare(payload, last);
    return { signedBytes: joinBytes(...signedPieces), digest, compression: undefined };
  });
}
