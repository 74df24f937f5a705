import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { deviceBefore } from '../support/mcuboot/replay.ts';
import { VectorFolder, contentsOf } from '../support/mcuboot/vector-files.ts';
import { runVectors } from '../support/vector-run.ts';

// Recordings in which something is wrong: that fails, and nothing else.

const vectors = resolve(import.meta.dirname);
const folder = mkdtempSync(join(tmpdir(), 'dfukit-mutations-'));

beforeEach(() => {
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Run {
  readonly passed: number;
  /** What is said of each case that failed. */
  readonly failed: readonly string[];
}

async function play(): Promise<Run> {
  const lines: string[] = [];
  const print = (line: string): void => void lines.push(line);
  await runVectors(folder, { print, warn: print });
  const [, passed, failed] = /^(\d+) passed, (\d+) failed$/.exec(lines.at(-1) ?? '') ?? [];
  const told = lines.slice(0, -1).filter((line) => !/: (?:recordings of|not judged)|^departures/.test(line));
  expect(told.length).toBe(Number(failed));
  return { passed: Number(passed), failed: told };
}

type Json = Record<string, unknown>;
type Change = (file: Json) => void;

/** Copies a file, and with it what it names. */
function copy(path: string, change: Change = () => {}): void {
  const json = JSON.parse(readFileSync(join(vectors, path), 'utf8')) as Json;
  const named = JSON.stringify(json).matchAll(/"((?:flash|images|keys|files|in|out)\/[^"]+)"/g);
  const from = path.split('/')[0] ?? '';
  for (const [, name = ''] of named) {
    const source = join(vectors, from, name);
    // What a step leaves behind is told by its hash alone.
    if (existsSync(source)) cpSync(source, join(folder, from, name));
  }
  change(json);
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), JSON.stringify(json));
}

const seed = 'mcuboot/boot/move-ed25519-w4-m8-seed-sequence.json';

const list = (value: unknown): Json[] => value as Json[];
const at = (value: unknown, index: number): Json => list(value)[index] ?? {};

/** Files, one wrong value in each, and what is said of it. */
const wrongs: readonly (readonly [string, string, Change, RegExp])[] = [
  ['an operation', seed, ({ steps }) => void (at(steps, 2)['ops'] = 'e1:0:4096'), /step 2 .*: ops/],
  ['the hash behind a step', seed, ({ steps }) => void (at(steps, 0)['flashAfterSha256'] = '0'), /step 0 .*: flash/],
  ['the first hash', seed, (file) => void (file['flashInitialSha256'] = '0'), /initial flash: hash/],
  ['a step that is not known', seed, ({ steps }) => void (at(steps, 8)['op'] = 'hop'), /step 8 \(hop\): broke off: expected a step that is known here, got hop/],
  ['a build option that is not known', seed, ({ config }) => void ((config as Json)['minimalScramble'] = true), /broke off: layout: minimalScramble: .* not known here/],
  ['a flash that is not there', seed, (file) => void (file['flashInitial'] = 'flash/none.bin.gz'), /broke off: .*none.bin.gz/],
  ['a request', 'usbd-dfu/scenarios.json', ({ cases }) => void (at(at(cases, 1)['steps'], 1)['state'] = 99), /step 1 .*: state: expected 99/],
  ['an operation of a device', 'usbd-dfu/scenarios.json', ({ cases }) => void (at(at(cases, 1)['steps'], 1)['op'] = 'hop'), /step 1 .*broke off: no such operation: hop/],
  ['a configuration', 'usbd-dfu/scenarios.json', ({ cases }) => void (at(cases, 1)['config'] = 'none'), /broke off: expected a configuration of the file, got none/],
  ['a situation', 'usbd-dfu/matrix.json', ({ cases }) => void (at(cases, 1)['in'] = 'nowhere'), /broke off: expected a situation that is known here, got nowhere/],
  ['a tick', 'usbd-dfu-rt/scenarios.json', ({ cases }) => void (at(at(cases, 2)['steps'], 0)['op'] = 'hop'), /step 0: broke off: expected a step that is known here, got hop|broke off: .*hop/],
  ['a state', 'usbd-dfu-rt/random.json', ({ cases }) => void (at(at(cases, 2)['steps'], 0)['state'] = 7), /step 0: expected/],
  ['a choice', 'riotboot/selection.json', ({ cases }) => void (at(cases, 3)['slot0Hex'] = 'zz'), /broke off: /],
  ['a transfer', 'zephyr/upload-512.json', ({ transfers }) => void (at(transfers, 2)['dataIn'] = 'zz'), /transfer 2.*broke off: /],
  ['a row of a table', 'mcuboot/tables/trailer-layout.json', ({ rows }) => void (at(rows, 5)['trailerSize'] = 1), /row 5: trailer: expected 1/],
];

describe('one wrong value is one failure', () => {
  test.each(wrongs)('%s (%s)', async (_, path, change, words) => {
    copy(path);
    const whole = await play();
    expect(whole.failed).toEqual([]);
    copy(path, change);
    const { passed, failed } = await play();
    expect(failed).toEqual([expect.stringMatching(words)]);
    // All the others pass, but for a file that could not be opened.
    if (/^(?:boot\/\S+|\S+): broke off/.test(failed[0] ?? '')) return;
    expect(passed).toBe(whole.passed - 1);
  });

  test('behind a step that cannot be played the next one finds what was recorded', async () => {
    const recordings = new VectorFolder(join(vectors, 'mcuboot'));
    const { flash } = await deviceBefore(recordings, 'boot/move-ed25519-w4-m8-seed-sequence', 4);
    copy(seed, ({ steps }) =>
      Object.assign(at(steps, 3), { op: 'hop', flashAfter: 'flash/after.bin.gz' }),
    );
    writeFileSync(join(folder, 'mcuboot/flash/after.bin.gz'), gzipSync(contentsOf(flash)));
    expect((await play()).failed.length).toBe(1);
  });

  test.each([
    seed,
    'usbd-dfu/random.json',
    'usbd-dfu-rt/random.json',
    'riotboot/selection.json',
    'zephyr/upload-512.json',
  ])('a file that is cut short: %s', async (path) => {
    copy(path);
    const text = readFileSync(join(vectors, path), 'utf8');
    writeFileSync(join(folder, path), text.slice(0, text.length / 2));
    copy('riotboot/genhdr.json');
    const { passed, failed } = await play();
    expect(failed.length).toBe(1);
    expect(passed).toBeGreaterThan(100);
  });
});
