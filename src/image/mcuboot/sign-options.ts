import type { OwnBytes } from '../../bytes/index.ts';
import type { Key, PrivateKey } from '../keys/key.ts';
import type { CryptoLike, HashName } from '../keys/web-crypto.ts';
import type { EciesHash, EncryptionKey } from './encrypt.ts';
import type { ImageVersion } from './header.ts';
import type { Endian } from './magic.ts';
import type { Dependency } from './records.ts';
import type { Tlv } from './tlv.ts';

/** A signature made elsewhere, and the public key that it is of. */
export interface FixedSignature {
  readonly signature: Uint8Array;
  readonly key: Key;
}

/** How the payload is encrypted. */
export interface EncryptionOptions {
  /** For whom: public keys do. */
  readonly key: EncryptionKey;
  /** Bits of the image key; default 128. */
  readonly bits?: 128 | 256 | undefined;
  /** Hash of ECIES; default SHA-256. */
  readonly hash?: EciesHash | undefined;
  /**
   * Leaves the payload plain, with flag and key record all the same: such an image goes into the
   * primary slot and is encrypted when it is swapped out.
   */
  readonly clear?: boolean | undefined;
  /** The image key itself, where a random one will not do. */
  readonly imageKey?: Uint8Array | undefined;
}

/** How a payload is compressed: LZMA2, with the filter for ARM Thumb code in front or without. */
export interface CompressionSettings {
  readonly armThumb: boolean;
  /** Bytes of the dictionary, which the loader must have room for. */
  readonly dictionaryBytes: number;
  /** Bits of context that literals are coded by; with `lp` 4 at most. */
  readonly lc: number;
  /** Bits of the position that literals are coded by. */
  readonly lp: number;
  /** Bits of the position that everything else is coded by. */
  readonly pb: number;
  /** How hard to try: liblzma's level, 0 to 9. */
  readonly preset: number;
}

/** Makes a raw LZMA2 stream of these bytes with exactly these settings. */
export type Compressor = (bytes: Uint8Array, settings: CompressionSettings) => Promise<Uint8Array>;

/** By what the payload is compressed, and how; the defaults are imgtool's. */
export interface CompressionOptions {
  readonly compressor: Compressor;
  /** Default false. */
  readonly armThumb?: boolean | undefined;
  /** Default 128 KiB. */
  readonly dictionaryBytes?: number | undefined;
  /** Default 3. */
  readonly lc?: number | undefined;
  /** Default 1. */
  readonly lp?: number | undefined;
  /** Default 2. */
  readonly pb?: number | undefined;
  /** Default 9. */
  readonly preset?: number | undefined;
}

/** What compression came to. */
export interface CompressionResult {
  /** Bytes of the payload as it was given. */
  readonly payloadBytes: number;
  /** Bytes of the compressed stream. */
  readonly streamBytes: number;
  /** Whether that is less, with its records: where it is not, the payload is left as it was. */
  readonly gained: boolean;
}

/** What goes into an image. */
export interface SignOptions {
  readonly version: ImageVersion;
  /** Bytes of the header with its filler, 32 or more. */
  readonly headerSize: number;
  /** Puts the header in front; without it the payload must start with as many zeros. */
  readonly padHeader?: boolean | undefined;
  /** Default little. */
  readonly endian?: Endian | undefined;
  /** Filler of the header; default 0xff. */
  readonly erasedValue?: number | undefined;
  /** What stands behind the header's 32 bytes, with `padHeader`, instead of the filler. */
  readonly headerRest?: Uint8Array | undefined;
  /** RAM address to run from; sets RAM_LOAD. */
  readonly loadAddr?: number | undefined;
  /** Flash address that it is linked for; sets ROM_FIXED. */
  readonly romFixed?: number | undefined;
  readonly nonBootable?: boolean | undefined;
  /** Further bits of `ImageFlag`, e.g. of compression. */
  readonly flags?: number | undefined;
  /** Key to sign with; an image without has only its hash. */
  readonly key?: PrivateKey | undefined;
  readonly fixedSignature?: FixedSignature | undefined;
  /** Whether the image carries its key's hash (default) or the whole key. */
  readonly keyRecord?: 'hash' | 'full' | undefined;
  /** Default by the key's kind, SHA-256 without a key. */
  readonly hash?: HashName | undefined;
  /** Signs the image itself instead of its digest; Ed25519 only. */
  readonly pure?: boolean | undefined;
  /** Fills ECDSA signatures up to one length, which loaders before 1.5 want. */
  readonly padSignature?: boolean | undefined;
  /** `auto` makes it from the version. */
  readonly securityCounter?: number | 'auto' | undefined;
  /** Role of the software in a boot record, at most 12 characters. */
  readonly bootRecord?: string | undefined;
  readonly dependencies?: readonly Dependency[] | undefined;
  /** Protected records behind the dependencies: compression's, UUIDs, vendors'. */
  readonly protectedTlvs?: readonly Tlv[] | undefined;
  readonly encryption?: EncryptionOptions | undefined;
  readonly compression?: CompressionOptions | undefined;
  readonly crypto?: CryptoLike | undefined;
}

/** What goes into an image that somebody else signs. */
export interface ToSignOptions extends Omit<SignOptions, 'key'> {
  /** Key that it will be signed with: its public half decides hash and signer. */
  readonly key?: Key | undefined;
}

/** What a signature is made over. */
export interface BytesToSign {
  /** Header, plain payload and protected records: what hash and signature are over. */
  readonly signedBytes: OwnBytes;
  readonly digest: OwnBytes;
  /** Undefined unless it was asked for. */
  readonly compression: CompressionResult | undefined;
}

/** A finished image and what was computed on the way. */
export interface SignedImage extends BytesToSign {
  readonly bytes: OwnBytes;
  readonly signature: OwnBytes | undefined;
  /** Bytes of the wrapped image key's record value, 0 if not encrypted. */
  readonly wrappedKeyBytes: number;
}

/** A finished image in pieces, and what was computed on the way. */
export interface SignedPieces extends Omit<SignedImage, 'bytes' | 'signedBytes'> {
  /** The image, one behind the other. */
  readonly pieces: readonly Uint8Array[];
  /** What hash and signature are over. */
  readonly signedPieces: readonly Uint8Array[];
}
