import { describe, expect, test } from 'vitest';
import { DfuError } from '../../bytes/index.ts';
import { readManifest } from '../../manifest/index.ts';
import { chooseFile } from './manifest-choice.ts';
import type { ChoiceTerms } from './manifest-choice.ts';

const file = (url: string, more: object = {}): object => ({
  url,
  sizeBytes: 1,
  sha256: url.slice(0, 1).codePointAt(0)?.toString(16).padEnd(64, '0'),
  ...more,
});

const manifest = readManifest({
  manifest: 1,
  product: 'Lamp',
  boards: [
    { name: 'lamp', usb: ['1209:7d00'] },
    { name: 'heater', usb: ['1209:7d01'] },
  ],
  releases: [
    { version: '1.1.0', files: [file('a.bin', { boards: ['lamp'] })] },
    { version: '1.2.0', files: [file('b.bin', { boards: ['lamp'] })] },
    {
      version: '2.0.0',
      minimumVersion: '1.2.0',
      files: [
        file('c.bin', { boards: ['lamp'], label: 'slot 0' }),
        file('d.bin', { boards: ['lamp'], label: 'slot 1' }),
      ],
    },
    { version: '3.0.0-rc.1', channel: 'beta', files: [file('e.bin', { boards: ['lamp'] })] },
  ],
});
const [lamp, heater] = manifest.boards;
if (lamp === undefined || heater === undefined) throw new Error('expected two boards');

const choose = (more: Partial<ChoiceTerms>): { file: string; notes: readonly string[] } => {
  const usual = { board: lamp, version: undefined, force: false, allowUnknown: false };
  const { offer, notes } = chooseFile(manifest, { ...usual, ...more });
  return { file: offer.file.url, notes };
};

function thrown(more: Partial<ChoiceTerms>): string {
  try {
    return `chose ${choose(more).file}`;
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

describe('a file of a manifest', () => {
  test.each([
    ['the newest', { version: '1.2.0', label: 'slot 1' }, 'd.bin', []],
    ['of a channel', { version: '1.2.0', channel: 'beta' }, 'e.bin', []],
    ['of a release that is named', { version: '1.2.0', release: '1.1' }, 'a.bin', []],
    ['the same again', { version: '1.2.0', release: '1.2.0' }, 'b.bin', [/runs 1\.2\.0 already/]],
    [
      'the newest that the device may have, on the way',
      { version: '1.1.0' },
      'b.bin',
      [/^2\.0\.0 is for devices that run 1\.2\.0 or newer, and this one runs 1\.1\.0/],
    ],
    [
      'whatever runs, if that is allowed',
      { allowUnknown: true, label: 'slot 0' },
      'c.bin',
      [/which version this one runs is not known/],
    ],
    [
      'too new a one, by force',
      { version: '1.1.0', label: 'slot 0', force: true },
      'c.bin',
      [/^2\.0\.0 is for devices that run 1\.2\.0 or newer/],
    ],
  ])('%s', (_, terms, url, notes: readonly RegExp[]) => {
    const chosen = choose(terms);
    expect(chosen.file).toBe(url);
    expect(chosen.notes.length).toBe(notes.length);
    for (const [at, words] of notes.entries()) expect(chosen.notes[at]).toMatch(words);
  });

  test.each([
    [
      { board: heater },
      'NOT_FOUND: nothing for "heater" in channel "stable"; the manifest has stable, beta (--channel)',
    ],
    [{ channel: 'nightly' }, 'NOT_FOUND: nothing for "lamp" in channel "nightly"'],
    [{ release: '9.9' }, 'NOT_FOUND: no release 9.9 for "lamp" in channel "stable"; there are 2.0'],
    [{ release: 'new' }, 'INVALID_ARGUMENT: --release: expected a version, got "new"'],
    [
      { version: '1.2.0' },
      'AMBIGUOUS: 2.0.0 has several files for the board: slot 0, slot 1; say which with --label',
    ],
    [{ version: '1.2.0', label: 'slot 2' }, 'NOT_FOUND: --label: no file has "slot 2"; there are'],
    [{ label: 'slot 0' }, 'REFUSED: 2.0.0 is for devices that run 1.2.0 or newer; which version'],
    [{ version: '1.1.0', release: '2', label: 'slot 0' }, 'REFUSED: 2.0.0 is for devices that run'],
    [{ version: '1.1.5', release: undefined, channel: 'beta' }, 'chose e.bin'],
    [
      { version: '4.0.0', label: 'slot 0' },
      'REFUSED: the newest release is 2.0.0, and the device runs 4.0.0: say --release',
    ],
  ])('is not guessed: %j', (terms, words) => {
    expect(thrown(terms)).toContain(words);
  });

  test('what is older than what runs is no step on the way to what it may not have', () => {
    const late = readManifest({
      ...manifest,
      releases: [
        { version: '2.0.0', minimumVersion: '1.5.0', files: [file('c.bin')] },
        { version: '1.2.0', files: [file('b.bin')] },
      ],
    });
    const terms = { board: lamp, version: '1.2.0', force: false, allowUnknown: false };
    expect(() => chooseFile(late, terms)).toThrow(/^2\.0\.0 is for devices that run 1\.5\.0/);
  });
});
