// Everything that has to be there before the project runs: packages and a build, each only if missing or out of date.
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, builtStamp } from './build.mjs';
import { npm, root } from './run.mjs';

export function time(path) {
  return existsSync(path) ? statSync(path).mtimeMs : -Infinity;
}

/** When the newest file of a tree changed; a folder counts too, since its time tells of removed files. */
export function newest(path) {
  if (!existsSync(path)) return -Infinity;
  if (!statSync(path).isDirectory()) return path.endsWith('.test.ts') ? -Infinity : time(path);
  return Math.max(time(path), ...readdirSync(path).map((name) => newest(`${path}/${name}`)));
}

/**
 * No script of any package runs: none that is used needs one, and one of them (node-liblzma, of which only the
 * WebAssembly is used) would want a compiler and the headers of Node from the network.
 */
function install() {
  if (time(`${root}node_modules/.package-lock.json`) >= time(`${root}package-lock.json`))
    return true;
  console.error('dfukit: installing packages, this once');
  return npm(['ci', '--ignore-scripts']);
}

const inputs = ['src', 'firmware', 'package.json', 'tsconfig.json', 'tsconfig.base.json']
  .concat('scripts/build.mjs', 'scripts/build-firmware.mjs', 'scripts/worker-scripts.mjs')
  .concat('scripts/bundle-cli.mjs', 'scripts/bundle-flasher.mjs')
  .map((name) => `${root}${name}`);

function upToDate() {
  return (
    existsSync(`${root}dist/cli/main.js`) && time(builtStamp) > Math.max(...inputs.map(newest))
  );
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch ({ code }) {
    return code === 'EPERM';
  }
}

/** One process at a time: tests that run side by side prepare side by side. */
function alone(work) {
  const lock = `${root}node_modules/.cache/dfukit/lock`;
  mkdirSync(dirname(lock), { recursive: true });
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const holder = existsSync(lock) ? readFileSync(lock, 'utf8') : '';
      if (holder !== '' && !isAlive(Number(holder))) rmSync(lock, { force: true });
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function buildIfNeeded() {
  if (upToDate()) return true;
  console.error('dfukit: building');
  return build();
}

/** Installs and builds what is needed; answers the name of the step that failed, if one did. */
export function prepare() {
  if (!install()) return 'install';
  // Looked at twice: another process may have built it meanwhile.
  if (!upToDate() && !alone(buildIfNeeded)) return 'build';
  return undefined;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const failed = prepare();
  if (failed !== undefined) console.error(`prepare: ${failed} failed`);
  process.exitCode = failed === undefined ? 0 : 1;
}
