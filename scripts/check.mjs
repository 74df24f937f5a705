// Everything that is checked without running a test: types, purity, lint, format, package.
import { spawnSync } from 'node:child_process';

const steps = [
  ['tsc', '-p', 'tsconfig.json', '--noEmit'],
  ['tsc', '-p', 'tsconfig.pure.json'],
  ['tsc', '-p', 'tsconfig.test.json'],
  ['oxlint', '--type-aware', '--deny-warnings', '.'],
  ['prettier', '--check', '--log-level', 'warn', '.'],
];

let failed = 0;
for (const [tool, ...args] of steps) {
  const { status } = spawnSync(`node_modules/.bin/${tool}`, args, { stdio: 'inherit' });
  if (status !== 0) {
    console.error(`check: ${tool} ${args.join(' ')} failed`);
    failed += 1;
  }
}
process.exitCode = failed === 0 ? 0 : 1;
