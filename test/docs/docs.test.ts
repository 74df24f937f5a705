import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ExitCode, exitCodeOf } from '../../src/cli/shared/exit-codes.ts';
import { DfuError } from '../../src/index.ts';
import type { DfuErrorCode } from '../../src/index.ts';

const root = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(resolve(root, path), 'utf8');

describe('docs/errors.md', () => {
  const union = /export type DfuErrorCode =(.*?)\n\n/s.exec(read('src/bytes/error.ts'))?.[1] ?? '';
  const codes = [...union.matchAll(/\| '([A-Z_]+)'/g)].map(([, code]) => code as DfuErrorCode);
  const rows = read('docs/errors.md').matchAll(/^\| `([A-Z_]+)` \|.*\| (\d+) \|$/gm);
  const documented = new Map([...rows].map(([, code, exit]) => [code, Number(exit)]));

  test('lists every code and no other', () => {
    expect(codes.length).toBeGreaterThan(10);
    expect([...documented.keys()].toSorted()).toEqual(codes.toSorted());
  });

  test('lists every remedy and no other', () => {
    const [, named = ''] = /export type DfuRemedy =(.*?);/s.exec(read('src/bytes/error.ts')) ?? [];
    const remedies = [...named.matchAll(/\| '([a-z-]+)'/g)].map(([, each]) => each);
    const listed = read('docs/errors.md').matchAll(/^\| `([a-z-]+)` \| `[^|]*\| `-/gm);
    expect(remedies.length).toBeGreaterThan(20);
    expect([...listed].map(([, each]) => each).toSorted()).toEqual(remedies.toSorted());
  });

  test('lists every exit code', () => {
    const listed = [...read('docs/errors.md').matchAll(/^\| (\d[\d, ]*) \| /gm)];
    const numbers = listed.flatMap(([, text = '']) => text.split(', ').map(Number));
    expect(numbers).toEqual(expect.arrayContaining(Object.values(ExitCode)));
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  test.each(codes)('%s ends the command line with the exit code that is written there', (code) => {
    expect(exitCodeOf(new DfuError(code, ''))).toBe(documented.get(code));
  });
});

describe('the repository', () => {
  test('installs packages without their scripts', () => {
    const places = ['scripts', '.github/workflows', '.ci', 'test/package', 'test/kernel'];
    const lines = places.flatMap((folder) =>
      readdirSync(resolve(root, folder), { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .flatMap(({ name }) => read(`${folder}/${name}`).split('\n')),
    );
    const installs = lines.filter((line) => /\bnpm ci\b|\['ci'/.test(line));
    expect(installs.length).toBeGreaterThan(2);
    expect(installs.filter((line) => !line.includes('--ignore-scripts'))).toEqual([]);
  });

  test('has no link to a file that is not there', () => {
    const inFolder = (folder: string): string[] =>
      readdirSync(resolve(root, folder))
        .filter((name) => name.endsWith('.md'))
        .map((name) => `${folder}/${name}`);
    for (const page of ['.', 'docs', 'firmware'].flatMap((folder) => inFolder(folder))) {
      for (const [, target = ''] of read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
        const path = resolve(root, page, '..', target);
        expect(existsSync(path), `${page} → ${target}`).toBe(true);
      }
    }
  });
});
