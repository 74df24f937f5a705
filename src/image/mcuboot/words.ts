import { hexNumber, toHex } from '../../bytes/index.ts';
import { ImageFlag, formatVersion, imageFlagNames } from './header.ts';
import type { Endian } from './magic.ts';
import type { SignatureFinding } from './inspect.ts';
import { bootRecordRole, readDependency, readManifest, readNumber } from './records.ts';
import { TlvType, tlvName } from './tlv.ts';
import type { PlacedTlv } from './tlv.ts';

// What stands in an image, as a person reads it.

/** `1.5 KiB (1536 bytes)`. */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  const [amount, unit] = bytes < 1024 * 1024 ? [bytes / 1024, 'KiB'] : [bytes / 2 ** 20, 'MiB'];
  return `${amount.toFixed(1)} ${unit} (${bytes} bytes)`;
}

/** Flags by their names, and in hex those that have none. */
export function flagWords(flags: number): string[] {
  const known = Object.values(ImageFlag).reduce((sum, flag) => sum | flag, 0);
  const rest = (flags & ~known) >>> 0;
  const unknown = rest === 0 ? [] : [`${hexNumber(rest)} (unknown)`];
  return [...imageFlagNames(flags), ...unknown];
}

/** A record's value in words, hex where there are none. */
export function tlvText({ type, data }: PlacedTlv, endian: Endian): string {
  try {
    switch (type) {
      case TlvType.DEPENDENCY: {
        const { imageId, minVersion } = readDependency({ type, data }, endian);
        return `image ${imageId}, version ${formatVersion(minVersion)} or newer`;
      }
      case TlvType.SEC_CNT:
      case TlvType.DECOMP_SIZE:
      case TlvType.COMP_DEC_SIZE:
        return String(readNumber({ type, data }, endian));
      case TlvType.MANIFEST:
        return `${readManifest({ type, data }, endian).length} images`;
      case TlvType.BOOT_RECORD:
        return `"${bootRecordRole({ type, data }) ?? toHex(data)}"`;
      default:
        return data.length > 64 ? `${data.length} bytes` : toHex(data);
    }
  } catch {
    return `${toHex(data)} (not as it should be)`;
  }
}

/** Who made a signature and whether it is right, in one sentence. `nameOf` names the keys that were given. */
export function signatureText(
  { tlv, keyTlv, signer, valid }: SignatureFinding,
  nameOf: (index: number) => string | undefined = () => undefined,
): string {
  const kind = tlvName(tlv.type) ?? hexNumber(tlv.type);
  if (signer.from === 'unknown') {
    const id = keyTlv === undefined ? 'a key it does not name' : `key ${toHex(keyTlv.data)}`;
    return `${kind} by ${id}; not checked: that key was not given`;
  }
  const by =
    signer.from === 'given'
      ? (nameOf(signer.index) ?? 'a given key')
      : 'the key that the image itself carries (it proves nothing)';
  if (valid === undefined) return `${kind} by ${by}; not checked: the payload is sealed`;
  return `${kind} by ${by}: ${valid ? 'right' : 'WRONG'}`;
}
