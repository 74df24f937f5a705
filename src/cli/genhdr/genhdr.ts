import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { Command } from 'commander';
import {
  RIOTBOOT_HEADER_ALIGNMENT,
  RIOTBOOT_HEADER_BYTES,
  RIOTBOOT_MAGIC,
  riotbootFault,
  riotbootHeader,
  riotbootImage,
  updateRiotbootHeader,
} from '../../image/index.ts';

/** Where the tool's words and bytes go. */
export interface GenhdrStreams {
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** -1 as an exit code: wrong arguments. */
const USAGE = 255;
/** -EIO as an exit code: no header to be read. */
const NO_HEADER = 251;
const UINT32_MAX = 0xffffffffn;
const LONG_MAX = 2n ** 63n - 1n;
const LONG_MIN = -(2n ** 63n);

const GENERATE_USAGE =
  'usage: genhdr generate <IMG_BIN> <APP_VER> <START_ADDR> <HDR_LEN> <outfile|->\n';
const UPDATE_USAGE = 'usage: genhdr update <file> <new_version>\n';
const SHOW_USAGE = 'usage: genhdr show [--json] <file>\n';

/** C's strtol with 64-bit long: what it read, what it left, and whether it did not fit. */
function strtol(text: string, base: 0 | 10): { value: bigint; rest: string; overflow: boolean } {
  const digits = base === 10 ? '[0-9]+' : '0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*';
  const found = new RegExp(`^[ \\t\\n\\v\\f\\r]*([+-]?)(${digits})`).exec(text);
  if (found === null) return { value: 0n, rest: text, overflow: false };
  const [whole, sign, number = '0'] = found;
  const octal = base === 0 && /^0[0-7]+$/.test(number);
  const magnitude = BigInt(octal ? `0o${number.slice(1)}` : number);
  const exact = sign === '-' ? -magnitude : magnitude;
  const value = exact > LONG_MAX ? LONG_MAX : exact < LONG_MIN ? LONG_MIN : exact;
  return { value, rest: text.slice(whole.length), overflow: value !== exact };
}

/** The numbers of one command line. As errno in C, what did not fit once spoils all that follow. */
class Numbers {
  #overflow = false;

