// What runs in the thread of a program, bundled from the sources: the worker's own script, and the prelude that is
// evaluated in the firmware's context. As a program it puts them into a build:
//   node scripts/worker-scripts.mjs DIST
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

const source = (path) => fileURLToPath(new URL(`../src/board/${path}`, import.meta.url));

async function bundle(input, format) {
  const build = await rolldown({ input: source(input), platform: 'node', logLevel: 'warn' });
  const { output } = await build.generate({ format, minify: true, comments: false });
  await build.close();
  if (output.length !== 1) throw new Error(`${input}: expected one file, got ${output.length}`);
  return output[0].code;
}

/** Both, as texts. */
export async function bundleWorkerScripts() {
  const [workerScript, preludeModule] = await Promise.all([
    bundle('node/worker-program.ts', 'cjs'),
    bundle('program/prelude/prelude.ts', 'esm'),
  ]);
  return { workerScript, preludeModule };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const texts = Object.entries(await bundleWorkerScripts());
  const lines = texts.map(([name, text]) => `export const ${name} = ${JSON.stringify(text)};\n`);
  writeFileSync(resolve(process.argv[2], 'board/node/worker-scripts.js'), lines.join(''));
}
