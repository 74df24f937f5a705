import { DfuError } from '../../bytes/index.ts';
import {
  bytesToSign,
  isPrivateKey,
  recognise,
  signPieces,
  verifyMessage,
} from '../../image/index.ts';
import type {
  CompressionResult,
  Compressor,
  FileFormat,
  SignedPieces,
  SignOptions,
  ToSignOptions,
} from '../../image/index.ts';

import { readImageFile } from '../shared/image-file.ts';
import type { ImageFile } from '../shared/image-file.ts';
import { nodeCrypto } from '../shared/node-crypto.ts';
import { warn } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';
import { UsageError, integer, parseArguments } from './arguments.ts';
import type { ParsedArguments } from './arguments.ts';
import { headerSizeOf, signSpec } from './sign-options.ts';
import { paddingOf, refuseTooBig, save, saveSignature } from './sign-output.ts';
import { nordicRecords, signingOptions } from './sign-wishes.ts';

/** Files that no processor runs as they are. */
const noBinaries: Partial<Readonly<Record<FileFormat, string>>> = {
  dfuse: 'a DfuSe file',
  elf: 'an ELF file',
  html: 'a web page',
  hex: 'Intel HEX, and its name does not end in .hex',
  mcuboot: 'an MCUboot image already',
  pem: 'a key or certificate in text',
  srec: 'S-records',
  uf2: 'a UF2 file',
  zip: 'a zip file',
};

/** imgtool signs whatever there is, and so does this; what is no firmware is told. */
function tellNoBinary(terminal: Terminal, path: string, { bytes }: ImageFile): void {
  const what = noBinaries[recognise(bytes).format];
  if (what === undefined) return;
  warn(terminal, `warning: ${path} is ${what}, and is signed as it is: no processor runs that`);
}

/** The input file with its header room checked. */
function loadInput(terminal: Terminal, args: ParsedArguments): ImageFile {
  const headerSize = headerSizeOf(args.text('headerSize') ?? '');
  let file: ImageFile;
  try {
    file = readImageFile(terminal, args.operands[0] ?? '');
  } catch (error) {
    if (DfuError.is(error, 'NOT_FOUND')) throw new UsageError('Input file not found');
    throw error;
  }
  tellNoBinary(terminal, args.operands[0] ?? '', file);
  const { bytes, address } = file;
  if (!args.on('padHeader')) {
    if (args.text('padValue') !== undefined) return { bytes: bytes.subarray(headerSize), address };
    if (bytes.subarray(0, headerSize).some((byte) => byte !== 0)) {
      throw new UsageError('Header padding was not requested and image does not start with zeros');
    }
    return file;
  }
  // An address of 0 is kept: imgtool takes it for none.
  const shifted = address === undefined || address === 0 ? address : address - headerSize;
  return { bytes, address: shifted };
}

/**
 * The lines that imgtool prints: one each time that it signs or exports, which with compression it does
 * once for the plain image and, if that gained anything, once more.
 */
function tell(terminal: Terminal, line: string, compression: CompressionResult | undefined): void {
  if (line !== '') terminal.out.write(line);
  if (compression === undefined) return;
  const { payloadBytes, streamBytes, gained } = compression;
  terminal.out.write(`compressed image size: ${streamBytes} bytes\n`);
  terminal.out.write(`original image size: ${payloadBytes} bytes\n`);
  if (gained) terminal.out.write(line);
}

/** With these keys imgtool signs first and looks at `--hmac-sha` then. */
function hashRefused({ encryption }: SignOptions): boolean {
  const { kind } = encryption?.key ?? {};
  return encryption?.hash === 'SHA-512' && (kind === 'ecdsa-p256' || kind === 'ecdsa-p384');
}

/** A signature made elsewhere may be of something else; imgtool takes it as it is, and so does no bootloader. */
async function tellForeignSignature(
  terminal: Terminal,
  { digest, signedPieces }: SignedPieces,
  { fixedSignature, pure }: SignOptions,
): Promise<void> {
  if (fixedSignature === undefined) return;
  const { key, signature } = fixedSignature;
  const over = key.kind === 'ed25519' && pure !== true ? digest : Buffer.concat(signedPieces);
  if (await verifyMessage(key, over, signature)) return;
  const words = 'no signature of this image by the key of --fix-sig-pubkey: no bootloader takes it';
  warn(terminal, `warning: --fix-sig: ${words}`);
}

async function signAndTell(
  terminal: Terminal,
  input: Uint8Array,
  options: SignOptions,
): Promise<SignedPieces> {
  const refused = hashRefused(options);
  const signed = await signPieces(input, refused ? { ...options, encryption: undefined } : options);
  const { key } = options;
  const what = key?.kind === 'ed25519' ? 'digest' : 'payload';
  const line = key === undefined ? '' : `image.py: sign the ${what}\n`;
  tell(terminal, line, signed.compression);
  await tellForeignSignature(terminal, signed, options);
  if (refused) throw new UsageError('Currently only ECIES-X25519 supports HMAC-SHA512');
  return signed;
}

/** `--vector-to-sign`: what a signature made elsewhere is to be over, as a file. It is never filled up. */
async function exportVector(
  terminal: Terminal,
  args: ParsedArguments,
  { input, options, vector }: { input: ImageFile; options: ToSignOptions; vector: string },
): Promise<void> {
  const { digest, signedBytes, compression } = await bytesToSign(input.bytes, options);
  tell(terminal, `image.py: export ${vector}\n`, compression);
  const bytes = vector === 'digest' ? digest : signedBytes;
  await save(terminal, args, { pieces: [bytes], address: input.address, padding: undefined });
}

function withPrivateKey({ key, ...rest }: ToSignOptions): SignOptions {
  const options = { ...rest, crypto: nodeCrypto() };
  return key !== undefined && isPrivateKey(key) ? { ...options, key } : options;
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
  const records = await nordicRecords(terminal, args);
  const input = loadInput(terminal, args);
  const options = await signingOptions(terminal, args, { records, compressor });
  const sigOut = args.text('sigOut');
  const vector = args.text('vectorToSign');
  const unsigned = options.key === undefined && options.fixedSignature === undefined;
  if (sigOut !== undefined && (unsigned || vector !== undefined)) {
    const words = 'there is no signature to write, for the image is not signed';
    throw new DfuError('INVALID_ARGUMENT', `--sig-out: ${words}`);
  }
  if (vector !== undefined) {
    await exportVector(terminal, args, { input, options, vector });
    return 0;
  }
  const signed = await signAndTell(terminal, input.bytes, withPrivateKey(options));
  const padding = paddingOf(args, signed);
  const { pieces, signature } = signed;
  refuseTooBig(
    pieces.reduce((sum, { length }) => sum + length, 0),
    padding,
  );
  const pad = args.on('pad') || args.on('test') || args.on('confirm');
  const { address } = input;
  await save(terminal, args, { pieces, address, padding: pad ? padding : undefined });
  if (sigOut !== undefined && signature !== undefined) {
    await saveSignature(terminal, sigOut, signature);
  }
  return 0;
}
