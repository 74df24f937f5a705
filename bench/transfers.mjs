// Control transfers a second: DFU_GETSTATUS, six bytes to the host.
import { median, figure } from './figure.mjs';
import { direct, overLoopback, overUsbip, ramDiskDevice } from './ways.mjs';

const GETSTATUS = { bmRequestType: 0xa1, bRequest: 3, wValue: 0, wIndex: 0 };
const MILLISECONDS = 500;

/** The middle of five runs of half a second each. */
async function perSecond(transfer, batch) {
  const rates = [];
  for (let run = 0; run < 5; run += 1) {
    const began = performance.now();
    let done = 0;
    let spent = 0;
    while (spent < MILLISECONDS) {
      for (let at = 0; at < batch; at += 1) await transfer();
      done += batch;
      spent = performance.now() - began;
    }
    rates.push((done * 1000) / spent);
  }
  return median(rates);
}

/** Without waiting: a promise a transfer would be most of what is measured. */
function perSecondAtOnce(transfer) {
  const rates = [];
  for (let run = 0; run < 5; run += 1) {
    const began = performance.now();
    let done = 0;
    for (; performance.now() - began < MILLISECONDS; done += 1000)
      for (let at = 0; at < 1000; at += 1) transfer();
    rates.push((done * 1000) / (performance.now() - began));
  }
  return median(rates);
}

const bare = direct(ramDiskDevice(4096).device);
const packet = { ...GETSTATUS, wLength: 6 };
const rate = perSecondAtOnce(() => {
  bare.tick(0);
  if (bare.setup(packet).stage !== 'in') throw new Error('DFU_GETSTATUS was refused');
  bare.done();
});
figure('control transfers, device alone', rate, '1/s');

for (const { way, open, batch } of [
  { way: 'loopback', open: overLoopback, batch: 500 },
  { way: 'usbip', open: overUsbip, batch: 50 },
]) {
  const { session, close } = await open(ramDiskDevice(4096).device);
  const transfer = () => session.pipe.controlIn(GETSTATUS, 6);
  figure(`control transfers, ${way}`, await perSecond(transfer, batch), '1/s');
  await close();
}
