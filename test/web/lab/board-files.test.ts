import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { PHONE, expectSound, shot } from '../site.ts';
import { LONG, button, chooseSample, flash, lab, ranges, says } from './board-page.ts';

interface Dropped {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Drags files over a place of the page and lets go of them there, as a browser tells that. */
async function drop(page: Page, where: string, files: readonly Dropped[]): Promise<void> {
  const given = files.map(({ name, bytes }) => ({ name, text: bytes.toString('base64') }));
  const transfer = await page.evaluateHandle((all) => {
    const data = new DataTransfer();
    for (const { name, text } of all) {
      const bytes = Uint8Array.from(atob(text), (each) => each.codePointAt(0) ?? 0);
      data.items.add(new File([bytes], name));
    }
    return data;
  }, given);
  await page.locator(where).first().dispatchEvent('dragover', { dataTransfer: transfer });
  await page.locator('.drop-here').waitFor(LONG);
  if (where === '#console') await shot(page, 'lab-board-dragged');
  await page.locator(where).first().dispatchEvent('drop', { dataTransfer: transfer });
  await page.locator('.drop-here').waitFor({ ...LONG, state: 'detached' });
}

/** What the page saves as the board's flash. */
async function savedFlash(page: Page): Promise<Buffer> {
  await page.locator('.programmer summary').click();
  const [download] = await Promise.all([
    page.waitForEvent('download', LONG),
    page.getByRole('button', { name: 'Save the flash as a file' }).click(),
  ]);
  const parts: Buffer[] = [];
  for await (const part of await download.createReadStream()) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

test('a dump of flash that is dropped anywhere is what the board starts with; one that is too large changes nothing', async (context) => {
  const visited = await lab(context, '?board=reel_board');
  const { page, decision, problem } = visited;
  await chooseSample(page, /version 2\.0\.0, signed/);
  await flash(page);
  await says(page.locator('#flash'), 'waits in the secondary slot');
  const dump = await savedFlash(page);
  // Whoever opens the page another time has boards with the same key.
  await page.reload();
  await says(page.locator('#flash'), 'Version 1.0.0');
  await drop(page, '#console', [{ name: 'mine.flash.bin', bytes: dump }]);
  await says(decision, /version 2\.0\.0\+0, runs: an update was asked for on trial/);
  expect(await page.getByLabel('Starts with').inputValue()).toBe('(own)');
  expect(page.url()).not.toContain('start=');
  await page.setViewportSize(PHONE);
  await expectSound(visited);
  const larger = Buffer.alloc(dump.length + 1);
  await drop(page, '#dfu', [{ name: 'larger.flash.bin', bytes: larger }]);
  await says(problem, `larger.flash.bin: expected a dump of at most ${dump.length} bytes`);
  await says(decision, 'version 2.0.0+0');
  await page.getByLabel('Starts with').selectOption('update-pending');
  await page.waitForURL(/start=update-pending/);
});

test('a board file and a firmware are dropped where nothing else takes them; several files are not', async (context) => {
  const visited = await lab(context, '?board=rpi_pico&bootloader=riotboot&start=empty');
  const { page, problem, faults } = visited;
  const board = Buffer.from('{"name": "mine", "chip": "X", "colour": "red"}');
  await drop(page, 'body', [
    { name: 'mine.json', bytes: board },
    { name: 'other.bin', bytes: board },
  ]);
  await says(problem, 'expected one file');
  await page.getByLabel('Board', { exact: true }).selectOption('reel_board');
  await button(page, 'Reset').waitFor(LONG);
  await says(page.locator('#board'), '2fe3:');
  await drop(page, '#transfers', [
    { name: 'text.bin', bytes: Buffer.from('no firmware '.repeat(90)) },
  ]);
  await page.locator('dfu-flasher').getByText('What it is').waitFor(LONG);
  await says(page.locator('dfu-flasher'), 'text.bin');
  await drop(page, '#board', [{ name: 'mine.json', bytes: board }]);
  await says(problem, 'mine.json: colour: unknown key');
  expect(faults).toEqual([]);
});

test('on a riotboot board that runs its application, a file to try goes to its own slot', async (context) => {
  const query = '?board=particle-xenon&bootloader=riotboot_dfu';
  const { page, decision, problem, console: log, faults } = await lab(context, query);
  await says(page.locator('#board'), '1209:7d00');
  await chooseSample(page, /for slot 1$/);
  await flash(page);
  const slot = page.locator('dfu-flasher').getByLabel('RIOT-OS Slot 1');
  await slot.waitFor(LONG);
  await expect.poll(() => slot.isChecked(), LONG).toBe(true);
  await flash(page);
  await says(decision, 'slot 1');
  expect(await ranges(page, /version 3/i).count()).toBeGreaterThan(0);
  const programmer = page.locator('.programmer');
  const program = async (name: string, source: string, to: string): Promise<void> => {
    const buffer = Buffer.from(source);
    const file = { name, mimeType: 'application/octet-stream', buffer };
    await programmer.getByLabel('Firmware').setInputFiles(file);
    await programmer.getByLabel('Slot').selectOption(to);
    await programmer.getByRole('button', { name: 'Program' }).click(LONG);
  };
  await programmer.locator('summary').click();
  await program('mine.ts', 'export const main = 1 as number;', '1');
  await says(problem, 'mine.ts: expected an ES module or an image, got TypeScript');
  const source = 'export const main = (board) => board.console.print("it is mine");';
  await program('mine.mjs', source, '');
  await says(problem, 'mine.mjs: a module is boxed for the slot that it is to run in');
  await program('mine.mjs', source, '0');
  await says(log, 'it is mine');
  await says(decision, 'slot 0');
  expect(faults).toEqual([]);
});
