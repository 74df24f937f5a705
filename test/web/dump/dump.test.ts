import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeIntelHex } from 'dfukit/image';
import type { Page } from 'playwright-core';
import { afterAll, describe, expect, test } from 'vitest';
import { ran } from '../../support/fake-terminal.ts';
import { exampleNames } from '../../../web/lab/dump/dump-calls.ts';
import { exampleDump } from '../../../web/lab/dump/examples.ts';
import { AskedWorker } from '../../../web/lab/worker/calls.ts';
import { PHONE, expectSound, shot, visit } from '../site.ts';
import type { Visited } from '../site.ts';

const folder = mkdtempSync(join(tmpdir(), 'dfukit-dump-page-'));
afterAll(() => rmSync(folder, { recursive: true }));

const address = 'lab/dump/';

/** Words, however they are broken into lines. */
const plain = (text: string | null): string => (text ?? '').replaceAll(/\s+/g, ' ').trim();

/** What the page says first, once it is there. */
async function stateOf(page: Page): Promise<string> {
  await page.getByRole('status').waitFor({ timeout: 60_000 });
  return plain(await page.getByRole('status').textContent());
}

const WATCH = 'Watch the next boot, operation by operation';

/** The swap that was cut off is brought to its end where boots are watched, and again when that is loaded anew. */
async function expectWatched(visited: Visited): Promise<void> {
  const { page } = visited;
  await page.getByRole('button', { name: WATCH }).click();
  for (const times of ['at first', 'loaded anew']) {
    await page.waitForURL(/\/lab\/mcuboot\/\?.*dump=/, { timeout: 60_000 });
    const [boot] = [page.locator('.story button').first()];
    await boot.filter({ hasText: 'runs 2.0.0+0' }).waitFor({ timeout: 60_000 });
    expect(plain(await page.locator('.dump').textContent())).toContain(
      'the flash as it was dumped. Guessed (board ',
    );
    if (times === 'at first') await page.reload();
  }
  await expectSound(visited);
  const button = page.getByRole('button', { name: 'Watch a device that is made here' });
  await button.click();
  await page.getByLabel('Old image, bytes').waitFor({ timeout: 60_000 });
  expect(page.url()).not.toContain('dump=');
  await page.goto(page.url().replace('?', '?dump=another&'));
  await page.getByRole('alert').filter({ hasText: 'is not in this browser any more' }).waitFor();
}

describe('examples', () => {
  test.for(exampleNames)(
    '%s is explained in the words of the command line',
    async (name, context) => {
      const visited = await visit(context, `${address}?example=${name}`);
      const { page } = visited;
      const { bytes, board, bootloader } = await exampleDump(name);
      const file = join(folder, `${name}.bin`);
      writeFileSync(file, bytes);
      const own = ['--board', board, ...(bootloader === '' ? [] : ['--bootloader', bootloader])];
      if (name === 'stm32') {
        // a program by itself bears no marks: nobody can guess it
        await page.getByRole('alert').waitFor({ timeout: 60_000 });
        await page.getByLabel('Board').selectOption(board);
      }
      const state = await stateOf(page);
      const inspected = await ran(['flash', 'inspect', file, ...own]);
      expect(inspected.exit).toBe(0);
      const [sentence = ''] = inspected.out.split('\n');
      expect(state).toContain(
        plain(sentence.replace(/^doubtful: .*?\. (?=[A-Z])/, '')).slice(0, 60),
      );
      const why = await ran(['flash', 'why', file, ...own, '--json']);
      for (const { reason } of JSON.parse(why.out) as { reason: string }[]) {
        expect(plain(await page.locator('.fates').textContent())).toContain(plain(reason));
      }
      await expectSound(visited);
      await shot(page, `dump-${name}`);
      const canBeWatched = (await page.getByRole('button', { name: WATCH }).count()) > 0;
      expect(canBeWatched).toBe(bootloader === 'mcuboot');
      if (name === 'cut') await expectWatched(visited);
    },
  );
});

