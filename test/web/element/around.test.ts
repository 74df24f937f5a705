import { expect, test } from 'vitest';
import { ElementPage, WAIT } from './element-page.ts';
import { ServedBoard } from './served-board.ts';
import { xenonFirmware } from './xenon-page.ts';

const MANIFEST = 'manifest.json';

/** The inner distance of the element's panel, which its style sheet sets. */
async function paddingIn(opened: ElementPage): Promise<string> {
  return opened.page.evaluate(() => {
    const { flasher } = globalThis as unknown as { readonly flasher: HTMLElement };
    const panel = flasher.shadowRoot?.querySelector('[part=panel]');
    const view = flasher.ownerDocument.defaultView;
    return panel && view ? view.getComputedStyle(panel).padding : 'not there';
  });
}

test('of two for one device one is told what its server answers in place of files, and one flashes while it is carried about', async (context) => {
  const opened = await ElementPage.open(context, {
    body: '<dfu-flasher alt="0"></dfu-flasher><dfu-flasher alt="0"></dfu-flasher><iframe title="frame"></iframe>',
    files: { [MANIFEST]: '<!doctype html><title>Not here</title>', 'page.bin': '<!doctype html>' },
  });
  const { page } = opened;
  const port = await opened.plug(await ServedBoard.start(context, 'particle-xenon'));
  await page.evaluate('Object.assign(document.querySelectorAll("dfu-flasher")[1], { bus: bus0 })');
  const second = page.locator('dfu-flasher').nth(1);

  // What a server answers for a file that it does not have is no firmware, and no manifest.
  await second.evaluate((element) => element.setAttribute('manifest', 'manifest.json'));
  const saysSecond = (): Promise<string | null> => second.getByRole('status').textContent();
  await expect.poll(saysSecond, WAIT).toMatch(/expected JSON, got a web page/);
  await second.evaluate((element) => {
    element.removeAttribute('manifest');
    element.setAttribute('src', 'page.bin');
  });
  await second.getByRole('button', { name: 'Connect a device' }).click();
  await expect.poll(saysSecond, WAIT).toMatch(/web page, no firmware/);

  await opened.button('Connect a device').click();
  await opened.reached('connected');
  await opened.pick('first.bin', await xenonFirmware());
  await opened.chose('first.bin');
  port.holdAfter(3);
  await opened.button('Flash').click();
  await expect.poll(() => port.blocks, WAIT).toBe(3);

  // It has the device and is carried about.
  await page.evaluate(() => {
    const flasher = document.querySelector('dfu-flasher');
    const frame = document.querySelector('iframe');
    Object.assign(globalThis, { flasher });
    if (flasher) frame?.contentDocument?.body.append(flasher);
  });
  expect(await paddingIn(opened)).toBe('16px');
  await page.evaluate(() => {
    const { flasher } = globalThis as unknown as { readonly flasher: HTMLElement };
    document.querySelector('iframe')?.remove();
    document.querySelector('main')?.prepend(flasher);
  });
  expect(await paddingIn(opened)).toBe('16px');
  port.release();
  const { ending } = await opened.reached('ended');
  expect(ending.outcome).toBe('written');
  await opened.expectSound();
});
