import { boardModel, bootloaderOf, plainFirmware, programFlash } from '../../board/index.ts';
import { loadExample } from '../../board/node/index.ts';
import { MemoryFlash } from '../../flash/index.ts';
import { flashFile } from '../../host/index.ts';
import { detach, isAttached, isConsoleWith, list, onStage } from './stage.ts';
import type { Stage, Tour } from './stage.ts';

const BOARD = 'stm32f072b_disco';

/** The STM32's way into the loader in its system memory, and out of it again. */
export async function tourStm32(tour: Tour): Promise<void> {
  tour.guide.chapter(`A ${BOARD} runs a firmware with the DFU run-time class`);
  const model = boardModel(BOARD);
  const flash = new MemoryFlash(model.flash);
  const running = plainFirmware(loadExample('dfu-runtime'), model);
  const address = model.flashBaseAddress;
  programFlash(flash, bootloaderOf(model).layout(model), running, { address });
  const update = plainFirmware(loadExample('hello-world'), model);
  await onStage(tour, { boardName: BOARD, flash }, (stage) =>
    show(stage, { address, data: update }),
  );
}

async function show(
  stage: Stage,
  update: { readonly address: number; readonly data: Uint8Array },
): Promise<void> {
  const { bus, clock, events, guide } = stage;
  await events.until('run-time USB', isAttached('1209:0001'));
  await list(stage);

  guide.chapter('Detach: a magic number in RAM, a reset, a jump to the DfuSe loader in ROM');
  await detach(stage);

  guide.chapter('hello-world goes to 0x08000000, as dfu-util -s 0x08000000:leave sends it');
  const selection = { alternate: 0 };
  await flashFile(bus, update.data, {
    clock,
    selection,
    address: update.address,
    leave: true,
    onEvent: guide.tell,
  });
  await events.until('the new firmware', isConsoleWith('Hello World!'));
}
