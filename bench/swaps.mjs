// MCUboot: boots with nothing to do, and swaps, each on a copy of the same flash.
import { boot } from 'dfukit/boot/mcuboot';
import { figure, median } from './figure.mjs';
import { deviceWith, newJudge } from './slots.mjs';

const ALGORITHMS = ['swap-using-move', 'swap-using-offset', 'swap-using-scratch', 'overwrite-only'];
const SLOT_KIBIBYTES = [64, 512];
const MILLISECONDS = 500;
const RUNS = 5;

/** Boots a second of a device that runs `major` then: the middle of five runs. */
async function perSecond({ flash, config }, major, judgeOf = newJudge) {
  const rates = [];
  for (let run = 0; run < RUNS; run += 1) {
    const began = performance.now();
    let done = 0;
    let spent = 0;
    while (spent < MILLISECONDS) {
      const result = await boot({ flash: flash.fork(), config, judge: judgeOf() });
      const found = result.image?.header.version.major;
      if (found !== major) throw new Error(`expected version ${major} to run, got ${found}`);
      done += 1;
      spent = performance.now() - began;
    }
    rates.push((done * 1000) / spent);
  }
  return median(rates);
}

for (const slotKibibytes of SLOT_KIBIBYTES) {
  const idle = await deviceWith('swap-using-move', slotKibibytes, { pending: false });
  const { imageBytes, judge } = idle;
  const more = { slotKibibytes, imageBytes };
  // As a device does: every boot checks the image anew.
  figure('boots with nothing to do', await perSecond(idle, 1), '1/s', more);
  // As the laboratory does: the judge knows the image.
  const known = await perSecond(idle, 1, () => judge);
  figure('boots with nothing to do, image known', known, '1/s', more);
}
for (const algorithm of ALGORITHMS)
  for (const slotKibibytes of SLOT_KIBIBYTES) {
    const device = await deviceWith(algorithm, slotKibibytes);
    const { imageBytes } = device;
    const rate = await perSecond(device, 2);
    figure(`swaps, ${algorithm}`, rate, '1/s', { slotKibibytes, imageBytes });
  }
