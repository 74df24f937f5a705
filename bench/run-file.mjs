// The figures of one run of the benchmarks in one JSON file, with where and when they were taken.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

function git(...args) {
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** What was measured: the commit, with a `+` if the files differ from it. */
function commit() {
  const head = git('rev-parse', '--short=12', 'HEAD');
  if (head === undefined) return 'unknown';
  return git('status', '--porcelain') === '' ? head : `${head}+`;
}

/** The circumstances of a run that is made now. */
export function circumstances() {
  const processors = cpus();
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    date: new Date().toISOString(),
    commit: commit(),
  };
}

/** Figures of the lines that the benchmarks wrote; what is no figure (npm's own words) is left out. */
export function figuresOf(text) {
  const lines = text.split('\n').filter((line) => line.startsWith('{"figure"'));
  return lines.map((line) => JSON.parse(line));
}

/** Where a run is kept unless told otherwise; git takes no notice of it. */
export function defaultFile({ date, commit: what }) {
  return `bench/runs/${date.replaceAll(':', '-')}-${what}.json`;
}

export function writeRun(file, run) {
  mkdirSync(dirname(resolve(file)), { recursive: true });
  writeFileSync(file, `${JSON.stringify(run, null, 2)}\n`);
}

/** A run from its file, or from what a checkout without `--save` printed. Throws if there is no figure in it. */
export function readRun(file) {
  const text = readFileSync(file, 'utf8');
  let figures = figuresOf(text);
  if (figures.length === 0) {
    try {
      figures = JSON.parse(text).figures ?? [];
    } catch {
      // No JSON: said below.
    }
  }
  if (figures.length === 0)
    throw new Error(`${file}: expected figures of the benchmarks, got none`);
  return figures;
}
