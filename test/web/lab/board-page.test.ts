import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTrace } from 'dfukit/trace';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { DESK, PHONE, expectSound, picture, shot } from '../site.ts';
import { LONG, button, chooseSample, flash, lab, ranges, says } from './board-page.ts';
import type { Lab } from './board-page.ts';

const UPDATE = /version 2\.0\.0, signed/;

/** What the page gives to be kept of what was done on the bus. */
async function savedTrace(page: Page): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'dfukit-lab-'));
  try {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('lab-transfers').getByRole('button', { name: 'Save as a trace' }).click(),
    ]);
    const path = join(folder, download.suggestedFilename());
    await download.saveAs(path);
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a first visit has a board that runs without a click, on a phone and on a desk, light and dark', async (context) => {
  const visited = await lab(context, '', { size: PHONE });
  const { page, decision, console: log } = visited;
  expect(await decision.textContent()).toContain('After power-on the application of slot 0');
  await says(log, 'power-on: application of slot 0');
  expect(page.url()).toContain('board=reel_board');
  for (const [size, viewport] of Object.entries({ phone: PHONE, desk: DESK })) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await shot(page, `lab-board-${size}-${colorScheme}`);
      await expectSound(visited);
    }
  }
});

test('an update is flashed, seen in the map and in the figure, and runs behind a reset', async (context) => {
  const visited = await lab(context);
  const { page, decision, dfuState, flasherSays } = visited;
  expect(await ranges(page, /2\.0\.0/).count()).toBe(0);
  await chooseSample(page, UPDATE);
  await flash(page);
  await page.locator('lab-transfers .row', { hasText: 'DFU_DNLOAD block' }).first().waitFor(LONG);
  await says(dfuState, /dfu(DNLOAD|DNBUSY|MANIFEST|IDLE)/);
  await shot(page, 'lab-board-flashing');
  await says(flasherSays, 'acknowledged all');
  await ranges(page, /2\.0\.0/)
    .first()
    .waitFor(LONG);
  await says(page.locator('#flash'), 'Version 2.0.0+0 waits in the secondary slot');
  const { header, records, torn } = readTrace(await savedTrace(page));
  expect({ about: header.about, torn }).toEqual({ about: { board: 'reel_board' }, torn: false });
  expect(records.filter(({ type }) => type === 'control').length).toBeGreaterThan(20);
  // What has passed is counted; elements are those in sight.
  const passed = page.locator('lab-transfers').getByText(/^\s*\d+\s+transfers/);
  expect(Number.parseInt((await passed.textContent()) ?? '', 10)).toBeGreaterThan(100);
  expect(await page.locator('lab-transfers .row').count()).toBeLessThan(50);
  await button(page, 'Reset').click();
  await says(decision, /version 2\.0\.0\+0, runs: an update was asked for on trial/);
  await shot(page, 'lab-board-updated');
  await picture(page, 'laboratory');
  await expectSound(visited);
});

test('reset with the button held leads into DFU mode, where a new version is flashed', async (context) => {
  const { page, decision, dfuState, flasherSays, faults } = await lab(
    context,
    '?board=particle-xenon&bootloader=riotboot_dfu',
  );
  await says(decision, 'newest image');
  await button(page, 'Reset with button held').click();
  await says(decision, 'the board waits in DFU mode: the button was held at reset');
  await says(page.locator('#board'), '1209:7d02');
  await chooseSample(page, /for slot 1$/);
  await flash(page);
  await says(decision, 'slot 1');
  await says(flasherSays, /runs|acknowledged/);
  await shot(page, 'lab-board-riotboot');
  expect(await dfuState.count()).toBeLessThan(2);
  expect(faults).toEqual([]);
});

describe('what goes wrong', () => {
  test('the cable is pulled in the middle, and the flasher says what that leaves', async (context) => {
    const visited = await lab(context);
    const { page, flasherSays, faults } = visited;
    await chooseSample(page, UPDATE);
    await page.evaluate(() => {
      const pull = [...document.querySelectorAll('#board button')].find((each) =>
        each.textContent.includes('Unplug USB'),
      ) as HTMLButtonElement;
      document.addEventListener('dfu-progress', (event) => {
        const { detail } = event as CustomEvent<{ phase: string }>;
        if (detail.phase === 'download' && pull.textContent.includes('Unplug')) pull.click();
      });
    });
    await flash(page);
    await page.locator('dfu-flasher').getByText('Start again').waitFor(LONG);
    expect(await flasherSays.first().textContent()).not.toContain('Done');
    await shot(page, 'lab-board-unplugged');
    await button(page, 'Plug in USB').click();
    await says(page.locator('#board'), '2fe3:');
    expect(faults).toEqual([]);
  });

  test('the power goes in the middle of a swap, and the next start goes on', async (context) => {
    const { page, decision, faults } = await lab(context, '?board=reel_board&start=update-pending');
    await says(decision, 'an update was asked for on trial');
    await button(page, 'Power off').click();
    await says(decision, 'The board has no power.');
    await button(page, 'Power on').click();
    await says(decision, 'has not confirmed itself');
    await page.locator('#board').getByLabel('or at flash operation').fill('3');
    await chooseSample(page, UPDATE);
    await button(page, 'Order it').click();
    await says(decision, 'The power goes at flash operation 3');
    await flash(page);
    await says(decision, 'The power went in the middle of flash operation');
    await shot(page, 'lab-board-power-cut');
    await button(page, 'Power on').click();
    await says(decision, 'the application of slot 0');
    expect(faults).toEqual([]);
  });

  test('a firmware that ends itself is told, and the watchdog is seen', async (context) => {
    const { page, decision, faults } = await lab(context);
    await chooseSample(page, 'An update that ends itself');
    await flash(page);
    await says(page.locator('#flash'), 'waits in the secondary slot');
    await button(page, 'Reset').click();
    await says(decision, 'nothing works any more');
    await says(page.locator('#board'), '1 reset');
    await says(decision, 'has not confirmed itself: the slots were swapped back');
    expect(faults).toEqual([]);
  });

  test('a board file that is wrong, with the place in it; one that is right is plugged in', async (context) => {
    const visited = await lab(context);
    const { page, problem, faults } = visited;
    const give = (name: string, text: string): Promise<void> =>
      page.getByLabel('Board file').setInputFiles({
        name,
        mimeType: 'application/json',
        buffer: Buffer.from(text),
      });
    const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
    await give('deep.json', deep);
    await says(problem, /^\s*That did not work.\s*deep.json: /);
    await give('torn.json', '{"name": ');
    await says(problem, /^\s*That did not work.\s*torn.json: expected a board file as JSON/);
    await give('mine.json', '{"name": "mine", "chip": "X", "colour": "red"}');
    await says(problem, 'mine.json: colour: unknown key');
    await shot(page, 'lab-board-wrong-file');
    expect(faults).toEqual([]);
    // The next one is right.
    await ownBoard(visited);
  });
});

