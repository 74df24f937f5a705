import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { asRoot, installOnDebian, need } from '../support/needs.ts';

const folder = mkdtempSync(join(tmpdir(), 'dfukit-machine-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const programs = ['boot', 'hostile', 'isa', 'rp2040', 'stm32f0'] as const;
const sourcesOf = (of: string): string => resolve(import.meta.dirname, '../fixtures/machine', of);
const text = (...parts: readonly string[]): string => readFileSync(join(...parts), 'utf8');

/** Lines of SHA256SUMS. */
const sums = (built: string): readonly string[] => text(built, 'SHA256SUMS').trim().split('\n');

describe.each(programs)('the programs of fixtures/machine/%s', (of) => {
  const sources = sourcesOf(of);
  const built = join(sources, 'built');

  test('are what was committed', () => {
    const names = readdirSync(built).filter((name) => /\.(bin|elf)$/.test(name));
    const found = names.map((name) => {
      const sum = createHash('sha256').update(readFileSync(join(built, name)));
      return `${sum.digest('hex')}  ${name}`;
    });
    expect(found.toSorted()).toEqual([...sums(built)].toSorted());
  });

  test('are what Debian’s compiler makes of their sources', (context) => {
    const script = join(sources, 'build');
    const { stdout, error } = spawnSync(script, ['missing'], { encoding: 'utf8' });
    const what = error === undefined ? stdout.trim() : 'bash';
    const install = installOnDebian(asRoot('test/fixtures/native/build install'));
    need(context, what === '' ? undefined : { what, install });
    const made = join(folder, of);
    const { status, stderr } = spawnSync(script, ['all', made], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    expect(readdirSync(made).toSorted()).toEqual(readdirSync(built).toSorted());
    // Another compiler makes other instructions of them.
    const isSame = text(made, 'COMPILER') === text(built, 'COMPILER');
    expect(sums(made)).toEqual(isSame ? sums(built) : sums(made));
  });
});
