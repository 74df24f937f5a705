import type { Command } from 'commander';
import { PACKAGE_VERSION, didYouMean } from '../bytes/index.ts';
import { commands } from './commands.ts';
import { CommandEnd, ExitCode, exitCodeOf, explain } from './shared/exit-codes.ts';
import { addExamples } from './shared/examples.ts';
import { packageNamed } from './shared/package-named.ts';
import { addHelpAll } from './shared/rare-options.ts';
import { tellFailure } from './shared/json-failure.ts';
import { warn } from './shared/terminal.ts';
import type { Output, Terminal } from './shared/terminal.ts';

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  if (args[0] === 'complete') {
    const { complete } = await import('./completion/complete.ts');
    return complete(commands, args.slice(1), terminal);
  }
  const name = args[0] === 'help' ? args[1] : args[0];
  const called = Object.hasOwn(commands, name ?? '') ? commands[name ?? ''] : undefined;
  const loaded = await called?.load();
  if (loaded !== undefined && 'run' in loaded) {
    return loaded.run(args[0] === 'help' ? ['--help'] : args.slice(1), terminal);
  }
  const program = emptyProgram(terminal);
  refuseStrangers(program, args);
  if (loaded !== undefined) {
    const command = loaded.command(terminal);
    program.addCommand(command);
    inherit(program, command);
    refuseFile(command, args);
  } else {
    for (const [each, { summary }] of Object.entries(commands))
      program.command(each).description(summary);
    addExamples(program, ...examples);
  }
  if (args.length === 0) program.help({ error: true });
  await program.parseAsync(args, { from: 'user' });
  return ExitCode.ok;
}

/** What dfu-util has options for and this program commands. */
const commandsForOptions: Readonly<Record<string, string>> = {
  '-l': 'list',
  '--list': 'list',
  '-D': 'download',
  '--download': 'download',
  '-U': 'upload',
  '--upload': 'upload',
  '-e': 'detach',
  '--detach': 'detach',
};

/** Whoever comes from dfu-util, or misspells what he wants help about, is told what there is. */
function refuseStrangers(program: Command, [first = '', second]: readonly string[]): void {
  const usage = { code: 'commander.unknownCommand', exitCode: ExitCode.usage };
  if (Object.hasOwn(commandsForOptions, first)) {
    const command = `dfukit ${commandsForOptions[first]}`;
    const drop = `or, with dfu-util's own options: dfukit dfu-util ${first} …`;
    program.error(
      `error: unknown option '${first}'; the command for it is: ${command}, ${drop}`,
      usage,
    );
  }
  if (commandsForOptions[second ?? ''] === first) {
    program.error(
      `error: unknown option '${second}'; '${first}' says it already, leave it out`,
      usage,
    );
  }
  const isKnown = second === undefined || second.startsWith('-') || Object.hasOwn(commands, second);
  if (first === 'help' && !isKnown) program.error(`error: unknown command '${second}'`, usage);
}

/** In a library `flash` is what sends a file; here it explains dumps. Whoever gives it a file is told what sends one. */
function refuseFile(command: Command, [first, second = '']: readonly string[]): void {
  const names = ['help', ...command.commands.map((each) => each.name())];
  if (first !== 'flash' || second === '' || second.startsWith('-')) return;
  if (names.includes(second) || didYouMean(second, names) !== '') return;
  const usage = { code: 'commander.unknownCommand', exitCode: ExitCode.usage };
  const download = `dfukit download ${second}`;
  command.error(
    `error: unknown command '${second}'; the command that writes a file into a device is: ${download}`,
    usage,
  );
}

/** What whoever has a device begins with. */
const examples = [
  'dfukit list                                 which devices there are',
  'dfukit doctor                               why one cannot be used',
  'dfukit download firmware.dfu                any format; --verify reads it back',
  "dfukit dfu-util -l                          dfu-util's own command line",
  'dfukit board run particle-xenon             a virtual board, at usbip://127.0.0.1',
];

/** The program without its commands, which speaks through the terminal and ends nothing by itself. */
function emptyProgram(terminal: Terminal): Command {
  const { Command: Program } = packageNamed('commander') as typeof import('commander');
  const { out, err } = terminal;
  return (
    new Program('dfukit')
      .description('USB Device Firmware Upgrade, both ends of the cable.')
      .version(PACKAGE_VERSION, '-V, --version')
      .showHelpAfterError('(run dfukit --help for the commands)')
      .exitOverride()
      // An option behind a command is that command's own: `firmware build --version 3`.
      .enablePositionalOptions()
      .configureOutput({
        writeOut: (text) => void out.write(text),
        writeErr: (text) => void err.write(text),
        getOutHelpWidth: () => widthOf(out),
        getErrHelpWidth: () => widthOf(err),
        getOutHasColors: () => out.isTTY === true,
        getErrHasColors: () => err.isTTY === true,
        outputError: (text, write) => write(withNearest(text.replace(/^error: /, 'dfukit: '))),
      })
  );
}

/** Commander's sentence about a wrong choice, with the one that may have been meant. */
function withNearest(text: string): string {
  return text.replace(
    /'([^'\n]*)' is invalid(?: for argument '[^']*')?\. Allowed choices are ([^\n]*)\./,
    (sentence, word: string, choices: string) =>
      `${sentence.slice(0, -1)}${didYouMean(word, choices.split(', ')) || '.'}`,
  );
}

/** Characters in a line of help: those of the terminal, or as commander has it for a pipe. */
function widthOf({ isTTY, columns }: Output): number {
  return (isTTY === true ? columns : undefined) ?? 80;
}

/** Commands made elsewhere report their errors as the program does, at every depth. */
function inherit(from: Command, to: Command, path = 'dfukit'): void {
  const own = `${path} ${to.name()}`;
  to.copyInheritedSettings(from).showHelpAfterError(`(run ${own} --help for the options)`);
  for (const command of to.commands) inherit(to, command, own);
  addHelpAll(to, own);
}

/** What commander throws where it would otherwise end the process; it has told why already. */
function isFromCommander(error: unknown): error is Error & { readonly exitCode: number } {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('commander.');
}

/** Runs a command. The answer is its exit code: errors are told, and not thrown. */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await run(args, terminal);
  } catch (error) {
    const failure = failureOf(error);
    if (failure.exit !== ExitCode.ok) tellFailure(terminal, args, failure);
    if (!isFromCommander(error) && failure.message !== '') {
      warn(terminal, `dfukit: ${failure.message}`);
    }
    return failure.exit;
  }
}

interface Failure {
  readonly error: unknown;
  readonly exit: number;
  /** Empty if all has been said. */
  readonly message: string;
}

function failureOf(error: unknown): Failure {
  if (isFromCommander(error)) {
    const exit = error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
    return { error, exit, message: withNearest(error.message.replace(/^error: /, '')) };
  }
  if (error instanceof CommandEnd) return { error, exit: error.exitCode, message: error.message };
  return { error, exit: exitCodeOf(error), message: explain(error) };
}
