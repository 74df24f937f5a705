import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { prepareBuild } from '../support/built-cli.ts';
import { installPackage, lend, root } from './installed.ts';
import type { Installed } from './installed.ts';

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly shell?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly run?: string;
}

interface Action {
  readonly inputs: Readonly<
    Record<string, { readonly description: string; readonly default?: string }>
  >;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

const action = parse(readFileSync(join(root, 'action.yml'), 'utf8')) as Action;
const actionSteps = new Map(action.runs.steps.map((step) => [step.name ?? step.uses ?? '', step]));

let consumer: Installed;

beforeAll(() => {
  prepareBuild();
  consumer = installPackage();
});
afterAll(() => rmSync(consumer.folder, { recursive: true, force: true }));

/** Runs the shell of a step as GitHub's runner does, with these inputs. */
function runStep(
  name: string,
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): { readonly status: number | null; readonly said: string } {
  const { run = '', env: given = {} } = actionSteps.get(name) ?? {};
  const filled = Object.entries(given).map(([key, text]) => [
    key,
    text.replaceAll(
      /\$\{\{ inputs\.([\w-]+) \}\}/g,
      (_, input: string) => inputs[input] ?? action.inputs[input]?.default ?? '',
    ),
  ]);
  const { PATH, HOME } = process.env;
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['--noprofile', '--norc', '-eo', 'pipefail', '-c', run],
    {
      cwd: consumer.folder,
      env: { PATH, HOME, ...(Object.fromEntries(filled) as Record<string, string>), ...env },
      encoding: 'utf8',
    },
  );
  return { status, said: `${stdout}${stderr}` };
}

describe('action.yml', () => {
  test('is composite: Node, the package, the scenarios', () => {
    expect(action.runs.using).toBe('composite');
    expect([...actionSteps.keys()]).toEqual([
      'actions/setup-node@v4',
      'Install dfukit',
      'Run scenarios',
    ]);
    for (const { run, shell } of action.runs.steps)
      expect(run === undefined).toBe(shell === undefined);
  });

  test('has its inputs in the environment alone: none is put into a command', () => {
    for (const { run = '' } of actionSteps.values()) expect(run).not.toContain('${{');
    const used = JSON.stringify(action.runs).matchAll(/inputs\.([\w-]+)/g);
    expect(new Set([...used].map(([, name]) => name))).toEqual(new Set(Object.keys(action.inputs)));
  });

  test.skipIf(process.platform === 'win32')('installs the version that it is, or another', () => {
    const temp = join(consumer.folder, 'stub');
    mkdirSync(temp);
    writeFileSync(join(temp, 'npm'), '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
    const env = {
      PATH: `${temp}:${process.env['PATH'] ?? ''}`,
      RUNNER_TEMP: '/run',
      DFUKIT_ACTION: root,
    };
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      version: string;
    };
    const install = 'install --prefix /run/dfukit --ignore-scripts --no-audit --no-fund';
    expect(runStep('Install dfukit', {}, env)).toEqual({
      status: 0,
      said: `${install} dfukit@${version}\n`,
    });
    expect(runStep('Install dfukit', { version: 'latest' }, env).said).toBe(
      `${install} dfukit@latest\n`,
    );
  });

  test.skipIf(process.platform === 'win32')('runs the files, and fails if they do', () => {
    const { folder } = consumer;
    lend(consumer, 'yaml');
    // Where the step before has installed it.
    const temp = join(folder, 'node_modules/.cache/runner');
    mkdirSync(temp, { recursive: true });
    writeFileSync(join(temp, 'link'), '');
    spawnSync('ln', ['-s', folder, join(temp, 'dfukit')]);
    const scenario = (mode: string): string =>
      `board: particle-xenon\nserial: \${SERIAL}\nsteps:\n  - expect: { boot: { mode: ${mode} } }\n`;
    writeFileSync(join(folder, 'good.yaml'), scenario('dfu'));
    writeFileSync(join(folder, 'bad.yaml'), scenario('none'));
    const inputs = { files: '*d.yaml', args: '--set SERIAL=A-1', junit: 'my report.xml' };
    const { status, said } = runStep('Run scenarios', inputs, {
      RUNNER_TEMP: temp,
      GITHUB_ACTIONS: 'true',
      GITHUB_WORKSPACE: folder,
    });
    expect(said).toContain('1 passed, 1 failed');
    expect(said).toContain('::error file=bad.yaml,line=4,title=bad::');
    expect(status).toBe(1);
    expect(readFileSync(join(folder, 'my report.xml'), 'utf8')).toContain('tests="1" failures="1"');
    expect(
      runStep(
        'Run scenarios',
        { files: 'good.yaml', args: '--set SERIAL=A-1' },
        { RUNNER_TEMP: temp },
      ),
    ).toMatchObject({ status: 0 });
  });
});

test.skipIf(process.platform === 'win32')(
  'without the optional package YAML is refused, and JSON is not',
  () => {
    const { folder } = consumer;
    rmSync(join(folder, 'node_modules/yaml'), { recursive: true, force: true });
    const steps = [{ expect: { boot: { mode: 'dfu' } } }];
    for (const name of ['a.json', 'a.yaml']) {
      writeFileSync(join(folder, name), JSON.stringify({ board: 'particle-xenon', steps }));
    }
    const run = (name: string): { readonly status: number | null; readonly stderr: string } =>
      spawnSync('node_modules/.bin/dfukit', ['test', name], { cwd: folder, encoding: 'utf8' });
    expect(run('a.json')).toMatchObject({ status: 0, stderr: '' });
    const words =
      'YAML needs the package yaml, which is not installed (npm install yaml); JSON does not';
    expect(run('a.yaml')).toMatchObject({ status: 78, stderr: `dfukit: a.yaml: ${words}\n` });
  },
);
