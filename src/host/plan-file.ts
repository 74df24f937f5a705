import type { PartWait } from '../usb/index.ts';
import { parts } from './parts.ts';
import { aidsFor, planWith } from './plan-with.ts';
import type { SendOptions, SendPlan } from './send-plan.ts';

/**
 * `sendPlan`, for whoever can wait and has types: what takes files of some formats apart is loaded when there is such a
 * file. Throws what `sendPlan` throws, and `NOT_LOADED`.
 */
export async function planFile(
  file: Uint8Array | undefined,
  options: SendOptions,
  wait: PartWait,
): Promise<SendPlan> {
  const needed = aidsFor(file, options);
  const readers = needed.readers ? await parts.readers(wait) : undefined;
  const expected = needed.places ? await parts.expected(wait) : undefined;
  return planWith(file, options, { readers, demandPlaces: expected?.demandPlaces });
}
