// Replays recordings (test/vectors/*/README.md tell their shapes) and says what differs:
//   npm run vectors -- DIR
// DIR is a folder of recordings, or one that holds several; without it: those that the tests use. What kind of
// recordings it is is seen from a folder's contents.
import { resolve } from 'node:path';
import { createServer } from 'vite';

const EX_USAGE = 64;
const [dir = resolve(import.meta.dirname, '../test/vectors'), ...more] = process.argv.slice(2);
if (more.length > 0) {
  console.error(
    `expected one folder of recordings, got ${more.length + 1}: ${[dir, ...more].join(' ')}`,
  );
  process.exit(EX_USAGE);
}
const source = resolve(import.meta.dirname, '../test/support/vector-run.ts');
// A server, and not `runnerImport`, which lets nothing be imported later (liblzma is, where it is needed).
const server = await createServer({
  configFile: false,
  logLevel: 'error',
  appType: 'custom',
  optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, watch: null, ws: false },
});
const module = await server.ssrLoadModule(source);
process.exitCode = await module.runVectors(resolve(dir), {
  print: (line) => console.log(line),
  warn: (line) => console.error(line),
});
await server.close();
