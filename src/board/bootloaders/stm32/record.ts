import { vectorTableFault } from '../../../boot/stm32/index.ts';
import { hexNumber } from '../../../bytes/index.ts';
import { flashSizeBytes } from '../../models/board-model.ts';
import type { BoardModel } from '../../models/board-model.ts';
import type { BootloaderRecord } from '../../seams/bootloader-record.ts';
import { VECTOR_BYTES, plain, plainReader } from '../plain.ts';
import type { PlainVerdict } from '../plain.ts';
import { STM32_ROM_ID, Stm32Bootloader } from './stm32.ts';

/** What the chip does after power-on with BOOT0 released. */
function verdict(model: BoardModel, vectors: Uint8Array): PlainVerdict {
  const { flashBaseAddress: baseAddress, flash, ram } = model;
  const memories = { flash: { baseAddress, sizeBytes: flashSizeBytes(flash) }, ram };
  const fault = vectorTableFault(vectors, memories);
  const sentence =
    fault === undefined
      ? `The application at ${hexNumber(baseAddress, 8)} starts.`
      : `There is no application, ${fault}; the loader in system memory starts.`;
  return { fault, sentence };
}

/** The DfuSe loader in the system memory of an STM32. */
export const stm32Rom: BootloaderRecord = {
  ...plain,
  name: 'stm32-rom',
  dfu: {
    usbId: STM32_ROM_ID,
    dfuse: true,
    // The flash; the other alternate has the option bytes.
    alternate: () => 0,
  },
  make: (order) => new Stm32Bootloader(order),
  layout: (model) => ({
    ...plain.layout(model),
    startDoubt: (begin) =>
      begin.length < VECTOR_BYTES
        ? undefined
        : verdict(model, begin.subarray(0, VECTOR_BYTES)).fault,
  }),
  reader: async (model) =>
    plainReader({ name: 'stm32-rom', model }, (vectors) => verdict(model, vectors)),
};