  /** An unsigned 32-bit number, or undefined for what the tool calls not valid. */
  next(text: string): number | undefined {
    const { value, rest, overflow } = strtol(text, 0);
    this.#overflow ||= overflow;
    if (this.#overflow || rest !== '' || value < 0n || value > UINT32_MAX) return undefined;
    return Number(value);
  }
}

/**
 * `generate IMG_BIN APP_VER START_ADDR HDR_LEN OUT|-`. The image is not looked at. A wrong version or
 * address is said, counts as 0, and the header is written all the same.
 */
async function generate(args: readonly string[], streams: GenhdrStreams): Promise<number> {
  const { stderr } = streams;
  const [, versionText, addressText, lengthText, out] = args;
  if (
    versionText === undefined ||
    addressText === undefined ||
    lengthText === undefined ||
    out === undefined
  ) {
    stderr.write(GENERATE_USAGE);
    return USAGE;
  }
  const numbers = new Numbers();
  const version = numbers.next(versionText);
  if (version === undefined) stderr.write('Error: APP_VER not valid!\n');
  const startAddress = numbers.next(addressText);
  if (startAddress === undefined) stderr.write('Error: START_ADDR not valid!\n');
  const headerLength = numbers.next(lengthText);
  if (headerLength === undefined || headerLength % RIOTBOOT_HEADER_ALIGNMENT !== 0) {
    stderr.write('Error: HDR_LEN not valid!\n');
    return USAGE;
  }
  const values = { version: version ?? 0, startAddress: startAddress ?? 0 };
  try {
    await writeTo(out, headerPieces(headerLength, values), streams.stdout);
  } catch {
    stderr.write('Error: cannot write output\n');
    return 1;
  }
  return 0;
}

/** The padded header in pieces, so that any length that fits 32 bits can be written. */
function* headerPieces(
  headerLength: number,
  values: { readonly version: number; readonly startAddress: number },
): Generator<Uint8Array> {
  if (headerLength === 0) return;
  yield riotbootImage(new Uint8Array(0), { ...values, headerLength: RIOTBOOT_HEADER_ALIGNMENT });
  const zeros = new Uint8Array(0x10000);
  for (let at = RIOTBOOT_HEADER_ALIGNMENT; at < headerLength; at += zeros.length) {
    yield zeros.subarray(0, Math.min(zeros.length, headerLength - at));
  }
}

/** Over what the file holds, without cutting off the rest of it, as the tool opens files. */
async function writeTo(
  path: string,
  pieces: Iterable<Uint8Array>,
  stdout: Writable,
): Promise<void> {
  if (path === '-') {
    for (const piece of pieces) if (!stdout.write(piece)) await once(stdout, 'drain');
    return;
  }
  const file = openSync(path, constants.O_CREAT | constants.O_WRONLY, 0o600);
  try {
    for (const piece of pieces) {
      for (let done = 0; done < piece.length;) done += writeSync(file, piece, done);
    }
  } finally {
    closeSync(file);
  }
}

/** The 16 bytes at the start of a file, or of standard input for `-`; undefined if there are fewer. */
function readHeader(path: string): Uint8Array | undefined {
  const bytes = new Uint8Array(RIOTBOOT_HEADER_BYTES);
  try {
    const file = path === '-' ? 0 : openSync(path, 'r');
    try {
      for (let done = 0; done < bytes.length;) {
        const read = readSync(file, bytes, done, bytes.length - done, null);
        if (read === 0) return undefined;
        done += read;
      }
    } finally {
      if (path !== '-') closeSync(file);
    }
  } catch {
    return undefined;
  }
  return bytes;
}

/** The header of a file, or the exit code after having said why there is none. */
function headerOf(path: string, stderr: Writable): Uint8Array | number {
  const bytes = readHeader(path);
  if (bytes === undefined) {
    stderr.write(`Can't read header from ${path}\n`);
    return NO_HEADER;
  }
  const { magic } = riotbootHeader.decode(bytes);
  if (magic === RIOTBOOT_MAGIC) return bytes;
  stderr.write(`Invalid magic: ${magic.toString(16)}\n`);
  return NO_HEADER;
}

/** `update FILE VERSION`: in place, only the header. The version is read by atoi: decimal, or 0. */
async function update(args: readonly string[], streams: GenhdrStreams): Promise<number> {
  const [path, versionText] = args;
  if (path === undefined || versionText === undefined) {
    streams.stderr.write(UPDATE_USAGE);
    return USAGE;
  }
  const bytes = headerOf(path, streams.stderr);
  if (typeof bytes === 'number') return bytes;
  updateRiotbootHeader(bytes, Number(BigInt.asUintN(32, strtol(versionText, 10).value)));
  try {
    await writeTo(path, [bytes], streams.stdout);
  } catch {
    streams.stderr.write('Error: cannot write output\n');
    return 1;
  }
  return 0;
}

/** `show [--json] FILE`. What the check has to say comes in between, as the tool prints it. */
function show(args: readonly string[], { stdout, stderr }: GenhdrStreams): number {
  const path = args.find((arg) => arg !== '--json');
  if (path === undefined) {
    stderr.write(SHOW_USAGE);
    return USAGE;
  }
  const bytes = headerOf(path, stderr);
  if (typeof bytes === 'number') return bytes;
  const { version, startAddress } = riotbootHeader.decode(bytes);
  const valid = riotbootFault(bytes) === undefined;
  const complaint = valid ? '' : 'riotboot_hdr_validate: riotboot_hdr checksum invalid\n';
  stdout.write(
    args.includes('--json')
      ? `{\n\t"version": ${version},\n\t"address": ${startAddress},\n` +
          `${complaint}\t"valid": ${String(valid)}\n}\n`
      : `version: ${version}\naddress: 0x${startAddress.toString(16)}\n` +
          `${complaint}checksum: ${valid ? 'valid' : 'invalid'}\n`,
  );
  return 0;
}

/** riotboot_gen_hdr's genhdr with these arguments; the answer is its exit code. */
export async function genhdr(args: readonly string[], streams: GenhdrStreams): Promise<number> {
  const [what, ...rest] = args;
  switch (what) {
    case 'generate':
      return generate(rest, streams);
    case 'update':
      return update(rest, streams);
    case 'show':
      return show(rest, streams);
    case undefined:
    default:
      streams.stderr.write(
        'usage:\tgenhdr generate [args]\n\tgenhdr update [file] [new_version]\n' +
          '\tgenhdr show [--json] [file]\n',
      );
      return 1;
  }
}

const HELP = `
Commands, as riotboot_gen_hdr has them:
  generate IMG_BIN APP_VER START_ADDR HDR_LEN OUT|-   write a padded header
  update FILE VERSION                                 new version and checksum, in place
  show [--json] FILE                                  version, address, checksum`;

/** `dfukit genhdr …`. Every argument goes to the tool as it is: -1 is a number, not an option. */
export function command(): Command {
  const made = new Command('genhdr');
  return made
    .description('make, change and show riotboot headers (riotboot_gen_hdr)')
    .argument('[args...]')
    .allowUnknownOption()
    .helpOption(false)
    .addHelpText('after', HELP)
    .action(async (args: readonly string[]) => {
      if (args[0] === '--help' || args[0] === '-h') made.help();
      process.exitCode = await genhdr(args, process);
    });
}
