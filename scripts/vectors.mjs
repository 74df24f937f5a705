// Replays a folder of MCUboot vectors (test/vectors/mcuboot/README.md tells its shape):
//   npm run vectors -- DIR
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { runnerImport } from 'vite';

const dir = resolve(process.argv[2] ?? resolve(import.meta.dirname, '../test/vectors/mcuboot'));
if (!existsSync(dir)) {
  console.error(`no folder ${dir}`);
  process.exit(64);
}
const source = resolve(import.meta.dirname, '../test/support/mcuboot/replay-folder.ts');
const { module } = await runnerImport(source, { configFile: false, logLevel: 'error' });
let passed = 0;
let failed = 0;
await module.replayFolder(dir, ({ name, differences }) => {
  if (differences.length === 0) {
    passed += 1;
    return;
  }
  failed += 1;
  console.log(`${name}: ${differences[0]}`);
});
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
