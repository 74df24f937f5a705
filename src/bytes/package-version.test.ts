import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { PACKAGE_VERSION } from './package-version.ts';

test('the version in the sources is that of the package', () => {
  const manifest = readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8');
  expect(PACKAGE_VERSION).toBe((JSON.parse(manifest) as { readonly version: string }).version);
});
