import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { need } from '../../support/needs.ts';
import { PHONE, axeViolations, expectSound, overflowPx, shot, visit } from '../site.ts';

const root = resolve(import.meta.dirname, '../../..');
const guides = readdirSync(resolve(root, 'docs')).filter((name) => name.endsWith('.md'));

test('every guide is in the list, and is a page', async (context) => {
  const { page, faults } = await visit(context, 'docs/');
  const links = await page
    .locator('main a')
    .evaluateAll((all) => all.map((link) => (link as unknown as { href: string }).href));
  const base = page.url();
  for (const name of guides)
    expect(links).toContain(new URL(`${name.replace('.md', '').toLowerCase()}/`, base).href);
  // Each of them, and what a README leads to.
  for (const link of new Set(links)) {
    const { status } = await page.evaluate<{ status: number }>(
      `fetch(${JSON.stringify(link)}).then(({ status }) => ({ status }))`,
    );
    expect([link, status]).toEqual([link, 200]);
  }
  expect(faults).toEqual([]);
});

// As wide as they get: tables, commands and addresses.
test.for(['readme', 'seeds', 'departures', 'json', 'board-json', 'quirks'])(
  'on a phone %s is not wider than its window',
  async (name, context) => {
    const { page, faults } = await visit(context, `docs/${name}/`, { size: PHONE });
    expect(await overflowPx(page)).toBe(0);
    expect(faults).toEqual([]);
  },
);

test('a link into a page leads to its heading', async (context) => {
  const { page, faults } = await visit(context, 'docs/readme/');
  await page.locator('article a[href="#as-a-library"]').first().click();
  expect(await page.locator('#as-a-library').evaluate(isInView)).toBe(true);
  await page.locator('article').getByRole('link', { name: 'traces', exact: true }).first().click();
  await page.waitForURL('**/docs/traces/');
  expect(await page.locator('h1').textContent()).toContain('Traces');
  expect(faults).toEqual([]);
});

function isInView(element: { getBoundingClientRect(): { top: number } }): boolean {
  const { top } = element.getBoundingClientRect();
  return top >= 0 && top < 900;
}

test('an example that a document leads to can be read', async (context) => {
  const { page, faults } = await visit(context, 'docs/readme/');
  await page.getByRole('link', { name: 'flash-in-ten-lines.mjs' }).click();
  await page.waitForURL('**/flash-in-ten-lines.mjs/');
  expect(await page.locator('pre').textContent()).toContain("from 'dfukit'");
  expect(faults).toEqual([]);
});

describe('the search', () => {
  test('finds a section by its words, and leads there', async (context) => {
    const visited = await visit(context, 'docs/errors/', { size: PHONE });
    const { page } = visited;
    await page.getByRole('searchbox').fill('power cuts bootloader');
    const first = page.locator('site-search li a').first();
    await first.waitFor();
    await shot(page, 'docs-search-phone-light');
    await expectSound(visited);
    const [hash = ''] = /#.*/.exec((await first.getAttribute('href')) ?? '') ?? [];
    expect(hash).toMatch(/power-cuts/);
    await first.press('Enter');
    await page.waitForURL(`**/docs/**${hash}`);
    expect(await page.locator(hash).count()).toBe(1);
    expect(visited.faults).toEqual([]);
  });

  test('says when there is nothing, and is put away with Escape', async (context) => {
    const { page, faults } = await visit(context, 'docs/');
    const field = page.getByRole('searchbox');
    await field.fill('qwertzuiop');
    await page.getByText('No section has all of these words.').waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await field.press('Escape');
    expect(await page.locator('site-search .results').count()).toBe(0);
    expect(faults).toEqual([]);
  });
});

const reference = existsSync(resolve(root, 'dist-api/index.html'))
  ? undefined
  : { what: 'the API reference', install: 'npm run docs' };

test('the API reference is a part of the site', async (context) => {
  need(context, reference);
  const { page, faults } = await visit(context, 'api/', { inFolder: true });
  await page.getByRole('link', { name: 'host/public', exact: true }).first().click();
  await page.waitForURL('**/api/modules/**');
  await page.locator('#tsd-search-trigger').click();
  await page.locator('#tsd-search-input').fill('flashFile');
  await page.locator('#tsd-search-results li').first().waitFor();
  await page.keyboard.press('Escape');
  await page.locator('#tsd-toolbar-links').getByRole('link', { name: 'Guides' }).click();
  await page.waitForURL('**/some/folder/docs/');
  expect(faults).toEqual([]);
});
