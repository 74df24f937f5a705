import { DfuError, cNumber, didYouMean } from '../../bytes/index.ts';
import { parseAlternate, parseDeviceIds, parseSerials } from '../../host/index.ts';
import type { DfuSeModifiers, Selection } from '../../host/index.ts';
import { ExitCode } from '../shared/exit-codes.ts';
import { getopt } from '../shared/getopt.ts';
import { parseDfuSeAddress } from '../host/dfuse-address.ts';
import { HELP, OPTIONS } from './options.ts';

/** What is to be done. */
type Mode = 'version' | 'list' | 'detach' | 'upload' | 'download' | 'commands';

/** What a command line asks for. */
export interface Wishes {
  readonly mode: Mode;
  /** Of a download or an upload. */
  readonly path: string;
  readonly verbose: number;
  readonly selection: Selection;
  /** How long a device may take from run-time to DFU mode, in ms; undefined: not said. */
  readonly returnMs: number | undefined;
  readonly transferSizeBytes: number | undefined;
  /** `-Z`. */
  readonly expectedBytes: number | undefined;
  readonly reset: boolean;
  readonly wait: boolean;
  /** `-s`; undefined where it was not given. */
  readonly dfuse: DfuSeModifiers | undefined;
  /** `--bus`, as often as it was given. */
  readonly bus: readonly string[];
}

/** A command line that is over before anything was done: what is said, on standard error if it is one, and the exit code. */
export class CommandLineEnd extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, text: string) {
    super(text);
    this.exitCode = exitCode;
  }
}

const USAGE = `Usage: dfu-util [options] ...
dfukit: dfu-util --help shows the options
`;

const LONG_NAMES = OPTIONS.flatMap(({ long = [] }) => long);

/** A command line that says nothing: how it begins is dfu-util's, what helps is dfukit's. */
export function wrongUsage(message: string, help = ''): CommandLineEnd {
  const more = help === '' ? '' : `dfukit: ${help}\n`;
  return new CommandLineEnd(ExitCode.usage, `${message}\n${more}${USAGE}`);
}

/** An option whose value says nothing, in dfu-util's words; then what was expected. */
function wrongValue(name: string, value: string, expected: string): CommandLineEnd {
  const words =
    value.trim() === '' ? 'No digits were found from the' : 'Something went wrong with the';
  const help = `dfukit: --${name}: expected ${expected}, got "${value}"`;
  const text = `dfu-util: ${words} argument of --${name}\n\n${help}\n`;
  return new CommandLineEnd(ExitCode.usage, text);
}

function numberOf(name: string, value: string, [least, most]: readonly [number, number]): number {
  // strtol goes past blanks.
  const number = cNumber(value.trimStart());
  if (number !== undefined && number >= least && number <= most) return number;
  throw wrongValue(name, value, `a number from ${least} to ${most}`);
}

/** What another reader refuses, as a usage error that begins with dfu-util's words, if it has any. */
function reading<T>(words: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!DfuError.is(error, 'INVALID_ARGUMENT')) throw error;
    const begin = words === '' ? '' : `dfu-util: ${words}\n`;
    throw new CommandLineEnd(ExitCode.usage, `${begin}dfukit: ${error.message}\n`);
  }
}

/** One pair is for run-time alone, and whatever is in DFU mode fits. */
function idsOf(text: string): Pick<Selection, 'ids' | 'runtime' | 'dfu'> {
  return reading('', () => parseDeviceIds(text.includes(',') ? text : `${text},*:*`));
}

/** Between two colons, or behind the last, may be nothing. */
function dfuseOf(text: string): DfuSeModifiers {
  const words = text.replace(/:+/g, ':').replace(/:$/, '');
  return reading(dfuseWords(words), () => parseDfuSeAddress(words));
}

