// What runs in the thread or the process of a program, bundled from the sources: the script of each, and the prelude
// that is evaluated in the firmware's context. As a program it puts them into a build:
//   node scripts/worker-scripts.mjs DIST
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { root } from './run.mjs';

/** Every test file that runs from the sources asks: the last answer is kept, with the times of its sources. */
const cache = `${root}node_modules/.cache/dfukit/worker-scripts.json`;

const self = fileURLToPath(import.meta.url);

const timeOf = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs;

function kept() {
  if (timeOf(cache) === undefined) return undefined;
  const { times, scripts } = JSON.parse(readFileSync(cache, 'utf8'));
  // This file is one of them: an older one may have kept something else.
  if (times?.[self] === undefined) return undefined;
  return Object.entries(times).every(([path, time]) => timeOf(path) === time) ? scripts : undefined;
}

function keep(sources, scripts) {
  const own = [self, `${root}package-lock.json`];
  const times = Object.fromEntries([...own, ...sources].map((path) => [path, timeOf(path)]));
  const temporary = `${cache}.${process.pid}`;
  mkdirSync(dirname(cache), { recursive: true });
  writeFileSync(temporary, JSON.stringify({ times, scripts }));
  renameSync(temporary, cache);
  return scripts;
}

async function bundle(input, options) {
  const { rolldown } = await import('rolldown');
  const build = await rolldown({ input: `${root}src/board/${input}`, platform: 'node' });
  const { output } = await build.generate({ ...options, minify: true, comments: false });
  const sources = (await build.watchFiles).map((path) => resolve(path));
  await build.close();
  if (output.length !== 1) throw new Error(`${input}: expected one file, got ${output.length}`);
  return { code: output[0].code, sources };
}

/** All of them, as texts. */
export async function bundleWorkerScripts() {
  const before = kept();
  if (before !== undefined) return before;
  const [worker, ownProcess, machine, prelude] = await Promise.all([
    bundle('node/worker-program.ts', { format: 'cjs' }),
    bundle('node/process-program.ts', { format: 'cjs' }),
    bundle('node/machine-thread.ts', { format: 'cjs' }),
    bundle('program/prelude/prelude.ts', { format: 'iife', name: 'prelude', exports: 'named' }),
  ]);
  // A function around it: the firmware is to find no name in its context that is not its own.
  const preludeScript = `(() => { ${prelude.code}; return prelude.programPrelude; })()`;
  const all = [worker, ownProcess, machine, prelude];
  return keep(
    all.flatMap(({ sources }) => sources),
    {
      workerScript: worker.code,
      processScript: ownProcess.code,
      machineScript: machine.code,
      preludeScript,
    },
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const texts = Object.entries(await bundleWorkerScripts());
  const lines = texts.map(([name, text]) => `export const ${name} = ${JSON.stringify(text)};\n`);
  writeFileSync(resolve(process.argv[2], 'board/node/worker-scripts.js'), lines.join(''));
}
