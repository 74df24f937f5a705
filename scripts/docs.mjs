// `npm run docs`: the API reference into dist-api/, a page for every name of every subpath that package.json exports.
// Its tools are in a workspace of their own, docs/api, since they need another compiler than the project's; they are
// installed when they are needed. A type that is shown but not exported, or a link that leads nowhere, is a failure.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { prepare } from './prepare.mjs';
import { npm, root, run } from './run.mjs';

const workspace = `${root}docs/api`;

function install() {
  const installed = `${workspace}/node_modules/.package-lock.json`;
  const time = (path) => statSync(path).mtimeMs;
  if (existsSync(installed) && time(installed) >= time(`${workspace}/package-lock.json`))
    return true;
  console.error('docs: installing its tools, this once');
  return npm(['ci', '--ignore-scripts'], { cwd: workspace });
}

/** The source of every subpath: what package.json exports is what is documented. */
function entryPoints() {
  const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  return Object.values(exports).flatMap(({ types }) =>
    types === undefined ? [] : [types.replace('./dist/', `${root}src/`).replace('.d.ts', '.ts')],
  );
}

function build() {
  const entries = entryPoints().flatMap((entry) => ['--entryPoints', entry]);
  const tool = `${workspace}/node_modules/typedoc/bin/typedoc`;
  return run(process.execPath, [tool, ...entries], { cwd: workspace });
}

// the sources name types of the project's own packages
if (prepare() !== undefined || !install() || !build()) {
  console.error('docs: failed');
  process.exitCode = 1;
}
