import { powerCutKinds } from 'dfukit/flash';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { CutStage } from '../../../web/lab/mcuboot/cut-stage.ts';
import { MODES } from '../../../web/lab/mcuboot/scenario-choices.ts';
import type { Scenario } from '../../../web/lab/mcuboot/scenario-choices.ts';
import { readStory, storyText } from '../../../web/lab/mcuboot/story.ts';
import { SwapStage } from '../../../web/lab/mcuboot/swap-stage.ts';
import { PHONE, expectSound, shot, visit } from '../site.ts';

/** What the page begins with. */
const usual: Scenario = {
  board: '',
  mode: 'swap-using-move',
  sectorBytes: 4096,
  sectors: 10,
  scratchSectors: 2,
  writeUnit: 4,
  oldBytes: 18_000,
  newBytes: 22_000,
  request: 'test',
};

const address = 'lab/mcuboot/';

/** The picture of an area, once it is there. */
const areaOf = (page: Page, name: string) =>
  page.getByRole('img', { name: new RegExp(`^${name}: `) });

const storyOf = (page: Page) => page.locator('.story button');

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name });

/** What comes to be so; a machine that is busy takes its time. */
// oxlint-disable-next-line vitest/require-awaited-expect-poll -- whoever calls it awaits what it expects
const eventually = <T>(look: () => T | Promise<T>) => expect.poll(look, { timeout: 60_000 });

const longTasks = `
  window.stalls = [];
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.stalls.push(Math.round(duration));
  }).observe({ type: 'longtask', buffered: true });
`;

describe('a swap, operation by operation', () => {
  test('is stepped through, forth and back, in the words of the laboratory', async (context) => {
    const { page, faults } = await visit(context, `${address}?op=13`);
    const stage = new SwapStage();
    await stage.open(usual);
    await stage.play([{ do: 'boot' }]);
    const expectAt = async (done: number): Promise<void> => {
      const { last, next } = await stage.tell({ step: 0, done });
      await eventually(() => page.locator('[data-last]').textContent()).toContain(last?.what);
      await eventually(() => page.locator('[data-next]').textContent()).toContain(next?.what);
      expect(page.url()).toContain(`op=${done}`);
    };
    await expectAt(13);
    await button(page, 'One operation forward').click();
    await expectAt(14);
    await button(page, 'One operation back').click();
    await button(page, 'One operation back').press('Enter');
    await expectAt(12);
    await page.getByRole('spinbutton', { name: /^Done/ }).fill('40');
    await page.getByRole('spinbutton', { name: /^Done/ }).press('Enter');
    await expectAt(40);
    const { nextBoot } = await stage.explain({ step: 0, done: 40 });
    await eventually(() => page.locator('.next-boot').textContent()).toContain(nextBoot[0]);
    expect(faults).toEqual([]);
  });

  test('plays to its end, and stops there', async (context) => {
    const { page, faults } = await visit(context, address, { before: longTasks });
    await page.getByLabel('Speed').selectOption('200');
    await button(page, 'Play').click();
    await eventually(() => page.url()).toContain('op=114');
    await eventually(() => button(page, 'Play').isDisabled()).toBe(true);
    await eventually(() => areaOf(page, 'primary0').getAttribute('aria-label')).toContain(
      'version 2.0.0+0 from 0x0 on',
    );
    expect(faults).toEqual([]);
    const stalls = (await page.evaluate('window.stalls')) as number[];
    // what takes longer on a machine that is busy is for the benchmarks; a page that computes here takes seconds
    expect(stalls.filter((ms) => ms > 1000)).toEqual([]);
  });

  test.for(MODES)('%s ends with the new image', async (mode, context) => {
    const { page, faults } = await visit(
      context,
      `${address}?mode=${mode}&board=reel_board&old=9000&new=14000`,
    );
    await eventually(() => storyOf(page).first().textContent()).toMatch(
      /^\s*1\. Boot, \d+ operations?: runs 2\.0\.0\+0\s*$/,
    );
    const end = button(page, 'To the end');
    if (await end.isEnabled()) await end.click();
    const area = mode.startsWith('direct') ? 'secondary0' : 'primary0';
    await eventually(() => areaOf(page, area).getAttribute('aria-label')).toMatch(
      /: 0x0 to 0x[0-9a-f]+: version 2\.0\.0\+0 from 0x0 on/,
    );
    expect(faults).toEqual([]);
  });

  test('goes on after a power cut, goes back unless it is confirmed, and stays if it is', async (context) => {
    const visited = await visit(context, `${address}?op=31`);
    const { page } = visited;
    await page.getByLabel('Kind').first().selectOption('torn');
    await button(page, 'Cut the power at operation 31').click();
    await eventually(() => storyOf(page).count()).toBe(2);
    await eventually(() => page.locator('[data-last]').textContent()).toContain(
      'half done: its first half',
    );
    expect(page.url()).toContain('do=b31t.b');
    await expectSound(visited);
    await shot(page, 'mcuboot-cut');
    await storyOf(page).nth(1).click();
    await button(page, 'To the end').click();
    await eventually(() => storyOf(page).nth(1).textContent()).toContain('runs 2.0.0+0');
    await eventually(() => areaOf(page, 'primary0').getAttribute('aria-label')).toContain(
      ': 0x0 to 0x59ff: version 2.0.0+0 from 0x0 on',
    );
    await button(page, 'Then boot again without confirming').click();
    await eventually(() => storyOf(page).nth(2).textContent()).toContain('runs 1.0.0+0');
    await storyOf(page).nth(1).click();
    await page.goto(
      page
        .url()
        .replace(/do=[^&]*/, 'do=b31t.b')
        .replace(/step=\d+/, 'step=1'),
    );
    await button(page, 'Then confirm, and boot again').click();
    await eventually(() => storyOf(page).count()).toBe(4);
    await eventually(() => storyOf(page).nth(3).textContent()).toContain('runs 2.0.0+0');
    await eventually(() => storyOf(page).nth(2).textContent()).toContain(
      'the application confirms',
    );
  });

  test('is the same for whoever is given its address', async (context) => {
    const { page } = await visit(
      context,
      `${address}?mode=swap-using-scratch&sectors=6&old=5000&do=b20c.b&step=1&op=4`,
    );
    await eventually(() => storyOf(page).count()).toBe(2);
    const last = await page.locator('[data-last]').textContent();
    const { page: other } = await visit(context, page.url().slice(page.url().indexOf(address)));
    await eventually(() => other.locator('[data-last]').textContent()).toBe(last);
    expect(await other.getByLabel('Algorithm').inputValue()).toBe('swap-using-scratch');
  });

  test('says what is wrong with sizes that cannot be, and with an address that asks for what there is not', async (context) => {
    const { page, faults } = await visit(context, `${address}?sectors=2&sector=512`);
    await eventually(() => page.getByRole('alert').first().textContent()).toMatch(
      /no room|do not fit/,
    );
    await page.getByLabel('Sectors of a slot').fill('12');
    await page.getByLabel('Sectors of a slot').press('Tab');
    await eventually(() => storyOf(page).count()).toBe(1);
    await page.goto(page.url().replace(/\?.*/, '?do=b9999t.b'));
    await eventually(() => page.getByRole('alert').first().textContent()).toMatch(
      /none with number 9999/,
    );
    expect(faults).toEqual([]);
  });
});

