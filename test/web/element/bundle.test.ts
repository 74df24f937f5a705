import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { init, parse } from 'es-module-lexer';
import { beforeAll, expect, test } from 'vitest';
import { DOOR, ONE, atOnce, elementFiles, plainName } from './element-files.ts';

const root = resolve(import.meta.dirname, '../../..');
const guide = readFileSync(join(root, 'docs/web-flasher.md'), 'utf8');

/** What the files beside each other have in common. */
const LICENCES = 'dfu-flasher-licences.txt';

/** Most bytes that a page has to load for a plain download, as gzip sends them. */
const MOST_BYTES = 60_000;

beforeAll(() => init);

const sizeOf = (name: string): number =>
  gzipSync(elementFiles.get(name) ?? '', { level: 9 }).length;

/** Bytes of what its files are called in the guide, by the guide's word and by themselves. */
function figures(): readonly (readonly [name: string, said: number, is: number])[] {
  const rows = guide.matchAll(/^\| `([\w.-]+)` \| ([\d.]+) kB \|/gm);
  return [...rows].map(([, name = '', said = '']) => {
    const files = [...elementFiles.keys()].filter((each) => plainName(each) === name);
    return [name, Number(said) * 1000, files.reduce((sum, each) => sum + sizeOf(each), 0)];
  });
}

test('a page loads no more for a plain download than it should', () => {
  const sizes = atOnce().map(sizeOf);
  expect(sizes.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(MOST_BYTES);
});

test('every file is as large as the guide says', () => {
  const all = figures();
  expect(new Set(all.map(([name]) => name))).toEqual(
    new Set([...elementFiles.keys()].map(plainName)),
  );
  const wrong = all.filter(([, said, is]) => Math.abs(said - is) >= Math.min(2000, 300 + is / 10));
  expect(wrong).toEqual([]);
});

test('the files load each other from beside them, and evaluate no text', () => {
  for (const text of elementFiles.values()) {
    const code = text.replace(/^\/\*![^]*?\*\//, '');
    const [imports] = parse(code);
    const loaded = imports.map((each) => code.slice(each.s, each.e).replace(/^[`'"]|[`'"]$/g, ''));
    expect(loaded.filter((each) => !elementFiles.has(each.replace(/^\.\//, '')))).toEqual([]);
    expect(code).not.toMatch(/[^\w.$]eval\s*\(|new Function\b|sourceMappingURL/);
  }
});

test('the one file loads no other', () => {
  expect(parse(elementFiles.get(ONE) ?? '')[0]).toEqual([]);
});

test('no file is of a build before', () => {
  const loaded = new Set([DOOR, ONE]);
  for (const name of loaded) {
    for (const [, each = ''] of (elementFiles.get(name) ?? '').matchAll(
      /\.\/(dfu-flasher-[\w-]+\.js)/g,
    ))
      loaded.add(each);
  }
  expect(loaded).toEqual(new Set(elementFiles.keys()));
});

test('have the licences of what is in them, or say where they are', () => {
  const whole = readFileSync(join(root, 'dist/dfu-flasher', LICENCES), 'utf8');
  for (const [name, text] of elementFiles) {
    const [notice] = /^\/\*![^]*?\*\//.exec(text) ?? [''];
    expect(notice).toContain('MIT License');
    expect(notice).toContain('Copyright (c) 2017 Google LLC');
    expect(notice).toContain(name === ONE ? whole : LICENCES);
  }
  expect(whole).toContain('Permission is hereby granted, free of charge');
  expect(whole).toContain('BSD 3-Clause License');
  expect(whole).toContain('THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS');
});

test('have types without those of lit', () => {
  const folder = join(root, 'dist/dfu-flasher');
  const types = readdirSync(folder).filter((name) => name.endsWith('.d.ts'));
  expect(types).toContain('public.d.ts');
  expect(types).toContain(ONE.replace(/js$/, 'd.ts'));
  const speaking = types.filter((name) => /['"]lit/.test(readFileSync(join(folder, name), 'utf8')));
  expect(speaking).toEqual([]);
});
