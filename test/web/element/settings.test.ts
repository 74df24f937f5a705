import { describe, expect, test } from 'vitest';
import { generateKey, writePublicPem } from '../../../src/image/index.ts';
import type { DfuFlasherElement } from '../../../src/dfu-flasher/public.ts';
import { shot } from '../site.ts';
import { ElementPage, WAIT } from './element-page.ts';
import { ServedBoard } from './served-board.ts';
import { hashOf, manifestOf } from './test-manifest.ts';
import { xenonFirmware, xenonIds, xenonPage } from './xenon-page.ts';

const MANIFEST = 'firmware/manifest.json';
const body = `<dfu-flasher manifest="${MANIFEST}"></dfu-flasher>`;

describe('a manifest', () => {
  test.for([
    ['is not there', {}, /is not there \(HTTP status 404\)/],
    ['is no JSON', { [MANIFEST]: '<html>' }, /JSON/],
    ['lacks what it has to have', { [MANIFEST]: '{"manifest":1}' }, /product/],
    ['is too large', { [MANIFEST]: ' '.repeat(1_100_000) }, /1048576 bytes at most/],
  ] as const)('that %s is told of, and asked for again', async ([, files, words], context) => {
    const opened = await ElementPage.open(context, { body, files });
    await expect.poll(() => opened.status.textContent(), WAIT).toMatch(words);
    expect(await opened.axe()).toEqual([]);
    const { manifest } = manifestOf(xenonIds, [{ bytes: new Uint8Array(8) }]);
    await opened.page.route(`**/${MANIFEST}`, (route) => route.fulfill({ json: manifest }));
    await opened.button('Try again').click();
    await opened.element.getByText('The maker’s product').waitFor();
    await opened.button('Connect a device').waitFor();
  });

  test('may be an object, and change', async (context) => {
    const bytes = await xenonFirmware();
    const { manifest, files } = manifestOf(xenonIds, [{ bytes, alternate: 0 }]);
    const opened = await ElementPage.open(context, {
      files: { '0.bin': files['firmware/0.bin'] ?? '' },
    });
    await opened.plug(await ServedBoard.start(context, 'particle-xenon'));
    await opened.set({ manifest });
    await opened.button('Connect a device').click();
    await opened.chose('0.bin');
    await opened.set({ manifest: { ...manifest, product: 'Another product' } });
    await opened.element.getByText('Another product').waitFor();
    expect((await opened.state()).step).toBe('idle');
    await opened.button('Connect a device').click();
    await opened.chose('0.bin');
    // Boards with one loader: in DFU mode a person says which it is.
    const dfuUsb = ['1209:7d02'];
    const boards = [
      { name: 'Lamp', usb: ['1209:7d00'], dfuUsb },
      { name: 'Ring', usb: ['1209:7d05'], dfuUsb },
    ];
    await opened.set({ manifest: { ...manifest, boards } });
    await opened.button('Connect a device').click();
    await expect
      .poll(() => opened.status.textContent(), WAIT)
      .toMatch(/does not tell in this mode/);
    await opened.expectSound();
    await opened.element.getByRole('button', { name: /^Ring/ }).click();
    await opened.chose('0.bin');
    await opened.element.getByText('That the device is Ring was said by a person').waitFor();
  });

  test('offers the releases of a channel, with their notes', async (context) => {
    const notes = 'Faster.\nAnd <b>bolder</b>.';
    const { opened, board } = await xenonPage(context, [
      { version: '1.0.0' },
      { version: '1.1.0', notes },
      { version: '2.0.0-rc.1', channel: 'beta' },
    ]);
    await opened.plug(board);
    await opened.button('Connect a device').click();
    await opened.reached('connected');
    const versions = opened.element.getByRole('radio');
    expect(await versions.count()).toBe(2);
    await opened.element.getByText('What is new').click();
    await opened.element.getByText('And <b>bolder</b>.').waitFor();
    await opened.expectSound();
    await shot(opened.page, 'element-offers');
    await opened.element.getByLabel('1.1.0').check();
    await opened.chose('1.bin');
    await opened.set({ channel: 'beta' });
    await opened.button('Connect a device').click();
    await opened.chose('2.bin');
  });

  test('that is still on its way is waited for: a click is not lost', async (context) => {
    const bytes = await xenonFirmware();
    const { manifest, files } = manifestOf(xenonIds, [{ bytes, alternate: 0 }]);
    const opened = await ElementPage.open(context, {
      body: '<dfu-flasher><button slot="button">Install</button></dfu-flasher>',
      files,
    });
    await opened.plug(await ServedBoard.start(context, 'particle-xenon'));
    let arrive = (): void => {};
    const late = new Promise<void>((done) => (arrive = done));
    await opened.page.route(`**/${MANIFEST}`, async (route) => {
      await late;
      await route.fulfill({ json: manifest });
    });
    await opened.set({ manifest: MANIFEST });
    await opened.page.getByRole('button', { name: 'Install' }).click();
    expect((await opened.state()).step).toBe('idle');
    arrive();
    await opened.chose('0.bin');
    await opened.expectSound();
  });

  test('for another board refuses this one', async (context) => {
    const { manifest } = manifestOf(['1234:5678'], [{ bytes: new Uint8Array(8) }]);
    const opened = await ElementPage.open(context, {
      body,
      files: { [MANIFEST]: JSON.stringify(manifest) },
    });
    await opened.plug(await ServedBoard.start(context, 'particle-xenon'));
    await opened.button('Connect a device').click();
    await expect.poll(() => opened.status.textContent(), WAIT).toMatch(/not a device that this/);
    await opened.expectSound();
  });

  test.for([
    ['another hash', { sha256: hashOf(new Uint8Array(1)) }, /not the one that the manifest lists/],
    ['a file that is not there', { bytes: new Uint8Array(0) }, /could not be loaded.*404/],
  ] as const)('with %s sends nothing', async ([, offered, words], context) => {
    const missing = 'bytes' in offered;
    const more = missing ? { files: { 'firmware/0.bin': undefined } } : {};
    const { opened, board } = await xenonPage(context, [missing ? {} : offered], more);
    const port = await opened.plug(board);
    await opened.button('Connect a device').click();
    await expect.poll(() => opened.status.textContent(), WAIT).toMatch(words);
    const flash = opened.element.locator('button:enabled', { hasText: 'Flash' });
    expect(await flash.count()).toBe(0);
    expect(await opened.axe()).toEqual([]);
    expect(port.blocks).toBe(0);
  });
});

