#!/usr/bin/env node
import type { Command } from 'commander';
import { PACKAGE_VERSION } from '../bytes/index.ts';
import { ExitCode, exitCodeOf, explain } from './shared/exit-codes.ts';

/** A command of dfukit: its line in the help, and where the rest of it is. */
interface Entry {
  readonly summary: string;
  readonly load: () => Promise<Loaded>;
}

/** Most commands speak commander; one that has another tool's command line reads it itself. */
type Loaded = { command(): Command } | { run(args: readonly string[]): Promise<number> | number };

/** Only the command that is called is loaded. */
const entries: Readonly<Record<string, Entry>> = {
  tour: { summary: 'show virtual boards being flashed', load: () => import('./tour/tour.ts') },
  list: { summary: 'list DFU devices', load: () => import('./host/list.ts') },
  download: { summary: 'write a file into a device', load: () => import('./host/download.ts') },
  upload: { summary: 'read a device into a file', load: () => import('./host/upload.ts') },
  detach: {
    summary: 'ask a device into or out of DFU mode',
    load: () => import('./host/detach.ts'),
  },
  board: { summary: 'virtual boards: run, program, erase', load: () => import('./board/board.ts') },
  firmware: {
    summary: 'firmware for virtual boards: build, flash',
    load: () => import('./firmware/firmware.ts'),
  },
  image: {
    summary: 'sign, verify, explain and compare images',
    load: () => import('./image/image.ts'),
  },
  flash: {
    summary: 'explain a dump of flash: state, next boots, refusals, power cuts, wear',
    load: () => import('./flash/flash.ts'),
  },
  imgtool: {
    summary: 'make keys, sign and check MCUboot images, with the command line of imgtool',
    load: () => import('./imgtool/imgtool.ts'),
  },
  genhdr: {
    summary: 'make, change and show riotboot headers',
    load: () => import('./genhdr/genhdr.ts'),
  },
};

async function main(args: readonly string[]): Promise<void> {
  if (args[0] === '--version' || args[0] === '-V') {
    process.stdout.write(`${PACKAGE_VERSION}\n`);
    return;
  }
  const { Command } = await import('commander');
  const program = new Command('dfukit')
    .description('USB Device Firmware Upgrade, both ends of the cable.')
    .version(PACKAGE_VERSION, '-V, --version')
    .showHelpAfterError('(run with --help for the options)')
    .exitOverride()
    // An option behind a command is that command's own: `firmware build --version 3`.
    .enablePositionalOptions()
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, 'dfukit: ')),
    });
  const name = args[0] === 'help' ? args[1] : args[0];
  const called = Object.hasOwn(entries, name ?? '') ? entries[name ?? ''] : undefined;
  if (called !== undefined) {
    const loaded = await called.load();
    if ('run' in loaded) {
      process.exitCode = await loaded.run(args[0] === 'help' ? ['--help'] : args.slice(1));
      return;
    }
    const command = loaded.command();
    program.addCommand(command);
    inherit(program, command);
  } else {
    for (const [each, { summary }] of Object.entries(entries))
      program.command(each).description(summary);
  }
  if (args.length === 0) program.help({ error: true });
  await program.parseAsync(args, { from: 'user' });
}

/** Commands made elsewhere report their errors as the program does, at every depth. */
function inherit(from: Command, to: Command): void {
  to.copyInheritedSettings(from);
  for (const command of to.commands) inherit(to, command);
}

/** What commander throws where it would otherwise end the process; it has told why already. */
function isFromCommander(error: unknown): error is { readonly exitCode: number } {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('commander.');
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (isFromCommander(error)) {
    process.exitCode = error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  } else {
    process.stderr.write(`dfukit: ${explain(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}
