import { resolve } from 'node:path';
import { DfuError, defined } from '../../bytes/index.ts';
import { appendSuffix } from '../../dfu/index.ts';
import {
  DEFAULT_IMAGE_KEY_BITS,
  endianOfImage,
  inspectImage,
  isPrivateKey,
  padImage,
  parseVersion,
  signImage,
  takeImage,
  uuidTlvs,
} from '../../image/index.ts';
import type {
  Endian,
  PaddingOptions,
  PrivateKey,
  SignedImage,
  SignOptions,
  Tlv,
  Unwrapped,
} from '../../image/index.ts';
import { parseUsbId } from '../../usb/index.ts';
import type { VendorTlv } from '../imgtool/sign-options.ts';
import { imageRows, table } from './describe.ts';
import { loadDecryptionKeys, loadEncryptionKey, loadKey } from '../shared/key-files.ts';
import { UsageError } from '../imgtool/arguments.ts';
import { imageHex } from '../imgtool/sign-output.ts';
import { isHexPath } from '../shared/files.ts';
import { readPart, tellElsewhere } from '../shared/image-part.ts';
import type { PartOptions } from '../shared/image-part.ts';
import { writeJson } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';
import { parseDependencies, tlvValue, vendorTlvs } from '../imgtool/sign-options.ts';

/** Options of `dfukit image sign`, as commander names them. */
export interface ImageSignOptions extends PartOptions {
  readonly json?: true | undefined;
  readonly key?: string | undefined;
  readonly output?: string | undefined;
  readonly imageVersion?: string | undefined;
  readonly headerSize?: number | undefined;
  readonly slotSize?: number | undefined;
  readonly pad?: true | undefined;
  readonly test?: true | undefined;
  readonly confirm?: true | undefined;
  readonly align?: number | undefined;
  readonly maxAlign?: number | undefined;
  readonly maxSectors?: number | undefined;
  readonly overwriteOnly?: true | undefined;
  readonly encrypt?: string | undefined;
  readonly encryptBits?: 128 | 256 | undefined;
  readonly clear?: true | undefined;
  readonly decrypt?: readonly string[] | undefined;
  readonly securityCounter?: number | 'auto' | undefined;
  readonly depends?: readonly string[] | undefined;
  readonly bootRecord?: string | undefined;
  readonly vendor?: string | undefined;
  readonly class?: string | undefined;
  readonly tlv?: readonly string[] | undefined;
  readonly pure?: true | undefined;
  readonly publicKey?: 'hash' | 'full' | undefined;
  readonly endian?: Endian | undefined;
  readonly loadAddress?: number | undefined;
  readonly romAddress?: number | undefined;
  readonly nonBootable?: true | undefined;
  readonly address?: number | undefined;
  readonly dfu?: string | undefined;
}

/** Header that Zephyr's build leaves room for on most chips. */
const USUAL_HEADER = 0x200;

async function signer(
  terminal: Terminal,
  path: string | undefined,
): Promise<PrivateKey | undefined> {
  if (path === undefined) return undefined;
  const key = await loadKey(terminal, path);
  if (isPrivateKey(key)) return key;
  throw new DfuError('INVALID_ARGUMENT', `${path}: expected a private key, got a public one`);
}

/** What the parsers shared with imgtool find wrong, under this command's own option. */
function under<T>(option: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new DfuError('INVALID_ARGUMENT', `${option}: ${error.message}`);
  }
}

/** `TYPE=VALUE`, the value bytes behind 0x or else text. */
function vendorRecord(text: string): VendorTlv {
  const equals = text.indexOf('=');
  if (equals < 1) throw new UsageError(`expected TYPE=VALUE, got "${text}"`);
  return [text.slice(0, equals), () => tlvValue(text.slice(equals + 1))];
}

/** Records asked for: vendor, class, and others; they take the place of the image's own. */
async function recordsOf(options: ImageSignOptions): Promise<Tlv[]> {
  const { vendor, class: deviceClass, tlv = [] } = options;
  const uuids = await uuidTlvs({
    vendor,
    deviceClass,
  });
  return [...uuids, ...under('--tlv', () => vendorTlvs(tlv.map(vendorRecord)))];
}

