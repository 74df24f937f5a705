import type { DfuProfile } from '../dfu/profile.ts';
import { RIOTBOOT } from './riotboot.ts';
import { COMPATIBLE, STRICT } from './standard.ts';
import { USBD_DFU_RT } from './usbd-dfu-rt.ts';
import { ZEPHYR } from './zephyr.ts';

/** The profiles by name. */
export const DFU_PROFILES: Readonly<Record<string, DfuProfile>> = {
  strict: STRICT,
  compatible: COMPATIBLE,
  riotboot: RIOTBOOT,
  zephyr: ZEPHYR,
  'usbd-dfu-rt': USBD_DFU_RT,
};
