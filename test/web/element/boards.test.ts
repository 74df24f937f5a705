import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { TestContext } from 'vitest';
import { boardModels } from '../../../src/board/index.ts';
import { ElementPage } from './element-page.ts';
import { ServedBoard, command, firmware, folderOf } from './served-board.ts';
import { manifestOf } from './test-manifest.ts';
import type { Offered } from './test-manifest.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** A board, what its maker offers for it, and what it does not take. */
interface Case {
  readonly board: string;
  /** Of `board run`. */
  readonly options?: readonly string[];
  /** The file of what is in its flash before. */
  readonly flash?: (context: TestContext) => Promise<string>;
  /** In each of its modes. */
  readonly usb: readonly string[];
  readonly good: () => Promise<Offered>;
  readonly ending: RegExp;
  /** A file that is refused, and what is said of it. */
  readonly bad: (context: TestContext) => Promise<Bytes>;
  /** The place that a person says for it, if anybody asks. */
  readonly place?: string;
  readonly refusal: RegExp;
}

/** A flash that the maker's programmer has put that into. */
async function programmed(
  context: TestContext,
  board: string,
  file: string,
  ...options: readonly string[]
): Promise<string> {
  const flash = join(folderOf(context), 'flash.bin');
  await command('board', 'program', board, file, '--flash', flash, ...options);
  return flash;
}

const MCUBOOT = ['--bootloader', 'mcuboot'] as const;

const sample = (board: string, version: string): Promise<Bytes> => {
  const backend = 'CONFIG_APP_USB_DFU_USE_FLASH_BACKEND=y';
  const more = ['--config', backend, '--version', version];
  return firmware('usb-dfu', '--board', board, ...MCUBOOT, ...more);
};

/** Zephyr's sample behind MCUboot, which is not every board's first bootloader. */
function zephyr(board: string): Case {
  return {
    board,
    options: MCUBOOT,
    flash: async (context) => {
      const file = join(folderOf(context), 'one.bin');
      writeFileSync(file, await sample(board, '1.0.0'));
      return programmed(context, board, file, ...MCUBOOT);
    },
    usb: ['2fe3:0005', '2fe3:ffff'],
    good: async () => ({
      bytes: await sample(board, '2.0.0'),
      alternate: 'slot1_image',
    }),
    ending: /^Done: the device has acknowledged all \d+ bytes\. It stays in DFU mode/,
    bad: async () => {
      const bytes = await sample(board, '2.0.0');
      // In the signature: what is in front of it stays as it was.
      const changed = bytes.slice();
      changed.set([0, 0, 0, 0], changed.length - 8);
      return changed;
    },
    place: 'slot1_image',
    refusal: /signature|refuses/i,
  };
}

/** A DFU suffix for a device of nobody's. */
async function forAnother(context: TestContext, bytes: Uint8Array): Promise<Bytes> {
  const file = join(folderOf(context), 'other.dfu');
  writeFileSync(file, bytes);
  await command('dfu-suffix', '-v', '0xdead', '-p', '0xbeef', '-a', file);
  return new Uint8Array(readFileSync(file));
}

const cases: readonly Case[] = [
  {
    board: 'particle-xenon',
    usb: ['1209:7d00', '1209:7d02'],
    good: async () => ({
      bytes: await firmware('hello-world', '--board', 'particle-xenon', '--slot', '0'),
      alternate: 0,
    }),
    ending: /^Done: the device has acknowledged all \d+ bytes, and version 1\.00 runs\.$/,
    // For slot 1.
    bad: () => firmware('hello-world', '--board', 'particle-xenon', '--slot', '1'),
    place: 'RIOT-OS Slot 0',
    refusal: /slot|start|link/i,
  },
  zephyr('reel_board'),
  zephyr('nucleo_u575zi_q'),
  {
    board: 'stm32f072b_disco',
    usb: ['0483:df11', '1209:0001'],
    good: async () => ({
      bytes: await firmware('dfu-runtime', '--board', 'stm32f072b_disco'),
      address: 0x0800_0000,
    }),
    ending:
      /^Done: all \d+ bytes were written, read back, and are equal, and version 1\.00 runs\.$/,
    bad: async (context) =>
      forAnother(context, await firmware('dfu-runtime', '--board', 'stm32f072b_disco')),
    place: '@Internal Flash',
    refusal: /dead:beef/,
  },
  zephyr('rpi_pico'),
];

test('every board of the catalogue is flashed here', () => {
  expect(cases.map(({ board }) => board)).toEqual(boardModels.map(({ name }) => name));
});

describe.each(cases)('$board', (each) => {
  const start = async (context: TestContext): Promise<ServedBoard> => {
    const flash = await each.flash?.(context);
    const file = flash === undefined ? [] : ['--flash', flash];
    return ServedBoard.start(context, each.board, ...file, ...(each.options ?? []));
  };

  test('gets nothing that it does not take, and then what the maker offers', async (context) => {
    const board = await start(context);
    const { manifest, files } = manifestOf(each.usb, [await each.good()]);
    const opened = await ElementPage.open(context, {
      body: '<dfu-flasher manifest="firmware/manifest.json" own-file></dfu-flasher>',
      files: { ...files, 'firmware/manifest.json': JSON.stringify(manifest) },
    });
    await opened.plug(board);
    await opened.button('Connect a device').click();
    await opened.reached('chosen');
    await opened.pick('bad.bin', await each.bad(context));
    await opened.chose('bad.bin');
    await opened.expectSound();
    await opened.flashTo(each.place);
    expect(await opened.status.textContent()).toMatch(each.refusal);
    await opened.expectSound();

    if ((await opened.state()).step === 'ended') {
      await opened.button('Start again').click();
      await opened.reached('chosen');
    } else await opened.element.getByText('1.0.0').click();
    await opened.chose('0.bin');
    await opened.expectSound();
    await opened.button('Flash').click();
    const { ending } = await opened.reached('ended');
    expect(await opened.status.textContent()).toMatch(each.ending);
    expect(ending).toMatchObject({ rating: 'good' });
    await opened.expectSound();
  });
});
