import type { DfuSession } from '../../host/index.ts';
import type { Wishes } from './command-line.ts';
import type { Voice } from './voice.ts';

/**
 * How many bytes a block has: `-t` or the device's own, and never fewer than a packet of its control endpoint, as
 * dfu-util has it. What differs from the device's own is told when that is.
 */
export function takeBlockSize(
  { interface: entry, pipe }: DfuSession,
  { transferSizeBytes: wanted }: Wishes,
  voice: Voice,
): number {
  const { bMaxPacketSize0 } = pipe.device.descriptor;
  const asked = wanted ?? entry.functional.wTransferSize;
  const size = Math.max(asked, bMaxPacketSize0);
  voice.sizeLines = [
    ...(wanted === undefined ? [] : ['Warning: Overriding device-reported transfer size']),
    ...(size === asked ? [] : [`Adjusted transfer size to ${size}`]),
  ];
  return size;
}
