import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  generateKey,
  publicHalf,
  signImage,
  writeIntelHex,
  writePrivatePem,
} from '../../image/index.ts';
import type { SignOptions } from '../../image/index.ts';
import { ran } from '../../../test/support/fake-terminal.ts';

// What nobody has said, and what an option cannot do: told in the first line, or refused.

const folder = mkdtempSync(join(tmpdir(), 'dfukit-unknowns-'));
const path = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

const slots = ['--sectors', '4Kx36', '--primary', '0x4000:64K', '--secondary', '0x14000:64K'];
const PRIMARY = 0x4000;
const SECONDARY = 0x14000;

async function imageOf(major: number, more: Partial<SignOptions> = {}): Promise<Uint8Array> {
  const payload = new Uint8Array(4000).fill(major);
  const version = { major, minor: 0, revision: 0, build: 0 };
  return (await signImage(payload, { version, headerSize: 512, padHeader: true, ...more })).bytes;
}

function dump(name: string, parts: readonly (readonly [number, Uint8Array])[]): void {
  const bytes = new Uint8Array(36 * 4096).fill(0xff);
  for (const [at, part] of parts) bytes.set(part, at);
  writeFileSync(path(name), bytes);
}

const firstLine = (text: string): string => text.split('\n')[0] ?? '';

beforeAll(async () => {
  const key = await generateKey('x25519');
  writeFileSync(path('x25519.pem'), await writePrivatePem(key));
  writeFileSync(path('ed25519.pem'), await writePrivatePem(await generateKey('ed25519')));
  const old = await imageOf(1);
  const sealed = await imageOf(2, { encryption: { key: publicHalf(key) } });
  dump('old.bin', [[PRIMARY, old]]);
  dump('sealed-dump.bin', [
    [PRIMARY, old],
    [SECONDARY, sealed],
  ]);
  dump('empty-primary.bin', [[SECONDARY, await imageOf(2)]]);
  writeFileSync(path('sealed.bin'), sealed);
  writeFileSync(path('two.bin'), await imageOf(2));
  const counted = await imageOf(1, { securityCounter: 3 });
  dump('counted.bin', [[PRIMARY, counted]]);
  const vectors = Uint8Array.of(0, 0x80, 0, 0x20, 0xc1, 0x04, 0, 0);
  const elsewhere = new Uint8Array(4000);
  elsewhere.set(vectors);
  const version = { major: 3, minor: 0, revision: 0, build: 0 };
  const linked = await signImage(elsewhere, { version, headerSize: 512, padHeader: true });
  writeFileSync(path('linked.bin'), linked.bytes);
  const external = [
    { address: PRIMARY, bytes: old },
    { address: 0x1200_0000, bytes: await imageOf(2) },
  ];
  writeFileSync(path('external.hex'), writeIntelHex(external));
  writeFileSync(
    path('merged.hex'),
    writeIntelHex([
      { address: 0, bytes: new Uint8Array(5000) },
      { address: PRIMARY, bytes: old },
    ]),
  );
});

