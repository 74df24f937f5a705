import type { TestContext } from 'vitest';
import { ElementPage } from './element-page.ts';
import type { ElementPageOptions } from './element-page.ts';
import { ServedBoard, firmware } from './served-board.ts';
import { manifestOf } from './test-manifest.ts';
import type { Offered } from './test-manifest.ts';

/** In each of its modes. */
export const xenonIds = ['1209:7d00', '1209:7d02'] as const;

/** A firmware for its slot 0, so long that its download can be watched. */
export async function xenonFirmware(context: TestContext): Promise<Uint8Array<ArrayBuffer>> {
  const { board, version } = { board: 'particle-xenon', version: '1' };
  return firmware(context, 'saul', '--board', board, '--slot', '0', '--version', version);
}

export interface XenonPage {
  readonly opened: ElementPage;
  readonly board: ServedBoard;
}

/** A board that is in DFU mode, since nothing is in its flash, and a page whose manifest offers something for it. */
export async function xenonPage(
  context: TestContext,
  offered: readonly Partial<Offered>[] = [{}],
  options: ElementPageOptions = {},
): Promise<XenonPage> {
  const bytes = await xenonFirmware(context);
  const all = offered.map((each) => ({ bytes, alternate: 0, ...each }));
  const { manifest, files } = manifestOf(xenonIds, all);
  const board = await ServedBoard.start(context, 'particle-xenon');
  const opened = await ElementPage.open(context, {
    body: '<dfu-flasher manifest="firmware/manifest.json"></dfu-flasher>',
    ...options,
    files: { ...files, 'firmware/manifest.json': JSON.stringify(manifest), ...options.files },
  });
  return { opened, board };
}
