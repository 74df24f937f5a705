import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { DfuFlasherElement } from '../../../src/dfu-flasher/public.ts';
import { shot } from '../site.ts';
import { ElementPage, WAIT } from './element-page.ts';
import { ServedBoard, folderOf } from './served-board.ts';
import type { PagePort } from './served-board.ts';
import { runningXenon, xenonFirmware, xenonPage } from './xenon-page.ts';
import type { XenonPage } from './xenon-page.ts';

/** As far as nothing passes the cable any more. */
async function inTheMiddle({ opened, board }: XenonPage, asking = false): Promise<PagePort> {
  const port = await opened.plug(board, { asking });
  port.holdAfter(5);
  await opened.button('Connect a device').click();
  await opened.chose('0.bin');
  await opened.button('Flash').click();
  await expect.poll(() => port.blocks, WAIT).toBe(5);
  await opened.element.getByRole('progressbar').waitFor();
  return port;
}

test('is watched: a bar, amounts, and what can be done', async (context) => {
  const { opened, board } = await xenonPage(context);
  await shot(opened.page, 'element-idle');
  const port = await inTheMiddle({ opened, board });
  const bar = opened.element.getByRole('progressbar', { name: 'Writing' });
  expect(await bar.getAttribute('aria-valuetext')).toMatch(/^\d+ bytes of \d\.\d kB/);
  await opened.expectSound();
  await shot(opened.page, 'element-working');
  port.release();
  await opened.reached('ended');
  expect(await opened.status.textContent()).toMatch(/^Done: /);
  await opened.expectSound();
  await shot(opened.page, 'element-ended');

  const [download] = await Promise.all([
    opened.page.waitForEvent('download'),
    opened.button('Save the log').click(),
  ]);
  expect(download.suggestedFilename()).toBe('dfu-flasher.log');
  const file = join(folderOf(context), 'log');
  await download.saveAs(file);
  const log = readFileSync(file, 'utf8');
  expect(log).toContain('1209:7d02');
  expect(opened.faults).toEqual([]);
});

test('is stopped by a person, and begun again', async (context) => {
  const { opened, board } = await xenonPage(context);
  const port = await inTheMiddle({ opened, board });
  await opened.button('Stop').click();
  await opened.element.getByText('Stopping as soon as').first().waitFor();
  await opened.expectSound();
  port.release();
  const { ending } = await opened.reached('ended');
  expect(ending).toMatchObject({ rating: 'bad', outcome: 'partly-written' });
  expect(await opened.status.textContent()).toMatch(/^Cancelled in the middle/);
  await opened.expectSound();
  await opened.button('Start again').click();
  await opened.chose('0.bin');
  await opened.button('Flash').click();
  await opened.reached('ended');
  expect(await opened.status.textContent()).toMatch(/^Done: /);
});

test('says so when the board is unplugged in the middle', async (context) => {
  const { opened, board } = await xenonPage(context);
  const port = await inTheMiddle({ opened, board });
  await board.process.command({ command: 'unplug' });
  port.release();
  const { ending } = await opened.reached('ended');
  expect(ending).toMatchObject({ rating: 'bad', outcome: 'partly-written' });
  expect(await opened.status.textContent()).toMatch(/unplugged in the middle/);
  await opened.element.getByText('flash it again').waitFor();
  await opened.expectSound();
  await shot(opened.page, 'element-unplugged');
});

test('asks for a second permission, says why, and goes on', async (context) => {
  // With a firmware in it the board is in run-time mode, and another device in DFU mode.
  const { opened, board } = await xenonPage(context, [{}], {}, await runningXenon(context));
  await opened.plug(board, { asking: true });
  await opened.button('Connect a device').click();
  await opened.chose('0.bin');
  expect(await opened.asked()).toHaveLength(1);
  await opened.button('Flash').click();
  const allow = opened.button('Choose the device again');
  await allow.waitFor();
  await opened.element.getByText('asks once more').waitFor();
  await expect.poll(() => opened.focused(), WAIT).toBe('Choose the device again');
  await opened.expectSound();
  await shot(opened.page, 'element-permission');

  await opened.page.evaluate('bus0.choosesNone = true');
  await allow.click();
  await expect.poll(() => opened.asked(), WAIT).toHaveLength(2);
  await allow.waitFor();
  await opened.page.evaluate('bus0.choosesNone = false');
  await allow.click();
  await opened.reached('ended');
  expect(await opened.status.textContent()).toMatch(/^Done: /);
  expect(await opened.asked()).toHaveLength(3);
  await opened.expectSound();
});

