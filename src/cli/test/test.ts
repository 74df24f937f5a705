import { Command, Option } from 'commander';
import { collect } from '../shared/collect.ts';
import { answering } from '../shared/exit-codes.ts';
import type { Terminal } from '../shared/terminal.ts';
import { reporterChoice } from './reporters-option.ts';
import type { TestOptions } from './run-files.ts';
import { setFile, setVariable } from './variables-option.ts';

const help = `
Examples:
  dfukit test update.yaml
  dfukit test tests/*.yaml --set-file IMAGE=build/zephyr/zephyr.signed.bin
  dfukit test update.yaml --only revert --reporter junit=report.xml

A file (docs/scenarios.md has all of it):
  board: reel_board
  images: [v1.bin]
  steps:
    - expect: { boot: 1.0.0 }
    - download: { file: v2.bin, alt: slot1_image }
    - reset
    - expect: { boot: { version: 2.0.0, why: test swap } }

Exit code 1: something came out otherwise. 78: a file is not right, 66: one
cannot be read, 64: a wrong command line.`;

/** `dfukit test`. What runs is loaded when it is called. */
export function command(terminal: Terminal): Command {
  return new Command('test')
    .description('run scenarios: boards, updates, power cuts, and what must come of them')
    .argument('<files...>', 'scenarios in YAML or JSON')
    .addOption(new Option('--set <name=value>', 'a variable of the files').argParser(setVariable))
    .addOption(
      new Option('--set-file <name=path>', 'a variable that is a path, seen from here').argParser(
        setFile,
      ),
    )
    .addOption(new Option('--only <name>', 'this scenario; may be repeated').argParser(collect))
    .option('--list', 'tell the scenarios and run none')
    .addOption(
      new Option(
        '--reporter <kind[=file]>',
        'text (default), tap, junit; may be repeated',
      ).argParser(reporterChoice),
    )
    .option('--json', 'for programs: one object a line')
    .addHelpText('after', help)
    .action(
      answering(async (paths: readonly string[], options: TestOptions) => {
        const { testFiles } = await import('./run-files.ts');
        return testFiles(terminal, paths, options);
      }),
    );
}
