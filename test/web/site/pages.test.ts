import { describe, expect, test } from 'vitest';
import { DESK, PHONE, expectSound, shot, visit } from '../site.ts';

const pages = [
  '',
  'flasher/',
  'lab/',
  'lab/mcuboot/',
  'lab/dump/',
  'docs/',
  'docs/readme/',
  'docs/endings/',
];
const sizes = { phone: PHONE, desk: DESK };
const looks = [
  ['phone', 'dark'],
  ['desk', 'light'],
] as const;

describe.each(pages)('/%s', (path) => {
  const name = path.replaceAll('/', '-') || 'start-';

  test('is sound on a phone and on a desk, light and dark', async (context) => {
    const visited = await visit(context, path, { size: PHONE });
    const { page } = visited;
    // Each size and each theme once: what they have to do with one another is said by no page.
    for (const [size, colorScheme] of looks) {
      await page.setViewportSize(sizes[size]);
      await page.emulateMedia({ colorScheme });
      await shot(page, `${name}${size}-${colorScheme}`);
      await expectSound(visited);
    }
    expect(await page.locator('h1').count()).toBe(1);
  });

  test('is the same in a folder of its host', async (context) => {
    const { page, faults } = await visit(context, path, { inFolder: true });
    expect(await page.locator('site-theme select').count()).toBe(1);
    expect(faults).toEqual([]);
  });
});
