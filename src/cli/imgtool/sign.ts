import { DfuError } from '../../bytes/index.ts';
import {
  allowedHashes,
  fromBase64,
  isPrivateKey,
  parseVersion,
  signImage,
  uuidTlvs,
} from '../../image/index.ts';
import type {
  EciesHash,
  EncryptionOptions,
  Endian,
  HashName,
  Key,
  KeyKind,
  PrivateKey,
  SignedImage,
  SignOptions,
} from '../../image/index.ts';
import { readImageFile } from '../shared/image-file.ts';
import type { ImageFile } from '../shared/image-file.ts';
import { UsageError, basedInteger, integer, parseArguments } from './arguments.ts';
import { erasedValueOf, paddingOf, refuseTooBig, save, saveSignature } from './sign-output.ts';
import type { ParsedArguments } from './arguments.ts';
import { readText } from '../shared/files.ts';
import { loadKey } from '../shared/key-files.ts';
import type { Terminal } from '../shared/terminal.ts';
import { compressImage } from './compress.ts';
import type { Compressor } from './compress.ts';
import { customTlvs, parseDependencies, signSpec } from './sign-options.ts';

/** Names of signature kinds in imgtool's messages. */
const signatureNames: Readonly<Record<KeyKind, string>> = {
  'rsa-2048': 'PKCS1_PSS_RSA2048_SHA256',
  'rsa-3072': 'PKCS1_PSS_RSA3072_SHA256',
  'ecdsa-p256': 'ECDSA256_SHA256',
  'ecdsa-p384': 'ECDSA384_SHA384',
  ed25519: 'ED25519',
  x25519: 'X25519',
};

/** Characters of a boot record's software type. */
const MOST_ROLE = 12;

/** The input file with its header room checked. */
function loadInput(terminal: Terminal, args: ParsedArguments, headerSize: number): ImageFile {
  let file: ImageFile;
  try {
    file = readImageFile(terminal.files, args.operands[0] ?? '');
  } catch (error) {
    if (DfuError.is(error, 'NOT_FOUND')) throw new UsageError('Input file not found');
    throw error;
  }
  const { bytes, address } = file;
  if (!args.on('padHeader')) {
    if (bytes.subarray(0, headerSize).some((byte) => byte !== 0)) {
      throw new UsageError('Header padding was not requested and image does not start with zeros');
    }
    return file;
  }
  // An address of 0 is kept: imgtool takes it for none.
  const shifted = address === undefined || address === 0 ? address : address - headerSize;
  return { bytes, address: shifted };
}

async function signingKey(
  terminal: Terminal,
  args: ParsedArguments,
): Promise<PrivateKey | undefined> {
  const path = args.text('key');
  if (path === undefined) return undefined;
  const key = await loadKey(terminal, path);
  if (isPrivateKey(key)) return key;
  throw new UsageError('Cannot sign with a public-only PEM; signing requires the private key.');
}

function checkSameKind(key: Key | undefined, encryption: Key): void {
  if (key === undefined) return;
  const ec = key.kind.startsWith('ecdsa') && encryption.kind !== 'ecdsa-p256';
  const rsa = key.kind.startsWith('rsa') && !encryption.kind.startsWith('rsa');
  if (ec || rsa) {
    throw new UsageError('Signing and encryption must use the same type of key');
  }
}

async function encryptionOf(
  terminal: Terminal,
  args: ParsedArguments,
  key: Key | undefined,
): Promise<EncryptionOptions | undefined> {
  const path = args.text('encrypt');
  if (path === undefined) return undefined;
  const recipient = await loadKey(terminal, path);
  checkSameKind(key, recipient);
  const hash: EciesHash = args.text('hmacSha') === '512' ? 'SHA-512' : 'SHA-256';
  const bits = args.text('encryptKeylen') === '256' ? 256 : 128;
  return { key: recipient, hash, bits, clear: args.on('clear') };
}

function hashOf(args: ParsedArguments, key: Key | undefined): HashName | undefined {
  const bits = args.text('sha') ?? 'auto';
  if (bits === 'auto') return undefined;
  const hash = `SHA-${bits}` as HashName;
  if (key === undefined) return hash;
  const allowed = allowedHashes(key.kind, { pure: args.on('pure') });
  if (allowed.includes(hash)) return hash;
  const list = allowed.map((name) => name.slice(4)).join(', ');
  throw new UsageError(
    `Key ${signatureNames[key.kind]} can not be used with --sha ${bits}; ` +
      `allowed sha are one of ${list}`,
  );
}

