import { describe, expect, test } from 'vitest';
import {
  furtherRuns,
  imgtoolCases,
  imgtoolRuns,
} from '../../../test/support/mcuboot/imgtool-runs.ts';
import type { ImgtoolCase } from '../../../test/support/mcuboot/imgtool-folder.ts';
import { sorted } from '../../../test/departures/table.ts';
import { replayRun, saysAsMuch, signRun } from '../../../test/support/mcuboot/replay-imgtool.ts';

const of = (cmd: ImgtoolCase['cmd']): ImgtoolCase[] =>
  imgtoolCases.filter((each) => each.cmd === cmd);

/**
 * Where imgtool shows a raw traceback, a format string or a message torn into lines, this says what
 * is wrong instead. The exit code stays.
 */
const clearer: Readonly<Record<string, string>> = {
  'version-bad-7': 'Error: version.minor: expected 0 to 255, got 65536',
  'seccnt--1': 'Error: u32.value: expected 0 to 4294967295, got -1',
  'uuid-cid-only-name':
    'Error: class id: expected a vendor, or a UUID, got the name "board-a" alone',
  'sha-256-p384':
    'Error: Key ECDSA384_SHA384 can not be used with --sha 256; allowed sha are one of 384',
  'sha-512-rsa':
    'Error: Key PKCS1_PSS_RSA2048_SHA256 can not be used with --sha 512; allowed sha are one of 256',
  'dep-6':
    "Error: Invalid value for '-d' / '--dependencies': There's a mismatch between the number of " +
    'dependency images and versions in: (1,a.b)',
};

const usual = (version: string): string[] =>
  ['-v', version].concat(['-H', '0x20', '--pad-header', '-S', '0x4000']);

const made = [...of('sign'), ...furtherRuns].filter(({ exit }) => exit === 0);
const exact = made.filter(({ deterministic }) => deterministic === true);
const random = made.filter(({ deterministic }) => deterministic === false);
const refused = of('sign').filter(({ exit }) => exit !== 0);

describe('imgtool sign', () => {
  test.each(exact)('$name: byte for byte', async (each) => {
    expect(await replayRun(imgtoolRuns, each)).toEqual([]);
  });

  test.each(random)('$name: the same but for what is random', async (each) => {
    expect(await replayRun(imgtoolRuns, each)).toEqual([]);
  });

  test.each(refused)('$name: refused with the same exit code', async (each) => {
    expect(sorted(await replayRun(imgtoolRuns, each)).differences).toEqual([]);
    const { desk } = await signRun(imgtoolRuns, each);
    expect(desk.lastError).toBe(clearer[each.name] ?? each.error);
  });
});

describe.each(['verify', 'dumpinfo', 'getpub', 'getpubhash', 'getpriv', 'keyinfo'] as const)(
  'imgtool %s',
  (cmd) => {
    test.each(of(cmd))('$name', async (each) => {
      expect(sorted(await replayRun(imgtoolRuns, each)).differences).toEqual([]);
    });
  },
);

describe('a message that says as much as the recorded one', () => {
  test.each([
    ['Error: no', 'Error: No', undefined],
    ['Error: are {allowed}, no other', 'Error: are 384, no other', 'imgtool/unfilled-placeholder'],
    ['Error: allowed are {allowed}', 'Error: allowed are ', undefined],
    ['Error: allowed are {allowed}', 'Error: nothing is', undefined],
    ['struct.error: out of range', 'Error: expected 0 to 255, got 256', 'imgtool/traceback'],
    ['struct.error: argument out of range', 'struct.error: 256', undefined],
    ['   and versions in: 1', 'Error: a mismatch of versions in: 1', undefined],
    [
      '   and versions in: 1',
      'Error: mismatch of images and versions in: 1',
      'imgtool/torn-message',
    ],
    ['', 'Error: something', undefined],
  ])('%j, %j: %s', (recorded, said, expected) => {
    expect(saysAsMuch(recorded, said)).toBe(expected);
  });
});

describe('a run that went otherwise', () => {
  const change = (name: string, more: Partial<ImgtoolCase>): ImgtoolCase => {
    const found = imgtoolCases.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no run ${name}`);
    return { ...found, ...more };
  };

  test.each([
    ['version-2', { args: usual('1.3') }, /^image, byte 21: expected 02, got 03$/],
    ['version-2', { exit: 2 }, /^exit: expected 2, got 0$/],
    ['key-rsa-3072', { output: 'out/key-ecdsa-p256.bin.gz' }, /^record \[1\]/],
    ['version-bad-0', { error: 'Error: something else' }, /^error: expected "Error: something/],
    ['verify-other-key', { stdout: ['Image was correctly validated'] }, /^stdout \[0\]/],
    ['dumpinfo-version-4-yaml', { format: 'json' }, /^stdout \[0\]/],
  ] as const)('%s %j', async (name, more, line) => {
    const [first] = await replayRun(imgtoolRuns, change(name, more));
    expect(first).toMatch(line);
  });
});

test('the vectors are all replayed', () => {
  expect(imgtoolCases.length).toBe(247);
  expect([exact.length, random.length, refused.length]).toEqual([66, 21, 27]);
});