test('lets go of a device that nobody allows in its other mode', async (context) => {
  const { opened, board } = await xenonPage(context, [{}], {}, await runningXenon(context));
  await opened.plug(board, { asking: true });
  await opened.button('Connect a device').click();
  await opened.chose('0.bin');
  await opened.button('Flash').click();
  await opened.button('Choose the device again').waitFor();
  await opened.button('Stop').click();
  const { ending } = await opened.reached('ended');
  expect(ending).toMatchObject({ rating: 'bad', outcome: 'unchanged' });
  await opened.expectSound();
});

test('goes on when the element leaves the page, and holds the page only while it works', async (context) => {
  const { opened, board } = await xenonPage(context);
  const held = (): Promise<boolean> =>
    opened.page.evaluate(
      () => !globalThis.dispatchEvent(new Event('beforeunload', { cancelable: true })),
    );
  expect(await held()).toBe(false);
  const port = await inTheMiddle({ opened, board });
  expect(await held()).toBe(true);
  const ended = opened.page.evaluate(
    () =>
      new Promise((resolve) => {
        const element = document.querySelector('dfu-flasher') as DfuFlasherElement;
        element.addEventListener('dfu-ended', ({ detail }) => resolve(detail));
        element.remove();
      }),
  );
  port.release();
  expect(await ended).toMatchObject({ rating: 'good' });
  expect(await held()).toBe(false);
});

test('lets go of a device when the element leaves the page before anything is sent', async (context) => {
  const { opened, board } = await xenonPage(context);
  await opened.plug(board);
  await opened.button('Connect a device').click();
  await opened.chose('0.bin');
  const step = await opened.element.evaluate(async (element) => {
    element.remove();
    await new Promise((done) => void setTimeout(done, 0));
    return (element as DfuFlasherElement).state.step;
  });
  expect(step).toBe('idle');
});

test('works by the keyboard alone', async (context) => {
  const { opened, board } = await xenonPage(context);
  await opened.plug(board);
  await opened.button('Connect a device').waitFor();
  await opened.page.keyboard.press('Tab');
  await opened.page.keyboard.press('Enter');
  await opened.chose('0.bin');
  // The button has gone; who pressed it is at the line that says what has come of it.
  await expect.poll(() => opened.focused(), WAIT).toMatch(/can be flashed/);
  await opened.tabTo('Flash');
  await opened.page.keyboard.press('Enter');
  await opened.reached('ended');
  await expect.poll(() => opened.focused(), WAIT).toMatch(/^Done: /);
  await opened.tabTo('Save the log');
  await opened.expectSound();
});

test('two on a page know nothing of each other', async (context) => {
  const one = '<dfu-flasher manifest="firmware/manifest.json"></dfu-flasher>';
  const { opened, board } = await xenonPage(context, [{}], {
    body: `${one}<dfu-flasher></dfu-flasher>`,
  });
  const other = await ServedBoard.start(context, 'particle-xenon', '--serial', 'OTHER');
  const port = await inTheMiddle({ opened, board });
  await opened.plug(other, { at: 1 });
  const second = opened.page.locator('dfu-flasher').nth(1);
  await second.getByRole('button', { name: 'Connect a device' }).click();
  await second.getByText('OTHER').waitFor();
  expect(await second.evaluate((element) => (element as DfuFlasherElement).state.step)).toBe(
    'connected',
  );
  await opened.expectSound();
  port.release();
  await opened.reached('ended');
  expect(await second.evaluate((element) => (element as DfuFlasherElement).state.step)).toBe(
    'connected',
  );
});

test('a file is dropped on it', async (context) => {
  const opened = await ElementPage.open(context);
  await opened.plug(await ServedBoard.start(context, 'particle-xenon'));
  await opened.button('Connect a device').click();
  await opened.reached('connected');
  const bytes = [...(await xenonFirmware())];
  const drop = (...names: readonly string[]): Promise<void> =>
    opened.element.evaluate(
      (element, given) => {
        const dataTransfer = new DataTransfer();
        for (const name of given.names)
          dataTransfer.items.add(new File([new Uint8Array(given.bytes)], name));
        const panel = element.shadowRoot?.querySelector('[part="panel"]');
        panel?.dispatchEvent(new DragEvent('dragover', { dataTransfer, cancelable: true }));
        panel?.dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }));
      },
      { names, bytes },
    );
  await drop('a.bin', 'b.bin');
  await opened.element.getByText('Drop one file').waitFor();
  await drop('dropped.bin');
  await opened.chose('dropped.bin');
  expect(await opened.status.textContent()).not.toMatch(/Drop one file/);
  await opened.expectSound();
});

