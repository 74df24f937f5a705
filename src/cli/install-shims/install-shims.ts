import { resolve } from 'node:path';
import { Command } from 'commander';
import { addExamples } from '../shared/examples.ts';
import { ExitCode, answering } from '../shared/exit-codes.ts';
import { mainFile } from '../shared/main-file.ts';
import { writeJson } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';
import { demandFree, pathAdvice, writeShims } from './shim-files.ts';

interface ShimCommand {
  readonly force?: true | undefined;
  readonly json?: true | undefined;
}

/** `dfukit install-shims DIR`. */
export function command(terminal: Terminal): Command {
  const made = new Command('install-shims')
    .description(
      'write dfu-util, dfu-suffix, dfu-prefix and dfuse-pack into a folder, which start dfukit under these names',
    )
    .argument('<dir>', 'folder for them; made if it is missing')
    .option('--force', 'replace programs of these names, and go where the system keeps its own')
    .option('--json', 'one JSON object a line instead of text')
    .action(answering((dir: string, options: ShimCommand) => run(terminal, dir, options)));
  return addExamples(
    made,
    'dfukit install-shims shims',
    'dfukit install-shims "$HOME/.local/dfukit bin"',
  );
}

function run({ out }: Terminal, dir: string, { force, json }: ShimCommand): number {
  const folder = resolve(dir);
  const system = { platform: process.platform, path: process.env['PATH'] ?? '' };
  const target = {
    node: process.execPath,
    main: mainFile,
  };
  if (force !== true) demandFree(folder);
  const paths = writeShims(folder, target, system);
  const advice = pathAdvice(folder, system);
  if (json === true) {
    writeJson(out, { type: 'shims', paths, ...target });
    return ExitCode.ok;
  }
  for (const path of paths) out.write(`${path}\n`);
  for (const line of advice) out.write(`${line}\n`);
  if (/[\\/]_npx[\\/]/.test(target.main)) {
    out.write('npx may throw this dfukit away, and they with it: npm install -g dfukit stays.\n');
  }
  return ExitCode.ok;
}
