// Bundles the example firmware into dist/firmware/, each with and without the DFU run-time function.
// Needs dist/board, so it comes after the compiler.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { buildFirmware, exampleFileName, firmwareExamples } from '../dist/board/index.js';

const root = resolve(import.meta.dirname, '..');
const target = resolve(root, 'dist/firmware');
rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });

for (const name of firmwareExamples) {
  for (const modules of [[], ['usbus_dfu']]) {
    const bytes = await buildFirmware(resolve(root, 'firmware', name), { modules });
    const file = exampleFileName(name, modules);
    writeFileSync(resolve(target, file), bytes);
    console.log(`dist/firmware/${file} ${bytes.length}`);
  }
}
