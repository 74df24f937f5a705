import { formatVersion } from '../../image/index.ts';
import type { BootOptions } from './boot.ts';
import { downgradeOf } from './counters.ts';
import { unmetDependency } from './dependencies.ts';
import { MemoryCounters } from './image-judge.ts';
import { judgeSlot, openPair } from './inspect.ts';
import type { Place } from './inspect.ts';
import { readHeaders } from './machine.ts';
import type { Machine, Refusal } from './machine.ts';
import { methodOf } from './methods.ts';
import { freshProgress, slotOf } from './session.ts';

/**
 * Judges an image that was written into a slot while another one runs: all that the bootloader will
 * look at once it is asked to take it, and what would keep it from being asked. Undefined if it
 * would take it. Changes nothing in flash.
 *
 * @throws `DfuError` `NOT_FOUND` if there is no such image pair.
 */
export async function examineArrived(
  options: Pick<BootOptions, 'flash' | 'config' | 'judge' | 'counters'>,
  place: Place,
): Promise<Refusal | undefined> {
  // a revert may be due now, but once it is asked for it is an update
  const finding = await judgeSlot(options, place, 'test');
  const refuse = (refusedBy: Refusal['refusedBy'], reason: string): Refusal => ({
    ...place,
    refusedBy,
    reason,
  });
  switch (finding.state) {
    case 'refused':
      return finding.refusal;
    case 'empty':
      return refuse('header', 'there is no image in the slot');
    case 'non-bootable':
      return refuse('header', 'the image says that it is not to be booted');
    case 'swapping':
    case 'valid':
      return examineSurroundings(options, place, refuse);
    default:
      return finding satisfies never;
  }
}

function examineSurroundings(
  { flash, config, judge, counters = new MemoryCounters() }: Parameters<typeof examineArrived>[0],
  { image, slot }: Place,
  refuse: (refusedBy: Refusal['refusedBy'], reason: string) => Refusal,
): Refusal | undefined {
  const { session, pair } = openPair(flash, config, image);
  const method = methodOf(config.algorithm);
  const machine: Machine = { session, method, judge, counters, refusals: [], hazards: [] };
  readHeaders(machine, pair, { progress: freshProgress(session.build) });
  if (slotOf(pair, slot).area.state().magic === 'bad') {
    return refuse('size', 'what follows the image reaches into the trailer at the end of the slot');
  }
  const unmet = unmetDependency(machine, { pair, slot }, (each) => (each === pair ? slot : 0));
  if (unmet === 'unreadable') {
    return refuse('dependency', 'it depends on an image that this bootloader does not know');
  }
  if (unmet !== undefined) {
    const { imageId, minVersion } = unmet;
    return refuse(
      'dependency',
      `it needs image ${imageId} at ${formatVersion(minVersion)} or later`,
    );
  }
  const { downgradePrevention, algorithm } = config;
  if (slot === 0 || downgradePrevention === undefined || algorithm === 'direct-xip')
    return undefined;
  return slotOf(pair, 0).header.magic === slotOf(pair, 1).header.magic
    ? downgradeOf(machine, pair)
    : undefined;
}
