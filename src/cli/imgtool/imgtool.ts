import { DfuError, didYouMean } from '../../bytes/index.ts';
import type { Compressor } from '../../image/index.ts';
import { UsageError, helpOf, usageLine } from './arguments.ts';
import type { CommandSpec } from './arguments.ts';
import { dumpinfo, dumpinfoSpec } from './dump.ts';
import { slot } from '../shared/completable.ts';
import type { Completable } from '../shared/completable.ts';
import { warn } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';
import {
  getpriv,
  getprivSpec,
  getpub,
  getpubSpec,
  getpubhash,
  getpubhashSpec,
  keygen,
  keygenSpec,
  keyinfo,
  keyinfoSpec,
} from './keys.ts';
import { lzmaCompressor } from './lzma.ts';
import { sign } from './sign.ts';
import { signSpec } from './sign-options.ts';
import { verify, verifySpec } from './verify.ts';

/** The imgtool whose command line and output this is; build scripts ask for it. */
const IMGTOOL_VERSION = '2.4.0';

interface ImgtoolCommand {
  readonly spec: CommandSpec;
  readonly run: (
    terminal: Terminal,
    argv: readonly string[],
    compressor: Compressor,
  ) => number | Promise<number>;
}

const versionSpec: CommandSpec = {
  summary: 'Show the version of imgtool that this stands in for',
  options: {},
  operands: [],
  examples: ['version'],
};

function version(terminal: Terminal): number {
  terminal.out.write(`${IMGTOOL_VERSION}\n`);
  return 0;
}

const commands: Readonly<Record<string, ImgtoolCommand>> = {
  create: { spec: signSpec, run: sign },
  dumpinfo: { spec: dumpinfoSpec, run: dumpinfo },
  getpriv: { spec: getprivSpec, run: getpriv },
  getpub: { spec: getpubSpec, run: getpub },
  getpubhash: { spec: getpubhashSpec, run: getpubhash },
  keygen: { spec: keygenSpec, run: keygen },
  keyinfo: { spec: keyinfoSpec, run: keyinfo },
  sign: { spec: signSpec, run: sign },
  verify: { spec: verifySpec, run: verify },
  version: { spec: versionSpec, run: version },
};

function overview(): string {
  const rows = Object.entries(commands).map(
    ([name, { spec }]) => `  ${name.padEnd(12)}${spec.summary}`,
  );
  const examples = ['keygen', 'sign'].flatMap((name) => commands[name]?.spec.examples[0] ?? []);
  const lines = examples.map((each) => `  dfukit imgtool ${each}`);
  const usage = 'Usage: imgtool [OPTIONS] COMMAND [ARGS]...';
  return [usage, '', 'Commands:', ...rows, '', 'Examples:', ...lines, ''].join('\n');
}

/** What went wrong in imgtool's words, and its exit code: 2 for the command line, 1 for the rest. */
function report(terminal: Terminal, error: unknown, usage: string): number {
  if (error instanceof UsageError) {
    warn(terminal, `${usage}\n\nError: ${error.message}`);
    return 2;
  }
  if (DfuError.is(error)) {
    warn(terminal, `Error: ${error.message}`);
    return 1;
  }
  throw error;
}

/** What a run works with. */
interface ImgtoolOptions {
  /** Default: liblzma, where its package is installed. */
  readonly compressor?: Compressor | undefined;
}

/** Runs one imgtool command line; answers its exit code. */
export async function runImgtool(
  argv: readonly string[],
  terminal: Terminal,
  { compressor = lzmaCompressor }: ImgtoolOptions = {},
): Promise<number> {
  const [name = '', ...rest] = argv;
  if (['', '-h', '--help', '--help-all'].includes(name)) {
    terminal.out.write(overview());
    return 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    const words = name.startsWith('-')
      ? `No such option: ${name}`
      : `No such command '${name}'${didYouMean(name, Object.keys(commands)) || '.'}`;
    const usage = "Usage: imgtool [OPTIONS] COMMAND [ARGS]...\nTry 'imgtool -h' for help.";
    return report(terminal, new UsageError(words), usage);
  }
  const all = rest.includes('--help-all');
  if (all || rest.includes('-h') || rest.includes('--help')) {
    terminal.out.write(helpOf(name, command.spec, all));
    return 0;
  }
  const usage = `${usageLine(name, command.spec)}\nTry 'imgtool ${name} -h' for help.`;
  try {
    return await command.run(terminal, rest, compressor);
  } catch (error) {
    return report(terminal, error, usage);
  }
}

/** What a shell may offer behind `dfukit imgtool`. */
export function completable(): Completable {
  const each = Object.entries(commands).map(([name, { spec }]): [string, Completable] => [
    name,
    {
      summary: spec.summary,
      commands: new Map(),
      options: Object.values(spec.options).map(({ flags, help = '', value, choices, rare }) => ({
        flags,
        words: help,
        value: value === undefined ? undefined : slot(value, choices),
        rare: rare === true,
      })),
      operands: spec.operands.map((operand) => slot(operand)),
    },
  ]);
  return { summary: '', commands: new Map(each), options: [], operands: [] };
}

/** The command line behind `dfukit imgtool`. */
export function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  return runImgtool(argv, terminal);
}
