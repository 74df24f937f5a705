import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { runVectors } from '../support/vector-run.ts';
import { shapeOf } from '../support/vector-shapes.ts';

const vectors = resolve(import.meta.dirname);
const folder = mkdtempSync(join(tmpdir(), 'dfukit-vectors-'));

beforeEach(() => {
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Run {
  readonly exit: number;
  readonly lines: readonly string[];
  readonly errors: readonly string[];
}

async function run(dir: string): Promise<Run> {
  const lines: string[] = [];
  const errors: string[] = [];
  const print = (line: string): void => void lines.push(line);
  const warn = (line: string): void => void errors.push(line);
  return { exit: await runVectors(dir, { print, warn }), lines, errors };
}

type Change = (text: string) => string;

/** A copy of a file of recordings in which something else is recorded. */
function falsify(from: string, to: string, change: Change): void {
  const text = readFileSync(join(vectors, from), 'utf8');
  const changed = change(text);
  expect(changed).not.toBe(text);
  mkdirSync(join(folder, to, '..'), { recursive: true });
  writeFileSync(join(folder, to), changed);
}

describe('recordings are known by their contents', () => {
  test.each([
    ['mcuboot', 'mcuboot'],
    ['mcuboot/imgtool', 'imgtool'],
    ['mcuboot/tables', 'mcuboot (one part)'],
    ['riotboot', 'riotboot'],
    ['zephyr', 'zephyr'],
    ['usbd-dfu', 'usbd-dfu'],
    ['usbd-dfu-rt', 'usbd-dfu-rt'],
  ])('%s', (path, name) => {
    expect(shapeOf(resolve(vectors, path))?.name).toBe(name);
  });

  test.each(['.', 'riotboot/files', 'mcuboot/keys'])('and a folder such as %s is not', (path) => {
    expect(shapeOf(resolve(vectors, path))).toBeUndefined();
  });
});

describe('npm run vectors', () => {
  test.each([
    ['mcuboot/imgtool', 247],
    ['mcuboot/tables', 4 * 729 + 69],
    ['riotboot', 97 + 45 + 40 + 238 + 6],
    ['usbd-dfu-rt', 419],
    ['zephyr', 35 + 240 + 10],
  ])('%s', async (path, count) => {
    const { exit, lines } = await run(resolve(vectors, path));
    expect(lines.at(-1)).toBe(`${count} passed, 0 failed`);
    expect(exit).toBe(0);
  });

  test('names the files that it cannot judge', async () => {
    const { lines } = await run(resolve(vectors, 'usbd-dfu-rt'));
    expect(lines).toContain('usbd-dfu-rt: not judged: differences-0.4.0.json');
  });

  test('finds recordings in folders, and names those that it cannot judge', async () => {
    cpSync(join(vectors, 'riotboot/selection.json'), join(folder, 'some/riot/selection.json'));
    cpSync(join(vectors, 'usbd-dfu/descriptors.json'), join(folder, 'a/descriptors.json'));
    mkdirSync(join(folder, 'stranger'));
    writeFileSync(
      join(folder, 'stranger/matrix.json'),
      '{"title": "something else", "cases": [1]}',
    );
    const { exit, lines } = await run(folder);
    expect(exit).toBe(0);
    expect(lines).toEqual([
      'a: recordings of usbd-dfu',
      'some/riot: recordings of riotboot',
      'stranger: not judged, nothing here replays it: matrix.json',
      expect.stringMatching(/^\d+ passed, 0 failed$/) as string,
    ]);
  });

  test.each<[string, string, Change, RegExp]>([
    [
      'riotboot/selection.json',
      'selection.json',
      (text) => text.replace('NOBOOT', 'JUMP 0x1'),
      /^selection.json: both empty: .*: boot: expected "JUMP 0x1", got "NOBOOT"$/,
    ],
    [
      'riotboot/dfu-control.json',
      'dfu-control.json',
      (text) => text.replace('RESP ack 00ff00000200 state=2', 'RESP ack 00ff00000300 state=3'),
      /^dfu-control.json: .*: step 0 \[0\]: expected RESP ack 00ff00000300 state=3, got RESP ack/,
    ],
    [
      'riotboot/genhdr.json',
      'genhdr.json',
      (text) =>
        text.replace('52494f540000000000410008a1e67ae7', '52494f540000000000410008a1e67ae8'),
      /^genhdr.json: genhdr generate .*: stdout, byte 15: expected e8, got e7 \(and 1 more\)$/,
    ],
    [
      'zephyr/detach-0.json',
      'detach-0.json',
      (text) => text.replace(/"status": ?0/, '"status":-32'),
      /^detach-0: transfer \d+ .*: expected -32/,
    ],
    [
      'usbd-dfu/random.json',
      'random.json',
      (text) => text.replace(/"state": ?2/, '"state":5'),
      /^random.json: .*: step \d+ .*: state: expected 5, got 2/,
    ],
    [
      'usbd-dfu-rt/random.json',
      'random.json',
      (text) => text.replace('"accepted"', '"stalled"'),
      /^random.json: .*: step \d+: expected .*"stalled"/,
    ],
    [
      'mcuboot/tables/swap-type.json',
      'tables/swap-type.json',
      (text) => text.replace('"revert"', '"test"'),
      /^tables\/swap-type .*: swap type: expected "test", got "revert"$/,
    ],
  ])('%s that says otherwise fails', async (from, to, change, line) => {
    falsify(from, to, change);
    const { exit, lines } = await run(folder);
    expect(exit).toBe(1);
    expect(lines.some((each) => line.test(each))).toBe(true);
    expect(lines.at(-1)).toMatch(/^\d+ passed, [1-9]\d* failed$/);
  });

  test('looks for further recordings beside the parts of MCUboot’s', async () => {
    cpSync(join(vectors, 'mcuboot/tables'), join(folder, 'tables'), { recursive: true });
    cpSync(join(vectors, 'riotboot/selection.json'), join(folder, 'other/selection.json'));
    const { lines } = await run(folder);
    expect(lines.slice(1)).toEqual([
      'other: recordings of riotboot',
      `${4 * 729 + 69 + 40} passed, 0 failed`,
    ]);
  });

  test('lays riotboot’s slots as the file says', async () => {
    const currentSlot = [
      { imageBase: '0x1a00', result: 'CURRENT 0 OTHER 1' },
      { imageBase: '0x3200', result: 'CURRENT 1 OTHER 0' },
      { imageBase: '0x08004100', result: 'CURRENT 0 OTHER 1' },
    ];
    const title =
      'slots; flash base 0x1000, slot0 at +0x800, slot1 at +0x2000, header 512, page 2048';
    writeFileSync(join(folder, 'selection.json'), JSON.stringify({ title, currentSlot }));
    const { lines } = await run(folder);
    expect(lines.at(-1)).toBe('2 passed, 1 failed');
  });

  test('a replay that breaks off has failed, the others go on', async () => {
    mkdirSync(join(folder, 'boot'));
    writeFileSync(join(folder, 'boot/broken.json'), '{');
    writeFileSync(join(folder, 'boot/empty.json'), '{"name": "x"}');
    cpSync(join(vectors, 'mcuboot/tables'), join(folder, 'tables'), { recursive: true });
    const { exit, lines } = await run(folder);
    expect(exit).toBe(1);
    expect(lines.slice(1, -1)).toEqual([
      expect.stringMatching(/^boot\/broken: broke off: /) as string,
      expect.stringMatching(/^boot\/empty: broke off: /) as string,
    ]);
    expect(lines.at(-1)).toBe(`${4 * 729 + 69} passed, 2 failed`);
  });

  test.each([
    ['nowhere', /expected a folder of recordings, but there is no .*nowhere$/],
    ['riotboot/selection.json', /expected a folder of recordings, got the file .*selection.json$/],
    ['riotboot/files', /files: expected recordings of a known kind \(mcuboot, .*\), found none$/],
  ])('%s is refused', async (path, message) => {
    const { exit, lines, errors } = await run(join(vectors, path));
    expect([exit, lines.length, errors.length]).toEqual([64, 0, 1]);
    expect(errors[0]).toMatch(message);
  });
});
