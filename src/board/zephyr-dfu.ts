import { COMPATIBLE } from '../device/index.ts';
import type { DfuHabits } from './peripherals.ts';

/** How Zephyr's DFU functions answer unless its configuration says otherwise. */
export const zephyrDfu: DfuHabits = {
  functional: {
    bmAttributes: {
      canDnload: true,
      canUpload: true,
      manifestationTolerant: true,
      willDetach: true,
    },
    wDetachTimeOut: 0,
    wTransferSize: 512,
  },
  profile: COMPATIBLE,
};
