// Makes few files of the many that a command is made of: Node finds, reads and links each on its own, which was most of
// the time until a command began. The library stays as the compiler made it; nothing imports from `cli`.
//   node scripts/bundle-cli.mjs DIST
// Comes last: it takes the texts for workers, and the firmware, into it.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { rolldown } from 'rolldown';

const folder = resolve(process.argv[2], 'cli');

const build = await rolldown({
  input: resolve(folder, 'main.js'),
  platform: 'node',
  // Packages stay where they are installed.
  external: /^[a-z@][^:]*$/i,
});
// All in one folder: `cli/shared/main-file.ts` finds the program beside the file that it is in.
const { output } = await build.generate({
  format: 'esm',
  comments: false,
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
});
await build.close();
rmSync(folder, { recursive: true });
mkdirSync(folder);
for (const { fileName, code } of output) writeFileSync(resolve(folder, fileName), code);
