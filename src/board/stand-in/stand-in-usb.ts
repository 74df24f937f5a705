import type { FirmwareUsbDescription } from '../seams/firmware-api.ts';
import type { FirmwareUsbMessage } from '../seams/firmware-dfu.ts';
import type { Peripherals } from '../seams/peripherals.ts';
import { slotOfArea } from '../seams/slot-of-area.ts';
import { describeUsb } from '../program/prelude/describe-usb.ts';
import { ProgramUsb } from '../program/usb.ts';
import { dfuDescription, runtimeDescription } from './sample-usb.ts';
import type { SampleOptions } from './sample-usb.ts';
import { releaseOf } from './selector.ts';
import { usbusDescription } from './usbus.ts';

/** What of a stand-in is at the USB port. */
interface StandInUsb {
  stop(): void;
}

function attach(usb: ProgramUsb, description: FirmwareUsbDescription): void {
  const { message, bytes } = describeUsb(description);
  usb.attach(message, bytes);
}

/** The run-time function as the board's platform has it; DFU_DETACH leads to the bootloader's DFU mode, if it has one. */
export function playRuntime(board: Peripherals): StandInUsb {
  const usb = new ProgramUsb(board, () => {});
  const bcdDevice = releaseOf(board.image.version);
  if (board.platform === 'riot') {
    attach(usb, {
      ...usbusDescription({ name: board.model.name, serial: board.serial }, [
        { type: 'dfu-runtime' },
      ]),
      bcdDevice,
    });
    return usb;
  }
  const description = runtimeDescription(board.serial, { flashBackend: false, bcdDevice });
  const functions = description.functions.map((each) =>
    each.type === 'dfu-runtime' ? { ...each, detach: 'bootloader' as const } : each,
  );
  attach(usb, { ...description, functions });
  return usb;
}

/**
 * The USB side of Zephyr's sample `usb/dfu`: run-time mode until DFU_DETACH, then DFU mode over a RAM disk and, where
 * there is one, the second slot. `downloaded` hears of the slot that was written.
 */
export function playSample(board: Peripherals, downloaded: (slot: number) => void): StandInUsb {
  const { areas, image, serial } = board;
  const options: SampleOptions = {
    flashBackend: areas.some(({ name }) => name === 'image-1'),
    slot0: image.slot === 1,
    bcdDevice: releaseOf(image.version),
  };
  const inDfuMode = dfuDescription(options);
  const slots = new Map(
    inDfuMode.functions
      .flatMap((each) => (each.type === 'dfu-mode' ? each.media : []))
      .flatMap((each) => (each.type === 'flash-image' ? [[each.name, slotOfArea(each.area)]] : [])),
  );
  const heard = (message: FirmwareUsbMessage): void => {
    usb.taken();
    if (message.type === 'dfu-detach') attach(usb, inDfuMode);
    if (message.type !== 'dfu-download-completed') return;
    const slot = slots.get(message.medium);
    if (slot !== undefined) downloaded(slot);
  };
  const usb: ProgramUsb = new ProgramUsb(board, (message) => {
    if (message.type === 'usb') heard(message.message);
  });
  usb.heard();
  attach(usb, runtimeDescription(serial, options));
  return usb;
}