describe('the other settings', () => {
  test('src: one file, fetched once a device is there', async (context) => {
    const opened = await ElementPage.open(context, {
      body: '<dfu-flasher src="my%20firmware.bin" alt="0"></dfu-flasher>',
      files: { 'my%20firmware.bin': await xenonFirmware() },
    });
    await opened.plug(await ServedBoard.start(context, 'particle-xenon'));
    await opened.button('Connect a device').click();
    await opened.chose('my firmware.bin');
    await opened.button('Flash').waitFor();
    expect(await opened.button('Flash').isEnabled()).toBe(true);
    expect(await opened.button('Choose a file…').count()).toBe(0);
    await opened.expectSound();
  });

  test('src that is not there is told of, and asked for again', async (context) => {
    const opened = await ElementPage.open(context, {
      body: '<dfu-flasher src="x.bin"></dfu-flasher>',
    });
    await opened.plug(await ServedBoard.start(context, 'particle-xenon'));
    await opened.button('Connect a device').click();
    await expect.poll(() => opened.status.textContent(), WAIT).toMatch(/x\.bin.*is not there/);
    const file = Buffer.from(await xenonFirmware());
    await opened.page.route('**/x.bin', (route) => route.fulfill({ body: file }));
    await opened.button('Fetch it again').click();
    await opened.chose('x.bin');
  });

  test('expected-key: what it has not signed is not sent', async (context) => {
    const pem = writePublicPem(await generateKey('ed25519'));
    for (const [key, files] of [
      [pem, {}],
      ['key.pem', { 'key.pem': pem }],
    ] as const) {
      const opened = await ElementPage.open(context, { files });
      await opened.plug(await ServedBoard.start(context, 'particle-xenon'));
      await opened.set({ expectedKey: key });
      await opened.button('Connect a device').click();
      await opened.reached('connected');
      await opened.pick('plain.bin', await xenonFirmware());
      await opened.chose('plain.bin');
      await expect.poll(() => opened.status.textContent(), WAIT).toMatch(/no MCUboot image/);
      expect(await opened.button('Flash').isEnabled()).toBe(false);
      await opened.expectSound();
    }
  });

  test('expected-key that is no text is told of, and not taken for none', async (context) => {
    const opened = await ElementPage.open(context);
    await opened.set({ expectedKey: {} as never });
    await expect.poll(() => opened.status.textContent(), WAIT).toMatch(/expected-key: expected a/);
    await opened.button('Try again').waitFor();
    await opened.expectSound();
  });

  test('what is null is not set, as frameworks write it', async (context) => {
    const opened = await ElementPage.open(context);
    await opened.plug(await ServedBoard.start(context, 'particle-xenon'));
    await opened.element.evaluate((element) => {
      const names = ['manifest', 'src', 'filters', 'alt', 'expectedKey', 'verify', 'channel'];
      for (const name of [...names, 'fetchFile', 'texts']) Object.assign(element, { [name]: null });
    });
    await opened.button('Connect a device').click();
    await opened.reached('connected');
    await opened.pick('plain.bin', await xenonFirmware());
    await opened.chose('plain.bin');
    expect((await opened.state()).step).toBe('chosen');
    await opened.expectSound();
  });

  test('texts: what a translation lacks stays in English', async (context) => {
    const opened = await ElementPage.open(context);
    await opened.plug(await ServedBoard.start(context, 'particle-xenon'));
    await opened.element.evaluate((element) => {
      const texts = { connect: '<b>Verbinden</b>', hint: undefined, found: 'Da ist es.' };
      Object.assign(element, { texts: { ...texts, ratings: { good: 'Gut' }, sentences: null } });
    });
    await opened.element.getByText('Plug the device in').waitFor();
    await opened.button('<b>Verbinden</b>').click();
    await opened.element.getByText('Da ist es.').waitFor();
    await opened.pick('plain.bin', await xenonFirmware());
    await opened.element.getByText('Note: ').first().waitFor({ state: 'attached' });
    expect(await opened.button('Flash').count()).toBe(1);
    await opened.expectSound();
  });

  test('filters that are none are told of', async (context) => {
    for (const filters of ['nonsense', '[{"productId":1}]', '[{"vendorId":"1209"}]']) {
      const opened = await ElementPage.open(context, {
        body: `<dfu-flasher filters='${filters}'></dfu-flasher>`,
      });
      await expect
        .poll(() => opened.status.textContent(), WAIT)
        .toMatch(/filters: expected a list/);
      await opened.expectSound();
    }
  });

  test('a file that is too large is not read', async (context) => {
    const opened = await ElementPage.open(context);
    await opened.plug(await ServedBoard.start(context, 'particle-xenon'));
    await opened.button('Connect a device').click();
    await opened.reached('connected');
    await opened.element.evaluate(async (element) => {
      const file = new File([new Uint8Array((64 << 20) + 1)], 'huge.bin');
      await (element as DfuFlasherElement).chooseFile(file);
    });
    expect(await opened.status.textContent()).toMatch(/huge\.bin is larger than 67\.1 MB/);
    await opened.expectSound();
  });
});
