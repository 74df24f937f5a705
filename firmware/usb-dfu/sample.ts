import type { FirmwareBoard, FirmwareUsbMessage } from '../../src/board/index.ts';
import { ZephyrLog } from '../common/zephyr-log.ts';
import {
  SLOT_NAME,
  dfuDescription,
  runtimeDescription,
} from '../../src/board/stand-in/sample-usb.ts';
import type { SampleOptions } from '../../src/board/stand-in/sample-usb.ts';

/** The disk behind `ramdisk0`, as Zephyr's disk driver knows it. */
const DISK = 'image0';
const DISK_GEOMETRY = 'sector count 32 sector size 512';

/** Zephyr's USB DFU sample: run-time mode until a host detaches it, then DFU mode until reset. */
export async function startSample(board: FirmwareBoard, options: SampleOptions): Promise<void> {
  const log = new ZephyrLog(board, 'main');
  board.usb.onMessage((message) => heard(message, { board, log, options }));
  await board.usb.attach(runtimeDescription(board.serial, options));
  log.inf('USB DFU sample is initialized');
}

interface Sample {
  readonly board: FirmwareBoard;
  readonly log: ZephyrLog;
  readonly options: SampleOptions;
}

async function heard(message: FirmwareUsbMessage, { board, log, options }: Sample): Promise<void> {
  const say = (text: string): void => log.inf(text, message.uptimeUs);
  switch (message.type) {
    case 'vbus-ready':
      say('USBD message: VBUS ready');
      return;
    case 'vbus-removed':
      say('USBD message: VBUS removed');
      return;
    case 'reset':
      say('USBD message: Bus reset');
      return;
    case 'configured':
      say('USBD message: New device configuration');
      say(`\tConfiguration value ${message.value}`);
      return;
    case 'dfu-detach':
      say('USBD message: DFU detach request');
      say('Detach USB device');
      await board.usb.attach(dfuDescription(options));
      return;
    case 'dfu-download-completed':
      say('USBD message: DFU download completed');
      if (message.medium === SLOT_NAME) await requestUpgrade(board, log);
      return;
    case 'disk-opened':
      say(`disk ${DISK} ${DISK_GEOMETRY}`);
      return;
    case 'disk-downloaded':
    case 'disk-uploaded': {
      const { block, bytes, total } = message;
      say(`block ${block} size ${bytes} ${message.type.slice('disk-'.length)} ${total}`);
      return;
    }
    case 'disk-failed':
      log.err('Failed to write to RAMdisk', message.uptimeUs);
  }
}

/** Asks MCUboot to try the new image at the next reset; the reset is up to whoever downloaded it. */
async function requestUpgrade({ boot }: FirmwareBoard, log: ZephyrLog): Promise<void> {
  if (boot === undefined) return;
  try {
    await boot.requestUpgrade(false);
  } catch (error) {
    log.err(`Failed to request upgrade: ${error instanceof Error ? error.message : String(error)}`);
  }
}
