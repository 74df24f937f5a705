// How long the program takes to start, beside a bare node, and a board to be ready.
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { figure, median } from './figure.mjs';

const program = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const TRIES = 15;

function runMs(args) {
  const began = performance.now();
  const { status } = spawnSync(process.execPath, args);
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`);
  return performance.now() - began;
}

/** From the start of the process to its event `ready`. */
async function readyMs() {
  const began = performance.now();
  const args = [program, 'board', 'run', 'particle-xenon', '--json', '--usbip', '127.0.0.1:0'];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  const took = await new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      output += chunk;
      if (output.includes('"event":"ready"')) resolve(performance.now() - began);
    });
    child.on('exit', (code) => reject(new Error(`board run ended with ${code}`)));
  });
  const ended = new Promise((resolve) => {
    child.removeAllListeners('exit').on('exit', resolve);
  });
  child.stdin.end('{"command":"quit"}\n');
  await ended;
  return took;
}

const bare = [];
const version = [];
const ready = [];
// In turn, so that whatever else the machine does meets all of them.
for (let at = 0; at < TRIES; at += 1) {
  bare.push(runMs(['-e', '0']));
  version.push(runMs([program, '--version']));
  ready.push(await readyMs());
}
figure('start-up, node -e 0', median(bare), 'ms');
figure('start-up, dfukit --version', median(version), 'ms');
figure('start-up, ratio of the two', median(version) / median(bare), '');
figure('board run to ready', median(ready), 'ms');
