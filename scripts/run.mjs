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
  return run(`${root}node_modules/.bin/${name}`, args, {
    shell: process.platform === 'win32',
  });
}
