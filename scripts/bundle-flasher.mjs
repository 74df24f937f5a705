// The element for web pages as one module, with everything that it needs in it: a page has one file to serve.
//   node scripts/bundle-flasher.mjs DIST
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { rolldown } from 'rolldown';
import { root } from './run.mjs';

const folder = resolve(process.argv[2], 'dfu-flasher');

const build = await rolldown({
  input: `${root}src/dfu-flasher/main.ts`,
  platform: 'browser',
  tsconfig: `${root}src/dfu-flasher/tsconfig.json`,
  // Of two builds of lit the one that says nothing in the console.
  resolve: { conditionNames: ['browser', 'import', 'default'] },
});
const { output } = await build.generate({ format: 'es', minify: true, comments: false });
await build.close();
const [bundle] = output;
if (output.length !== 1) throw new Error(`dfu-flasher: expected one file, got ${output.length}`);

const licence = (path) => readFileSync(`${root}${path}`, 'utf8').trim();
// Whoever serves this file passes it on: the licences go with it.
const notice = `/*!
dfukit, <dfu-flasher>

${licence('LICENSE')}

---

In this file: lit, lit-html, lit-element, @lit/reactive-element

${licence('node_modules/lit/LICENSE')}
*/
`;
mkdirSync(folder, { recursive: true });
writeFileSync(resolve(folder, 'dfu-flasher.js'), notice + bundle.code);
