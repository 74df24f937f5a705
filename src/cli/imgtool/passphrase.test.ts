import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
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
    expect(await dfukit(['imgtool', 'getpub', '-k', key, '-e', 'pem'], reader)).toBe(0);
    expect(reader.out.text).toMatch(/^-----BEGIN PUBLIC KEY-----/);
    expect(reader.err.text).toBe('');
  });

  test('comes from a pipe line by line, and again until both are the same', async () => {
    const terminal = new FakeTerminal();
    terminal.in.end('one\ntwo\nright\nright\n');
    expect(await keygen(terminal)).toBe(0);
    expect(terminal.out.text).toBe('Passwords do not match, try again\n');
    const wrong = new FakeTerminal();
    wrong.in.end('wrong\n');
    expect(await dfukit(['imgtool', 'getpub', '-k', key], wrong)).toBe(1);
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

  test('is not shown even if it is typed at once: silence comes before the question', async () => {
    const terminal = new FakeTerminal().sitDown();
    const { err } = terminal;
    const silent: (boolean | undefined)[] = [];
    const write = err.write.bind(err) as (text: string) => boolean;
    Object.assign(err, {
      write: (text: string) => {
        if (text.includes('passphrase')) silent.push(terminal.raw);
        return write(text);
      },
    });
    terminal.in.write('secret\r');
    const made = keygen(terminal);
    await err.until('Reenter passphrase: ');
    terminal.in.write('secret\r');
    expect(await made).toBe(0);
    expect(silent).toEqual([true, true]);
    expect(terminal.raw).toBe(false);
  });

  test.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('that ends with %s makes no key', async (_, pressed) => {
    const terminal = new FakeTerminal().sitDown();
    const made = keygen(terminal);
    await terminal.err.until('Enter key passphrase: ');
    terminal.in.write(pressed);
    expect(await made).toBe(1);
    expect(terminal.err.text).toContain('Error: a passphrase is needed, and none was given');
    expect(terminal.raw).toBe(false);
    expect(existsSync(key)).toBe(false);
  });

  test('is not empty', async () => {
    const terminal = new FakeTerminal();
    terminal.in.end('\n\n');
    expect(await keygen(terminal)).toBe(1);
    expect(terminal.err.text).toContain('Error: the passphrase is empty');
    expect(existsSync(key)).toBe(false);
  });

  test('is not what keyinfo asks for: it answers without a terminal, at once', async () => {
    const maker = new FakeTerminal();
    maker.in.end('right\nright\n');
    expect(await keygen(maker)).toBe(0);
    // Nothing comes out of this pipe, and it does not end.
    const terminal = new FakeTerminal();
    expect(await dfukit(['imgtool', 'keyinfo', '-k', key], terminal)).toBe(2);
    expect(terminal.out.text).toBe('');
    expect(terminal.err.text).toBe(
      `Usage: imgtool keyinfo [OPTIONS]\nTry 'imgtool keyinfo -h' for help.\n\n` +
        `Error: Cannot inspect ${key}: key is password-protected or unreadable. ` +
        'keyinfo runs non-interactively and does not prompt for a passphrase.\n',
    );
  });
});
