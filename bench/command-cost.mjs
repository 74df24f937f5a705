// What whole commands cost: processor time and the most memory, beside a bare node, in turn. Each process says it
// itself at its end, so that nothing else that the machine does is counted.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { figure } from './figure.mjs';
import { payloadOf } from './slots.mjs';

const program = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const TRIES = 9;
const folder = mkdtempSync(join(tmpdir(), 'dfukit-bench-'));
const path = (name) => join(folder, name);

const teller = `
import { writeFileSync } from 'node:fs';
process.on('exit', () => writeFileSync(
  ${JSON.stringify(path('account'))},
  JSON.stringify(process.resourceUsage()),
));`;
const hook = `data:text/javascript,${encodeURIComponent(teller)}`;

function costOf(args) {
  const { status, stderr } = spawnSync(process.execPath, ['--import', hook, ...args]);
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${String(stderr)}`);
  const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(readFileSync(path('account'), 'utf8'));
  return { ms: (userCPUTime + systemCPUTime) / 1000, mebibytes: maxRSS / 1024 };
}

const sign = ['imgtool', 'sign', '-k', path('key.pem'), '-H', '0x200', '--pad-header'];
const more = ['-S', '0x1100000', '--align', '4', '-v', '1.0.0'];
spawnSync(process.execPath, [program, 'imgtool', 'keygen', '-t', 'ed25519', '-k', path('key.pem')]);
for (const size of [1, 16]) writeFileSync(path(`${size}.bin`), payloadOf(size << 20, 0));
const signing = (size) => [program, ...sign, ...more, path(`${size}.bin`), path('signed.bin')];

writeFileSync(path('nothing.mjs'), '');
const bare = 'node';
const commands = {
  [bare]: [path('nothing.mjs')],
  'dfukit --version': [program, '--version'],
  'dfukit list --help': [program, 'list', '--help'],
  'dfukit download --help': [program, 'download', '--help'],
  'dfukit imgtool sign, Ed25519, 1 MiB': signing(1),
  'dfukit imgtool sign, Ed25519, 16 MiB': signing(16),
};
const costs = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
for (let at = 0; at < TRIES; at += 1)
  for (const [name, args] of Object.entries(commands)) costs[name].push(costOf(args));
rmSync(folder, { recursive: true });

// The least: another process can only add to it.
const least = (name, what) => Math.min(...costs[name].map((cost) => cost[what]));
for (const name of Object.keys(commands)) {
  figure(`processor time, ${name}`, least(name, 'ms'), 'ms');
  figure(`most memory, ${name}`, least(name, 'mebibytes'), 'MiB');
  if (name !== bare)
    figure(`processor time beside a bare node, ${name}`, least(name, 'ms') / least(bare, 'ms'), '');
}
