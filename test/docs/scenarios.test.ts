import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FakeTerminal } from '../support/fake-terminal.ts';
import { dfukit } from '../../src/cli/dfukit.ts';
import type { Files } from '../../src/cli/shared/files.ts';
import { blocksOf } from '../support/documents/blocks.ts';
import { parse } from 'yaml';

const root = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** What `dfukit test --list` says of a scenario with that text. */
async function listed(text: string): Promise<{ readonly code: number; readonly err: string }> {
  const files: Files = {
    read: () => new TextEncoder().encode(text),
    standing: () => undefined,
    write: () => Promise.reject(new Error('nothing is written')),
  };
  const terminal = new FakeTerminal(files);
  const code = await dfukit(['test', 'page.yaml', '--list'], terminal);
  return { code, err: terminal.err.text };
}

const right = { code: 0, err: '' };

describe('docs/scenarios.md', () => {
  const blocks = blocksOf(read('docs/scenarios.md'))
    .filter(({ language }) => language === 'yaml')
    .map(({ line, lines }) => ({ line, text: lines.join('\n') }));
  const isCi = (text: string): boolean => /uses:|script:/.test(text);
  const scenarios = blocks.filter(({ text }) => !isCi(text));

  test.each(scenarios)('line $line is a scenario, or steps of one', async ({ text }) => {
    const whole = text.startsWith('- ')
      ? `board: reel_board\nsteps:\n${text.replaceAll(/^/gm, '  ')}\n`
      : text;
    expect(await listed(whole)).toEqual(right);
  });

  test.each(blocks.filter(({ text }) => isCi(text)))('line $line is YAML', ({ text }) => {
    expect(typeof parse(text)).toBe('object');
  });

  test('names every action and every part of an expectation', () => {
    const { $defs } = JSON.parse(read('schemas/test.schema.json')) as {
      readonly $defs: {
        readonly step: {
          readonly anyOf: readonly { readonly properties?: Record<string, { anyOf?: unknown }> }[];
        };
      };
    };
    const page = read('docs/scenarios.md');
    const keys = $defs.step.anyOf.flatMap(({ properties = {} }) => Object.keys(properties));
    expect(keys.length).toBeGreaterThan(15);
    expect(keys.filter((key) => !page.includes(key))).toEqual([]);
  });
});

describe('README.md', () => {
  const blocks = blocksOf(read('README.md')).filter(({ language }) => language === 'yaml');

  test.each(blocks)('line $line is a scenario', async ({ lines }) => {
    expect(await listed(lines.join('\n'))).toEqual(right);
  });
});

/** Files of the examples that have a schema: scenarios, and the manifest of a flasher's page. */
const isHeld = /\.yaml$|^manifest\.json$/;

/** How such a file names its schema. */
function schemaId(isScenario: boolean): string {
  const { exports } = JSON.parse(read('package.json')) as {
    readonly exports: Record<string, string>;
  };
  const path = exports[isScenario ? './test.schema.json' : './manifest.schema.json'] ?? '';
  const { $id } = JSON.parse(read(path)) as { readonly $id: string };
  return isScenario ? `$schema=${$id}\n` : `"$schema": "${$id}"`;
}

describe('the examples', () => {
  const folders = readdirSync(join(root, 'examples'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );

  test.each(folders.map(({ name }) => name))(
    '%s is in the README, and its files point to the schema',
    (name) => {
      expect(read('README.md')).toContain(`(examples/${name}/README.md)`);
      const files = readdirSync(join(root, 'examples', name)).filter((each) => isHeld.test(each));
      for (const file of files)
        expect(read(`examples/${name}/${file}`)).toContain(schemaId(file.endsWith('.yaml')));
      expect(files.length).toBeGreaterThan(0);
    },
  );
});
