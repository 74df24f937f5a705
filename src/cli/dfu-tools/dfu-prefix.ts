import { DfuError, cNumber } from '../../bytes/index.ts';
import { appendSuffix } from '../../dfu/index.ts';
import { readPrefix, withLpcPrefix, withStellarisPrefix } from '../../image/index.ts';
import type { DfuPrefix } from '../../image/index.ts';
import { ExitCode } from '../shared/exit-codes.ts';
import type { Terminal } from '../shared/terminal.ts';
import { readJob } from './one-job.ts';
import type { Job } from './one-job.ts';
import { showSuffix, suffixOf } from './suffix-words.ts';
import type { SuffixedFile } from './suffix-words.ts';
import { begin, readFile, replaceFile, toEnd, ToolEnd, usage } from './tool.ts';
import type { Tool } from './tool.ts';

const HELP = `Usage: dfu-prefix [options] ...
  -h --help                 this text
  -V --version              the version
  -c --check <file>         show the prefix of a file
  -D --delete <file>        take the prefix off a file
  -a --add <file>           put a prefix in front of a file
With -a:
  -s --stellaris-address <address>  TI Stellaris: where the firmware belongs
With -D or -c:
  -T --stellaris            only a TI Stellaris prefix
With -a, -D or -c:
  -L --lpc-prefix           NXP LPC (also --LPC)

Examples:
  dfukit dfu-prefix -s 0x2000 -a firmware.bin
  dfukit dfu-prefix -L -a firmware.bin
`;

const options = [
  { key: 'address', short: 's', long: ['stellaris-address'], takesValue: true },
  { key: 'stellaris', short: 'T', long: ['stellaris'] },
  { key: 'lpc', short: 'L', long: ['lpc-prefix', 'LPC'] },
];

/** Which prefix is meant. */
interface Kind {
  readonly kind: DfuPrefix['kind'] | undefined;
  readonly address: number | undefined;
}

function addressOf(tool: Tool, text: string): number {
  const value = cNumber(text);
  if (value !== undefined) return value;
  tool.complain(`Invalid lmdfu address: ${text}`);
  throw new ToolEnd(ExitCode.usage);
}

/** `dfukit dfu-prefix`, with the command line of the program of that name. */
export function run(args: readonly string[], terminal: Terminal): Promise<number> {
  return toEnd(() => work(begin('dfu-prefix', terminal), args));
}

async function work(tool: Tool, args: readonly string[]): Promise<number> {
  const kinds = new Set<DfuPrefix['kind']>();
  let address: number | undefined;
  const take = (key: string, value: string): void => {
    kinds.add(key === 'lpc' ? 'lpc' : 'stellaris');
    if (key === 'address') address = addressOf(tool, value);
  };
  const job = readJob(tool, args, { options, help: HELP, take });
  if (job === undefined) return ExitCode.ok;
  if (kinds.size > 1) {
    tool.complain('a prefix is for TI Stellaris or for NXP LPC, not for both');
    usage(tool, HELP);
  }
  return doIt(tool, job, { kind: [...kinds][0], address });
}

async function doIt(tool: Tool, { mode, path }: Job, wanted: Kind): Promise<number> {
  if (mode === 'add') demandKind(tool, wanted);
  const file = readFile(tool, path);
  const found = suffixOf(file);
  if (found.isUnsupported) {
    tool.complain(found.why);
    return ExitCode.data;
  }
  if (found.suffix === undefined) tool.complain(`Warning: ${found.why}`);
  const prefix = readPrefix(found.payload);
  if (mode === 'check') {
    showPrefix(tool, path, prefix);
    showSuffix(tool, { path, file }, found);
    demandSame(tool, prefix, wanted);
    return ExitCode.ok;
  }
  if (mode === 'delete') {
    if (prefix === undefined) {
      tool.complain('Valid DFU prefix needed');
      return ExitCode.data;
    }
    demandSame(tool, prefix, wanted);
    tool.say('Removing prefix from file');
    await replaceFile(tool, path, suffixed(found.payload.subarray(prefix.sizeBytes), found));
    return ExitCode.ok;
  }
  if (prefix !== undefined) {
    tool.complain('A prefix already exists, please delete it first');
    return ExitCode.data;
  }
  const bytes = prefixed(tool, found.payload, wanted);
  tool.say('Adding prefix to file');
  await replaceFile(tool, path, suffixed(bytes, found));
  return ExitCode.ok;
}

function demandKind(tool: Tool, { kind, address }: Kind): void {
  if (kind === 'lpc' || address !== undefined) return;
  tool.complain(
    kind === undefined ? 'Prefix type must be specified' : 'Prefix address must be specified (-s)',
  );
  throw new ToolEnd(ExitCode.usage);
}

/** A prefix of another kind than was asked for is none. */
function demandSame(tool: Tool, prefix: DfuPrefix | undefined, { kind }: Kind): void {
  if (kind === undefined || prefix?.kind === kind) return;
  tool.complain('No prefix of requested type');
  throw new ToolEnd(ExitCode.data);
}

function showPrefix({ say }: Tool, path: string, prefix: DfuPrefix | undefined): void {
  if (prefix === undefined) return;
  const { kind, address = 0, lengthBytes } = prefix;
  const name = kind === 'lpc' ? 'NXP unencrypted LPC' : 'TI Stellaris';
  say(`The file ${path} contains a ${name} DFU prefix with the following properties:`);
  if (kind === 'lpc') say(`Size:\t${String(Math.floor(lengthBytes / 1024)).padStart(5)} kiB`);
  else say(`Address:\t0x${address.toString(16).padStart(8, '0')}`);
}

function prefixed(tool: Tool, payload: Uint8Array, { kind, address = 0 }: Kind): Uint8Array {
  try {
    return kind === 'lpc' ? withLpcPrefix(payload) : withStellarisPrefix(payload, address);
  } catch (error) {
    if (!DfuError.is(error, 'OUT_OF_RANGE')) throw error;
    tool.complain(error.message);
    throw new ToolEnd(kind === 'lpc' ? ExitCode.data : ExitCode.usage);
  }
}

/** With the suffix that the file had, made anew. */
function suffixed(bytes: Uint8Array, { suffix }: SuffixedFile): Uint8Array {
  return suffix === undefined ? bytes : appendSuffix(bytes, suffix);
}
