import { boardModel, mcubootFirmware, mcubootLayout, programFlash } from '../../board/index.ts';
import { examplesKey, loadExample } from '../../board/node/index.ts';
import { MemoryFlash } from '../../flash/index.ts';
import { connect, download } from '../../host/index.ts';
import { sleep } from '../../usb/index.ts';
import { chapter, detach, hostSays, isConsoleWith, list, onStage, tell } from './stage.ts';
import type { Stage } from './stage.ts';

const BOARD = 'reel_board';

/** Zephyr's sample: a signed update through USB, booted on trial, not confirmed, taken back. */
export async function tourMcuboot(): Promise<void> {
  chapter(`A ${BOARD} runs Zephyr's USB DFU sample, started by MCUboot`);
  const model = boardModel(BOARD);
  const key = await examplesKey();
  const sample = loadExample('usb-dfu', { config: ['CONFIG_APP_USB_DFU_USE_FLASH_BACKEND'] });
  const flash = new MemoryFlash(model.flash);
  const running = await mcubootFirmware(sample, { model, version: '1.0.0', key });
  programFlash(flash, mcubootLayout(model), running, { slot: 0 });
  const update = await mcubootFirmware(loadExample('hello-world'), {
    model,
    version: '2.0.0',
    key,
  });
  await onStage(BOARD, flash, (stage) => show(stage, update));
}

async function show(stage: Stage, update: Uint8Array): Promise<void> {
  const { board, bus, clock, events } = stage;
  await events.until('the sample', isConsoleWith('sample is initialized'));
  await list(stage);

  chapter('hello-world 2.0.0, signed, goes into the second slot: alternate 1');
  await detach(stage);
  const session = await connect(bus, { clock, selection: { alternate: 1 } });
  try {
    await download(session, update, { onEvent: tell });
  } finally {
    await session.close();
  }

  // The sample asks for the test upgrade when it is told that the download is complete.
  await events.until('the end of the download', isConsoleWith('DFU download completed'));
  await sleep(clock, 200);

  chapter('Reset: MCUboot swaps the two images, and runs the new one on trial');
  hostSays('presses the reset button');
  board.pressReset();
  await events.until('the new firmware', isConsoleWith('Hello World!'));

  await sleep(clock, 200);

  chapter('Reset again: nobody confirmed it, so the old one comes back');
  hostSays('presses the reset button');
  board.pressReset();
  await events.until('the old firmware', isConsoleWith('sample is initialized'));
}
