// `npm run bench`: every benchmark in a process of its own, one JSON line a figure on stdout. With arguments,
// only those whose name contains one of them.
import { prepare } from './prepare.mjs';
import { root, run } from './run.mjs';

const benches = [
  ['transfers'],
  ['downloads'],
  ['start-up'],
  ['boards', '--expose-gc'],
  ['images'],
  ['swaps'],
  ['powercuts'],
  ['kernel'],
];

const failed = prepare();
if (failed !== undefined) {
  console.error(`bench: ${failed} failed`);
  process.exit(1);
}
const wanted = process.argv.slice(2);
for (const [name, ...options] of benches) {
  if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
  if (!run(process.execPath, [...options, `${root}bench/${name}.mjs`])) {
    console.error(`bench: ${name} failed`);
    process.exitCode = 1;
  }
}
