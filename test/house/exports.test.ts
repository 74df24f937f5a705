import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

const files = ['src', 'web', 'test', 'firmware', 'bench', 'scripts']
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
      join(root, folder, file),
    ),
  )
  .filter((file) => /\.(?:ts|mjs)$/.test(file) && !file.endsWith('.d.ts'));

/** Where exports are for other files of the project: not for who runs a script or a firmware, bundles a consumer, or starts tests. */
const ours = ['src', 'web', 'test'].map((folder) => join(root, folder));
const others = ['test/package/consumer', 'test/hostile/soak.ts', 'test/web/setup.ts'].map((path) =>
  join(root, path),
);

const sources = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));

/** The names in a list of imports or exports, as they are called where they come from. */
function namesIn(list: string): string[] {
  return list
    .split(',')
    .map((each) => each.trim().replace(/^type /, ''))
    .filter((each) => each !== '')
    .map((each) => each.split(/\s+as\s+/)[0] ?? '');
}

/** `file#name` of whatever some file takes from another; `file#*` where it takes everything. */
function takenBy(file: string, source: string): string[] {
  const at = (specifier: string): string => resolve(dirname(file), specifier);
  const named = source.matchAll(
    /(?:import|export)\s+(?:type\s+)?(?:\w+,\s*)?\{([^}]*)\}\s*from\s*'(\.[^']*)'/g,
  );
  const whole = source.matchAll(/(?:export \* from|import \* as \w+ from|import\()\s*'(\.[^']*)'/g);
  return [
    ...[...named].flatMap(([, list = '', from = '']) =>
      namesIn(list).map((name) => `${at(from)}#${name}`),
    ),
    ...[...whole].map(([, from = '']) => `${at(from)}#*`),
  ];
}

function exportedBy(source: string): string[] {
  const declared = source.matchAll(
    /^export (?:declare )?(?:abstract )?(?:async )?(?:const|let|function\*?|class|interface|type) ([\w$]+)/gm,
  );
  return [...declared].map(([, name = '']) => name);
}

test('nothing is exported that no other file takes', () => {
  const taken = new Set([...sources].flatMap(([file, source]) => takenBy(file, source)));
  const lonely = [...sources]
    .filter(([file]) => !file.endsWith('.test.ts') && ours.some((path) => file.startsWith(path)))
    .filter(([file]) => !others.some((path) => file.startsWith(path)))
    // In place of its neighbour `parts.ts`, where the element is put together.
    .filter(([file]) => !file.endsWith('parts-apart.ts'))
    .filter(([file]) => !taken.has(`${file}#*`))
    .flatMap(([file, source]) =>
      exportedBy(source)
        .filter((name) => !taken.has(`${file}#${name}`))
        .map((name) => `${relative(root, file)}: ${name}`),
    );
  expect(lonely).toEqual([]);
});
