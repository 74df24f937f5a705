import { DfuError } from '../../bytes/index.ts';
import {
  checkImageFits,
  padImage,
  toBase64,
  trailerPieces,
  writeIntelHex,
} from '../../image/index.ts';
import type { Endian, PaddingOptions, SignedPieces } from '../../image/index.ts';
import { isHexPath } from '../shared/files.ts';
import type { Terminal } from '../shared/terminal.ts';
import { UsageError, basedInteger, integer } from './arguments.ts';
import type { ParsedArguments } from './arguments.ts';

/** The byte that header and slot are filled up with: what erased flash reads as, unless another is wished. */
export function erasedValueOf(args: ParsedArguments): number {
  return basedInteger(args.text('padValue') ?? args.text('erasedVal') ?? '0xff');
}

/** How the slot is filled up, as the command line says. */
export function paddingOf(args: ParsedArguments, signed: SignedPieces): PaddingOptions {
  const maxAlign = args.text('maxAlign');
  const maxSectors = args.text('maxSectors');
  const encrypted = args.text('encrypt') !== undefined;
  const wrapped = args.on('saveEnctlv') ? signed.wrappedKeyBytes : 16;
  return {
    slotSize: integer(args, 'slotSize') ?? 0,
    align: Number(args.text('align') ?? 1),
    maxAlign: maxAlign === undefined ? undefined : Number(maxAlign),
    maxSectors: maxSectors === undefined ? undefined : Number(maxSectors),
    overwriteOnly: args.on('overwriteOnly'),
    keyBytes: encrypted ? wrapped : 0,
    endian: (args.text('endian') ?? 'little') as Endian,
    erasedValue: erasedValueOf(args),
    confirm: args.on('confirm'),
    test: args.on('test'),
  };
}

/** Image, and where it goes in a HEX file. */
interface Output {
  /** One behind the other. */
  readonly pieces: readonly Uint8Array[];
  readonly address: number | undefined;
  /** Undefined if no trailer is asked for. */
  readonly padding: PaddingOptions | undefined;
}

/** An image as Intel HEX from an address on, and its slot's trailer behind it if one is asked for. */
export function imageHex(
  bytes: Uint8Array,
  address: number,
  padding: PaddingOptions | undefined,
): string {
  const end = address + (padding?.slotSize ?? 0);
  const pieces = padding === undefined ? [] : trailerPieces(padding);
  const trailer = pieces.map((piece) => ({ address: end - piece.fromEnd, bytes: piece.bytes }));
  return writeIntelHex([{ address, bytes }, ...trailer]);
}

/** Writes OUTFILE, as Intel HEX if that is its ending. */
export async function save(
  terminal: Terminal,
  args: ParsedArguments,
  { pieces, address, padding }: Output,
): Promise<void> {
  const path = args.operands[1] ?? '';
  if (!isHexPath(path)) {
    const padded = padding === undefined ? pieces : padImage(Buffer.concat(pieces), padding);
    await terminal.files.write(path, padded);
    return;
  }
  const start = integer(args, 'hexAddr') ?? address;
  if (start === undefined) {
    throw new UsageError('No address exists in input file neither was it provided by user');
  }
  const text = imageHex(Buffer.concat(pieces), start, padding);
  await terminal.files.write(path, new TextEncoder().encode(text));
}

/** Throws `UsageError` if the image does not fit its slot. */
export function refuseTooBig(size: number, padding: PaddingOptions): void {
  try {
    checkImageFits(size, padding);
  } catch (error) {
    if (DfuError.is(error, 'REFUSED')) throw new UsageError(error.message);
    throw error;
  }
}

/** Writes the signature alone, in base64. */
export async function saveSignature(
  terminal: Terminal,
  path: string,
  signature: Uint8Array,
): Promise<void> {
  await terminal.files.write(path, new TextEncoder().encode(toBase64(signature)));
}
