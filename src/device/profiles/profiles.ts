import type { DfuProfile } from './dfu-profile.ts';
import { RIOTBOOT } from './riotboot-profile.ts';
import { COMPATIBLE, STRICT } from './standard-profiles.ts';
import { USBD_DFU_RT } from './usbd-dfu-rt-profile.ts';
import { ZEPHYR } from './zephyr-profile.ts';

/** The profiles by name. */
export const DFU_PROFILES: Readonly<Record<string, DfuProfile>> = {
  strict: STRICT,
  compatible: COMPATIBLE,
  riotboot: RIOTBOOT,
  zephyr: ZEPHYR,
  'usbd-dfu-rt': USBD_DFU_RT,
};
