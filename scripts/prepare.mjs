// Everything that has to be there before the project runs: packages and a build, each only if missing or out of date.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { build, builtStamp } from './build.mjs';
import { root, run } from './run.mjs';

function time(path) {
  return existsSync(path) ? statSync(path).mtimeMs : -Infinity;
}

/** When the newest file of a tree changed; a folder counts too, since its time tells of removed files. */
function newest(path) {
  if (!existsSync(path)) return -Infinity;
  if (!statSync(path).isDirectory()) return path.endsWith('.test.ts') ? -Infinity : time(path);
  return Math.max(time(path), ...readdirSync(path).map((name) => newest(`${path}/${name}`)));
}

function install() {
  if (time(`${root}node_modules/.package-lock.json`) >= time(`${root}package-lock.json`))
    return true;
  console.error('dfukit: installing packages, this once');
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  // Only errors are of interest, and those go to stderr.
  const options = { stdio: ['ignore', 'ignore', 'inherit'] };
  if (npm?.endsWith('.js')) return run(process.execPath, [npm, ...args], options);
  return run('npm', args, { ...options, shell: process.platform === 'win32' });
}

const inputs = ['src', 'firmware', 'package.json', 'tsconfig.json', 'tsconfig.base.json']
  .concat('scripts/build.mjs', 'scripts/build-firmware.mjs')
  .map((name) => `${root}${name}`);

function upToDate() {
  return (
    existsSync(`${root}dist/cli/main.js`) && time(builtStamp) > Math.max(...inputs.map(newest))
  );
}

/** Installs and builds what is needed; answers the name of the step that failed, if one did. */
export function prepare() {
  if (!install()) return 'install';
  if (!upToDate()) {
    console.error('dfukit: building');
    if (!build()) return 'build';
  }
  return undefined;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const failed = prepare();
  if (failed !== undefined) console.error(`prepare: ${failed} failed`);
  process.exitCode = failed === undefined ? 0 : 1;
}