describe('every power cut of a boot', () => {
  const scenario: Scenario = { ...usual, sectors: 6, oldBytes: 5000, newBytes: 9000 };
  const query = '?sectors=6&old=5000&new=9000';

  test('comes to the same figures as in Node', async (context) => {
    const visited = await visit(context, address + query, { before: longTasks });
    const { page } = visited;
    await page.getByLabel('two cuts in a row').check();
    await button(page, 'Explore').click();
    await page.getByRole('status').waitFor();
    const { counts, operations } = await new CutStage().explore({
      scenario,
      story: [],
      kinds: powerCutKinds,
      twice: true,
    });
    expect(await page.getByRole('status').textContent()).toContain(
      `${operations.length} operations in this boot`,
    );
    for (const row of await page.locator('tr[data-outcome]').all()) {
      const outcome = (await row.getAttribute('data-outcome')) as keyof typeof counts.clean;
      const cells = await row.locator('td').allTextContents();
      const figures = ([...powerCutKinds, 'pairs'] as const).map((each) =>
        String(counts[each][outcome]),
      );
      expect([outcome, ...cells.map((cell) => cell.trim())]).toEqual([outcome, ...figures]);
    }
    expect(await page.locator('tr[data-outcome]').count()).toBeGreaterThan(0);
    await expectSound(visited);
    await shot(page, 'mcuboot-cuts');
  });

  test('a loss is shown above, operation by operation, and downloaded as vectors', async (context) => {
    const query2 = '?mode=swap-using-offset&sectors=4&sector=1024&old=200&new=240';
    const visited = await visit(context, address + query2);
    const { page } = visited;
    await page.getByLabel('two cuts in a row').check();
    await button(page, 'Explore').click();
    await page.getByRole('status').waitFor();
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      button(page, 'Download it as vector files').first().click(),
    ]);
    expect(saved.suggestedFilename()).toBe('power-cut-1.zip');
    await page.locator('.findings').getByRole('button', { name: 'Show it above' }).first().click();
    await eventually(() => new URL(page.url()).searchParams.get('do')).toMatch(/^b\d+[ctx]/);
    await expectSound(visited);
    await shot(page, 'mcuboot-loss');
  });

  test('is told where the network has gone meanwhile, begun again, and stopped when one likes', async (context) => {
    const { page, faults } = await visit(
      context,
      `${address}?board=reel_board&old=200000&new=200000`,
    );
    await button(page, 'Explore').waitFor();
    await page.context().setOffline(true);
    // What was loaded once is there.
    await page.getByLabel('Algorithm').selectOption('overwrite-only');
    await eventually(() => page.locator('.next-boot').count()).toBe(1);
    await button(page, 'Explore').click();
    await page.getByText('could not be loaded: try again').waitFor();
    await page.context().setOffline(false);
    await button(page, 'Explore').click();
    await button(page, 'Stop').click();
    await button(page, 'Explore').waitFor();
    await eventually(() => page.locator('progress').count()).toBe(0);
    expect(faults.filter((each) => !each.includes('ERR_INTERNET_DISCONNECTED'))).toEqual([]);
  });
});

test('the page is sound in the dark and on a phone', async (context) => {
  const visited = await visit(context, `${address}?op=30`, {
    size: PHONE,
    theme: 'dark',
    reducedMotion: true,
  });
  await eventually(() => visited.page.locator('.next-boot').count()).toBe(1);
  await expectSound(visited);
  await shot(visited.page, 'mcuboot-phone-dark');
  expect(visited.faults).toEqual([]);
});

describe('a story in an address', () => {
  test('is read as it was written', () => {
    const text = 'b57t.b.k.b3c.b9x';
    const story = readStory(text);
    expect(story).toHaveLength(5);
    expect(storyText(story ?? [])).toBe(text);
  });

  test('is not read where it is none', () => {
    for (const text of ['', 'x', 'b12', 'b1t,b', 'b.'.repeat(50), 'b1234567t']) {
      expect(readStory(text)).toBe(undefined);
    }
  });
});
