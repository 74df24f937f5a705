// The three ways to a device: called directly, over a cable in memory, over USB/IP on this machine.
import { Device, DfuMode, RamDisk } from 'dfukit/device';
import { connect } from 'dfukit/host';
import { LoopbackBus } from 'dfukit/link/loopback';
import { UsbipServer, usbipBus } from 'dfukit/link/usbip';
import { timerClock } from 'dfukit/usb';

export const MEBIBYTE = 1024 * 1024;

export const clock = timerClock(globalThis);

/** A device in DFU mode with one RAM disk, which takes no time. */
export function ramDiskDevice(wTransferSize) {
  const bmAttributes = {
    canDnload: true,
    canUpload: true,
    manifestationTolerant: true,
    willDetach: false,
  };
  const disk = new RamDisk({ sizeBytes: MEBIBYTE });
  const mode = new DfuMode({
    functional: { bmAttributes, wTransferSize, wDetachTimeOut: 500 },
    media: [disk],
  });
  const identity = { idVendor: 0x1209, idProduct: 0x7d02, serial: 'BENCH' };
  return { device: new Device({ identity, configurations: [{ functions: [mode] }] }), disk };
}

/** Opens the device at the other end of a cable in memory. */
export async function overLoopback(device) {
  const bus = new LoopbackBus(clock);
  bus.plug(device);
  const session = await connect(bus, { clock });
  return { session, close: () => session.close().then(() => bus.close()) };
}

/** Opens the device at a USB/IP server of this process, over TCP. */
export async function overUsbip(device) {
  const server = new UsbipServer({ clock, host: '127.0.0.1', port: 0 });
  server.add(device);
  const { host, port } = await server.listen();
  const bus = usbipBus({ host, port, clock });
  const session = await connect(bus, { clock });
  const close = async () => {
    await session.close();
    await bus.close();
    await server.close();
  };
  return { session, close };
}

/** Plugs the device into nothing and configures it. */
export function direct(device) {
  device.connect({ attach() {}, detach() {}, resume() {}, log() {} });
  device.reset();
  device.configure(1);
  return device;
}
