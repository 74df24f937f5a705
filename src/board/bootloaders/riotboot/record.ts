import { DfuError } from '../../../bytes/index.ts';
import { riotbootReader } from '../../../lab/index.ts';
import type { BootloaderDfu, BootloaderRecord } from '../../seams/bootloader-record.ts';
import { firmwareImage } from './firmware.ts';
import { boardLayout } from './layout.ts';
import type { RiotbootName } from '../../models/riotboot-build.ts';
import { RIOTBOOT_DFU_ID, RiotbootBootloader } from './riotboot.ts';

/** Throws `INVALID_ARGUMENT` for what is no unsigned number of 32 bits. */
function versionNumber(text: string): number {
  const value = /^(?:\d+|0[xX][0-9a-fA-F]+)$/.test(text) ? Number(text) : NaN;
  if (value <= 0xffffffff) return value;
  const expected = 'expected a number from 0 to 4294967295';
  throw new DfuError('INVALID_ARGUMENT', `riotboot: version: ${expected}, got "${text}"`);
}

function recordOf(name: RiotbootName, dfu: BootloaderDfu | undefined): BootloaderRecord {
  return {
    name,
    modes: [],
    trustsKeys: false,
    // Without DFU it takes nothing in, and looks at no button.
    understands:
      dfu === undefined ? [] : ['keep-bootable', 'refuse-older', 'image-check', 'button'],
    dfu,
    firmware: {
      needsSlot: true,
      runtimeModules: ['usbus_dfu'],
      // RIOT's APP_VER, so that what was built last boots.
      version: (seconds) => String(seconds),
      async box(payload, { model, slot, version = '0' }) {
        if (slot === undefined) {
          const expected = 'expected the slot that the firmware is linked for';
          throw new DfuError('INVALID_ARGUMENT', `riotboot: ${expected}`);
        }
        const number = versionNumber(version);
        return firmwareImage(payload, { model, bootloader: name, slot, version: number });
      },
    },
    layout: (model) => boardLayout(model, name),
    make: (order) => new RiotbootBootloader({ ...order, name, dfu: dfu !== undefined }),
    reader: async (model) => riotbootReader(boardLayout(model, name)),
  };
}

/** riotboot with USB DFU in it: one alternate setting a slot. */
export const riotbootDfu: BootloaderRecord = recordOf('riotboot_dfu', {
  usbId: RIOTBOOT_DFU_ID,
  dfuse: false,
  alternate: (slot) => slot,
});

/** riotboot without. */
export const riotboot: BootloaderRecord = recordOf('riotboot', undefined);
