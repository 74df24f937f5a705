// Running the tools of the project, from its root.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The folder of the project. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a program there, its output on the terminal; answers whether it succeeded. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error !== undefined) console.error(`${command}: ${error.message}`);
  return status === 0;
}

/** Runs a tool of node_modules/.bin. */
export function tool(name, ...args) {
  return toolIn({}, name, ...args);
}

/** The same, with more in its environment. */
export function toolIn(environment, name, ...args) {
  return run(`${root}node_modules/.bin/${name}`, args, {
    shell: process.platform === 'win32',
    env: { ...process.env, ...environment },
  });
}

/** Runs npm, quietly: only errors are of interest, and those go to stderr. */
export function npm(args, options = {}) {
  const all = [...args, '--no-audit', '--no-fund', '--loglevel=error'];
  const quiet = { stdio: ['ignore', 'ignore', 'inherit'], ...options };
  const own = process.env.npm_execpath;
  if (own?.endsWith('.js')) return run(process.execPath, [own, ...all], quiet);
  return run('npm', all, { ...quiet, shell: process.platform === 'win32' });
}