interface Input {
  readonly bytes: Uint8Array;
  readonly options: SignOptions;
  /** What was done about the header, for the person who asked. */
  readonly note: string;
}

/** A plain payload, with room for the header or without: zeros in front are room. */
function freshInput(bytes: Uint8Array, options: ImageSignOptions): Input {
  const { imageVersion } = options;
  if (imageVersion === undefined) {
    throw new DfuError('INVALID_ARGUMENT', 'sign: expected --image-version for a new image');
  }
  const headerSize = options.headerSize ?? USUAL_HEADER;
  const hasRoom =
    bytes.length > headerSize && !bytes.subarray(0, headerSize).some((byte) => byte !== 0);
  const version = parseVersion(imageVersion);
  const note = hasRoom
    ? `header of ${headerSize} bytes into the room that the file has for it`
    : `header of ${headerSize} bytes put in front`;
  return { bytes, options: { version, headerSize, padHeader: !hasRoom }, note };
}

/** An image that is signed anew: what it was made of, its old signature left behind. */
async function takenInput(
  terminal: Terminal,
  bytes: Uint8Array,
  { decrypt = [], imageVersion, headerSize }: ImageSignOptions,
): Promise<Input> {
  const decryptionKeys = await loadDecryptionKeys(terminal, decrypt);
  const taken = await takeImage(await inspectImage(bytes, { decryptionKeys }));
  if (headerSize !== undefined && headerSize !== taken.options.headerSize) {
    const words = `the image has ${taken.options.headerSize}, got ${headerSize}`;
    throw new DfuError('INVALID_ARGUMENT', `--header-size: ${words}`);
  }
  const version = imageVersion === undefined ? taken.options.version : parseVersion(imageVersion);
  const note = 'an image already: its payload and protected records signed anew';
  return { bytes: taken.input, options: { ...taken.options, version }, note };
}

/** Only what was asked for; what an image brought along stays otherwise. */
function asked(options: ImageSignOptions): Partial<SignOptions> {
  const { securityCounter, depends, bootRecord, endian, loadAddress, romAddress } = options;
  return defined({
    securityCounter,
    dependencies: under('--depends', () => depends?.flatMap(parseDependencies)),
    bootRecord,
    endian,
    loadAddr: loadAddress,
    romFixed: romAddress,
    nonBootable: options.nonBootable,
    pure: options.pure,
    keyRecord: options.publicKey ?? 'hash',
  });
}

async function encryptionOf(
  terminal: Terminal,
  { encrypt, encryptBits, clear }: ImageSignOptions,
): Promise<SignOptions['encryption']> {
  if (encrypt === undefined) return undefined;
  return {
    key: await loadEncryptionKey(terminal, encrypt),
    bits: encryptBits,
    clear: clear === true,
  };
}

function paddingOf(
  options: ImageSignOptions,
  { wrappedKeyBytes, bytes }: SignedImage,
): PaddingOptions {
  const { slotSize, align, maxAlign, maxSectors, overwriteOnly, confirm, test } = options;
  const wanted = options.pad ?? test ?? confirm ?? false;
  if (wanted && slotSize === undefined) {
    throw new DfuError('INVALID_ARGUMENT', 'sign: expected --slot-size to fill a slot up');
  }
  return {
    slotSize: slotSize ?? 0,
    align: align ?? 1,
    maxAlign,
    maxSectors,
    overwriteOnly: overwriteOnly ?? false,
    keyBytes: wrappedKeyBytes > 0 ? (options.encryptBits ?? DEFAULT_IMAGE_KEY_BITS) / 8 : 0,
    endian: endianOfImage(bytes) ?? 'little',
    confirm: confirm ?? false,
    test: test ?? false,
  };
}

/** `blinky.bin` becomes `blinky.signed.bin`. */
function outputPath(input: string): string {
  const dot = input.lastIndexOf('.');
  const slash = Math.max(input.lastIndexOf('/'), input.lastIndexOf('\\'));
  if (dot <= slash + 1) return `${input}.signed`;
  return `${input.slice(0, dot)}.signed${input.slice(dot)}`;
}

