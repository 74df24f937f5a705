import { runImgtool } from '../../../src/cli/imgtool/imgtool.ts';
import type { McubootImage } from '../../../src/image/index.ts';
import { TlvType, allTlvs, parseImage, readIntelHex } from '../../../src/image/index.ts';
import { Desk } from '../image-desk.ts';
import { argument, bootloaderSays } from './bootloader-says.ts';
import { departs } from '../../departures/table.ts';
import type { DepartureId } from '../../departures/table.ts';
import { attempt, differ, differInBytes, differInList } from '../replayed.ts';
import type { ReplayedCase } from '../replayed.ts';
import type { ImgtoolCase, ImgtoolFolder } from './imgtool-folder.ts';

/** One run of `dfukit imgtool`, its files in memory. */
interface Run {
  readonly desk: Desk;
  readonly exit: number;
}

/** A run of `imgtool sign`, and the name of the file it was to write. */
interface SignRun extends Run {
  readonly path: string;
}

function deskOf(folder: ImgtoolFolder): Desk {
  return new Desk((path) => folder.bytes(path));
}

const isHex = (path: string): boolean => /\.hex(?:\.gz)?$/.test(path);

function imageIn(folder: ImgtoolFolder, path: string): Uint8Array {
  return isHex(path) ? readIntelHex(folder.text(path)).bytes : folder.bytes(path);
}

/** Runs `imgtool sign` as a recording tells. */
export async function signRun(folder: ImgtoolFolder, each: ImgtoolCase): Promise<SignRun> {
  const { args = [], input = '', output = '', name } = each;
  const desk = deskOf(folder);
  const path = isHex(output) || name.includes('hex-out') ? 'result.hex' : 'result.bin';
  const exit = await runImgtool(['sign', ...args, input, path], desk.terminal);
  return { desk, exit, path };
}

async function run(folder: ImgtoolFolder, args: readonly string[]): Promise<Run> {
  const desk = deskOf(folder);
  return { desk, exit: await runImgtool(args, desk.terminal) };
}

/**
 * The departure by which a message says what the recorded one was to say: imgtool shows a raw
 * exception, a placeholder or the last piece of a message torn into lines. undefined: by none.
 */
export function saysAsMuch(recorded: string, said: string): DepartureId | undefined {
  if (!/^Error: \S/.test(said)) return undefined;
  if (/^(?!Error:)[A-Za-z_][\w.]*(?:: |$)/.test(recorded)) return 'imgtool/traceback';
  if (recorded.includes("<class '")) return 'imgtool/class-in-message';
  if (/^\s/.test(recorded))
    return said.endsWith(recorded.trim()) ? 'imgtool/torn-message' : undefined;
  const pieces = recorded
    .split(/\{\w*\}/)
    .map((piece) => piece.replaceAll(/[^\w\s]/g, String.raw`\$&`));
  const filled = new RegExp(`^${pieces.join(String.raw`\S.*`)}$`);
  return pieces.length > 1 && filled.test(said) ? 'imgtool/unfilled-placeholder' : undefined;
}

function differInWords(recorded: string | undefined, { desk }: Run): string[] {
  if (recorded === undefined || desk.lastError === recorded) return [];
  const departure = saysAsMuch(recorded, desk.lastError);
  return departure === undefined ? differ('error', recorded, desk.lastError) : [departs(departure)];
}

const linesOf = (stdout: ImgtoolCase['stdout'] = []): readonly string[] =>
  typeof stdout === 'string' ? stdout.split('\n') : stdout;

/** Records whose value is random; the length of an ECDSA signature is too, unless it is padded. */
const randomTypes: ReadonlySet<number> = new Set([
  TlvType.RSA2048,
  TlvType.RSA3072,
  TlvType.ECDSASIG,
  TlvType.ENCRSA2048,
  TlvType.ENCEC256,
  TlvType.ENCX25519,
  TlvType.ENCX25519_SHA512,
]);

/** Bytes that a signature of P-256 is padded to; the 103 of P-384 are not always enough. */
const PADDED_BYTES = 72;

/** An image's records, but for what is random in them. */
function recordsOf(image: McubootImage, args: readonly string[]): string[] {
  const isPadded = args.includes('--pad-sig');
  return allTlvs(image).map(({ type, data }) => {
    const isFixed = type !== TlvType.ECDSASIG || (isPadded && data.length === PADDED_BYTES);
    const value = randomTypes.has(type) ? '' : Buffer.from(data).toString('hex');
    return `0x${type.toString(16)} ${isFixed ? data.length : 'any'} ${value}`;
  });
}

/** Two images of the same run whose signatures or wrapped keys are random. */
async function differInImage(
  folder: ImgtoolFolder,
  { args = [], output = '' }: ImgtoolCase,
  result: Uint8Array,
): Promise<string[]> {
  const recorded = imageIn(folder, output);
  const ours = parseImage(result);
  const theirs = parseImage(recorded);
  const { verdict } = await bootloaderSays(result, args, (path) => folder.text(path));
  const isSigned = argument(args, '-k', '--key') !== undefined;
  // Behind both: padding and trailer.
  const end = Math.max(ours.bytes.length, theirs.bytes.length);
  return [
    ...differ('header', theirs.header, ours.header),
    ...differInList('record', recordsOf(theirs, args), recordsOf(ours, args)),
    ...(verdict.valid ? [] : differ('verdict', { valid: true }, verdict)),
    ...(verdict.valid && isSigned ? differ('signed by key', 0, verdict.keyIndex) : []),
    ...differInBytes('padding', recorded.subarray(end), result.subarray(end)),
  ];
}

