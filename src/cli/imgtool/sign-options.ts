import { DfuError, hexNumber } from '../../bytes/index.ts';
import { TlvType, parseVersion } from '../../image/index.ts';
import type { Dependency, Tlv } from '../../image/index.ts';
import { UsageError, basedInteger, decimalInteger } from './arguments.ts';
import type { CommandSpec, ParsedArguments } from './arguments.ts';
import type { Terminal } from '../shared/terminal.ts';

function checkVersion(text: string): void {
  try {
    parseVersion(text);
  } catch (error) {
    if (!DfuError.is(error, 'INVALID_ARGUMENT')) throw error;
    throw new UsageError(
      'Invalid version number, should be maj.min.rev+build with later parts optional',
    );
  }
}

/** What a header takes at least, which is what `auto` means. */
const LEAST_HEADER = 32;

/** A header's size as it is written. Throws `UsageError`. */
export function headerSizeOf(text: string): number {
  if (text.toLowerCase() === 'auto') return LEAST_HEADER;
  const size = basedInteger(text);
  if (size >= LEAST_HEADER) return size;
  throw new UsageError(`Minimum value for -H/--header-size is ${LEAST_HEADER}`);
}

function checkCounter(text: string): void {
  if (text.toLowerCase() !== 'auto') basedInteger(text);
}

/** Images and the versions that they must have, e.g. `(1, 1.2.3+4), (2, 1.0)`. */
export function parseDependencies(text: string): Dependency[] {
  const images = [...text.matchAll(/\((\d+)/g)].map(([, digits]) => Number(digits));
  if (images.length === 0) throw new UsageError(`Image dependency format is invalid: ${text}`);
  const versions = [...text.matchAll(/,\s*([0-9.+]+)\)/g)].map(([, version = '']) => version);
  if (images.length !== versions.length) {
    throw new UsageError(
      `There's a mismatch between the number of dependency images and versions in: ${text}`,
    );
  }
  return images.map((imageId, index) => {
    const version = versions[index] ?? '';
    checkVersion(version);
    return { imageId, minVersion: parseVersion(version) };
  });
}

