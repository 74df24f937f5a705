import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ran } from '../../../test/support/fake-terminal.ts';
import { demandFree, pathAdvice, writeShims } from './shim-files.ts';
import { batchShim, isShim, shellShim } from './shim-text.ts';

const target = { node: "/opt/it's node/node", main: '/a b/100%/main.js' };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-shims-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a shim', () => {
  test('starts dfukit by its whole path, whatever is in it', () => {
    expect(shellShim('dfu-util', target)).toContain(
      String.raw`exec '/opt/it'\''s node/node' '/a b/100%/main.js' dfu-util "$@"`,
    );
    expect(batchShim('dfu-util', target)).toContain(
      `"/opt/it's node/node" "/a b/100%%/main.js" dfu-util %*\r\n`,
    );
  });

  test('is known again', () => {
    expect(isShim(shellShim('dfu-suffix', target))).toBe(true);
    expect(isShim(batchShim('dfu-suffix', target))).toBe(true);
    expect(isShim('#!/bin/sh\necho made by dfukit install-shims\n')).toBe(false);
  });
});

describe('dfukit install-shims', () => {
  const names = ['dfu-prefix', 'dfu-suffix', 'dfu-util', 'dfuse-pack'];

  test.skipIf(process.platform === 'win32')('writes four programs, and again', async () => {
    const inside = join(folder, 'new', 'of my own');
    const first = await ran(['install-shims', inside]);
    expect([first.exit, first.err]).toEqual([0, '']);
    expect(readdirSync(inside).toSorted()).toEqual(names);
    for (const name of names) expect(lstatSync(join(inside, name)).mode & 0o777).toBe(0o755);
    expect(first.out).toContain(`export PATH='${inside}':$PATH`);
    const again = await ran(['install-shims', inside, '--json']);
    expect(again.exit).toBe(0);
    expect(JSON.parse(again.out)).toMatchObject({ type: 'shims', node: process.execPath });
  });

  test('leaves what is not its own, unless it is told to replace it', async () => {
    const own = join(folder, 'dfu-suffix');
    writeFileSync(own, 'somebody’s program');
    const refused = await ran(['install-shims', folder]);
    expect(refused.exit).toBe(73);
    expect(refused.err).toContain(`${own} is there, and was not made by dfukit; --force`);
    expect(readdirSync(folder)).toEqual(['dfu-suffix']);
    expect((await ran(['install-shims', folder, '--force'])).exit).toBe(0);
  });

  test.skipIf(process.platform === 'win32')('a link is not written through', async () => {
    const elsewhere = join(folder, 'real');
    const shims = join(folder, 'shims');
    writeFileSync(elsewhere, 'the system’s');
    mkdirSync(shims);
    symlinkSync(elsewhere, join(shims, 'dfu-util'));
    expect((await ran(['install-shims', shims])).exit).toBe(73);
    expect((await ran(['install-shims', shims, '--force'])).exit).toBe(0);
    expect(readFileSync(elsewhere, 'utf8')).toBe('the system’s');
    expect(readFileSync(join(shims, 'dfu-util'), 'utf8')).toContain('dfu-util "$@"');
  });

  test('a folder that cannot be made is told', async () => {
    writeFileSync(join(folder, 'file'), '');
    const { exit, err } = await ran(['install-shims', join(folder, 'file', 'x')]);
    expect(exit).toBe(73);
    expect(err).toContain('cannot write into');
  });

  test.skipIf(process.platform === 'win32')('where the system keeps its own is refused', () => {
    const free = (): void => demandFree('/usr/bin');
    expect(free).toThrow('--force');
  });

  test('on Windows they are batch files', () => {
    const system = { platform: 'win32', path: '' } as const;
    writeShims(folder, target, system);
    expect(readdirSync(folder).toSorted()).toEqual(names.map((name) => `${name}.cmd`));
    expect(pathAdvice('C:\\s', system)).toContain('  set PATH=C:\\s;%PATH%');
  });

  test('says whether another dfu-util comes first', () => {
    const platform = 'linux';
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    for (const each of [one, two]) mkdirSync(each);
    const path = [one, two].join(delimiter);
    expect(pathAdvice(two, { platform, path })).toEqual([
      'The folder stands in PATH: they are what is found.',
    ]);
    writeFileSync(join(one, 'dfu-util'), '');
    expect(pathAdvice(two, { platform, path })[0]).toContain(`PATH has ${one} before it`);
  });
});
