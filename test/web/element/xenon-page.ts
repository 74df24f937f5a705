import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { ElementPage } from './element-page.ts';
import type { ElementPageOptions } from './element-page.ts';
import { ServedBoard, command, firmware, folderOf } from './served-board.ts';
import { manifestOf } from './test-manifest.ts';
import type { Offered } from './test-manifest.ts';

/** In each of its modes. */
export const xenonIds = ['1209:7d00', '1209:7d02'] as const;

/** A firmware for its slot 0, so long that its download can be watched. */
export function xenonFirmware(): Promise<Uint8Array<ArrayBuffer>> {
  return firmware('saul', '--board', 'particle-xenon', '--slot', '0', '--version', '1');
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
  board: readonly string[] = [],
): Promise<XenonPage> {
  const bytes = await xenonFirmware();
  const all = offered.map((each) => ({ bytes, alternate: 0, ...each }));
  const { manifest, files } = manifestOf(xenonIds, all);
  const opened = await ElementPage.open(context, {
    body: '<dfu-flasher manifest="firmware/manifest.json"></dfu-flasher>',
    ...options,
    files: { ...files, 'firmware/manifest.json': JSON.stringify(manifest), ...options.files },
  });
  return { opened, board: await ServedBoard.start(context, 'particle-xenon', ...board) };
}

/** Options of a board that runs a firmware: it is in run-time mode. */
export async function runningXenon(context: TestContext): Promise<readonly string[]> {
  const folder = folderOf(context);
  const [file, flash] = [join(folder, 'firmware.bin'), join(folder, 'flash.bin')];
  writeFileSync(file, await xenonFirmware());
  await command('board', 'program', 'particle-xenon', file, '--flash', flash);
  return ['--flash', flash];
}
