import type { Command } from 'commander';
import type { Completable } from '../shared/completable.ts';
import type { Terminal } from '../shared/terminal.ts';
import { answer } from './answer.ts';
import type { Program } from './answer.ts';

// What the scripts of @bomb.sh/tab read: a line for each word, with what it is behind a tab, and in the last one what
// else the shell may offer, in cobra's numbers.
const DEFAULT = 0;
const NO_FILES = 4;

/** A command as the program has it: its line in the help, and the rest of it, loaded when it is called. */
interface CompletedCommand {
  readonly summary: string;
  readonly load: () => Promise<
    { command(terminal: Terminal): Command } | { completable?(): Completable }
  >;
}

/**
 * `dfukit complete -- WORD…`: what may be written in place of the last word. Only the command that the words name is
 * loaded.
 */
export async function complete(
  commands: Readonly<Record<string, CompletedCommand>>,
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const words = args[0] === '--' ? args.slice(1) : args;
  const program: Program = {
    commands: Object.entries(commands).map(([value, { summary }]) => ({ value, words: summary })),
    async load(name) {
      const loaded = Object.hasOwn(commands, name) ? await commands[name]?.load() : undefined;
      if (loaded === undefined) return undefined;
      return 'command' in loaded ? loaded.command(terminal) : loaded.completable?.();
    },
  };
  const { candidates, files } = await answer(program, words.length === 0 ? [''] : words);
  const lines = candidates.map(({ value, words: what }) => `${value}\t${firstLine(what)}`);
  terminal.out.write([...lines, `:${files ? DEFAULT : NO_FILES}`, ''].join('\n'));
  return 0;
}

/** A description is one line. */
function firstLine(text: string): string {
  return text.split(/[\n\t]/)[0] ?? '';
}
