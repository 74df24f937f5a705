import type { DfuProfile } from '../../../device/index.ts';
import type { BootDecision, BootSurroundings, Bootloader } from '../../seams/bootloader.ts';
import { flashSizeBytes } from '../../models/board-model.ts';
import type { BoardModel } from '../../models/board-model.ts';
import type { FirmwareFlashArea } from '../../seams/firmware-api.ts';
import type { DfuHabits } from '../../seams/peripherals.ts';
import { VECTOR_BYTES } from '../plain.ts';
import { zephyrDfu } from '../zephyr-dfu.ts';
import { vectorsAt } from './second-stage.ts';

/** No bootloader: the processor starts what lies at the start of the flash, or behind an RP2040's second stage. */
export class NoBootloader implements Bootloader {
  readonly name = 'none';
  readonly platform = 'zephyr';
  readonly dfu: DfuHabits;
  readonly areas: readonly FirmwareFlashArea[];

  constructor({ flash, flashBaseAddress, zephyr }: BoardModel, profile?: DfuProfile) {
    this.dfu = zephyrDfu(profile);
    const end = flashSizeBytes(flash);
    const storage = zephyr?.storage ?? { offsetBytes: end, sizeBytes: 0 };
    this.areas = [
      { name: 'image', address: flashBaseAddress, sizeBytes: storage.offsetBytes },
      {
        name: 'storage',
        address: flashBaseAddress + storage.offsetBytes,
        sizeBytes: storage.sizeBytes,
      },
    ].filter(({ sizeBytes }) => sizeBytes > 0);
  }

  decide({ model, flash }: BootSurroundings): BootDecision {
    const at = vectorsAt(flash);
    const vectors = flash.read(at, VECTOR_BYTES);
    if (vectors.every((byte) => byte === model.flash.erasedValue)) {
      return { mode: 'none', why: 'erased flash' };
    }
    return { mode: 'application', why: 'no bootloader', entryAddress: model.flashBaseAddress + at };
  }
}
