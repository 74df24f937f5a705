import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {
  exports: Record<string, string | { readonly default: string }>;
};

const subpaths = Object.entries(manifest.exports).filter(
  (entry): entry is [string, { readonly default: string }] => typeof entry[1] !== 'string',
);

/** Changing a name that stands here breaks whoever uses it: the snapshot makes that a decision. */
describe('the public face', () => {
  test.each(subpaths)('of %s', async (_, { default: built }) => {
    const source = resolve(root, built.replace('./dist/', 'src/').replace(/\.js$/, '.ts'));
    expect(existsSync(source)).toBe(true);
    const face: unknown = await import(source);
    expect(Object.keys(face as object).toSorted()).toMatchSnapshot();
  });
});