/** A board file of one's own is plugged in, and is not in the address. */
async function ownBoard(visited: Lab): Promise<void> {
  const { page, decision, problem } = visited;
  await page.getByLabel('Board file').setInputFiles({
    name: 'mine.json',
    mimeType: 'application/json',
    buffer: Buffer.from(
      JSON.stringify({
        name: 'my-board',
        chip: 'STM32F429',
        flash: {
          sectors: [
            { count: 4, sizeBytes: 16_384 },
            { count: 1, sizeBytes: 65_536 },
            { count: 3, sizeBytes: 131_072 },
          ],
          writeUnitBytes: 4,
        },
        flashBaseAddress: 0x0800_0000,
        ram: { baseAddress: 0x2000_0000, sizeBytes: 131_072 },
        bootloaders: ['none'],
        buttons: [],
        sensors: [],
      }),
    ),
  });
  await page.locator('#board-title', { hasText: 'my-board' }).waitFor(LONG);
  await says(decision, 'there is no bootloader');
  expect(await problem.count()).toBe(0);
  expect(page.url()).not.toContain('board=');
  await page.getByRole('button', { name: 'Copy the address' }).click();
  await says(page.locator('.setup [role=status]'), 'Your board file is not in it');
  await expectSound(visited);
}

describe('the map', () => {
  test('is gone through by keyboard, and what is chosen is in the address', async (context) => {
    const visited = await lab(context);
    const { page } = visited;
    const about = page.locator('lab-flash-map .about');
    const focused = (): Promise<string> =>
      page.evaluate(() => {
        const map = document.querySelector('lab-flash-map');
        return map?.shadowRoot?.activeElement?.getAttribute('aria-label') ?? '';
      });
    for (let n = 0; n < 60 && !(await focused()).includes(' at 0x'); n++)
      await page.keyboard.press('Tab');
    const heard = new Set([await focused()]);
    const count = await ranges(page, /./).count();
    for (let n = 1; n < count; n++) {
      await page.keyboard.press('ArrowRight');
      heard.add(await focused());
    }
    expect(heard.size).toBe(count);
    expect([...heard].filter((words) => !words.includes(' at 0x'))).toEqual([]);
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await says(about, 'header');
    expect(await page.locator('lab-flash-map [aria-selected=true]').count()).toBe(1);
    await page.waitForURL(/at=\d+/);
    await shot(page, 'lab-board-range');
    await expectSound(visited);
  });

  test('explains what is pointed at and what is tapped, and says the same as a table', async (context) => {
    const { page } = await lab(context, '', { size: PHONE });
    const about = page.locator('lab-flash-map .about');
    const image = ranges(page, /^Image/).first();
    await image.hover();
    await says(about, 'image');
    await ranges(page, /^Trailer|^Erased/)
      .last()
      .click();
    await says(about, /trailer|erased/);
    await page.locator('lab-flash-map summary').click();
    const rows = page.locator('lab-flash-map tbody tr');
    await expect.poll(() => rows.count()).toBe(await ranges(page, /./).count());
  });
});

test('a situation is shared by its address', async (context) => {
  const query = '?board=particle-xenon&bootloader=riotboot&start=damaged';
  const { page, decision } = await lab(context, query);
  expect(await page.getByLabel('Board', { exact: true }).inputValue()).toBe('particle-xenon');
  expect(await page.getByLabel('Bootloader').inputValue()).toBe('riotboot');
  expect(await page.getByLabel('Starts with').inputValue()).toBe('damaged');
  await says(decision, 'the application of slot 0');
  await page.getByLabel('Starts with').selectOption('two-versions');
  await says(decision, 'the application of slot 1');
  expect(page.url()).toContain('start=two-versions');
});
