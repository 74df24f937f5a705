// A USB/IP server in a process of its own, so that what the host's end costs can be told apart from the device's:
//   node bench/station.mjs WTRANSFERSIZE      says its port in one line, and serves until its input ends
import { UsbipServer } from 'dfukit/link/usbip';
import { clock, ramDiskDevice } from './ways.mjs';

const server = new UsbipServer({ clock, host: '127.0.0.1', port: 0 });
server.add(ramDiskDevice(Number(process.argv[2])).device);
const { port } = await server.listen();
process.stdout.write(`${port}\n`);
process.stdin.resume().on('end', () => void server.close());
