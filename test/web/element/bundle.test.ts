import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { bundlePath } from './element-page.ts';

const root = resolve(import.meta.dirname, '../../..');
const bundle = readFileSync(bundlePath, 'utf8');

/** Most bytes that a page has to load, as gzip sends them. */
const MOST_BYTES = 104_000;

test('is no larger than a page should load, and as large as its guide says', () => {
  const { length } = gzipSync(bundle, { level: 9 });
  expect(length).toBeLessThanOrEqual(MOST_BYTES);
  const guide = readFileSync(join(root, 'docs/web-flasher.md'), 'utf8');
  const [, said] = /^(\d+) kB, as gzip sends it/m.exec(guide) ?? [];
  expect(Math.abs(Number(said) - length / 1000)).toBeLessThan(2);
});

test('is one module that loads no other and evaluates no text', () => {
  const code = bundle.replace(/^\/\*![^]*?\*\//, '');
  expect(code).not.toMatch(/(?:^|[;}])import[\s{*"']/);
  expect(code).not.toMatch(/[^\w.$]import\s*\(|[^\w.$]eval\s*\(|new Function\b|sourceMappingURL/);
});

test('has the licences of what is in it', () => {
  const [notice] = /^\/\*![^]*?\*\//.exec(bundle) ?? [''];
  expect(notice).toContain('MIT License');
  expect(notice).toContain('Copyright (c) 2017 Google LLC');
  expect(notice).toContain('BSD 3-Clause License');
  expect(notice).toContain('THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS');
});

test('has types without those of lit', () => {
  const folder = dirname(bundlePath);
  const types = readdirSync(folder).filter((name) => name.endsWith('.d.ts'));
  expect(types).toContain('public.d.ts');
  const speaking = types.filter((name) => /['"]lit/.test(readFileSync(join(folder, name), 'utf8')));
  expect(speaking).toEqual([]);
});
