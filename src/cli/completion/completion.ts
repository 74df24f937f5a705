import { Argument, Command } from 'commander';
import { addExamples } from '../shared/examples.ts';
import type { Terminal } from '../shared/terminal.ts';
import { shellScript } from './shell-script.ts';
import type { Shell } from './shell-script.ts';

const SHELLS: readonly Shell[] = ['bash', 'zsh', 'fish', 'powershell'];

/** `dfukit completion SHELL`. */
export function command(terminal: Terminal): Command {
  const made = new Command('completion')
    .description('print a script that lets a shell complete commands, options and values')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action(async (shell: Shell) => {
      terminal.out.write(`${await shellScript(shell)}\n`);
    });
  return addExamples(
    made,
    'dfukit completion bash >> ~/.bashrc',
    'dfukit completion zsh > "${fpath[1]}/_dfukit"',
    'dfukit completion fish > ~/.config/fish/completions/dfukit.fish',
    'dfukit completion powershell >> $PROFILE',
  );
}
