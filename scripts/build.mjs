// Makes dist/ from src/: compiles beside the old one and swaps, so that a failed build leaves what was there.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, run, tool } from './run.mjs';

/** Its time is when the last successful build began. */
export const builtStamp = `${root}node_modules/.cache/dfukit/built`;

/**
 * The compiler first, of what needs a browser's types in a run of its own, then the texts that stand in modules of their own: programs for workers, and firmware. The
 * command line of it all comes last.
 */
function compile(fresh) {
  const script = (name) => run(process.execPath, [`${root}scripts/${name}.mjs`, fresh]);
  return (
    tool('tsc', '-p', 'tsconfig.json', '--outDir', fresh) &&
    tool('tsc', '-p', 'src/dfu-flasher/tsconfig.types.json', '--outDir', fresh) &&
    script('worker-scripts') &&
    script('build-firmware') &&
    script('bundle-flasher') &&
    script('bundle-cli')
  );
}

export function build() {
  const began = new Date();
  const [fresh, old] = [`${root}dist.new`, `${root}dist.old`];
  rmSync(fresh, { recursive: true, force: true });
  if (!compile(fresh)) {
    rmSync(fresh, { recursive: true, force: true });
    return false;
  }
  chmodSync(`${fresh}/cli/main.js`, 0o755);
  rmSync(old, { recursive: true, force: true });
  if (existsSync(`${root}dist`)) renameSync(`${root}dist`, old);
  renameSync(fresh, `${root}dist`);
  rmSync(old, { recursive: true, force: true });
  stamp(builtStamp, began);
  return true;
}

/** Says that what `path` stands for is made of what there was at that time; a build that was interrupted says nothing. */
export function stamp(path, at) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '');
  utimesSync(path, at, at);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = build() ? 0 : 1;
