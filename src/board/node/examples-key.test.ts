import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { publicHalf, readKey, writePublicPem } from '../../image/index.ts';
import { examplesKey, examplesKeyPath } from './examples-key.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-key-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const inFolder = (): string => examplesKeyPath({ XDG_CONFIG_HOME: folder });

describe('the key of the examples', () => {
  test('is made at first use, for its owner alone, and kept', async () => {
    const path = inFolder();
    expect(path).toBe(join(folder, 'dfukit', 'examples-rsa-2048.pem'));
    const key = await examplesKey(path);
    expect(key.kind).toBe('rsa-2048');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const again = await examplesKey(path);
    expect(again.pkcs8).toEqual(key.pkcs8);
    expect(readdirSync(join(folder, 'dfukit'))).toEqual(['examples-rsa-2048.pem']);
  });

  test('is one key for all who ask at the same moment', async () => {
    const keys = await Promise.all([1, 2, 3, 4].map(() => examplesKey(inFolder())));
    const kept = await readKey(readFileSync(inFolder(), 'utf8'));
    for (const key of keys) expect(key.pkcs8).toEqual(kept.pkcs8);
    expect(readdirSync(join(folder, 'dfukit'))).toEqual(['examples-rsa-2048.pem']);
  });

  test('is asked for where the user keeps configuration', () => {
    expect(examplesKeyPath({ XDG_CONFIG_HOME: 'relative' })).not.toMatch(/^relative/);
    expect(examplesKeyPath({})).toMatch(/dfukit[\\/]examples-rsa-2048\.pem$/);
  });

  test('says what to do where it cannot be kept', async () => {
    const path = join(folder, 'no folder', 'key.pem');
    writeFileSync(join(folder, 'no folder'), '');
    await expect(examplesKey(path)).rejects.toThrow(/XDG_CONFIG_HOME names another folder, --key/);
  });

  test('is not taken from a file that holds something else', async () => {
    const path = join(folder, 'key.pem');
    writeFileSync(path, 'no key');
    await expect(examplesKey(path)).rejects.toMatchObject({ name: 'DfuError', code: 'MALFORMED' });
    const made = await examplesKey(inFolder());
    writeFileSync(path, writePublicPem(publicHalf(made)));
    await expect(examplesKey(path)).rejects.toThrow('expected a private key, got a public one');
    expect(readFileSync(path, 'utf8')).toContain('PUBLIC KEY');
  });
});
