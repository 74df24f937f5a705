import { COMPATIBLE } from '../../device/index.ts';
import type { DfuProfile } from '../../device/index.ts';
import type { DfuHabits } from '../seams/peripherals.ts';

/** What Zephyr's DFU functions say of themselves unless its configuration says otherwise. */
export const zephyrDfu = (profile: DfuProfile = COMPATIBLE): DfuHabits => ({
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
  profile,
});