test('says everything in the words of the page, from right to left', async (context) => {
  const { opened, board } = await xenonPage(context);
  await opened.page.evaluate(() => {
    document.documentElement.lang = 'he';
    document.documentElement.dir = 'rtl';
    const element = document.querySelector('dfu-flasher') as DfuFlasherElement;
    element.texts = {
      connect: 'חיבור',
      flash: 'צריבה',
      ready: ({ name }) => `${name} מוכן`,
      sentences: {
        'ended-written-runs': '{bytes} בתים נכתבו',
        'ended-written': '{bytes} בתים נכתבו',
      },
    };
  });
  await opened.plug(board);
  await opened.button('חיבור').click();
  await opened.chose('0.bin');
  await opened.element.getByText('0.bin מוכן').waitFor();
  await opened.expectSound();
  await shot(opened.page, 'element-rtl');
  await opened.button('צריבה').click();
  await opened.reached('ended');
  expect(await opened.status.textContent()).toMatch(/^\d+ בתים נכתבו/);
});

test('the button may be the page’s own', async (context) => {
  const body = '<dfu-flasher><button slot="button">Install</button></dfu-flasher>';
  const opened = await ElementPage.open(context, { body });
  await opened.plug(await ServedBoard.start(context, 'particle-xenon'));
  await opened.page.getByRole('button', { name: 'Install' }).click();
  await opened.reached('connected');
  expect(await opened.page.getByRole('button', { name: 'Install' }).isVisible()).toBe(false);
  await opened.button('Disconnect').click();
  await opened.page.getByRole('button', { name: 'Install' }).waitFor();
  await opened.expectSound();
});

test('tells of every step', async (context) => {
  const { opened, board } = await xenonPage(context);
  await opened.page.evaluate(() => {
    const told: string[] = [];
    Object.assign(globalThis, { told });
    for (const type of ['connected', 'chosen', 'progress', 'event', 'ended'])
      document.addEventListener(`dfu-${type}`, () => told.push(type));
  });
  await opened.plug(board);
  await opened.button('Connect a device').click();
  await opened.chose('0.bin');
  await opened.button('Flash').click();
  await opened.reached('ended');
  const told = (await opened.page.evaluate('told')) as readonly string[];
  expect(told.filter((each) => each !== 'progress' && each !== 'event')).toEqual([
    'connected',
    'chosen',
    'ended',
  ]);
  expect(told.filter((each) => each === 'progress').length).toBeGreaterThan(5);
  expect(told).toContain('event');
});

test('is defined once, however often its module comes', async (context) => {
  const opened = await ElementPage.open(context, {
    files: {
      'again.js':
        "import './dfu-flasher.js'; import './dfu-flasher.js?2'; globalThis.cameTwice = true;",
    },
    body: '<dfu-flasher></dfu-flasher><script type="module" src="again.js"></script>',
  });
  await expect.poll(() => opened.page.evaluate('globalThis.cameTwice'), WAIT).toBe(true);
  await opened.button('Connect a device').waitFor();
  expect(opened.faults).toEqual([]);
});

test.for([
  [280, 'light'],
  [280, 'dark'],
  [1400, 'dark'],
] as const)('%i pixels wide, %s', async ([width, theme], context) => {
  const { opened, board } = await xenonPage(context, [{ notes: 'Faster.' }], { width, theme });
  const port = await opened.plug(board);
  port.holdAfter(5);
  const look = async (name: string): Promise<void> => {
    await opened.expectSound();
    await shot(opened.page, `element-${name}-${width}-${theme}`);
  };
  await look('idle');
  await opened.button('Connect a device').click();
  await opened.chose('0.bin');
  await look('chosen');
  await opened.button('Flash').click();
  await expect.poll(() => port.blocks, WAIT).toBe(5);
  await look('working');
  port.release();
  await opened.reached('ended');
  await look('ended');
});
