// `npm test`: sets up what is missing, checks, runs every test, and ends with one plain line of what came out.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { check, checks } from './check.mjs';
import { prepare } from './prepare.mjs';
import { root, tool } from './run.mjs';

const cache = `${root}node_modules/.cache/dfukit`;

/**
 * The runs of the runner. Coverage is that of the tests beside the sources alone: what only crosses a room on its way
 * to another has not been tested there.
 */
const runs = [
  { name: 'beside', args: ['--project', 'beside', '--coverage'] },
  { name: 'across', args: ['--project', '!beside'] },
];

/**
 * Counts from the runner's own report. A file that could not be run at all counts as one failure, and so does a test
 * that was skipped without a reason: what it was to show has not been shown.
 */
function count(report, runnerSucceeded, isSelection) {
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: [] };
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  // Of a selection, what was not selected is left out.
  const tests = testResults
    .flatMap((file) => file.assertionResults)
    .filter(({ status, meta }) => !isSelection || status !== 'skipped' || meta?.skipped);
  const having = (status) => tests.filter(({ status: each }) => each === status);
  const passed = having('passed').length;
  const skipped = tests.filter(({ meta }) => meta?.skipped !== undefined);
  const empty = testResults.filter((file) => file.assertionResults.length === 0);
  let failed = tests.length - passed - skipped.length + empty.length;
  // An error outside of any test, or too little coverage, fails the run without failing a test.
  if (!runnerSucceeded && failed === 0) failed = 1;
  return { passed, failed, skipped };
}

/** One run of the runner, counted. */
function runTests({ name, args }, selection) {
  const report = `${cache}/tests-${name}.json`;
  rmSync(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const succeeded = tool('vitest', 'run', ...reporters, ...args, ...selection);
  return count(report, succeeded, selection.length > 0);
}

/** Why tests were skipped and what to do about it, each reason once. */
function explain(skipped) {
  const reasons = new Map();
  for (const { meta } of skipped) reasons.set(meta.skipped, (reasons.get(meta.skipped) ?? 0) + 1);
  for (const [reason, times] of reasons) console.log(`${times} skipped: ${reason}`);
}

function testAll(args) {
  const unprepared = prepare();
  if (unprepared === 'install') return { passed: 0, failed: 1, skipped: [] };
  if (args.length > 0) return runTests({ name: 'selection', args: [] }, args);
  const failedChecks = check();
  const counted = runs.map((each) => runTests(each, []));
  const sum = (key) => counted.reduce((total, each) => total + each[key], 0);
  const alsoFailed = [...failedChecks, ...(unprepared === undefined ? [] : [unprepared])];
  for (const name of alsoFailed) console.log(`failed: ${name}`);
  return {
    passed: sum('passed') + checks.length - failedChecks.length,
    failed: sum('failed') + alsoFailed.length,
    skipped: counted.flatMap(({ skipped }) => skipped),
  };
}

const { passed, failed, skipped } = testAll(process.argv.slice(2));
explain(skipped);
const parts = [`${passed} passed`, `${failed} failed`];
if (skipped.length > 0) parts.push(`${skipped.length} skipped`);
console.log(parts.join(', '));
// Nothing is skipped where everything can be installed.
const forbidden = process.env.CI === 'true' && skipped.length > 0;
process.exitCode = failed === 0 && passed > 0 && !forbidden ? 0 : 1;
