// A download of 1 MiB into a RAM disk, by block size.
import { download } from 'dfukit/host';
import { figure, medianMs } from './figure.mjs';
import { MEBIBYTE, direct, overLoopback, overUsbip, ramDiskDevice } from './ways.mjs';

const SIZES = [64, 512, 4096, 65_535];
const payload = Uint8Array.from({ length: MEBIBYTE }, (_, at) => (at * 2_654_435_761) >>> 24);

/** Every request of a download, without a host or a cable. */
function sendDirectly(device, blockBytes) {
  const common = { wIndex: 0, wValue: 0 };
  const request = (setup, data) => {
    device.tick(0);
    const answer = device.setup({ ...common, ...setup });
    if (answer.stage === 'out') device.data(data);
    device.done();
    if (answer.stage === 'stall') throw new Error('the device refused');
  };
  const status = { bmRequestType: 0xa1, bRequest: 3, wLength: 6 };
  let block = 0;
  for (let offset = 0; offset < MEBIBYTE; offset += blockBytes, block += 1) {
    const data = payload.subarray(offset, offset + blockBytes);
    const wValue = block & 0xffff;
    request({ bmRequestType: 0x21, bRequest: 1, wValue, wLength: data.length }, data);
    request(status);
  }
  request({ bmRequestType: 0x21, bRequest: 1, wValue: block & 0xffff, wLength: 0 });
  request(status);
}

function report(way, blockBytes, milliseconds, disk) {
  if (Buffer.compare(disk.content, payload) !== 0) throw new Error('it did not arrive');
  const rate = MEBIBYTE / 1000 / milliseconds;
  figure(`download of 1 MiB, ${way}`, rate, 'MB/s', { blockBytes });
}

for (const blockBytes of SIZES) {
  const { device, disk } = ramDiskDevice(blockBytes);
  direct(device);
  const milliseconds = await medianMs(9, () => sendDirectly(device, blockBytes));
  report('device alone', blockBytes, milliseconds, disk);
}

for (const { way, open } of [
  { way: 'loopback', open: overLoopback },
  { way: 'usbip', open: overUsbip },
])
  for (const blockBytes of SIZES) {
    const { device, disk } = ramDiskDevice(blockBytes);
    const { session, close } = await open(device);
    const send = () => download(session, payload, { transferSizeBytes: blockBytes });
    const milliseconds = await medianMs(blockBytes < 512 ? 3 : 5, send);
    report(way, blockBytes, milliseconds, disk);
    await close();
  }