describe('what nobody has said is a doubt', () => {
  test('a security counter in hardware', async () => {
    const doubt = 'the security counter in hardware is not known, and taken as 0 (--counter)';
    const rollback = [...slots, '--hw-rollback'];
    const open = await ran(['flash', 'why', path('counted.bin'), ...rollback]);
    expect(firstLine(open.out)).toContain(doubt);
    const told = await ran(['flash', 'why', path('counted.bin'), ...rollback, '--counter', '4']);
    expect(told.exit).toBe(1);
    expect(told.out).not.toContain(doubt);
  });

  test('the key of an encrypted image, in the dump or as an update', async () => {
    const doubt =
      'secondary0 is encrypted, and no key to decrypt it was given (-d): whether the bootloader takes it is not known';
    const encrypted = [...slots, '--encrypted', '16'];
    for (const name of ['why', 'inspect', 'boot', 'powercut', 'wear']) {
      const { out } = await ran(['flash', name, path('sealed-dump.bin'), ...encrypted]);
      expect([name, firstLine(out)]).toEqual([name, expect.stringContaining(doubt)]);
    }
    const update = ['--update', path('sealed.bin')];
    const { out } = await ran(['flash', 'boot', path('old.bin'), ...encrypted, ...update]);
    expect(firstLine(out)).toContain(doubt);
    expect(out).toContain('refused: secondary0: key-record: it is encrypted, and no key');
    expect(out).not.toContain('cannot be unwrapped');
    const opened = [...encrypted, ...update, '-d', path('x25519.pem')];
    expect((await ran(['flash', 'boot', path('old.bin'), ...opened])).out).toContain(
      'runs: 2.0.0+0',
    );
  });

  test('whether the bootloader is built for encryption', async () => {
    const { out } = await ran(['flash', 'why', path('sealed-dump.bin'), ...slots]);
    expect(firstLine(out)).toContain(
      'secondary0 is encrypted, and the bootloader is taken for one that is built without encryption',
    );
  });

  test('where an update is linked to', async () => {
    for (const name of ['boot', 'powercut', 'wear']) {
      const update = ['--update', path('linked.bin')];
      const { out } = await ran(['flash', name, path('old.bin'), ...slots, ...update]);
      expect([name, firstLine(out)]).toEqual([
        name,
        expect.stringContaining('the image in secondary0 is linked for another address'),
      ]);
    }
  });

  test('an image that the flash has no place for', async () => {
    const { out } = await ran(['flash', 'why', path('external.hex'), ...slots]);
    expect(firstLine(out)).toContain(
      'an image at 0x12000000 is outside of this flash and left out',
    );
  });

  test('signatures, for programs too', async () => {
    const unsigned = 'signatures are not checked: no key was given (-k)';
    for (const name of ['why', 'inspect', 'boot', 'powercut', 'wear']) {
      const update = name === 'wear' ? ['--update', path('two.bin')] : [];
      const { out } = await ran(['flash', name, path('old.bin'), ...slots, '--json', ...update]);
      const answer = JSON.parse(out) as { doubts?: string[] } | { doubts?: string[] }[];
      for (const { doubts } of [answer].flat()) expect([name, doubts]).toEqual([name, [unsigned]]);
    }
  });
});

test('a swap status where the algorithm writes none speaks for another layout', async () => {
  const trial = ['flash', 'boot', path('old.bin'), ...slots, '--update', path('two.bin')];
  expect((await ran([...trial, '-o', path('trial.bin')])).exit).toBe(0);
  const exchanged = ['--primary', '0x14000:64K', '--secondary', '0x4000:64K'];
  for (const [name, layout] of [
    ['secondary0', [...slots.slice(0, 2), ...exchanged]],
    ['primary0', [...slots, '--algorithm', 'overwrite']],
  ] as const) {
    const { out } = await ran(['flash', 'inspect', path('trial.bin'), ...layout]);
    expect(firstLine(out)).toContain(`the trailer of ${name} holds the status of a swap`);
  }
  const { out } = await ran(['flash', 'inspect', path('trial.bin'), ...slots]);
  expect(firstLine(out)).not.toContain('holds the status');
});

test('an empty primary slot is filled by MCUBOOT_BOOTSTRAP, and nothing is swapped back', async () => {
  for (const algorithm of ['move', 'scratch', 'overwrite']) {
    const more = algorithm === 'scratch' ? ['--scratch', '0x0:4K'] : [];
    const build = [...slots, ...more, '--algorithm', algorithm, '--bootstrap'];
    const { out } = await ran(['flash', 'inspect', path('empty-primary.bin'), ...build]);
    expect(firstLine(out)).toContain(
      'the next boot installs the secondary image (MCUBOOT_BOOTSTRAP) and runs 2.0.0+0',
    );
  }
});

test('images that run where they are have nothing to revert', async () => {
  const { out } = await ran([
    'flash',
    'boot',
    path('old.bin'),
    ...slots,
    '--algorithm',
    'direct-xip',
  ]);
  expect(out).not.toContain('revert');
});

test('cuts of an update that is not taken are no comfort', async () => {
  const update = ['--update', path('two.bin'), '-k', path('ed25519.pem'), '--no-validate'];
  const { exit, out } = await ran(['flash', 'powercut', path('old.bin'), ...slots, ...update]);
  expect(exit).toBe(1);
  expect(out).toContain(
    'the update is not taken, so none of its cuts was tried: signature-missing',
  );
  expect(out).not.toContain('no cut leads to a loss');
});

