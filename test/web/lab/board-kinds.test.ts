import { expect, test } from 'vitest';
import { LONG, lab, says } from './board-page.ts';

test('a board that takes nothing by USB: the files to try go into its flash by the programmer', async (context) => {
  const { page, decision, problem, faults } = await lab(context, '?board=rpi_pico&start=empty');
  const flashPart = page.locator('#flash');
  await says(page.locator('#flasher'), 'Nothing on this board takes updates by USB');
  const before = await flashPart.textContent();
  await page.locator('.samples').getByRole('button', { name: 'hello-world' }).click();
  await says(decision, 'the application runs');
  await says(page.locator('lab-console .log'), 'Hello World!');
  await expect.poll(() => flashPart.textContent(), LONG).not.toBe(before);
  expect(await problem.count()).toBe(0);
  expect(faults).toEqual([]);
});
