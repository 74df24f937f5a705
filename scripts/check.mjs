// Everything that is checked without running a test: types, purity, lint, format, the package.
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { root, run, tool } from './run.mjs';

/** Each check: what it is called and the tool that does it. */
export const checks = [
  ['types', 'tsc', '-p', 'tsconfig.json', '--noEmit'],
  ['pure types', 'tsc', '-p', 'tsconfig.pure.json'],
  ['types of the element', 'tsc', '-p', 'src/dfu-flasher/tsconfig.json'],
  ['types of the tests', 'tsc', '-p', 'tsconfig.test.json'],
  ['types of the site', 'tsc', '-p', 'tsconfig.web.json'],
  ['lint', 'oxlint', '--type-aware', '--deny-warnings', '--quiet', '.'],
  ['format', 'prettier', '--check', '--log-level', 'warn', '.'],
  ['package', 'publint', '--strict', '--pack', 'npm'],
];

/** Runs them all; answers the names of those that failed. */
export function check() {
  return checks
    .filter(([, ...command]) => !tool(...command))
    .map(([name, ...command]) => {
      console.error(`check: ${name} failed (${command.join(' ')})`);
      return name;
    });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (!existsSync(`${root}dist`)) console.error('check: no dist, run npm run build first');
  // The tests run these checks without the API reference, whose tools are a workspace of their own.
  const faults = check().length;
  const documented = run(process.execPath, [`${root}scripts/docs.mjs`]);
  process.exitCode = faults === 0 && documented ? 0 : 1;
}