async function replaySign(folder: ImgtoolFolder, each: ImgtoolCase): Promise<string[]> {
  const { exit, stdout, error, output = '', extra = {}, deterministic } = each;
  const made = await signRun(folder, each);
  const found = differ('exit', exit, made.exit);
  const { desk, path } = made;
  const result = desk.written.get(path);
  if (exit !== 0) {
    if (result !== undefined) found.push('an image was written in spite of the error');
    return [...found, ...differInWords(error, made)];
  }
  found.push(
    ...differ('error', '', desk.err),
    ...differInList('stdout', linesOf(stdout), desk.lines),
  );
  for (const [name, content] of Object.entries(extra)) {
    found.push(...differ(name, content, new TextDecoder().decode(desk.written.get(name))));
  }
  if (result === undefined) return [...found, 'no image was written'];
  if (deterministic !== false) {
    return [...found, ...differInBytes('image', folder.bytes(output), result)];
  }
  const image = isHex(path) ? readIntelHex(new TextDecoder().decode(result)).bytes : result;
  return [...found, ...(await differInImage(folder, each, image))];
}

async function replayVerify(folder: ImgtoolFolder, each: ImgtoolCase): Promise<string[]> {
  const { input = '', key, xor = [], exit, stdout, error, args = [] } = each;
  const desk = deskOf(folder);
  const bytes = folder.bytes(input);
  for (const [offset, mask] of xor) bytes[offset] = (bytes[offset] ?? 0) ^ mask;
  // What it is called tells what it is.
  const path = isHex(input) ? 'image.hex' : 'image.bin';
  desk.written.set(path, bytes);
  const keyed = key === null || key === undefined ? [] : ['-k', key];
  const found = await runImgtool(['verify', ...args, ...keyed, path], desk.terminal);
  return [
    ...differ('exit', exit, found),
    ...differInList('stdout', linesOf(stdout), desk.lines),
    ...differInWords(error, { desk, exit: found }),
  ];
}

async function replayDumpinfo(folder: ImgtoolFolder, each: ImgtoolCase): Promise<string[]> {
  const { input = '', format = '', output = '', exit } = each;
  const { fileNameShown = isHex(input) ? 'd_in.hex' : 'd_in.bin' } = each;
  const desk = deskOf(folder);
  const path = `some/where/${fileNameShown}`;
  desk.written.set(path, folder.bytes(input));
  const found = await runImgtool(['dumpinfo', '-f', format, path], desk.terminal);
  return [
    ...differ('exit', exit, found),
    ...differInList('stdout', folder.text(output).split('\n'), desk.out.toString().split('\n')),
  ];
}

async function replayDump(folder: ImgtoolFolder, each: ImgtoolCase): Promise<string[]> {
  const { cmd, key, encoding = '', exit, outputBase64 = '', args = [], error } = each;
  const encoded = encoding === '' ? [] : ['-e', encoding];
  const found = await run(folder, [cmd, '-k', key ?? '', ...encoded, ...args]);
  return [
    ...differ('exit', exit, found.exit),
    ...differ('stdout', outputBase64, found.desk.out.toString('base64')),
    ...differInWords(error, found),
  ];
}

async function replayGetpriv(folder: ImgtoolFolder, each: ImgtoolCase): Promise<string[]> {
  const { key, args = [], exit, stdout = '', error = '' } = each;
  const found = await run(folder, ['getpriv', '-k', key ?? '', ...args]);
  return [
    ...differ('exit', exit, found.exit),
    ...differ('stdout', stdout, found.desk.out.toString()),
    ...differInWords(error, found),
  ];
}

async function replayKeyinfo(folder: ImgtoolFolder, each: ImgtoolCase): Promise<string[]> {
  const { key, exit, stdout, args = [], error } = each;
  const found = await run(folder, ['keyinfo', '-k', key ?? '', ...args]);
  return [
    ...differ('exit', exit, found.exit),
    ...differInList('stdout', linesOf(stdout), found.desk.lines),
    ...differInWords(error, found),
  ];
}

type Replay = (folder: ImgtoolFolder, each: ImgtoolCase) => Promise<string[]>;

const replays: Readonly<Partial<Record<string, Replay>>> = {
  sign: replaySign,
  verify: replayVerify,
  dumpinfo: replayDumpinfo,
  getpub: replayDump,
  getpubhash: replayDump,
  getpriv: replayGetpriv,
  keyinfo: replayKeyinfo,
};

/** Replays one run; what differs, one line each. */
export async function replayRun(folder: ImgtoolFolder, each: ImgtoolCase): Promise<string[]> {
  const replay = replays[each.cmd];
  if (replay === undefined) {
    return [`expected one of ${Object.keys(replays).join(', ')}, got the command ${each.cmd}`];
  }
  return replay(folder, each);
}

/** Replays all runs of a folder. */
export async function replayImgtool(
  folder: ImgtoolFolder,
  report: (found: ReplayedCase) => void,
): Promise<void> {
  for (const each of folder.cases) {
    report(await attempt(`imgtool ${each.name}`, () => replayRun(folder, each)));
  }
}
