import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ran } from '../../../test/support/fake-terminal.ts';
import { makeImage } from '../../../test/support/mcuboot/images.ts';
import { boardModel } from '../../board/index.ts';
import { riotbootImage } from '../../image/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'dfukit-map-'));
const path = (name: string): string => join(folder, name);

/** A flash with these bytes at these places. */
function dump(
  name: string,
  sizeBytes: number,
  parts: readonly (readonly [number, Uint8Array])[],
): void {
  const bytes = new Uint8Array(sizeBytes).fill(0xff);
  for (const [at, part] of parts) bytes.set(part, at);
  writeFileSync(path(name), bytes);
}

beforeAll(async () => {
  const image = await makeImage({ major: 1, payloadBytes: 3000 });
  const storage = boardModel('reel_board').zephyr?.storage?.offsetBytes ?? 0;
  dump('reel.bin', 1 << 20, [
    [0xc000, image],
    [storage, Uint8Array.of(1, 2, 3)],
  ]);
  const startAddress = 0x4400;
  const slot = riotbootImage(new Uint8Array(100), {
    version: 7,
    startAddress,
    headerLength: 0x400,
  });
  dump('xenon.bin', 1 << 20, [[0x4000, slot]]);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('flash map', () => {
  test('tells all of a flash with MCUboot, the partitions of the board included', async () => {
    const { exit, out } = await ran(['flash', 'map', path('reel.bin'), '--board', 'reel_board']);
    expect(exit).toBe(0);
    const [sentence = ''] = out.split('\n');
    const { out: inspected } = await ran([
      'flash',
      'inspect',
      path('reel.bin'),
      '--board',
      'reel_board',
    ]);
    expect(inspected.split('\n')[0]).toBe(sentence);
    expect(out).toMatch(/^ {2}0x000000-0x00bfff {2}erased +mcuboot +erased, 48\.0 KiB/m);
    expect(out).toMatch(
      /^ {2}0x00c000-0x00c[0-9a-f]{3} {2}header +primary0 +MCUboot image 1\.0\.0\+0, header/m,
    );
    expect(out).toMatch(/ {2}settings {2,}storage +settings, /);
  });

  test('tells all that is said of each range with --words, and in JSON', async () => {
    const args = ['flash', 'map', path('reel.bin'), '--board', 'reel_board'];
    const { out } = await ran([...args, '--words']);
    expect(out).toMatch(/^ {6}hash: SHA-256 [0-9a-f]{16}…: right$/m);
    const { ranges, state } = JSON.parse((await ran([...args, '--json'])).out) as {
      ranges: { sizeBytes: number }[];
      state: string[];
    };
    expect(ranges.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBe(1 << 20);
    expect(state).toHaveLength(1);
  });

  test('tells the slots of a bootloader that reads its dumps, without being told whose it is', async () => {
    const { exit, out } = await ran(['flash', 'map', path('xenon.bin')]);
    expect(exit).toBe(0);
    expect(out).toMatch(/^Slot 0 with version 7 boots/);
    expect(out).toMatch(
      /^ {2}0x004000-0x0043ff {2}header {2}slot 0 +riotboot image, version 7, header/m,
    );
  });
});
