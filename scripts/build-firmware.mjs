// Bundles the example firmware, each in every way that it can be built, and puts it into a build as texts:
//   node scripts/build-firmware.mjs DIST
// Needs the compiled board of that build, so it comes after the compiler.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = resolve(import.meta.dirname, '..');
const target = resolve(process.argv[2], 'board/examples/built-examples.js');
const write = (texts) =>
  writeFileSync(target, `export const builtExamples = ${JSON.stringify(texts, undefined, 2)};\n`);

// The board is imported for what builds firmware; there is none yet.
write({});
const inBuild = (path) => import(pathToFileURL(resolve(process.argv[2], path)).href);
const board = {
  ...(await inBuild('board/node/index.js')),
  ...(await inBuild('board/examples/index.js')),
};
const texts = {};
for (const name of board.firmwareExamples) {
  for (const options of board.exampleVariants(name)) {
    const bytes = await board.buildFirmware(resolve(root, 'firmware', name), options);
    texts[board.exampleFileName(name, options)] = new TextDecoder().decode(bytes);
  }
}
write(texts);
