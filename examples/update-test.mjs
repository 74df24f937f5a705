// An update test in ten lines, with Node's test runner; with vitest or Jest only the first import differs. The board has
// Zephyr's USB DFU sample and MCUboot in it. It takes the update over USB, tries it, goes back; and then the power fails at
// every flash operation of the swap, and each time one of the two still runs. Put your own signed images in the place of
// these two: what they are to do at their USB port says a stand-in (docs/your-firmware.md).
//
//   node --test examples/update-test.mjs
import { test } from 'node:test';
import { boardModel, mcubootFirmware } from 'dfukit/board';
import { loadExample } from 'dfukit/board/node';
import { generateKey } from 'dfukit/image';
import { boardBench, everyPowerCut } from 'dfukit/testing';

const key = await generateKey('ecdsa-p256');
const sample = loadExample('usb-dfu', { config: ['CONFIG_APP_USB_DFU_USE_FLASH_BACKEND'] });
const model = boardModel('reel_board');
const v1 = await mcubootFirmware(sample, { model, version: '1.0.0', key });
const v2 = await mcubootFirmware(sample, { model, version: '2.0.0', key });

test('the update is tried, and without a confirmation it is taken back', async () => {
  const bench = await boardBench('reel_board', { slots: [v1], key });
  try {
    await bench.boots({ version: '1.0.0' });
    await bench.download(v2, { alt: 'slot1_image' });
    await bench.reset();
    await bench.boots({ version: '2.0.0', why: 'test swap' });
    await bench.reset();
    await bench.boots({ version: '1.0.0', why: 'revert' });
  } finally {
    await bench.close();
  }
});

test('a power cut in the swap leaves a board that runs', async (context) => {
  const bench = await boardBench('reel_board', { slots: [v1], key });
  try {
    await bench.boots({ version: '1.0.0' });
    await bench.download(v2, { alt: 'slot1_image' });
    const report = await everyPowerCut(
      bench,
      async () => {
        await bench.reset();
        await bench.boots({ version: '2.0.0', why: 'test swap' });
      },
      (after) => after.boots({ version: /^[12]\.0\.0/ }),
      { every: 100 }, // of thousands: leave it out to try them all
    );
    context.diagnostic(`${report.tried} power cuts in ${report.operations} flash operations`);
  } finally {
    await bench.close();
  }
});
