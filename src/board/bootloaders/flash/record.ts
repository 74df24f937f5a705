import { hexNumber } from '../../../bytes/index.ts';
import type { BoardModel } from '../../models/board-model.ts';
import { isBox, programBox } from '../../program/box.ts';
import type { BootloaderRecord } from '../../seams/bootloader-record.ts';
import { secondStageDoubt, vectorsAt } from '../none/second-stage.ts';
import { plain, plainReader } from '../plain.ts';
import { FlashBootloader } from './flash.ts';

/** Why the chip starts nothing there. A program of our own kind needs no ROM. */
function startDoubt({ chip }: BoardModel, begin: Uint8Array): string | undefined {
  if (!chip.toUpperCase().startsWith('RP2040')) return undefined;
  const isOurs = begin.length >= programBox.size && isBox(begin);
  return isOurs ? undefined : secondStageDoubt(begin);
}

/** Whatever is in flash, started by the chip itself. */
export const flashBootloader: BootloaderRecord = {
  ...plain,
  name: 'flash',
  inFlash: true,
  make: ({ model, profile }) => new FlashBootloader(model, profile),
  layout: (model) => ({
    ...plain.layout(model),
    startDoubt: (begin) => startDoubt(model, begin),
  }),
  reader: async (model) =>
    plainReader({ name: 'what is in flash', model, vectorsAt }, (vectors, address, flash) => {
      if (vectors.every((byte) => byte === model.flash.erasedValue)) {
        const sentence = 'The flash is erased where a program begins; nothing starts.';
        return { fault: 'erased', sentence };
      }
      const fault = startDoubt(model, flash.read(0, Math.min(0x100, flash.sizeBytes)));
      if (fault !== undefined) {
        return { fault, sentence: `The chip starts nothing of what is in flash: ${fault}.` };
      }
      const sentence = `The chip starts what is in flash; its vectors are at ${hexNumber(address, 8)}.`;
      return { fault, sentence };
    }),
};
