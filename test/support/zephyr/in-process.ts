import { ProgramUsb } from '../../../src/board/program/usb.ts';
import type {
  FirmwareBoard,
  FirmwareUsbDescription,
  FirmwareUsbMessage,
  Peripherals,
} from '../../../src/board/index.ts';

/** A firmware's view of a board without a thread between them. */
interface InProcess {
  readonly board: FirmwareBoard;
  readonly usb: ProgramUsb;
}

/** The part of a firmware's board that the sample uses: console, USB, boot control. */
export function inProcess(peripherals: Peripherals, print: (line: string) => void): InProcess {
  let listener: ((message: FirmwareUsbMessage) => unknown) | undefined;
  const usb = new ProgramUsb(peripherals, (message) => {
    if (message.type !== 'usb') return;
    usb.taken();
    listener?.(message.message);
  });
  const { serial, bootControl } = peripherals;
  const board = {
    serial,
    console: { print },
    uptimeUs: () => Promise.resolve(usb.uptimeUs()),
    boot: bootControl && {
      requestUpgrade: async (permanent: boolean) => bootControl.requestUpgrade(permanent),
    },
    usb: {
      async attach(description: FirmwareUsbDescription) {
        usb.attach(messageOf(description));
      },
      onMessage(heard: (message: FirmwareUsbMessage) => unknown) {
        listener = heard;
        usb.heard();
      },
    },
  } as unknown as FirmwareBoard;
  return { board, usb };
}

/** As a description crosses the border of the worker. */
function messageOf(description: FirmwareUsbDescription): unknown {
  const empty = { manufacturer: '', product: '', serial: null };
  return JSON.parse(JSON.stringify({ ...empty, ...description }));
}
