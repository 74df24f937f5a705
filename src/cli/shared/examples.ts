import type { Command } from 'commander';

/** Adds examples behind all else that a command's help says, where a terminal shows them. */
export function addExamples(to: Command, ...lines: readonly string[]): Command {
  return to.addHelpText('after', ['', 'Examples:', ...lines.map((line) => `  ${line}`)].join('\n'));
}
