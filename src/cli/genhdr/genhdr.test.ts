import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { recordings } from '../../../test/support/riotboot-vectors.ts';
import { ran } from '../../../test/support/fake-terminal.ts';
import { replayGenhdr, runGenhdr } from '../../../test/support/riotboot/replay-genhdr.ts';

const folder = mkdtempSync(join(tmpdir(), 'dfukit-genhdr-'));
const path = join(folder, 's.bin');

beforeEach(() => rmSync(path, { force: true }));
afterAll(() => rmSync(folder, { recursive: true }));

describe('genhdr as RIOT has it', async () => {
  const replayed = await replayGenhdr(recordings, 'genhdr.json');

  test('with every recording', () => {
    expect(replayed.length).toBe(86 + 5 + 6);
  });

  test.each(replayed)('$name', ({ differences }) => {
    expect(differences).toEqual([]);
  });
});

describe('genhdr generate', () => {
  test.each([
    ['010', 8],
    ['0x1F', 31],
    [' +7', 7],
    ['09', 0],
    [' ', 0],
    ['+', 0],
  ])('reads the version "%s" as strtol does: %i', async (text, version) => {
    const { stdout } = await runGenhdr('generate', 'x', text, '0', '0x100', '-');
    expect(stdout.readUInt32LE(4)).toBe(version);
  });

  test('writes over a file and leaves the rest of it', async () => {
    writeFileSync(path, Buffer.alloc(300, 0xaa));
    expect(await runGenhdr('generate', 'x', '1', '2', '256', path)).toMatchObject({ exit: 0 });
    const file = readFileSync(path);
    expect([file.length, file[255], file[256]]).toEqual([300, 0, 0xaa]);
  });

  test('fails where it cannot write', async () => {
    const missing = join(folder, 'no', 'such', 'folder');
    expect(await runGenhdr('generate', 'x', '1', '2', '256', missing)).toMatchObject({
      exit: 1,
      stderr: 'Error: cannot write output\n',
    });
  });
});

describe('genhdr show', () => {
  test.each([[join(folder, 'missing')], [folder]])('of %s has no header', async (wrong) => {
    expect(await runGenhdr('show', wrong)).toMatchObject({
      exit: 251,
      stderr: `Can't read header from ${wrong}\n`,
    });
  });
});

describe('genhdr update', () => {
  test('touches no other file', async () => {
    writeFileSync(path, 'something else entirely');
    expect(await runGenhdr('update', path, '1')).toMatchObject({
      exit: 251,
      stderr: 'Invalid magic: 656d6f73\n',
    });
    expect(readFileSync(path, 'utf8')).toBe('something else entirely');
  });
});

describe('genhdr', () => {
  test.each([
    [[], 1, /usage:\tgenhdr generate/],
    [['nonsense'], 1, /usage:\tgenhdr generate/],
    [['update', 'x'], 255, /usage: genhdr update/],
    [['show', '--json'], 255, /usage: genhdr show/],
  ])('%j says how it is used', async (args, exit, usage) => {
    expect(await runGenhdr(...args)).toMatchObject({
      exit,
      stderr: expect.stringMatching(usage) as string,
    });
  });

  test.each([
    [['generate', 'x', '-1', '-5', '256'], '0,0'],
    [['generate', '-V', '7', '0x4400', '256'], '7,17408'],
    [['generate', '-h', '7', '0x4400', '256'], '7,17408'],
  ])('%j arrives as it was written, options or not', async (args, expected) => {
    expect(await ran(['genhdr', ...args, path])).toMatchObject({ exit: 0, out: '' });
    const file = readFileSync(path);
    expect(`${file.readUInt32LE(4)},${file.readUInt32LE(8)}`).toBe(expected);
  });
});
