// `npm run bench`: every benchmark in a process of its own, one JSON line a figure on stdout.
//   npm run bench -- NAME…            only those whose name contains one of them
//   npm run bench -- --save [FILE]    keeps the figures in one JSON file, with where and when they were taken
//   npm run bench -- --compare A B    compares two such files, or what two runs printed; several runs of one side
//                                     are given with commas: a1.json,a2.json b1.json,b2.json
import { spawn } from 'node:child_process';
import { compare, comparisonLines } from '../bench/comparison.mjs';
import { circumstances, defaultFile, figuresOf, readRun, writeRun } from '../bench/run-file.mjs';
import { prepare } from './prepare.mjs';
import { root } from './run.mjs';

const benches = [
  ['transfers'],
  ['transfer-cost'],
  ['downloads'],
  ['gang'],
  ['start-up'],
  ['command-cost'],
  ['boards', '--expose-gc'],
  ['images'],
  ['swaps'],
  ['powercuts'],
  ['flash-map'],
  ['core'],
  ['machine'],
  ['executed-powercuts'],
  ['web'],
  ['kernel'],
];
const EX_USAGE = 64;

/** Runs one; its figures go to the terminal as they come. Answers them, or undefined if it failed. */
function measure(name, options) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...options, `${root}bench/${name}.mjs`], {
      cwd: root,
      stdio: ['inherit', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part) => {
      text += part;
      process.stdout.write(part);
    });
    child.on('close', (code) => resolve(code === 0 ? figuresOf(text) : undefined));
  });
}

async function measureAll(wanted, file) {
  const failed = prepare();
  if (failed !== undefined) return [`${failed} failed`];
  const around = circumstances();
  const failures = [];
  const figures = [];
  for (const [name, ...options] of benches) {
    if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
    const measured = await measure(name, options);
    if (measured === undefined) failures.push(`${name} failed`);
    else figures.push(...measured);
  }
  if (file !== undefined) {
    const path = file === '' ? `${root}${defaultFile(around)}` : file;
    writeRun(path, { ...around, figures });
    console.error(`bench: ${figures.length} figures in ${path}`);
  }
  return failures;
}

function compareFiles([before, after, ...more]) {
  if (after === undefined || more.length > 0) {
    console.error('bench: expected --compare and two files');
    process.exit(EX_USAGE);
  }
  const [old, now] = [before, after].map((files) => files.split(',').flatMap(readRun));
  console.log(comparisonLines(compare(old, now)).join('\n'));
}

/** `--save FILE`, where FILE ends with `.json`, since the names of benchmarks stand there, too. */
function taken(args) {
  const at = args.indexOf('--save');
  if (at < 0) return { wanted: args, file: undefined };
  const hasFile = args[at + 1]?.endsWith('.json') === true;
  const file = hasFile ? args[at + 1] : '';
  return { wanted: args.toSpliced(at, hasFile ? 2 : 1), file };
}

const args = process.argv.slice(2);
if (args[0] === '--compare') compareFiles(args.slice(1));
else {
  const { wanted, file } = taken(args);
  const stranger = wanted.find((part) => !benches.some(([name]) => name.includes(part)));
  if (stranger !== undefined) {
    const names = benches.map(([name]) => name).join(', ');
    console.error(`bench: expected parts of ${names}, got ${stranger}`);
    process.exit(EX_USAGE);
  }
  for (const failure of await measureAll(wanted, file)) {
    console.error(`bench: ${failure}`);
    process.exitCode = 1;
  }
}
