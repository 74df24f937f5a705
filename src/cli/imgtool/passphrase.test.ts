import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeTerminal } from '../../../test/support/fake-terminal.ts';
import { dfukit } from '../dfukit.ts';

let folder: string;
let key: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-passphrase-'));
  key = join(folder, 'key.pem');
});
afterEach(() => rmSync(folder, { recursive: true }));

const keygen = (terminal: FakeTerminal): Promise<number> =>
  dfukit(['imgtool', 'keygen', '-k', key, '-t', 'ed25519', '-p'], terminal);

describe('a passphrase', () => {
  test('is asked for on standard error, and not shown', async () => {
    const terminal = new FakeTerminal().sitDown();
    const made = keygen(terminal);
    await terminal.err.until('Enter key passphrase: ');
    terminal.in.write('secret\r');
    await terminal.err.until('Reenter passphrase: ');
    terminal.in.write('secret\r');
    expect(await made).toBe(0);
    expect(terminal.out.text + terminal.err.text).not.toContain('secret');
    expect(terminal.err.text).toBe('Enter key passphrase: \nReenter passphrase: \n');
    expect(readFileSync(key, 'utf8')).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----/);

    const reader = new FakeTerminal();
    reader.in.end('secret\n');
    expect(await dfukit(['imgtool', 'keyinfo', '-k', key], reader)).toBe(0);
    expect(reader.out.text).toBe('private\n');
    expect(reader.err.text).toBe('');
  });

  test('comes from a pipe line by line, and again until both are the same', async () => {
    const terminal = new FakeTerminal();
    terminal.in.end('one\ntwo\nright\nright\n');
    expect(await keygen(terminal)).toBe(0);
    expect(terminal.out.text).toBe('Passwords do not match, try again\n');
    const wrong = new FakeTerminal();
    wrong.in.end('wrong\n');
    expect(await dfukit(['imgtool', 'keyinfo', '-k', key], wrong)).toBe(1);
    expect(wrong.err.text).toMatch(/^Error: /);
  });

  test('that nobody gives opens nothing', async () => {
    const maker = new FakeTerminal();
    maker.in.end('right\nright\n');
    expect(await keygen(maker)).toBe(0);
    const terminal = new FakeTerminal();
    terminal.in.end();
    expect(await dfukit(['imgtool', 'getpub', '-k', key], terminal)).toBe(1);
    expect(terminal.out.text).toBe('');
    expect(terminal.err.text).toMatch(/^Error: /);
  });
});