describe("a file of one's own", () => {
  test('is explained, raw or with addresses, for the board that one says', async (context) => {
    const { page, faults } = await visit(
      context,
      `${address}?board=reel_board&bootloader=mcuboot:swap-using-move`,
    );
    const { bytes } = await exampleDump('trial');
    const input = page.locator('input[name=dump]');
    await input.setInputFiles({ name: 'dump.bin', mimeType: '', buffer: Buffer.from(bytes) });
    expect(await stateOf(page)).toMatch(/^Version 2\.0\.0\+0 is on trial, not confirmed yet/);
    const hex = writeIntelHex([{ address: 0, bytes }]);
    await input.setInputFiles({ name: 'dump.hex', mimeType: '', buffer: Buffer.from(hex) });
    await page.getByText('dump.hex').waitFor();
    expect(await stateOf(page)).toMatch(/^Version 2\.0\.0\+0 is on trial, not confirmed yet/);
    const boots = plain(await page.locator('section', { hasText: 'The next boots' }).textContent());
    expect(boots).toMatch(
      /Nobody confirms runs 1\.0\.0\+0; .*What runs first is confirmed runs 1\.0\.0\+0/,
    );
    expect(faults).toEqual([]);
  });

  test('that is no dump is told to be none', async (context) => {
    const { page, faults } = await visit(context, address);
    const input = page.locator('input[name=dump]');
    const alert = page.getByRole('alert');
    const { bytes } = await exampleDump('pending');
    const image = Buffer.from(bytes.subarray(0xc000, 0xc000 + 61_000));
    // Before the page has heard which boards there are.
    await input.setInputFiles({ name: 'noise.bin', mimeType: '', buffer: Buffer.alloc(4096, 7) });
    await expect
      .poll(() => page.locator('select[name=board] option').count(), { timeout: 60_000 })
      .toBeGreaterThan(3);
    await expect
      .poll(() => alert.textContent(), { timeout: 60_000 })
      .toMatch(/no MCUboot image|expected/);
    await input.setInputFiles([
      { name: 'a.bin', mimeType: '', buffer: image },
      { name: 'b.bin', mimeType: '', buffer: image },
    ]);
    await expect
      .poll(() => alert.textContent(), { timeout: 60_000 })
      .toMatch(/say which board the two slots are of/);
    await page.evaluate(`{
      const input = document.querySelector('lab-dump').renderRoot.querySelector('input[name=dump]');
      const given = new DataTransfer();
      given.items.add(new File([new Uint8Array(65 * 1024 * 1024)], 'large.bin'));
      input.files = given.files;
      input.dispatchEvent(new Event('change'));
    }`);
    await expect.poll(() => alert.textContent()).toMatch(/large\.bin: expected at most 64 MiB/);
    await page.locator('input[name=keys]').setInputFiles({
      name: 'large.pem',
      mimeType: '',
      buffer: Buffer.alloc(65_537),
    });
    await expect.poll(() => alert.textContent()).toMatch(/large\.pem: expected a key/);
    await page.evaluate(`{
      const page = document.querySelector('lab-dump');
      const input = page.renderRoot.querySelector('input[name=dump]');
      const folder = new File([], 'folder');
      folder.arrayBuffer = () => Promise.reject(new DOMException('gone', 'NotFoundError'));
      Object.defineProperty(input, 'files', { value: [folder] });
      input.dispatchEvent(new Event('change'));
    }`);
    await expect.poll(() => alert.textContent()).toMatch(/folder cannot be read: is it a folder/);
    expect(faults).toEqual([]);
  });

  test('that is hostile does not hang the page', async (context) => {
    const { page, faults } = await visit(context, address);
    const bytes = new Uint8Array(1 << 20).fill(0xff);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < bytes.length; at += 512) {
      view.setUint32(at, 0x96f3b83d, true);
      view.setUint16(at + 8, 0xffff, true);
      view.setUint32(at + 12, 0xffffffff, true);
    }
    await page
      .locator('input[name=dump]')
      .setInputFiles({ name: 'evil.bin', mimeType: '', buffer: Buffer.from(bytes) });
    await page
      .locator('[role=status], [role=alert]:not([hidden])')
      .first()
      .waitFor({ timeout: 90_000 });
    await page.getByRole('button', { name: 'an update waits, to be tried once' }).click();
    await expect.poll(() => stateOf(page), { timeout: 60_000 }).toContain('Version 2.0.0+0 waits');
    expect(faults).toEqual([]);
  });
});

test('the page is sound in the dark and on a phone', async (context) => {
  const visited = await visit(context, `${address}?example=damaged`, {
    size: PHONE,
    theme: 'dark',
  });
  await stateOf(visited.page);
  await expectSound(visited);
  await shot(visited.page, 'dump-phone-dark');
  expect(visited.faults).toEqual([]);
});

describe('a worker that is asked', () => {
  /** Hears, and never answers. */
  class Deaf extends EventTarget {
    ended = false;
    postMessage(): void {}
    terminate(): void {
      this.ended = true;
    }
  }

  test('is ended where it takes too long, and whoever waits is told', async () => {
    const worker = new Deaf();
    const asked = new AskedWorker<{ readonly think: (of: string) => string }>(
      worker as unknown as Worker,
    );
    await expect(asked.ask('think', 'it', { mostMs: 1 })).rejects.toThrow(
      'took longer than 0.001 seconds',
    );
    expect([worker.ended, asked.isEnded]).toEqual([true, true]);
    await expect(asked.ask('think', 'again')).rejects.toThrow('took longer');
  });
});
