// Bundles the example firmware into dist/firmware/, each in every way that it can be built.
// Needs dist/board, so it comes after the compiler.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  buildFirmware,
  exampleFileName,
  exampleVariants,
  firmwareExamples,
} from '../dist/board/node/index.js';

const root = resolve(import.meta.dirname, '..');
const target = resolve(root, 'dist/firmware');
rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });

for (const name of firmwareExamples) {
  for (const options of exampleVariants(name)) {
    const bytes = await buildFirmware(resolve(root, 'firmware', name), options);
    const file = exampleFileName(name, options);
    writeFileSync(resolve(target, file), bytes);
    console.log(`dist/firmware/${file} ${bytes.length}`);
  }
}
