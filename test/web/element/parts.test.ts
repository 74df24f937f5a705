import { expect, test } from 'vitest';
import type { TestContext } from 'vitest';
import { writeIntelHex } from '../../../src/image/index.ts';
import { DOOR, ONE, atOnce, elementFiles, plainName } from './element-files.ts';
import { ElementPage } from './element-page.ts';
import type { ElementPageOptions } from './element-page.ts';
import { ServedBoard } from './served-board.ts';
import { xenonFirmware } from './xenon-page.ts';

interface Watched {
  readonly opened: ElementPage;
  /** What was loaded of the element, in any order. */
  readonly loaded: Set<string>;
}

async function watched(context: TestContext, options: ElementPageOptions): Promise<Watched> {
  const opened = await ElementPage.open(context, options);
  const loaded = new Set<string>();
  opened.page.on('request', (request) => {
    const name = new URL(request.url()).pathname.slice(1);
    if (elementFiles.has(name)) loaded.add(name);
  });
  await opened.page.reload();
  return { opened, loaded };
}

test('a plain download takes what is loaded at once, and nothing more', async (context) => {
  const { opened, loaded } = await watched(context, {
    body: '<dfu-flasher src="0.bin" alt="0"></dfu-flasher>',
    files: { '0.bin': await xenonFirmware() },
  });
  await opened.plug(await ServedBoard.start(context, 'particle-xenon'));
  await opened.button('Connect a device').click();
  await opened.chose('0.bin');
  await opened.button('Flash').click();
  expect((await opened.reached('ended')).ending.rating).toBe('good');
  expect(loaded).toEqual(new Set(atOnce()));
  await opened.expectSound();
});

test('a part that cannot be loaded is told of, changes nothing, and is asked for again', async (context) => {
  const bytes = await xenonFirmware();
  const hex = new TextEncoder().encode(writeIntelHex([{ address: 0, bytes }]));
  const { opened, loaded } = await watched(context, {});
  const board = await opened.plug(await ServedBoard.start(context, 'particle-xenon'));
  await opened.button('Connect a device').click();
  await opened.reached('connected');
  const formats = '**/dfu-flasher-formats-*';
  await opened.page.route(formats, (route) => route.abort());
  await opened.pick('0.hex', hex);
  await opened.element.getByText('Nothing was sent').waitFor();
  const failed = await opened.reached('connected');
  expect(failed.problem).toMatchObject({ code: 'NOT_LOADED', said: { id: 'part-not-loaded' } });
  expect(board.blocks).toBe(0);
  await opened.page.unroute(formats);
  await opened.pick('0.hex', hex);
  await opened.chose('0.hex');
  const more = [...loaded].filter((name) => !atOnce().includes(name)).map(plainName);
  expect(new Set(more)).toEqual(
    new Set(['dfu-flasher-formats.js', 'dfu-flasher-rolldown-runtime.js']),
  );
});

test('the one file has everything in it', async (context) => {
  const { opened, loaded } = await watched(context, {
    body: '<dfu-flasher alt="0"></dfu-flasher>',
    files: { [DOOR]: elementFiles.get(ONE) },
  });
  await opened.plug(await ServedBoard.start(context, 'particle-xenon'));
  await opened.button('Connect a device').click();
  await opened.reached('connected');
  const bytes = await xenonFirmware();
  await opened.pick('0.hex', new TextEncoder().encode(writeIntelHex([{ address: 0, bytes }])));
  await opened.chose('0.hex');
  await opened.button('Flash').click();
  expect((await opened.reached('ended')).ending.rating).toBe('good');
  expect(loaded).toEqual(new Set([DOOR]));
  await opened.expectSound();
});
