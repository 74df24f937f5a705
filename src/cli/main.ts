#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { exitCodeOf, explain } from './exit-codes.ts';

/** A command of dfukit: its line in the help, and where the rest of it is. */
interface Entry {
  readonly summary: string;
  readonly load: () => Promise<{ command(): Command }>;
}

/** Only the command that is called is loaded. */
const entries: Readonly<Record<string, Entry>> = {};

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

async function main(args: readonly string[]): Promise<void> {
  if (args[0] === '--version' || args[0] === '-V') {
    process.stdout.write(`${version()}\n`);
    return;
  }
  const { Command } = await import('commander');
  const program = new Command('dfukit')
    .description('USB Device Firmware Upgrade, both ends of the cable.')
    .version(version(), '-V, --version')
    .showHelpAfterError('(run with --help for the options)');
  const called = entries[args[0] ?? ''];
  if (called !== undefined) {
    program.addCommand((await called.load()).command());
  } else {
    for (const [name, { summary }] of Object.entries(entries))
      program.command(name).description(summary);
  }
  if (args.length === 0) program.help({ error: true });
  await program.parseAsync(args, { from: 'user' });
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`dfukit: ${explain(error)}\n`);
  process.exitCode = exitCodeOf(error);
}
