/* oxlint-disable typescript/await-thenable -- the rule looks for the symbol in the language's own library, not in Node's */
import { describe, expect, test } from 'vitest';
import { boardModel, firmwareImage, mcubootFirmware } from '../board/index.ts';
import { loadExample } from '../board/node/index.ts';
import { generateKey } from '../image/index.ts';
import { boardBench } from './index.ts';

describe('an update in ten lines', () => {
  test('with MCUboot: the new image is tried, and the old one comes back', async () => {
    const key = await generateKey('ecdsa-p256');
    const image = (version: string): Promise<Uint8Array> =>
      mcubootFirmware(
        loadExample('usb-dfu', { config: ['CONFIG_APP_USB_DFU_USE_FLASH_BACKEND'] }),
        {
          model: boardModel('reel_board'),
          version,
          key,
        },
      );
    const [v1, v2] = [await image('1.0.0'), await image('2.0.0')];
    await using bench = await boardBench('reel_board', { slots: [v1], key });
    await bench.boots({ version: '1.0.0' });
    await bench.download(v2, { alt: 'slot1_image' });
    await bench.reset();
    await bench.boots({ version: '2.0.0', why: 'test swap' });
    await bench.reset();
    const back = await bench.boots({ version: '1.0.0', why: 'revert' });
    expect(back).toMatchObject({ slot: 0, cause: 'reset-pin' });
  });

  test('with riotboot', async () => {
    const model = boardModel('particle-xenon');
    const image = (slot: number, version: number): Uint8Array =>
      firmwareImage(loadExample('hello-world', { modules: ['usbus_dfu'] }), {
        model,
        bootloader: 'riotboot_dfu',
        slot,
        version,
      });
    await using bench = await boardBench('particle-xenon', { slots: [image(0, 1)] });
    await bench.boots({ version: 1 });
    await bench.console.until(/Hello World/);
    await bench.download(image(1, 2), { slot: 1 });
    await bench.boots({ version: 2, why: 'newest slot' });
    await bench.console.until(/Slot 1, version 2/);
    expect(bench.timeMs).toBeLessThan(1000);
  });
});