/** The signature of a file and its key; undefined if none is asked for. */
async function fixedSignature(
  terminal: Terminal,
  args: ParsedArguments,
): Promise<SignOptions['fixedSignature']> {
  const path = args.text('fixSig');
  if (path === undefined) return undefined;
  const signature = fromBase64(readText(terminal.files, path));
  const keyPath = args.text('fixSigPubkey');
  if (keyPath === undefined) {
    throw new UsageError('public key of the fixed signature is not specified');
  }
  const key = await loadKey(terminal, keyPath);
  if (args.text('key') !== undefined) {
    throw new UsageError('Can not sign using key and provide fixed-signature at the same time');
  }
  return { signature, key };
}

function counterOf(args: ParsedArguments): number | 'auto' | undefined {
  const text = args.text('securityCounter');
  if (text === undefined) return undefined;
  return text.toLowerCase() === 'auto' ? 'auto' : basedInteger(text);
}

async function optionsOf(terminal: Terminal, args: ParsedArguments): Promise<SignOptions> {
  const key = await signingKey(terminal, args);
  const encryption = await encryptionOf(terminal, args, key);
  const vendors = customTlvs(terminal, args);
  const fixed = await fixedSignature(terminal, args);
  const vendor = args.text('vid');
  const deviceClass = args.text('cid');
  const role = args.text('bootRecord') ?? '';
  if (role.length > MOST_ROLE) {
    throw new UsageError(
      `'${role}' is too long (${role.length} characters) for sw_type. ` +
        `Its maximum allowed length is ${MOST_ROLE} characters.`,
    );
  }
  const uuids = await uuidTlvs({
    vendor,
    deviceClass,
  });
  const dependencies = args.text('dependencies');
  return {
    version: parseVersion(args.text('version') ?? ''),
    headerSize: integer(args, 'headerSize') ?? 0,
    padHeader: args.on('padHeader'),
    endian: (args.text('endian') ?? 'little') as Endian,
    erasedValue: erasedValueOf(args),
    loadAddr: integer(args, 'loadAddr') ?? 0,
    romFixed: integer(args, 'romFixed') ?? 0,
    nonBootable: args.on('nonBootable'),
    key,
    fixedSignature: fixed,
    keyRecord: args.text('publicKeyFormat') === 'full' ? 'full' : 'hash',
    hash: hashOf(args, key ?? fixed?.key),
    pure: args.on('pure'),
    padSignature: args.on('padSig'),
    securityCounter: counterOf(args),
    bootRecord: args.text('bootRecord'),
    dependencies: dependencies === undefined ? [] : parseDependencies(dependencies),
    protectedTlvs: [...uuids, ...vendors],
    encryption,
  };
}

/** What imgtool prints each time that it signs. */
function tellSigning(terminal: Terminal, key: Key | undefined): void {
  if (key === undefined) return;
  const what = key.kind === 'ed25519' ? 'digest' : 'payload';
  terminal.out.write(`image.py: sign the ${what}\n`);
}

/** `imgtool sign`. `compressor` makes LZMA2 streams. */
export async function sign(
  terminal: Terminal,
  argv: readonly string[],
  compressor: Compressor,
): Promise<number> {
  const args = parseArguments(signSpec, argv);
  if ((integer(args, 'loadAddr') ?? 0) !== 0 && (integer(args, 'romFixed') ?? 0) !== 0) {
    throw new UsageError('Can not set rom_fixed and load_addr at the same time');
  }
  const { bytes: input, address } = loadInput(terminal, args, integer(args, 'headerSize') ?? 0);
  const options = await optionsOf(terminal, args);
  const pad = args.on('pad') || args.on('test') || args.on('confirm');
  const vector = args.text('vectorToSign');
  if (vector !== undefined) {
    const { digest, signedBytes } = await signImage(input, { ...options, key: undefined });
    terminal.out.write(`image.py: export ${vector}\n`);
    const bytes = vector === 'digest' ? digest : signedBytes;
    await save(terminal, args, { bytes, address, padding: undefined });
    return 0;
  }
  const compression = args.text('compression') ?? 'disabled';
  let signed: SignedImage;
  if (compression === 'disabled') {
    tellSigning(terminal, options.key);
    signed = await signImage(input, options);
  } else {
    const tell = (): void => tellSigning(terminal, options.key);
    signed = await compressImage(input, options, {
      terminal,
      tell,
      filter: compression,
      compressor,
    });
  }
  const padding = paddingOf(args, signed);
  refuseTooBig(signed.bytes.length, padding);
  await save(terminal, args, { bytes: signed.bytes, address, padding: pad ? padding : undefined });
  const sigOut = args.text('sigOut');
  if (sigOut !== undefined) await saveSignature(terminal, sigOut, signed);
  return 0;
}