/** Options of `imgtool sign`, in the order that imgtool checks what is missing. */
export const signSpec: CommandSpec = {
  summary: 'Make a signed or unsigned image. Files that end in .hex are Intel HEX, others binary.',
  options: {
    vectorToSign: {
      rare: true,
      flags: ['--vector-to-sign'],
      value: 'what',
      choices: ['payload', 'digest'],
      help: 'Write what is to be signed elsewhere instead of the image',
    },
    sha: {
      rare: true,
      flags: ['--sha'],
      value: 'bits',
      choices: ['auto', '256', '384', '512'],
      help: 'Hash; auto takes the one of the signature, or 256',
    },
    sigOut: {
      rare: true,
      flags: ['--sig-out'],
      value: 'filename',
      help: 'Write the signature, in base64',
    },
    pure: { rare: true, flags: ['--pure'], help: 'Sign the image itself, not its hash (Ed25519)' },
    fixSigPubkey: {
      rare: true,
      flags: ['--fix-sig-pubkey'],
      value: 'filename',
      help: 'Public key of --fix-sig',
    },
    fixSig: {
      rare: true,
      flags: ['--fix-sig'],
      value: 'filename',
      help: 'Signature made elsewhere, in base64',
    },
    key: { flags: ['-k', '--key'], value: 'filename', help: 'Key to sign with' },
    publicKeyFormat: {
      rare: true,
      flags: ['--public-key-format'],
      value: 'format',
      choices: ['hash', 'full'],
      help: 'Whether the image carries the hash of its key or the whole key',
    },
    maxAlign: {
      rare: true,
      flags: ['--max-align'],
      value: 'bytes',
      choices: ['8', '16', '32'],
      help: 'Largest write unit of both slots, where they differ and one is over 8',
    },
    align: {
      flags: ['--align'],
      value: 'bytes',
      choices: ['1', '2', '4', '8', '16', '32'],
      help: 'Write unit of the flash',
    },
    version: { flags: ['-v', '--version'], value: 'TEXT', required: true, check: checkVersion },
    securityCounter: {
      flags: ['-s', '--security-counter'],
      value: 'TEXT',
      check: checkCounter,
      help: 'Security counter; auto makes it from the version',
    },
    dependencies: {
      flags: ['-d', '--dependencies'],
      value: 'TEXT',
      check: parseDependencies,
      help: 'Other images that are needed: "(<image>,<version>), ..."',
    },
    padSig: {
      rare: true,
      flags: ['--pad-sig'],
      help: 'Fill ECDSA signatures up to one length (loader < 1.5)',
    },
    headerSize: {
      flags: ['-H', '--header-size'],
      value: 'INTEGER',
      required: true,
      check: headerSizeOf,
      help: 'Bytes of the header with its filler; auto is the least, 32',
    },
    padHeader: {
      flags: ['--pad-header'],
      help: 'Put the header in front, filled up with the erased value',
    },
    slotSize: {
      flags: ['-S', '--slot-size'],
      value: 'INTEGER',
      required: true,
      check: basedInteger,
      help: 'Bytes of the slot (of the secondary one if they differ)',
    },
    pad: { flags: ['--pad'], help: 'Fill up to the slot size and write the trailer magic' },
    test: { flags: ['--test'], help: 'As --pad: the image is tried once' },
    confirm: { flags: ['--confirm'], help: 'As --pad, and mark the image as confirmed' },
    maxSectors: {
      rare: true,
      flags: ['-M', '--max-sectors'],
      value: 'INTEGER',
      check: decimalInteger,
      help: 'Sectors that the trailer has room for, 128 unless given',
    },
    bootRecord: {
      rare: true,
      flags: ['--boot-record'],
      value: 'sw_type',
      help: 'Add a boot record; the role of the software, at most 12 characters',
    },
    overwriteOnly: {
      rare: true,
      flags: ['--overwrite-only'],
      help: 'The loader overwrites, it does not swap',
    },
    endian: {
      rare: true,
      flags: ['-e', '--endian'],
      value: 'order',
      choices: ['little', 'big'],
      help: 'Byte order',
    },
    clear: {
      rare: true,
      flags: ['-c', '--clear'],
      help: 'Add the encrypted key but leave the payload plain (for the primary slot)',
    },
    compression: {
      rare: true,
      flags: ['--compression'],
      value: 'type',
      choices: ['disabled', 'lzma2', 'lzma2armthumb'],
      help: 'Compress the payload, if that makes it smaller',
    },
    lzmaDictionary: {
      rare: true,
      flags: ['--compression-lzma-dictsize'],
      value: 'INTEGER',
      check: decimalInteger,
      help: 'Bytes of its dictionary, 131072 unless given',
    },
    lzmaPb: {
      rare: true,
      flags: ['--compression-lzma-pb'],
      value: 'INTEGER',
      check: decimalInteger,
      help: 'Bits of the position that the stream header names, 2 unless given',
    },
    lzmaLc: {
      rare: true,
      flags: ['--compression-lzma-lc'],
      value: 'INTEGER',
      check: decimalInteger,
      help: 'Bits of context of literals, 3 unless given',
    },
    lzmaLp: {
      rare: true,
      flags: ['--compression-lzma-lp'],
      value: 'INTEGER',
      check: decimalInteger,
      help: 'Bits of the position of literals, 1 unless given',
    },
    lzmaPreset: {
      rare: true,
      flags: ['--compression-lzma-preset'],
      value: 'INTEGER',
      check: decimalInteger,
      help: 'Level of compression, 9 unless given',
    },
    encryptKeylen: {
      rare: true,
      flags: ['--encrypt-keylen'],
      value: 'bits',
      choices: ['128', '256'],
      help: 'Bits of the AES key',
    },
    hmacSha: {
      rare: true,
      flags: ['--hmac-sha'],
      value: 'bits',
      choices: ['auto', '256', '512'],
      help: 'Hash of the key exchange; 512 for X25519 only',
    },
    encrypt: {
      flags: ['-E', '--encrypt'],
      value: 'filename',
      help: 'Encrypt for the owner of this key',
    },
    saveEnctlv: {
      rare: true,
      flags: ['--save-enctlv'],
      help: 'The loader keeps encrypted keys in its trailer (BOOT_SWAP_SAVE_ENCTLV)',
    },
    romFixed: {
      rare: true,
      flags: ['-F', '--rom-fixed'],
      value: 'INTEGER',
      check: basedInteger,
      help: 'Flash address that the image is linked for',
    },
    loadAddr: {
      flags: ['-L', '--load-addr'],
      value: 'INTEGER',
      check: basedInteger,
      help: 'RAM address that the image runs from',
    },
    hexAddr: {
      flags: ['-x', '--hex-addr'],
      value: 'INTEGER',
      check: basedInteger,
      help: 'Address of the image in a HEX output file',
    },
    erasedVal: {
      flags: ['-R', '--erased-val'],
      value: 'byte',
      choices: ['0', '0xff'],
      help: 'What erased flash reads as',
    },
    padValue: {
      rare: true,
      flags: ['--pad-value'],
      value: 'byte',
      choices: ['0', '0xff'],
      help: 'Filler of header and slot, in place of what stands in the room for the header',
    },
    customTlv: {
      rare: true,
      flags: ['--custom-tlv'],
      value: '[tag] [value]',
      count: 2,
      repeats: true,
      help: 'Add a protected record; a value with 0x is bytes, else text',
    },
    customTlvFile: {
      rare: true,
      flags: ['--custom-tlv-file'],
      value: '[tag] [file]',
      count: 2,
      repeats: true,
      help: 'Add a protected record with the contents of a file',
    },
    vid: { flags: ['--vid'], value: 'TEXT', help: 'Vendor: a UUID, or a domain name' },
    cid: { flags: ['--cid'], value: 'TEXT', help: 'Device class: a UUID, or a name' },
    manifest: {
      rare: true,
      flags: ['--manifest'],
      value: 'filename',
      help: 'Add the digests of all images of the update, as this YAML file lists them',
    },
    edtConfig: {
      rare: true,
      flags: ['--edt-config'],
      value: 'filename',
      help: 'Not supported: only Python reads it; give --vid and --cid',
    },
    nonBootable: {
      rare: true,
      flags: ['--non-bootable'],
      help: 'Mark the image as not to be booted',
    },
  },
  operands: ['INFILE', 'OUTFILE'],
  examples: [
    'sign -k key.pem -v 1.2.0 -H 0x200 -S 0x76000 --pad-header app.bin app.signed.bin',
    'sign -k key.pem -v 1.2.0 -H 0x200 -S 0x76000 --confirm zephyr.hex zephyr.signed.hex',
  ],
};

