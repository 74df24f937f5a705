import { boardModel, mcubootFirmware, mcubootLayout, programFlash } from '../../board/index.ts';
import { examplesKey, loadExample } from '../../board/node/index.ts';
import { MemoryFlash } from '../../flash/index.ts';
import { generateKey } from '../../image/index.ts';
import { connect, download } from '../../host/index.ts';
import { sleep } from '../../usb/index.ts';
import { detach, isConsoleWith, list, onStage } from './stage.ts';
import type { Stage, Tour } from './stage.ts';

const BOARD = 'reel_board';

/** Zephyr's sample: a signed update through USB, booted on trial, not confirmed, taken back. */
export async function tourMcuboot(tour: Tour): Promise<void> {
  tour.guide.chapter(`A ${BOARD} runs Zephyr's USB DFU sample, started by MCUboot`);
  const model = boardModel(BOARD);
  // The tour is for whoever has nothing yet, a folder for configuration included.
  const key = await examplesKey().catch(() => generateKey('ecdsa-p256'));
  const sample = loadExample('usb-dfu', { config: ['CONFIG_APP_USB_DFU_USE_FLASH_BACKEND'] });
  const flash = new MemoryFlash(model.flash);
  const running = await mcubootFirmware(sample, { model, version: '1.0.0', key });
  programFlash(flash, mcubootLayout(model), running, { slot: 0 });
  const update = await mcubootFirmware(loadExample('hello-world'), {
    model,
    version: '2.0.0',
    key,
  });
  await onStage(tour, { boardName: BOARD, flash, keys: [key] }, (stage) => show(stage, update));
}

async function show(stage: Stage, update: Uint8Array): Promise<void> {
  const { board, bus, clock, events, guide } = stage;
  await events.until('the sample', isConsoleWith('sample is initialized'));
  await list(stage);

  guide.chapter('hello-world 2.0.0, signed, goes into the second slot: alternate 1');
  await detach(stage);
  const session = await connect(bus, { clock, selection: { alternate: 1 } });
  try {
    await download(session, update, { onEvent: guide.tell });
  } finally {
    await session.close();
  }

  // The sample asks for the test upgrade when it is told that the download is complete.
  await events.until('the end of the download', isConsoleWith('DFU download completed'));
  await sleep(clock, 200);

  guide.chapter('Reset: MCUboot swaps the two images, and runs the new one on trial');
  guide.hostSays('presses the reset button');
  board.pressReset();
  await events.until('the new firmware', isConsoleWith('Hello World!'));

  await sleep(clock, 200);

  guide.chapter('Reset again: nobody confirmed it, so the old one comes back');
  guide.hostSays('presses the reset button');
  board.pressReset();
  await events.until('the old firmware', isConsoleWith('sample is initialized'));
}
