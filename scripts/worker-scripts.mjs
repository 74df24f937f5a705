// What runs in the thread or the process of a program, bundled from the sources: the script of each, and the prelude
// that is evaluated in the firmware's context. As a program it puts them into a build:
//   node scripts/worker-scripts.mjs DIST
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { root } from './run.mjs';

/** Every test file that runs from the sources asks: the last answer is kept, with the hashes of what it was made of. */
const cache = `${root}node_modules/.cache/dfukit/worker-scripts.json`;

const self = fileURLToPath(import.meta.url);

const hashOf = (content) => createHash('sha256').update(content).digest('hex');

/** undefined: there is no such file. */
function hashOfFile(path) {
  try {
    return hashOf(readFileSync(path));
  } catch {
    return undefined;
  }
}

/** As it is executed here: it may be another one before the end. */
const hashOfSelf = hashOfFile(self);

function kept() {
  try {
    const { hashes, scripts } = JSON.parse(readFileSync(cache, 'utf8'));
    // An older one of this file may have kept something else.
    if (hashes?.[self] !== hashOfSelf) return undefined;
    const isSame = Object.entries(hashes).every(([path, hash]) => hashOfFile(path) === hash);
    return isSame ? scripts : undefined;
  } catch {
    return undefined;
  }
}

function keep(hashes, scripts) {
  const temporary = `${cache}.${process.pid}`;
  mkdirSync(dirname(cache), { recursive: true });
  writeFileSync(temporary, JSON.stringify({ hashes, scripts }));
  renameSync(temporary, cache);
  return scripts;
}

async function bundle(input, { platform = 'node', ...options }) {
  const { rolldown } = await import('rolldown');
  /** Of what is bundled, and not of what stands there when that is done. */
  const hashes = {};
  const build = await rolldown({
    input: `${root}src/board/${input}`,
    platform,
    plugins: [
      {
        name: 'hashes',
        load(path) {
          if (!isAbsolute(path)) return null;
          const code = readFileSync(path);
          hashes[path] = hashOf(code);
          return code.toString();
        },
      },
    ],
  });
  const { output } = await build.generate({ minify: true, comments: false, ...options });
  for (const path of await build.watchFiles) hashes[resolve(path)] ??= hashOfFile(path);
  await build.close();
  if (output.length !== 1) throw new Error(`${input}: expected one file, got ${output.length}`);
  return { code: output[0].code, hashes };
}

/** What finds a firmware's imports is its authors': their licence goes where it goes. */
const lexerLicence = () =>
  `/*! es-module-lexer\n${readFileSync(`${root}node_modules/es-module-lexer/LICENSE`, 'utf8')}*/\n`;

/** All of them, as texts. */
export async function bundleWorkerScripts() {
  const before = kept();
  if (before !== undefined) return before;
  const [worker, ownProcess, machine, prelude, firmware] = await Promise.all([
    bundle('node/worker-program.ts', { format: 'cjs' }),
    bundle('node/process-program.ts', { format: 'cjs' }),
    bundle('node/machine-thread.ts', { format: 'cjs' }),
    bundle('program/prelude/prelude.ts', { format: 'iife', name: 'prelude', exports: 'named' }),
    bundle('web/firmware-worker.ts', { format: 'iife', platform: 'browser' }),
  ]);
  // A function around it: the firmware is to find no name in its context that is not its own.
  const preludeScript = `(() => { ${prelude.code}; return prelude.programPrelude; })()`;
  const all = [worker, ownProcess, machine, prelude, firmware];
  const lock = `${root}package-lock.json`;
  return keep(
    Object.assign(
      { [self]: hashOfSelf, [lock]: hashOfFile(lock) },
      ...all.map(({ hashes }) => hashes),
    ),
    {
      workerScript: worker.code,
      processScript: ownProcess.code,
      machineScript: machine.code,
      preludeScript,
      firmwareScript: lexerLicence() + firmware.code,
    },
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { firmwareScript, ...others } = await bundleWorkerScripts();
  const write = (path, texts) => {
    const lines = Object.entries(texts).map(
      ([name, text]) => `export const ${name} = ${JSON.stringify(text)};\n`,
    );
    writeFileSync(resolve(process.argv[2], path), lines.join(''));
  };
  write('board/node/worker-scripts.js', others);
  write('board/web/web-scripts.js', { firmwareScript });
}