const predefined: ReadonlySet<number> = new Set(Object.values(TlvType));

/** Value of a record: bytes behind 0x, else text in UTF-8. */
export function tlvValue(text: string): Uint8Array {
  if (!text.startsWith('0x')) return new TextEncoder().encode(text);
  const digits = text.slice(2);
  if (digits.length % 2 !== 0) throw new UsageError('Custom TLV length is odd.');
  const wrong = /[^0-9a-f]/i.exec(digits);
  if (wrong !== null) {
    const words = `expected 0-9 or a-f behind 0x, got "${wrong[0]}"`;
    throw new DfuError('MALFORMED', `Custom TLV value: ${words}`);
  }
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Four digits at least, a sign among them, as Python's `04x` has it. */
const hex4 = (value: number): string =>
  `0x${value < 0 ? '-' : ''}${Math.abs(value)
    .toString(16)
    .padStart(value < 0 ? 3 : 4, '0')}`;

/** The type of a vendor's record. Throws `INVALID_ARGUMENT` for what is no number. */
function tagOf(text: string): number {
  try {
    return basedInteger(text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new DfuError('INVALID_ARGUMENT', `Custom TLV type: ${error.message}`);
  }
}

/** One vendor's record: the type as written, and where its value comes from. */
export type VendorTlv = readonly [tag: string, data: () => Uint8Array];

/** Checks the types of vendors' records and gets their values. Throws `UsageError`. */
export function vendorTlvs(wanted: readonly VendorTlv[]): Tlv[] {
  const tlvs: Tlv[] = [];
  for (const [tagText, data] of wanted) {
    const type = tagOf(tagText);
    const shown = type < 0 ? String(type) : hexNumber(type);
    if (tlvs.some((tlv) => tlv.type === type)) {
      throw new UsageError(`Custom TLV ${shown} already exists.`);
    }
    if (predefined.has(type)) {
      throw new UsageError(`Custom TLV ${shown} conflicts with predefined TLV.`);
    }
    if (type < 0xa0 || type > 0xfffe) {
      const allowed = `between ${hex4(0xa0)} and ${hex4(0xfffe)}`;
      throw new UsageError(
        `Invalid custom TLV type value '${hex4(type)}', allowed value should be ${allowed}`,
      );
    }
    tlvs.push({ type, data: data() });
  }
  return tlvs;
}

/** Vendors' records of the command line: those with values first, then those with files. */
export function customTlvs(terminal: Terminal, args: ParsedArguments): Tlv[] {
  return vendorTlvs([
    ...args.all('customTlv').map(([tag = '', text = '']): VendorTlv => [tag, () => tlvValue(text)]),
    ...args
      .all('customTlvFile')
      .map(([tag = '', path = '']): VendorTlv => [tag, () => terminal.files.read(path)]),
  ]);
}
