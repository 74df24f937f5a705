// Replays a folder of recordings (test/vectors/*/README.md tell their shapes) and says what differs:
//   npm run vectors -- DIR
// What kind of recordings it is is seen from the folder's contents.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { runnerImport } from 'vite';

const EX_USAGE = 64;
const dir = resolve(process.argv[2] ?? resolve(import.meta.dirname, '../test/vectors/mcuboot'));
if (!existsSync(dir)) {
  console.error(`no folder ${dir}`);
  process.exit(EX_USAGE);
}
const source = resolve(import.meta.dirname, '../test/support/vector-shapes.ts');
const { module } = await runnerImport(source, { configFile: false, logLevel: 'error' });
const shape = module.shapeOf(dir);
if (shape === undefined) {
  const known = module.vectorShapes.map(({ name }) => name).join(', ');
  console.error(`${dir}: no recordings of a known shape (${known})`);
  process.exit(EX_USAGE);
}
console.log(`recordings of ${shape.name}`);
let passed = 0;
let failed = 0;
await shape.replay(dir, ({ name, differences }) => {
  if (differences.length === 0) {
    passed += 1;
    return;
  }
  failed += 1;
  console.log(`${name}: ${differences[0]}`);
});
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
