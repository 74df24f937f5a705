import { hexNumber } from '../../../bytes/index.ts';
import type { BootloaderRecord } from '../../seams/bootloader-record.ts';
import { vectorsAt } from '../none/second-stage.ts';
import { plain, plainReader } from '../plain.ts';
import { FlashBootloader } from './flash.ts';

/** Whatever is in flash, started by the chip itself. */
export const flashBootloader: BootloaderRecord = {
  ...plain,
  name: 'flash',
  inFlash: true,
  make: ({ model, profile }) => new FlashBootloader(model, profile),
  reader: async (model) =>
    plainReader({ name: 'what is in flash', model, vectorsAt }, (vectors, address) =>
      vectors.every((byte) => byte === model.flash.erasedValue)
        ? {
            fault: 'erased',
            sentence: 'The flash is erased where a program begins; nothing starts.',
          }
        : {
            fault: undefined,
            sentence: `The chip starts what is in flash; its vectors are at ${hexNumber(address, 8)}.`,
          },
    ),
};
