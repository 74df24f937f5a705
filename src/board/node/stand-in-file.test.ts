import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadStandIn } from './stand-in-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'dfukit-stand-in-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const source = 'export const main = (board) => board.console.print("hello");\n';

async function textOf(path: string): Promise<string> {
  const { plays } = await loadStandIn(`slot=0:firmware=${path}`);
  return typeof plays === 'object' ? new TextDecoder().decode(plays.firmware) : '';
}

test('what plays no firmware is as it was read', async () => {
  expect(await loadStandIn('version=2:usb-dfu,confirm=1s')).toEqual({
    when: { version: '2' },
    plays: 'usb-dfu',
    confirmMs: 1000,
  });
  expect(await loadStandIn({ confirmMs: 2 })).toEqual({ confirmMs: 2 });
});

test('a module of JavaScript is taken as it is; TypeScript and folders are built', async () => {
  const script = join(folder, 'mine.mjs');
  writeFileSync(script, source);
  expect(await textOf(script)).toBe(source);
  const typed = join(folder, 'main.ts');
  writeFileSync(typed, source.replace('(board)', '(board: unknown)'));
  const built = await textOf(typed);
  expect(built).toContain('console.print("hello")');
  expect(built).not.toContain('unknown');
  expect(await textOf(folder)).toBe(built);
});

test('where nothing is, it says so', async () => {
  await expect(textOf(join(folder, 'gone'))).rejects.toThrow(/gone: expected the folder of a/);
});