function withSuffix(bytes: Uint8Array, ids: string | undefined): Uint8Array {
  if (ids === undefined) return bytes;
  const id = parseUsbId(ids, '--dfu');
  return appendSuffix(bytes, { ...id, bcdDevice: 0xffff, bcdDFU: 0x0100 });
}

interface Result {
  readonly path: string;
  readonly image: Uint8Array;
  readonly padding: PaddingOptions;
  readonly address: number | undefined;
}

async function save(
  terminal: Terminal,
  { path, image, padding, address }: Result,
  options: ImageSignOptions,
): Promise<void> {
  const pad = options.pad ?? options.test ?? options.confirm ?? false;
  if (!isHexPath(path)) {
    await terminal.files.write(
      path,
      withSuffix(pad ? padImage(image, padding) : image, options.dfu),
    );
    return;
  }
  if (address === undefined) {
    const words = 'expected --address for an Intel HEX file made of a binary';
    throw new DfuError('INVALID_ARGUMENT', `${path}: ${words}`);
  }
  const text = imageHex(image, address, pad ? padding : undefined);
  await terminal.files.write(path, new TextEncoder().encode(text));
}

/** Address in a HEX file: given, or the input's, less the header that was put in front. */
function addressOf(file: Unwrapped, input: Input, given: number | undefined): number | undefined {
  if (given !== undefined || file.address === undefined) return given;
  const taken = file.what.format === 'mcuboot';
  const added = input.options.padHeader === true && !taken ? input.options.headerSize : 0;
  return file.address - added;
}

/** Throws where there is nothing to sign, or where the output would take its place. */
function refuseLoss(path: string, output: string, { format }: Unwrapped['what']): void {
  if (format === 'empty') {
    throw new DfuError('MALFORMED', `${path}: expected a payload, got an empty file`);
  }
  if (resolve(path) !== resolve(output)) return;
  const words = 'it would be replaced by its image; take another name with -o';
  throw new DfuError('INVALID_ARGUMENT', `${path}: ${words}`);
}

/** `dfukit image sign`: a payload, or an image that another key signed, becomes an image. */
export async function imageSign(
  terminal: Terminal,
  path: string,
  options: ImageSignOptions,
): Promise<number> {
  const file = readPart(terminal, path, options);
  tellElsewhere(terminal, path, file);
  if (file.what.format === 'elf' || file.what.format === 'uf2' || file.what.format === 'dfuse') {
    const words = `expected a binary or Intel HEX, got ${file.what.format.toUpperCase()}`;
    throw new DfuError('UNSUPPORTED', `${path}: ${words}`);
  }
  const output = options.output ?? outputPath(path);
  refuseLoss(path, output, file.what);
  const key = await signer(terminal, options.key);
  const taken = file.what.format === 'mcuboot';
  const input = taken
    ? await takenInput(terminal, file.bytes, options)
    : freshInput(file.bytes, options);
  const records = await recordsOf(options);
  const kept = (input.options.protectedTlvs ?? []).filter(
    ({ type }) => !records.some((record) => record.type === type),
  );
  const signed = await signImage(input.bytes, {
    ...input.options,
    ...asked(options),
    protectedTlvs: [...kept, ...records],
    key,
    encryption: await encryptionOf(terminal, options),
  });
  const padding = paddingOf(options, signed);
  const address = addressOf(file, input, options.address);
  // Filling up checks the size; an image that is not filled up is checked against its slot too.
  if (padding.slotSize > 0) padImage(signed.bytes, padding);
  await save(terminal, { path: output, image: signed.bytes, padding, address }, options);
  const keys = key === undefined ? [] : [{ path: options.key ?? '', key }];
  const inspection = await inspectImage(signed.bytes, { keys: keys.map((each) => each.key) });
  const rows = imageRows(inspection, signed.bytes, keys).slice(0, -1);
  const bytes = signed.bytes.length;
  if (options.json === true) {
    writeJson(terminal.out, { type: 'signed', file: output, bytes, message: input.note });
  } else terminal.out.write(`${output}: ${input.note}\n${table(rows)}`);
  return 0;
}
