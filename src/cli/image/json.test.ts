import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ran } from '../../../test/support/fake-terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'dfukit-json-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = (name: string): string => join(folder, name);

async function objects(...args: readonly string[]): Promise<{ exit: number; told: object[] }> {
  const { out, exit } = await ran([...args, '--json']);
  const lines = out.trimEnd().split('\n');
  return { exit, told: lines.map((line): object => JSON.parse(line)) };
}

test('what is done with files is told as objects', async () => {
  const [plain, one, other] = [path('app.bin'), path('1.bin'), path('2.bin')];
  writeFileSync(plain, new Uint8Array(1000).fill(7));
  for (const [version, file] of [
    ['1.0.0', one],
    ['2.0.0', other],
  ] as const) {
    const { told } = await objects('image', 'sign', plain, '-v', version, '-o', file);
    expect(told).toEqual([expect.objectContaining({ type: 'signed', file, bytes: 1552 })]);
  }
  expect(await objects('image', 'verify', one)).toEqual({
    exit: 0,
    told: [{ type: 'verified', file: one, bytes: 1552, signatures: 0, signedByGiven: false }],
  });
  const { exit, told } = await objects('image', 'diff', one, other);
  expect(exit).toBe(1);
  expect(told[0]).toMatchObject({
    type: 'difference',
    message: expect.stringContaining('version'),
  });
  expect(told.at(-1)).toEqual({ type: 'compared', same: false });
  expect((await objects('image', 'diff', one, one)).told).toMatchObject([{ same: true }]);

  const flash = ['--flash', path('flash.bin')];
  const programmed = await objects('board', 'program', 'reel_board', one, '--slot', '0', ...flash);
  expect(programmed.told).toMatchObject([{ type: 'programmed', bytes: 1552, slot: 0 }]);
  const erased = await objects('board', 'erase', 'reel_board', ...flash);
  expect(erased).toEqual({ exit: 0, told: [{ type: 'erased', bytes: 1_048_576 }] });
  expect((await objects('firmware', 'list')).told).toContainEqual({ firmware: 'hello-world' });
});