/** Which word of it dfu-util would stumble over, as it says that. */
function dfuseWords(text: string): string {
  const [address = '', ...words] = text.split(':');
  try {
    parseDfuSeAddress(address);
  } catch {
    return `Invalid dfuse address: ${text}`;
  }
  return `Invalid dfuse modifier: ${words.find(isNoWord) ?? ''}`;
}

function isNoWord(word: string): boolean {
  try {
    parseDfuSeAddress(`:${word}`);
    return false;
  } catch {
    return true;
  }
}

type Wanted = { -readonly [K in keyof Wishes]: Wishes[K] };

const MODES: Readonly<Record<string, Mode>> = {
  version: 'version',
  list: 'list',
  detach: 'detach',
  upload: 'upload',
  download: 'download',
};

const BYTE = [0, 255] as const;

type Take = (wanted: Wanted, value: string) => void;

function choosing(take: (value: string) => Selection): Take {
  return (wanted, value) => {
    wanted.selection = { ...wanted.selection, ...take(value) };
  };
}

const TAKES: Readonly<Record<string, Take>> = {
  verbose: (wanted) => (wanted.verbose += 1),
  'detach-delay': (wanted, value) => {
    wanted.returnMs = 1000 * numberOf('detach-delay', value, [0, 3600]);
  },
  device: choosing(idsOf),
  serial: choosing(parseSerials),
  path: choosing((path) => ({ path })),
  devnum: choosing((value) => ({ address: numberOf('devnum', value, [0, 65535]) })),
  // 0 is what an unconfigured device has: any will do.
  cfg: choosing((value) => ({ configuration: numberOf('cfg', value, BYTE) || undefined })),
  intf: choosing((value) => ({ interfaceNumber: numberOf('intf', value, BYTE) })),
  alt: choosing((value) => ({ alternate: reading('', () => parseAlternate(value)) })),
  'transfer-size': (wanted, value) => {
    wanted.transferSizeBytes = numberOf('transfer-size', value, [0, 65535]) || undefined;
  },
  'upload-size': (wanted, value) => {
    const most = Number.MAX_SAFE_INTEGER;
    wanted.expectedBytes = numberOf('upload-size', value, [0, most]) || undefined;
  },
  reset: (wanted) => (wanted.reset = true),
  wait: (wanted) => (wanted.wait = true),
  'dfuse-address': (wanted, value) => (wanted.dfuse = dfuseOf(value)),
  bus: (wanted, value) => (wanted.bus = [...wanted.bus, value]),
};

/** Reads a command line as dfu-util does. Throws `CommandLineEnd`, for `--help` too. */
export function readCommandLine(args: readonly string[]): Wishes {
  let mode: Mode | undefined;
  const wanted: Wanted = {
    mode: 'commands',
    path: '',
    verbose: 0,
    selection: {},
    returnMs: undefined,
    transferSizeBytes: undefined,
    expectedBytes: undefined,
    reset: false,
    wait: false,
    dfuse: undefined,
    bus: [],
  };
  for (const item of getopt(args, OPTIONS)) {
    if (item.is === 'fault') throw fault(item.message);
    if (item.is === 'operand') throw wrongUsage(`Error: Unexpected argument: ${item.value}\n`);
    if (item.key === 'help') throw new CommandLineEnd(ExitCode.ok, HELP);
    mode = MODES[item.key] ?? mode;
    if (item.key === 'upload' || item.key === 'download') wanted.path = item.value;
    TAKES[item.key]?.(wanted, item.value);
  }
  return { ...wanted, mode: mode ?? 'commands' };
}

/** A misspelt long option is told which one may be meant. */
function fault(message: string): CommandLineEnd {
  const [, name] = /^unrecognized option '--(.*)'$/.exec(message) ?? [];
  const nearest = name === undefined ? '' : didYouMean(name, LONG_NAMES);
  const [, meant] = /"(.*)"/.exec(nearest) ?? [];
  const help = meant === undefined ? '' : `did you mean --${meant}?`;
  return wrongUsage(`dfu-util: ${message}`, help);
}
