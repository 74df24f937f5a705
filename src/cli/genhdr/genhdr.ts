import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import {
  RIOTBOOT_HEADER_ALIGNMENT,
  RIOTBOOT_HEADER_BYTES,
  RIOTBOOT_MAGIC,
  riotbootFault,
  riotbootHeader,
  riotbootImage,
  updateRiotbootHeader,
} from '../../image/index.ts';
import { DfuError, didYouMean, hexNumber } from '../../bytes/index.ts';
import { passOn } from '../shared/pass-on.ts';
import { refuseRunningFlash } from '../shared/write-file.ts';
import type { Input, Output, Terminal } from '../shared/terminal.ts';

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
async function generate(args: readonly string[], terminal: Terminal): Promise<number> {
  const { err } = terminal;
  const [, versionText, addressText, lengthText, out] = args;
  if (
    versionText === undefined ||
    addressText === undefined ||
    lengthText === undefined ||
    out === undefined
  ) {
    err.write(GENERATE_USAGE);
    return USAGE;
  }
  const numbers = new Numbers();
  const version = numbers.next(versionText);
  if (version === undefined) err.write('Error: APP_VER not valid!\n');
  const startAddress = numbers.next(addressText);
  if (startAddress === undefined) err.write('Error: START_ADDR not valid!\n');
  const headerLength = numbers.next(lengthText);
  if (headerLength === undefined || headerLength % RIOTBOOT_HEADER_ALIGNMENT !== 0) {
    err.write('Error: HDR_LEN not valid!\n');
    return USAGE;
  }
  const values = { version: version ?? 0, startAddress: startAddress ?? 0 };
  try {
    await writeTo(out, headerPieces(headerLength, values), terminal.out);
  } catch (error) {
    return cannotWrite(terminal, error);
  }
  return 0;
}

function cannotWrite({ err }: Terminal, error: unknown): number {
  const reason = DfuError.is(error) ? `: ${error.message}` : '';
  err.write(`Error: cannot write output${reason}\n`);
  return 1;
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
async function writeTo(path: string, pieces: Iterable<Uint8Array>, out: Output): Promise<void> {
  if (path === '-') {
    for (const piece of pieces) await passOn(out, piece);
    return;
  }
  await refuseRunningFlash(path);
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
async function readHeader(path: string, input: Input): Promise<Uint8Array | undefined> {
  try {
    return path === '-' ? await readInput(input) : readStart(path);
  } catch {
    return undefined;
  }
}

async function readInput(input: Input): Promise<Uint8Array | undefined> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of input) {
    bytes = Buffer.concat([bytes, Buffer.from(chunk as Uint8Array)]);
    if (bytes.length >= RIOTBOOT_HEADER_BYTES) return bytes.subarray(0, RIOTBOOT_HEADER_BYTES);
  }
  return undefined;
}

function readStart(path: string): Uint8Array | undefined {
  const bytes = new Uint8Array(RIOTBOOT_HEADER_BYTES);
  const file = openSync(path, 'r');
  try {
    for (let done = 0; done < bytes.length;) {
      const read = readSync(file, bytes, done, bytes.length - done, null);
      if (read === 0) return undefined;
      done += read;
    }
  } finally {
    closeSync(file);
  }
  return bytes;
}

/** The header of a file, or the exit code after having said why there is none. */
async function headerOf(path: string, terminal: Terminal): Promise<Uint8Array | number> {
  const { err } = terminal;
  const bytes = await readHeader(path, terminal.in);
  if (bytes === undefined) {
    err.write(`Can't read header from ${path}\n`);
    return NO_HEADER;
  }
  const { magic } = riotbootHeader.decode(bytes);
  if (magic === RIOTBOOT_MAGIC) return bytes;
  err.write(`Invalid magic: ${magic.toString(16)}\n`);
  return NO_HEADER;
}

/** `update FILE VERSION`: in place, only the header. The version is read by atoi: decimal, or 0. */
async function update(args: readonly string[], terminal: Terminal): Promise<number> {
  const [path, versionText] = args;
  if (path === undefined || versionText === undefined) {
    terminal.err.write(UPDATE_USAGE);
    return USAGE;
  }
  const bytes = await headerOf(path, terminal);
  if (typeof bytes === 'number') return bytes;
  updateRiotbootHeader(bytes, Number(BigInt.asUintN(32, strtol(versionText, 10).value)));
  try {
    await writeTo(path, [bytes], terminal.out);
  } catch (error) {
    return cannotWrite(terminal, error);
  }
  return 0;
}

/** `show [--json] FILE`. What the check has to say comes in between, as the tool prints it. */
async function show(args: readonly string[], terminal: Terminal): Promise<number> {
  const { out, err } = terminal;
  const path = args.find((arg) => arg !== '--json');
  if (path === undefined) {
    err.write(SHOW_USAGE);
    return USAGE;
  }
  const bytes = await headerOf(path, terminal);
  if (typeof bytes === 'number') return bytes;
  const { version, startAddress } = riotbootHeader.decode(bytes);
  const valid = riotbootFault(bytes) === undefined;
  const complaint = valid ? '' : 'riotboot_hdr_validate: riotboot_hdr checksum invalid\n';
  out.write(
    args.includes('--json')
      ? `{\n\t"version": ${version},\n\t"address": ${startAddress},\n` +
          `${complaint}\t"valid": ${String(valid)}\n}\n`
      : `version: ${version}\naddress: ${hexNumber(startAddress)}\n` +
          `${complaint}checksum: ${valid ? 'valid' : 'invalid'}\n`,
  );
  return 0;
}

/** riotboot_gen_hdr's genhdr with these arguments; the answer is its exit code. */
export async function genhdr(args: readonly string[], terminal: Terminal): Promise<number> {
  const [what, ...rest] = args;
  switch (what) {
    case 'generate':
      return generate(rest, terminal);
    case 'update':
      return update(rest, terminal);
    case 'show':
      return show(rest, terminal);
    case undefined:
    default:
      terminal.err.write(nearest(what ?? ''));
      terminal.err.write(
        'usage:\tgenhdr generate [args]\n\tgenhdr update [file] [new_version]\n' +
          '\tgenhdr show [--json] [file]\n',
      );
      return 1;
  }
}

/** A line of its own for a command that is nearly one; what else there is to say is the tool's own. */
function nearest(what: string): string {
  const near = didYouMean(what, ['generate', 'update', 'show']);
  return near === '' ? '' : `Error: no command "${what}"${near}\n`;
}

const HELP = `Usage: dfukit genhdr [options] [args...]

make, change and show riotboot headers (riotboot_gen_hdr)

Options:
  -h, --help  display help for command

Commands, as riotboot_gen_hdr has them:
  generate IMG_BIN APP_VER START_ADDR HDR_LEN OUT|-   write a padded header
  update FILE VERSION                                 new version and checksum, in place
  show [--json] FILE                                  version, address, checksum

As with riotboot_gen_hdr, "APP_VER not valid!" and "START_ADDR not valid!" end with 0 all the same, and 0
stands in the header.

Examples:
  dfukit genhdr generate app.bin 7 0x2000 0x100 header.bin
  dfukit genhdr show --json slot0.riot.bin
`;

/** `dfukit genhdr …`. Every argument goes to the tool as it is: -1 is a number, not an option. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  if (!['--help', '--help-all', '-h'].includes(args[0] ?? '')) return genhdr(args, terminal);
  terminal.out.write(HELP);
  return 0;
}