describe('fit', () => {
  test('an encrypted image does not fit a bootloader without encryption', async () => {
    const plain = await ran(['flash', 'fit', path('sealed.bin'), ...slots]);
    expect(plain.exit).toBe(1);
    expect(plain.out).toContain('built without encryption\nwould fit with --encrypted 16');
    const without = await ran(['flash', 'fit', path('sealed.bin'), ...slots, '--encrypted', '16']);
    expect(without.exit).toBe(0);
    expect(without.out).toContain(
      'of which only the size is tried: no key to decrypt it was given',
    );
  });

  test('takes the image out of a merged file, and no key for firmware', async () => {
    const merged = await ran(['flash', 'fit', path('merged.hex'), ...slots]);
    expect(merged.out).toContain('bytes (an MCUboot image): fits');
    expect(merged.err).toContain('taken: the image at 0x00004000');
    const key = await ran(['flash', 'fit', path('ed25519.pem'), ...slots]);
    expect([key.exit, key.err]).toEqual([65, expect.stringContaining('got a key or certificate')]);
  });
});

describe('of several images', () => {
  const two = ['--primary', '0x24000:32K', '--secondary', '0x2c000:32K'];
  const layout = ['--sectors', '4Kx64', ...slots.slice(2), ...two];

  test('fit asks each, or the one that is named', async () => {
    writeFileSync(path('forty.bin'), new Uint8Array(40_000));
    const both = await ran(['flash', 'fit', path('forty.bin'), ...layout]);
    expect(both.exit).toBe(1);
    expect(both.out).toMatch(
      /^image 0: largest image: 57344 bytes.*\n.*: fits, 17344 bytes left$/m,
    );
    expect(both.out).toMatch(/^image 1: largest image: 24576 bytes.*\n.*15424 bytes too big/m);
    expect(both.out).toContain('primary1 0x24000:0x8000, secondary1 0x2c000:0x8000');
    const first = await ran(['flash', 'fit', path('forty.bin'), ...layout, '--image', '0']);
    expect(first.exit).toBe(0);
    const none = await ran(['flash', 'fit', path('forty.bin'), ...layout, '--image', '2']);
    expect([none.exit, none.err]).toEqual([
      64,
      expect.stringContaining('--image: expected 0 to 1'),
    ]);
  });

  test('boot names what runs of each', async () => {
    const bytes = new Uint8Array(64 * 4096).fill(0xff);
    bytes.set(await imageOf(1), PRIMARY);
    bytes.set(await imageOf(2), 0x24000);
    writeFileSync(path('pair.bin'), bytes);
    const { out } = await ran(['flash', 'boot', path('pair.bin'), ...layout]);
    expect(out).toContain('runs: 1.0.0+0; image 1: 2.0.0+0,');
  });
});

describe('an option that would do nothing is refused', () => {
  test.each([
    ['--counter', ['--counter', '5']],
    ['--fast', ['--fast']],
    ['--keep-backup', ['--keep-backup']],
    ['--bootstrap', ['--algorithm', 'direct-xip', '--bootstrap']],
    ['--downgrade', ['--algorithm', 'ram-load', '--downgrade', 'version']],
    ['--bootloader', ['--bootloader', 'mcuboot']],
    ['got --board and --sectors', ['--board', 'reel_board']],
    ['got --layout and --sectors', ['--layout', 'any.json']],
  ])('%s', async (words, options) => {
    for (const name of ['why', 'inspect', 'boot']) {
      const { exit, err } = await ran(['flash', name, path('old.bin'), ...slots, ...options]);
      expect([name, exit, err]).toEqual([name, 64, expect.stringContaining(words)]);
    }
  });

  test('--sectors of several sizes, without slots', async () => {
    const { exit, err } = await ran(['flash', 'why', path('old.bin'), '--sectors', '16Kx4,64K']);
    expect([exit, err]).toEqual([
      64,
      expect.stringContaining('expected --primary and --secondary'),
    ]);
  });

  test('keys and counters, of a bootloader that has none', async () => {
    writeFileSync(path('xenon.bin'), new Uint8Array(0x10_0000).fill(0xff));
    const board = ['--board', 'particle-xenon', '-k', path('ed25519.pem'), '--counter', '1'];
    const { exit, err } = await ran(['flash', 'why', path('xenon.bin'), ...board]);
    expect([exit, err]).toEqual([
      64,
      expect.stringContaining('none of what this is about: --key, --counter'),
    ]);
  });

  test('a key that cannot decrypt', async () => {
    const options = [...slots, '--encrypted', '16', '-d', path('ed25519.pem')];
    const { exit, err } = await ran(['flash', 'why', path('sealed-dump.bin'), ...options]);
    expect([exit, err]).toEqual([64, expect.stringContaining('or AES wrapping key, got ed25519')]);
  });
});

test('a scratch area is there to be used', async () => {
  const { out } = await ran(['flash', 'inspect', path('old.bin'), ...slots, '--scratch', '0x0:4K']);
  expect(out).toContain('layout as given: swap-using-scratch');
});
