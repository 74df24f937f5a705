import type { DfuProfile } from '../../../device/index.ts';
import type { BootDecision, BootSurroundings, Bootloader } from '../../seams/bootloader.ts';
import type { BoardModel } from '../../models/board-model.ts';
import type { FirmwareFlashArea } from '../../seams/firmware-api.ts';
import type { DfuHabits } from '../../seams/peripherals.ts';
import { NoBootloader } from '../none/none.ts';
import { vectorsAt } from '../none/second-stage.ts';
import { VECTOR_BYTES } from '../plain.ts';

/**
 * Whatever is in flash, a real bootloader included: the chip comes out of reset by itself, and its ROM finds what is to run.
 */
export class FlashBootloader implements Bootloader {
  readonly name = 'flash';
  readonly platform = 'zephyr';
  readonly dfu: DfuHabits;
  readonly areas: readonly FirmwareFlashArea[];

  constructor(model: BoardModel, profile?: DfuProfile) {
    const { dfu, areas } = new NoBootloader(model, profile);
    this.dfu = dfu;
    this.areas = areas;
  }

  decide({ model, flash }: BootSurroundings): BootDecision {
    const at = vectorsAt(flash);
    const isErased = (offsetBytes: number): boolean =>
      flash.read(offsetBytes, VECTOR_BYTES).every((byte) => byte === model.flash.erasedValue);
    if (at === 0 && isErased(at)) return { mode: 'none', why: 'erased flash' };
    const entryAddress = model.flashBaseAddress + at;
    return { mode: 'application', why: 'what is in flash', entryAddress, ownStart: true };
  }
}
