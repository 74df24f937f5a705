// The laboratory's full run: every operation of a swap is cut, in each way, and every operation of the boot after it
// again. The seconds per cut of larger slots show how the cost grows.
import { explorePowerCuts } from 'dfukit/lab';
import { figure } from './figure.mjs';
import { deviceWith } from './slots.mjs';

const ALGORITHM = 'swap-using-move';
const SLOT_KIBIBYTES = [64, 128, 512];

/** All outcomes that were counted. */
function sum(counts) {
  return Object.values(counts).reduce((total, each) => total + each, 0);
}

// The first run of all is the compiler's.
await explorePowerCuts(await deviceWith(ALGORITHM, SLOT_KIBIBYTES[0]));

for (const slotKibibytes of SLOT_KIBIBYTES) {
  const device = await deviceWith(ALGORITHM, slotKibibytes);
  const began = performance.now();
  const report = await explorePowerCuts(device);
  const seconds = (performance.now() - began) / 1000;
  const { operations, cases, counts, executedOperations, hashedImages, findings } = report;
  if (findings.length > 0) throw new Error(`a power cut led to ${findings[0].outcome}`);
  const more = {
    slotKibibytes,
    operations: operations.length,
    cuts: cases.length,
    cutsInARow: sum(counts.pairs),
    executedOperations,
    hashedImages,
  };
  figure(`power cuts, ${ALGORITHM}`, seconds, 's', more);
  figure(`power cuts, ${ALGORITHM}, each`, seconds / cases.length, 's', { slotKibibytes });
}
