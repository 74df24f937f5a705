import { Device, DfuMode, SectorDisk, ZEPHYR } from '../../../src/device/index.ts';
import type { BlockCallbacks, Medium } from '../../../src/device/index.ts';
import type { UsbDevice } from '../../../src/usb/index.ts';

/** How often it refuses, after each block and after the end. */
const REFUSALS = 2;

/** The disk of the recordings `busy-*`: refuses to go on twice after each write. */
function refusingDisk(): Medium {
  const disk = new SectorDisk();
  let refused = 0;
  const blocks: BlockCallbacks = {
    read: (block, lengthBytes) => disk.blocks.read(block, lengthBytes),
    write(block, bytes) {
      refused = 0;
      return disk.blocks.write(block, bytes);
    },
    mayLeave(state) {
      if (state !== 'dfuDNLOAD-SYNC' && state !== 'dfuMANIFEST-SYNC') return true;
      refused += 1;
      return refused > REFUSALS;
    },
  };
  return {
    name: disk.name,
    sizeBytes: disk.sizeBytes,
    writable: true,
    readable: true,
    blocks,
    begin: () => disk.begin(),
    write: (offsetBytes, bytes) => disk.write(offsetBytes, bytes),
    finish: () => disk.finish(),
    abort: () => disk.abort(),
    read: (offsetBytes, lengthBytes) => disk.read(offsetBytes, lengthBytes),
  };
}

/** The sample in DFU mode with such a disk. */
export function refusingDevice(manifestationTolerant: boolean): UsbDevice {
  const mode = new DfuMode({
    media: [refusingDisk()],
    profile: ZEPHYR,
    functional: {
      bmAttributes: { manifestationTolerant },
      wDetachTimeOut: 0,
      wTransferSize: 512,
    },
  });
  return new Device({
    identity: { idVendor: 0x2fe3, idProduct: 0xffff, bcdDevice: 0x0403, speed: 'high' },
    configurations: [
      {
        functions: [mode],
        name: 'DFU HS Configuration',
        otherSpeedName: 'DFU FS Configuration',
        selfPowered: true,
        maxPowerMa: 250,
      },
    ],
    quirks: { ...ZEPHYR.control, ...ZEPHYR.controlInDfuMode },
  });
}
