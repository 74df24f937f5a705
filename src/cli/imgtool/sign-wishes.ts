import { DfuError } from '../../bytes/index.ts';
import {
  allowedHashes,
  fromBase64,
  isPrivateKey,
  parseVersion,
  uuidTlvs,
} from '../../image/index.ts';
import type {
  CompressionOptions,
  Compressor,
  EciesHash,
  EncryptionKey,
  EncryptionOptions,
  Endian,
  HashName,
  Key,
  KeyKind,
  SignOptions,
  Tlv,
  ToSignOptions,
} from '../../image/index.ts';
import { readText } from '../shared/files.ts';
import { loadEncryptionKey, loadKey } from '../shared/key-files.ts';
import type { Terminal } from '../shared/terminal.ts';
import { UsageError, basedInteger, decimalInteger, integer } from './arguments.ts';
import type { ParsedArguments } from './arguments.ts';
import { readManifestFile } from './manifest.ts';
import { customTlvs, headerSizeOf, parseDependencies } from './sign-options.ts';
import { erasedValueOf } from './sign-output.ts';

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

/** The key to sign with; where somebody else signs, its public half does. */
async function signingKey(terminal: Terminal, args: ParsedArguments): Promise<Key | undefined> {
  const path = args.text('key');
  if (path === undefined) return undefined;
  const key = await loadKey(terminal, path);
  if (isPrivateKey(key) || args.text('vectorToSign') !== undefined) return key;
  throw new UsageError('Cannot sign with a public-only PEM; signing requires the private key.');
}

/** The kind that keys of a kind encrypt with, by imgtool's rule; Ed25519 goes with all of them. */
function checkSameKind(key: Key | undefined, encryption: EncryptionKey): void {
  if (key === undefined || encryption.kind === 'aes-kw') return;
  const sameKind =
    key.kind === 'ed25519' || key.kind === 'x25519'
      ? true
      : key.kind.startsWith('rsa')
        ? encryption.kind.startsWith('rsa')
        : encryption.kind === key.kind;
  if (!sameKind) throw new UsageError('Signing and encryption must use the same type of key');
}

async function encryptionOf(
  terminal: Terminal,
  args: ParsedArguments,
  key: Key | undefined,
): Promise<EncryptionOptions | undefined> {
  const path = args.text('encrypt');
  if (path === undefined) return undefined;
  const recipient = await loadEncryptionKey(terminal, path);
  checkSameKind(key, recipient);
  // RSA and AES-KW agree on nothing that would be hashed.
  const agrees = recipient.kind !== 'aes-kw' && !recipient.kind.startsWith('rsa');
  const hash: EciesHash = agrees && args.text('hmacSha') === '512' ? 'SHA-512' : 'SHA-256';
  const bits = args.text('encryptKeylen') === '256' ? 256 : 128;
  return { key: recipient, hash, bits, clear: args.on('clear') };
}

/** The hash that is asked for; undefined for the one that the signature goes with. */
function hashOf(args: ParsedArguments, key: Key | undefined): HashName | undefined {
  const bits = args.text('sha') ?? 'auto';
  const pure = args.on('pure');
  if (pure && bits !== 'auto') {
    throw new UsageError(
      'Pure signatures, currently, enforces preferred hash algorithm, ' +
        'and forbids sha selection by user.',
    );
  }
  if (pure && key !== undefined && key.kind !== 'ed25519') {
    throw new UsageError(
      `Key ${signatureNames[key.kind]} can not be used with --pure; ED25519 can`,
    );
  }
  if (bits === 'auto') return undefined;
  const hash = `SHA-${bits}` as HashName;
  if (key === undefined) return hash;
  const allowed = allowedHashes(key.kind, { pure });
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

/** Whether the header goes in front; with `--pad-value` it takes the place of what stands there. */
function putsHeader(args: ParsedArguments): boolean {
  return args.on('padHeader') || args.text('padValue') !== undefined;
}

/** Records of `--vid`, `--cid` and `--manifest`. */
export async function nordicRecords(terminal: Terminal, args: ParsedArguments): Promise<Tlv[]> {
  if (args.text('edtConfig') !== undefined) {
    const words =
      'a pickled devicetree is read by Python alone; give what it names with --vid and --cid';
    throw new DfuError('UNSUPPORTED', `--edt-config: ${words}`);
  }
  const vendor = args.text('vid');
  const uuids = await uuidTlvs({ vendor, deviceClass: args.text('cid') });
  const path = args.text('manifest');
  if (path === undefined) return uuids;
  return [...uuids, await readManifestFile(terminal, path, endianOf(args))];
}

/** How the payload is compressed; undefined if that is not asked for. */
function compressionOf(
  args: ParsedArguments,
  compressor: Compressor,
): CompressionOptions | undefined {
  const kind = args.text('compression') ?? 'disabled';
  if (kind === 'disabled') return undefined;
  const number = (name: string): number | undefined => {
    const text = args.text(name);
    return text === undefined ? undefined : decimalInteger(text);
  };
  return {
    // imgtool names pb in the header in front of the stream; the stream's own is always 2.
    compressor: (bytes, settings) => compressor(bytes, { ...settings, pb: 2 }),
    armThumb: kind === 'lzma2armthumb',
    dictionaryBytes: number('lzmaDictionary'),
    lc: number('lzmaLc'),
    lp: number('lzmaLp'),
    pb: number('lzmaPb'),
    preset: number('lzmaPreset'),
  };
}

const endianOf = (args: ParsedArguments): Endian => (args.text('endian') ?? 'little') as Endian;

/** What the command line says of the image; records first, for what is wrong with them is told first. */
export async function signingOptions(
  terminal: Terminal,
  args: ParsedArguments,
  { records, compressor }: { readonly records: readonly Tlv[]; readonly compressor: Compressor },
): Promise<ToSignOptions> {
  const key = await signingKey(terminal, args);
  const encryption = await encryptionOf(terminal, args, key);
  const vendors = customTlvs(terminal, args);
  const fixed = await fixedSignature(terminal, args);
  const hash = hashOf(args, key ?? fixed?.key);
  const role = args.text('bootRecord') ?? '';
  if (role.length > MOST_ROLE) {
    throw new UsageError(
      `'${role}' is too long (${role.length} characters) for sw_type. ` +
        `Its maximum allowed length is ${MOST_ROLE} characters.`,
    );
  }
  const dependencies = args.text('dependencies');
  return {
    version: parseVersion(args.text('version') ?? ''),
    headerSize: headerSizeOf(args.text('headerSize') ?? ''),
    padHeader: putsHeader(args),
    endian: endianOf(args),
    erasedValue: erasedValueOf(args),
    loadAddr: integer(args, 'loadAddr') ?? 0,
    romFixed: integer(args, 'romFixed') ?? 0,
    nonBootable: args.on('nonBootable'),
    key,
    fixedSignature: fixed,
    keyRecord: args.text('publicKeyFormat') === 'full' ? 'full' : 'hash',
    hash,
    pure: args.on('pure'),
    padSignature: args.on('padSig'),
    securityCounter: counterOf(args),
    bootRecord: args.text('bootRecord'),
    dependencies: dependencies === undefined ? [] : parseDependencies(dependencies),
    protectedTlvs: [...records, ...vendors],
    encryption,
    compression: compressionOf(args, compressor),
  };
}
