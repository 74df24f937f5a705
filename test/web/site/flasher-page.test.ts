import { expect, test } from 'vitest';
import { PHONE, expectSound, shot, visit } from '../site.ts';

test('whoever has no device flashes a virtual board, and shares it by its address', async (context) => {
  const visited = await visit(context, 'flasher/');
  const { page, faults } = visited;
  await page.getByLabel('Device', { exact: true }).selectOption('particle-xenon');
  await page.waitForURL('**/flasher/?board=particle-xenon');
  await page.getByRole('button', { name: 'saul, version 3, for slot 1' }).click();
  const flash = page.getByRole('button', { name: 'Flash', exact: true });
  await flash.click();
  // It is asked into DFU mode first, where it says which places it has; then it is looked at again.
  await page.getByLabel('RIOT-OS Slot 1').waitFor();
  await flash.click();
  await page.getByRole('button', { name: 'Save the log' }).waitFor({ timeout: 100_000 });
  expect(await page.getByText(/version 3/).count()).toBeGreaterThan(0);
  await shot(page, 'flasher-ended-desk-light');
  await expectSound(visited);
  await page.setViewportSize(PHONE);
  await page.emulateMedia({ colorScheme: 'dark' });
  await shot(page, 'flasher-ended-phone-dark');
  await expectSound(visited);

  await page.reload();
  await page.getByRole('button', { name: 'saul, version 3, for slot 1' }).waitFor();
  await page.goBack();
  await page.waitForURL('**/flasher/');
  expect(await page.getByLabel('Device', { exact: true }).inputValue()).toBe('');
  expect(await page.getByRole('button', { name: /^saul/ }).count()).toBe(0);
  expect(faults).toEqual([]);
});

test('a board that nobody knows is the computer’s own USB', async (context) => {
  const visited = await visit(context, 'flasher/?board=none-such');
  expect(await visited.page.getByLabel('Device', { exact: true }).inputValue()).toBe('');
  await visited.page.getByRole('button', { name: 'Connect a device' }).waitFor();
  await expectSound(visited);
});
