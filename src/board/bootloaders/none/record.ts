import { hexNumber } from '../../../bytes/index.ts';
import type { BootloaderRecord } from '../../seams/bootloader-record.ts';
import { plain, plainReader } from '../plain.ts';
import { NoBootloader } from './none.ts';
import { vectorsAt } from './second-stage.ts';

/** No bootloader at all. */
export const noBootloader: BootloaderRecord = {
  ...plain,
  name: 'none',
  inFlash: true,
  make: ({ model, profile }) => new NoBootloader(model, profile),
  reader: async (model) =>
    plainReader(
      { name: 'no bootloader', model, vectorsAt, storage: model.zephyr?.storage },
      (vectors, address) =>
        vectors.every((byte) => byte === model.flash.erasedValue)
          ? {
              fault: 'erased',
              sentence: 'The flash is erased where a program begins; nothing starts.',
            }
          : {
              fault: undefined,
              sentence: `The program at ${hexNumber(address, 8)} starts.`,
            },
    ),
};
