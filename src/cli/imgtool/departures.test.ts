import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FakeTerminal } from '../../../test/support/fake-terminal.ts';
import { Desk } from '../../../test/support/image-desk.ts';
import { toolchainFile } from '../../../test/support/toolchain/read.ts';
import { dfukit } from '../dfukit.ts';
import { runImgtool } from './imgtool.ts';

/* Where this departs from imgtool and no recording meets it. */

test('departure imgtool/wrong-passphrase: an error', async () => {
  const desk = new Desk();
  desk.type('right', 'right', 'wrong');
  await runImgtool(['keygen', '-k', 'k.pem', '-t', 'ed25519', '-p'], desk.terminal);
  expect(await runImgtool(['getpub', '-k', 'k.pem'], desk.terminal)).toBe(1);
  expect(desk.lastError).toBe('Error: k.pem: the password is wrong');
});

test('departure imgtool/dumpinfo-of-no-image: what was expected and what came', async () => {
  const desk = new Desk();
  expect(await runImgtool(['dumpinfo', 'in/p300.bin'], desk.terminal)).toBe(1);
  expect(desk.lastError).toMatch(/^Error: MCUboot header.magic at 0x0: expected .*, got /);
});

test('departure imgtool/dumpinfo-big-endian: is shown', async () => {
  const desk = new Desk();
  const big = 'out/trailer-big-endian.bin.gz';
  expect(await runImgtool(['dumpinfo', '-f', 'json', big], desk.terminal)).toBe(0);
  expect(JSON.parse(desk.out.toString())).toMatchObject({ header: { version: '1.2.3+4' } });
});

test('departure imgtool/missing-key-file: a sentence', async () => {
  const desk = new Desk();
  expect(await runImgtool(['getpub', '-k', 'nowhere.pem'], desk.terminal)).toBe(1);
  expect(desk.lastError).toBe('Error: nowhere.pem: no such file');
});

test('departure imgtool/foreign-signature: a warning', async () => {
  const desk = new Desk();
  const run = (...more: string[]): Promise<number> => {
    const args = ['-v', '1.0', '-H', '0x20', '--pad-header', '-S', '0x4000', ...more];
    return runImgtool(['sign', ...args, 'in/p300.bin', 'made.bin'], desk.terminal);
  };
  const key = 'keys/ed25519.pem';
  expect(await run('-k', key, '--sig-out', 'made.sig')).toBe(0);
  const [right, other] = ['keys/ed25519.pub.pem', 'keys/ed25519-other.pub.pem'];
  expect(await run('--fix-sig', 'made.sig', '--fix-sig-pubkey', right)).toBe(0);
  expect(desk.err).toBe('');
  expect(await run('--fix-sig', 'made.sig', '--fix-sig-pubkey', other)).toBe(0);
  expect(desk.err).toMatch(/^warning: --fix-sig: no signature of this image by the key/);
});

test.each([
  ['keys/ed25519.pem', 'a key or certificate in text'],
  ['firmware.elf', 'an ELF file'],
  ['firmware.srec', 'S-records'],
  ['dfu_application.zip', 'a zip file'],
  ['out/version-4.bin.gz', 'an MCUboot image already'],
])('departure imgtool/signed-as-it-is: %s is told', async (input, words) => {
  const desk = new Desk();
  if (input.startsWith('firmware') || input.endsWith('.zip')) {
    desk.written.set(input, toolchainFile(input));
  }
  const args = ['-v', '1.0', '-H', '0x20', '--pad-header', '-S', '0x4000', input, 'made.bin'];
  expect(await runImgtool(['sign', ...args], desk.terminal)).toBe(0);
  expect(desk.err).toBe(
    `warning: ${input} is ${words}, and is signed as it is: no processor runs that\n`,
  );
});

test('departure imgtool/keygen-without-type: lists the types', async () => {
  const desk = new Desk();
  expect(await runImgtool(['keygen', '-k', 'k.pem'], desk.terminal)).toBe(2);
  expect(desk.err).toMatch(/'-t' \/ '--type'.*rsa-2048.*x25519/s);
  expect(desk.written.size).toBe(0);
});

test.skipIf(process.platform === 'win32')(
  'departure imgtool/key-files-of-their-owner: read by nobody else',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dfukit-keygen-'));
    const key = join(folder, 'k.pem');
    expect(
      await dfukit(['imgtool', 'keygen', '-k', key, '-t', 'ed25519'], new FakeTerminal()),
    ).toBe(0);
    expect(statSync(key).mode & 0o777).toBe(0o600);
    rmSync(folder, { recursive: true });
  },
);
