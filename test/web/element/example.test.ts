import { readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { shot } from '../site.ts';
import { ElementPage } from './element-page.ts';
import { ServedBoard } from './served-board.ts';

const folder = resolve(import.meta.dirname, '../../../examples/web-flasher');
const files = Object.fromEntries(
  readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(resolve(folder, name)))]),
);

test('the example’s page is sound as it stands, and waits for a device', async (context) => {
  const opened = await ElementPage.open(context, { files });
  await opened.element.getByText('Hello lamp').waitFor();
  await opened.button('Connect a device').waitFor();
  expect(await opened.button('Connect a device').isEnabled()).toBe(true);
  await opened.expectSound();
  await shot(opened.page, 'example');
});

test('the example’s page flashes its board', async (context) => {
  const opened = await ElementPage.open(context, { files });
  await opened.plug(await ServedBoard.start(context, 'particle-xenon'));
  await opened.button('Connect a device').click();
  await opened.chose('hello-2.bin');
  expect(await opened.page.getByText('Thank you').isVisible()).toBe(false);
  await opened.button('Flash').click();
  await opened.reached('ended');
  await opened.page.getByText('Thank you').waitFor();
  await opened.expectSound();
});
