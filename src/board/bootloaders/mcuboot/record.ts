import { DfuError } from '../../../bytes/index.ts';
import type { BootloaderRecord } from '../../seams/bootloader-record.ts';
import { mcubootFirmware } from './firmware.ts';
import { mcubootModes } from '../../models/mcuboot-build.ts';
import type { McubootMode } from '../../models/mcuboot-build.ts';
import { besideSlots } from './beside-slots.ts';
import { boardJudge } from './judge.ts';
import { mcubootLayout, mcubootMode, mcubootRoom } from './layout.ts';
import { McubootBootloader } from './mcuboot.ts';

const modeOf = (name: string | undefined): McubootMode | undefined =>
  name === undefined ? undefined : mcubootMode(name);

/** MCUboot as Zephyr builds it. Downloads are taken by the application. */
export const mcuboot: BootloaderRecord = {
  name: 'mcuboot',
  modes: mcubootModes,
  trustsKeys: true,
  understands: ['image-check', 'refuse-older'],
  firmware: {
    needsSlot: false,
    runtimeModules: [],
    version: () => '0.0.0',
    box: (payload, order) => mcubootFirmware(payload, { ...order, mode: modeOf(order.mode) }),
  },
  layout: (model, mode) => mcubootLayout(model, modeOf(mode)),
  room: (model, slot, mode) => mcubootRoom(model, slot, modeOf(mode)),
  make({ model, build = {}, ...around }) {
    const { keys, mode, ...rest } = build;
    if (keys !== undefined) {
      return new McubootBootloader(model, { ...rest, keys, mode: modeOf(mode) }, around);
    }
    const expected = 'expected the keys that it trusts, or an empty list to trust hashes alone';
    throw new DfuError('INVALID_ARGUMENT', `${model.name} with MCUboot: ${expected}`);
  },
  replay(model, mode) {
    const { config } = mcubootLayout(model, modeOf(mode));
    return { geometry: model.flash, config };
  },
  besideSlots: (model, mode) => besideSlots(model, modeOf(mode)),
  judge: boardJudge,
};
