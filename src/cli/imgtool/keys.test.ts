import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeTerminal } from '../../../test/support/fake-terminal.ts';
import { Desk } from '../../../test/support/image-desk.ts';
import { runImgtool } from './imgtool.ts';

const imgtool = (desk: Desk, ...args: string[]): Promise<number> => runImgtool(args, desk.terminal);

/** Exit 2, the message, and nothing printed. */
async function expectRefused(args: readonly string[], message: string): Promise<void> {
  const desk = new Desk();
  const exit = await imgtool(desk, ...args);
  expect([desk.lastError, exit]).toEqual([`Error: ${message}`, 2]);
  expect(desk.out.toString()).toBe('');
  expect(desk.written.size).toBe(0);
}

describe('keyinfo --require', () => {
  test.each([
    ['ed25519.pem', 'private', 'public'],
    ['rsa-2048.pub.pem', 'public', 'private'],
    ['enc-x25519.pem', 'private', 'public'],
  ])('%s is %s: the other is refused', async (file, kind, other) => {
    const path = `keys/${file}`;
    const desk = new Desk();
    expect(await imgtool(desk, 'keyinfo', '-k', path, '--require', kind)).toBe(0);
    expect(desk.lines).toEqual([kind]);
    const words = `${path} is a ${kind} key, but ${other} was required.`;
    await expectRefused(['keyinfo', '-k', path, '--require', other], words);
  });
});

describe('--name-suffix', () => {
  const key = ['-k', 'keys/ecdsa-p384.pem'];

  test.each([
    ['getpub', [], 'ecdsap384_pub_key_dev[]', 'ecdsap384_pub_key_dev_len'],
    ['getpub', ['-e', 'lang-rust'], 'ECDSAP384_PUB_KEY_DEV:', '&[u8]'],
    ['getpub', ['-l', 'c'], 'ecdsap384_pub_key_dev[]', 'ecdsap384_pub_key_dev_len'],
    ['getpubhash', [], 'ecdsap384_pub_key_hash_dev[]', 'ecdsap384_pub_key_hash_dev_len'],
    ['getpubhash', ['-e', 'lang-c'], 'hash_dev[]', 'hash_dev_len'],
  ])('%s %j puts it behind the names', async (command, form, name, length) => {
    const desk = new Desk();
    expect(await imgtool(desk, command, ...key, ...form, '--name-suffix', '_dev')).toBe(0);
    expect(desk.out.toString()).toContain(name);
    expect(desk.out.toString()).toContain(length);
  });

  test.each([
    ['getpub', 'pem'],
    ['getpub', 'raw'],
    ['getpubhash', 'raw'],
  ])('%s -e %s has no names', async (command, form) => {
    const args = [command, ...key, '-e', form, '--name-suffix', '_2', '-o', 'x'];
    await expectRefused(args, `\`--name-suffix\` goes with variables' names, and ${form} has none`);
    const desk = new Desk();
    expect(await imgtool(desk, command, ...key, '-e', form, '--name-suffix', '')).toBe(0);
  });

  test.each(['; int x', '-dev', 'foo/bar', 'a b', '@2', 'key+', ' ', 'é', '_2\n'])(
    '%j would not stay a name',
    async (suffix) => {
      for (const command of ['getpub', 'getpubhash']) {
        const words = `Invalid value for '--name-suffix': '${suffix}' has characters other than A-Za-z0-9_.`;
        const desk = new Desk();
        expect(await imgtool(desk, command, ...key, '--name-suffix', suffix)).toBe(2);
        expect(desk.err.trimEnd().endsWith(words)).toBe(true);
        expect(desk.out.length).toBe(0);
      }
    },
  );
});

describe('keygen', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dfukit-keygen-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const keygen = async (path: string, ...args: string[]): Promise<FakeTerminal> => {
    const terminal = new FakeTerminal();
    terminal.exit(await runImgtool(['keygen', '-t', 'ed25519', '-k', path, ...args], terminal));
    return terminal;
  };

  test('departure imgtool/key-kept: a private key is not replaced', async () => {
    const path = join(folder, 'root.pem');
    expect((await keygen(path)).exits).toEqual([0]);
    const before = readFileSync(path, 'utf8');
    const again = await keygen(path);
    expect(again.exits).toEqual([1]);
    expect(again.err.text).toBe(
      `Error: ${path}: there is a private key already; take another name, or remove it first\n`,
    );
    expect(readFileSync(path, 'utf8')).toBe(before);
    expect(readdirSync(folder)).toEqual(['root.pem']);
  });

  test.each([
    ['an encrypted one', '-----BEGIN ENCRYPTED PRIVATE KEY-----\n'],
    ['an older form', '-----BEGIN EC PARAMETERS-----\n-----BEGIN EC PRIVATE KEY-----\n'],
  ])('%s is a private key, too', async (_, text) => {
    const path = join(folder, 'root.pem');
    writeFileSync(path, text);
    expect((await keygen(path)).exits).toEqual([1]);
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  test('what is none is replaced', async () => {
    const path = join(folder, 'root.pem');
    writeFileSync(path, '-----BEGIN PUBLIC KEY-----\n');
    expect((await keygen(path)).exits).toEqual([0]);
    expect(readFileSync(path, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  });

  test('a pipe takes what it gets: nothing is read of it', async () => {
    expect((await keygen('/dev/null')).exits).toEqual([0]);
  });
});
