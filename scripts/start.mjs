// `npm start`: sets up what is missing, then shows the whole loop: a virtual board, flashed, booted, flashed again.
import { spawn } from 'node:child_process';
import { prepare } from './prepare.mjs';
import { root } from './run.mjs';

const failed = prepare();
if (failed === undefined) {
  const args = [`${root}dist/cli/main.js`, 'tour', ...process.argv.slice(2)];
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  // The terminal sends Ctrl-C to both; the tour decides how it ends.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
} else {
  console.error(`dfukit: ${failed} failed`);
  process.exitCode = 1;
}
