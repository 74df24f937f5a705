// Boards for the benchmark of a gang, in a process of their own: `gang-boards.mjs COUNT`. Says its port, ends with its input.
import { Device, DfuMode, RamDisk } from 'dfukit/device';
import { UsbipServer } from 'dfukit/link/usbip';
import { timerClock } from 'dfukit/usb';

const clock = timerClock(globalThis);
const bmAttributes = {
  canDnload: true,
  canUpload: true,
  manifestationTolerant: true,
  willDetach: true,
};
const functional = { bmAttributes, wTransferSize: 1024, wDetachTimeOut: 500 };
const server = new UsbipServer({ clock, host: '127.0.0.1', port: 0 });
for (let at = 0; at < Number(process.argv[2]); at += 1) {
  const media = [new RamDisk({ sizeBytes: 1024 * 1024, writeMs: 5 })];
  const mode = new DfuMode({ functional, media });
  const identity = { idVendor: 0x1209, idProduct: 0x7d02, serial: `UNIT-${at}` };
  server.add(new Device({ identity, configurations: [{ functions: [mode] }] }));
}
const { port } = await server.listen();
process.stdout.write(`${port}\n`);
process.stdin.resume().on('end', () => process.exit());
