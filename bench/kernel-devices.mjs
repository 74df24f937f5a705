// Devices for the kernel lab, at this machine's own kernel, that note when which DFU request came.
import {
  Device,
  DfuMode,
  DfuRuntime,
  DfuSeMode,
  DfuSeRam,
  RamDisk,
  SwitchableDevice,
} from 'dfukit/device';
import { UsbipServer, attachToKernel } from 'dfukit/link/usbip';
import { clock } from './ways.mjs';

const DNLOAD = 1;
const SET_CONFIGURATION = 9;
const DFU = { idVendor: 0x1209, idProduct: 0x7d02, serial: 'BENCH' };
const APPLICATION = { ...DFU, idProduct: 0x7d03 };
const attributes = { canDnload: true, canUpload: true, willDetach: true };

/** Notes every DFU request that a device is asked, and when it was configured. */
export class Watch {
  requests = [];
  /** Of each device by its product, when it was configured last. */
  configured = new Map();
  #configurations = [];
  #wake = () => {};

  /** The device, which tells this one. */
  over(device, idProduct) {
    const setup = device.setup.bind(device);
    device.setup = (packet) => {
      const { bmRequestType, bRequest, wValue, wLength } = packet;
      const atMs = performance.now();
      if ((bmRequestType & 0x60) === 0x20) this.requests.push({ bRequest, wValue, wLength, atMs });
      if (bmRequestType === 0 && bRequest === SET_CONFIGURATION) {
        this.configured.set(idProduct, atMs);
        this.#configurations.push({ idProduct, atMs });
        this.#wake();
      }
      return setup(packet);
    };
    return device;
  }

  /** When that device was configured first after that time. */
  firstConfiguredAfter(idProduct, sinceMs) {
    const found = this.#configurations.find(
      (each) => each.idProduct === idProduct && each.atMs > sinceMs,
    );
    return found.atMs;
  }

  /** Resolves once that device has been configured after that time; answers when. */
  async configuredAfter(idProduct, sinceMs) {
    while ((this.configured.get(idProduct) ?? -1) < sinceMs)
      await new Promise((resolve) => {
        this.#wake = resolve;
      });
    return this.configured.get(idProduct);
  }
}

const deviceOf = (identity, ...functions) =>
  new Device({ identity, configurations: [{ functions }] });

/** In DFU mode, with a RAM disk that takes no time. */
export function plainDevice(wTransferSize, watch) {
  const bmAttributes = { ...attributes, manifestationTolerant: true };
  const functional = { bmAttributes, wTransferSize, wDetachTimeOut: 500 };
  const mode = new DfuMode({ functional, media: [new RamDisk({ sizeBytes: 1 << 20 })] });
  return watch.over(deviceOf(DFU, mode), DFU.idProduct);
}

/** DfuSe, with memory that takes no time. */
export function dfuseDevice(wTransferSize, watch) {
  const memory = new DfuSeRam({ layout: '@Flash/0x08000000/32*002Kg' });
  const mode = new DfuSeMode({ memories: [memory], functional: { wTransferSize } });
  return watch.over(deviceOf(DFU, mode), DFU.idProduct);
}

/** An application that is asked into DFU mode, and a loader that is left for the application by a reset. */
export function twoModes(wTransferSize, watch) {
  const bmAttributes = { ...attributes, manifestationTolerant: false };
  const functional = { bmAttributes, wTransferSize, wDetachTimeOut: 500 };
  const become = (made, onBus) => (onBus ? port.replaceInReset(made) : port.replace(made));
  const application = () => {
    const runtime = new DfuRuntime({
      functional,
      onDetach: ({ onBus }) => become(loader(), onBus),
    });
    return watch.over(deviceOf(APPLICATION, runtime), APPLICATION.idProduct);
  };
  const loader = () => {
    const media = [new RamDisk({ sizeBytes: 1 << 20 })];
    const onLeave = ({ onBus }) => become(application(), onBus);
    return watch.over(deviceOf(DFU, new DfuMode({ functional, media, onLeave })), DFU.idProduct);
  };
  const port = new SwitchableDevice(application());
  return port;
}

/** Plugs a device into the kernel while `work` is done. */
export async function pluggedIn(device, work) {
  const server = new UsbipServer({ clock });
  const attachment = await attachToKernel(server.add(device));
  try {
    return await work();
  } finally {
    await attachment.close();
    await server.close();
  }
}

export const products = { dfu: DFU.idProduct, application: APPLICATION.idProduct };

/**
 * What a run came to: time until the first block, for all the blocks, and behind them; requests a block. A block of a
 * DfuSe device is one with a number from 2 on: before it are commands.
 */
export function phases(requests, { beganMs, endedMs, isDfuSe = false }) {
  const isBlock = ({ bRequest, wValue, wLength }) =>
    bRequest === DNLOAD && wLength > 0 && (!isDfuSe || wValue >= 2);
  const first = requests.findIndex(isBlock);
  const last = requests.findLastIndex(isBlock);
  const end = requests.findIndex(({ bRequest }, at) => at > last && bRequest === DNLOAD);
  const until = end < 0 ? requests.length - 1 : end;
  const during = requests.slice(first, until);
  const blocks = during.filter(isBlock).length;
  return {
    startUpMs: requests[first].atMs - beganMs,
    transferMs: requests[until].atMs - requests[first].atMs,
    behindMs: endedMs - requests[until].atMs,
    requestsABlock: during.length / blocks,
  };
}
