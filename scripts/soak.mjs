// Attacks dfukit for as long as asked, with other seeds each time, and says what was lost:
//   npm run soak -- MINUTES [SEED]
// The tests do the same attacks some hundred times (test/hostile). A finding names its seed: the same seed does it again.
import { resolve } from 'node:path';
import { createServer } from 'vite';
import { prepare } from './prepare.mjs';

const EX_USAGE = 64;
const [minutesText = '5', seedText = String(Date.now() % 1_000_000_000), ...more] =
  process.argv.slice(2);
const [minutes, seed] = [Number(minutesText), Number(seedText)];
if (more.length > 0 || !(minutes > 0) || !Number.isInteger(seed)) {
  console.error('expected minutes, and a whole number as seed if you want the same attacks again:');
  console.error('npm run soak -- MINUTES [SEED]');
  process.exit(EX_USAGE);
}
const unprepared = prepare();
if (unprepared !== undefined) {
  console.error(`soak: ${unprepared} failed`);
  process.exit(1);
}
const source = resolve(import.meta.dirname, '../test/hostile/soak.ts');
// The commands load what they use when they use it: what loads it stays until the end.
const loader = await createServer({
  configFile: false,
  logLevel: 'error',
  appType: 'custom',
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
});
const module = await loader.ssrLoadModule(source);
const findings = await module.soak({ minutes, seed, say: (line) => console.log(line) });
process.exit(findings === 0 ? 0 : 1);
