// `npm test`: sets up what is missing, checks, runs every test, and ends with one plain line of what came out.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { check, checks } from './check.mjs';
import { prepare } from './prepare.mjs';
import { root, tool } from './run.mjs';

const report = `${root}node_modules/.cache/dfukit/test-report.json`;

/**
 * Counts from the runner's own report. A file that could not be run at all counts as one failure, and so does a test
 * that was skipped without a reason: what it was to show has not been shown.
 */
function count(runnerSucceeded, isSelection) {
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
  // An error outside of any test fails the run without failing a test.
  if (!runnerSucceeded && failed === 0) failed = 1;
  return { passed, failed, skipped };
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
  const isSelection = args.length > 0;
  const failedChecks = isSelection ? [] : check();
  const ranChecks = isSelection ? 0 : checks.length;
  rmSync(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const counted = count(tool('vitest', 'run', ...reporters, ...args), isSelection);
  const alsoFailed = failedChecks.length + (unprepared === undefined ? 0 : 1);
  for (const name of failedChecks) console.log(`failed: ${name}`);
  if (unprepared !== undefined) console.log(`failed: ${unprepared}`);
  return {
    passed: counted.passed + ranChecks - failedChecks.length,
    failed: counted.failed + alsoFailed,
    skipped: counted.skipped,
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
