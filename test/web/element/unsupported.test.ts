import { expect, test } from 'vitest';
import { shot } from '../site.ts';
import { ElementPage } from './element-page.ts';
import { ServedBoard } from './served-board.ts';

/** As Firefox and Safari are. */
const without = 'delete Navigator.prototype.usb;';

/** A server that does not answer. */
const neverFetch = 'globalThis.fetch = () => new Promise(() => {});';

test('a browser without WebUSB is said to be one, and what to do', async (context) => {
  const opened = await ElementPage.open(context, { before: without });
  await opened.element.getByText('This browser cannot reach USB devices').waitFor();
  expect(await opened.state()).toMatchObject({ step: 'unsupported', why: 'no-usb' });
  expect(await opened.button(/./).count()).toBe(0);
  await opened.expectSound();
  await shot(opened.page, 'element-no-usb');
});

test('that is said at once, whatever becomes of the manifest', async (context) => {
  const body = '<dfu-flasher manifest="manifest.json"></dfu-flasher>';
  const opened = await ElementPage.open(context, { before: `${without}${neverFetch}`, body });
  await opened.element.getByText('This browser cannot reach USB devices').waitFor();
  const gone = await ElementPage.open(context, { before: without, body });
  await gone.page.waitForResponse('**/manifest.json').catch(() => undefined);
  await gone.element.getByText('This browser cannot reach USB devices').waitFor();
  expect(await gone.button(/./).count()).toBe(0);
});

test('so is a page that came by http', async (context) => {
  const opened = await ElementPage.open(context, { origin: 'http://maker.test' });
  await opened.element.getByText('begins with https://').waitFor();
  expect(await opened.state()).toMatchObject({ step: 'unsupported', why: 'insecure' });
  await opened.expectSound();
});

test('so is a page whose policy keeps it from USB', async (context) => {
  const headers = { 'permissions-policy': 'usb=()' };
  const opened = await ElementPage.open(context, { headers });
  await opened.element.getByText('This page may not use USB').waitFor();
  expect(await opened.state()).toMatchObject({ step: 'unsupported', why: 'not-allowed' });
  expect(await opened.axe()).toEqual([]);
  // The browser's own word for it.
  expect(opened.faults).toEqual([expect.stringContaining('Permissions policy violation')]);
});

test('the page’s own words stand there instead', async (context) => {
  const body = `<dfu-flasher><p slot="unsupported">Call us.</p>
    <p slot="not-allowed">Ask your administrator.</p></dfu-flasher>`;
  const noUsb = await ElementPage.open(context, { before: without, body });
  await noUsb.page.getByText('Call us.').waitFor();
  expect(await noUsb.element.getByText('This browser cannot').isVisible()).toBe(false);
  expect(await noUsb.page.getByText('Ask your administrator.').isVisible()).toBe(false);
  const insecure = await ElementPage.open(context, { origin: 'http://maker.test', body });
  await insecure.page.getByText('Ask your administrator.').waitFor();
  expect(await insecure.page.getByText('Call us.').isVisible()).toBe(false);
});

test('a bus of the page’s own needs no WebUSB', async (context) => {
  const opened = await ElementPage.open(context, { before: without });
  await opened.element.getByText('This browser cannot reach USB devices').waitFor();
  await opened.plug(await ServedBoard.start(context, 'particle-xenon'));
  await opened.button('Connect a device').click();
  expect((await opened.reached('connected')).device.id).toBe('1209:7d02');
});
