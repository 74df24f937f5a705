import type {
  FirmwareBoard,
  FirmwareBootControl,
  FirmwareFlash,
} from '../../seams/firmware-api.ts';
import { unpackMessage } from '../port.ts';
import type { BoardInfo, ToProgram } from '../protocol.ts';
import { ConsoleEnd } from './console.ts';
import { BoardLink, ownBytes } from './link.ts';
import type { PreludePost } from './link.ts';
import { UsbEnd } from './usb.ts';

/** The board as a program has it, and the way in for what the board says. */
interface Prelude {
  readonly board: FirmwareBoard;
  /** Takes a message of the board. */
  readonly receive: (head: string, bytes: Uint8Array | undefined) => void;
  /** The board has given credit: what was held back can be told. */
  readonly hasCredit: () => void;
}

/**
 * Makes the board's interface out of two ways for messages, in and out. It runs in the world of the firmware, which may
 * be a context of its own, and keeps that world apart from the one outside: bytes that come in are copied, and what goes
 * out is made here.
 */
export function programPrelude(post: PreludePost, infoText: string): Prelude {
  const info = JSON.parse(infoText) as BoardInfo;
  const link = new BoardLink(post);
  const console = new ConsoleEnd(link);
  const usb = new UsbEnd(link);
  // Until the program takes over, it feeds the watchdog by being idle.
  let feedsItself = true;
  const watchdog = {
    takeOver: () => {
      feedsItself = false;
    },
    feed: () => {
      link.send({ type: 'fed' }, false);
    },
  };
  const hear = (message: ToProgram): void => {
    if (message.type !== 'ping') dispatch(message, { link, console, usb });
    else if (feedsItself) watchdog.feed();
  };
  return {
    board: {
      ...facts(info),
      ...requests(link),
      console: { print: (line) => console.print(line), onLine: (take) => console.onLine(take) },
      usb: {
        attach: (description) => usb.attach(description),
        detach: () => usb.detach(),
        onMessage: (listener) => usb.onMessage(listener),
      },
      sensors: {
        list: info.sensors,
        read: (index) => link.call('sensorRead', index),
        write: (index, value) => link.call('sensorWrite', index, value),
      },
      flash: flashOf(link, info),
      boot: info.bootControl ? bootControl(link) : undefined,
      watchdog,
      noInitRam: {
        ...info.noInitRam,
        readWord: (address) => link.call('ramRead', address),
        writeWord: (address, value) => link.call('ramWrite', address, value),
      },
    },
    receive: (head, bytes) => {
      const own = bytes === undefined ? undefined : ownBytes(bytes);
      hear(unpackMessage({ head, bytes: own }) as ToProgram);
    },
    hasCredit: () => {
      console.tellLost();
      link.hasCredit();
    },
  };
}

interface Ends {
  readonly link: BoardLink;
  readonly console: ConsoleEnd;
  readonly usb: UsbEnd;
}

function dispatch(message: Exclude<ToProgram, { type: 'ping' }>, ends: Ends): void {
  switch (message.type) {
    case 'line':
      ends.console.typed(message.bytes);
      return;
    case 'usb':
      ends.usb.happened(message.message);
      return;
    case 'control':
      void ends.usb.control(message);
      return;
    case 'dfu-allow':
      void ends.usb.allow(message);
      return;
    case 'dfu-detach':
      void ends.usb.detached(message.index, message.reason);
      return;
    case 'result':
    case 'error':
      ends.link.settle(message);
      return;
    default:
      message satisfies never;
  }
}

function facts({ name, chip, platform, target, serial, image }: BoardInfo) {
  return { name, chip, platform, target, serial, image };
}

function requests(link: BoardLink) {
  return {
    dfu: {
      unlock: () => link.call<void>('dfuUnlock'),
      lock: () => link.call<void>('dfuLock'),
    },
    sleep: (ms: number) => link.call<void>('sleep', ms),
    uptimeUs: () => link.call<number>('uptimeUs'),
    reboot: () => link.call<never>('reboot'),
    enterDfuMode: () => link.call<never>('enterDfuMode'),
  };
}

function flashOf(link: BoardLink, { flash }: BoardInfo): FirmwareFlash {
  return {
    ...flash,
    read: async (address, lengthBytes) => {
      const { bytes = new Uint8Array(0) } = await link.ask('flashRead', [address, lengthBytes]);
      return bytes;
    },
    program: async (address, bytes) => {
      await link.ask('flashProgram', [address], ownBytes(bytes));
    },
    erase: (address, lengthBytes) => link.call('flashErase', address, lengthBytes),
  };
}

function bootControl(link: BoardLink): FirmwareBootControl {
  return {
    requestUpgrade: (permanent) => link.call('bootRequestUpgrade', permanent ? 1 : 0),
    confirm: () => link.call('bootConfirm'),
    isConfirmed: async () => (await link.call<number>('bootIsConfirmed')) === 1,
    swapType: () => link.call('bootSwapType'),
    eraseUpgrade: () => link.call('bootEraseUpgrade'),
  };
}
