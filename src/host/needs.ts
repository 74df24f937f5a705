import { DfuVersion } from '../dfu/index.ts';
import { isSegmentFormat } from '../image/index.ts';
import type { PartWait } from '../usb/index.ts';
import type * as DfuSePart from './dfuse-part.ts';
import { speaksDfuSe } from './dialect.ts';
import type { DfuInterface } from './dfu-interface.ts';
import type * as Expected from './expected.ts';
import type * as FileReaders from './file-readers.ts';
import type * as NotOlder from './not-older.ts';
import { parts } from './parts.ts';
import type { SendPlan } from './send-plan.ts';

/** What only some plans and devices need. */
export interface SendNeeds {
  /** For a device that speaks DfuSe, or may do so in DFU mode. */
  readonly dfuse?: typeof DfuSePart | undefined;
  /** For a file of a format with addresses. */
  readonly readers?: typeof FileReaders | undefined;
  /** For a plan with `expected`. */
  readonly expected?: typeof Expected | undefined;
  /** For a plan with `noDowngrade`. */
  readonly notOlder?: typeof NotOlder | undefined;
}

/** Whether DfuSe may come into it. What a device in run-time mode speaks in DFU mode is known there alone. */
function mayBeDfuSe({ dialect, format, targets, suffix }: SendPlan, entry: DfuInterface): boolean {
  const isFile = format !== undefined || targets.length > 0;
  if (!isFile || format === 'dfuse' || suffix?.bcdDFU === DfuVersion.dfuSe) return true;
  if (dialect !== undefined) return dialect === 'dfuse';
  return entry.mode === 'runtime' || speaksDfuSe(entry);
}

/** A part that is there because it was found to be needed. */
export function needed<T>(part: T | undefined): T {
  if (part === undefined) throw new TypeError('expected a part that was loaded, got none');
  return part;
}

/**
 * Loads what a plan needs with a device, and is done before anything is asked of that: what cannot be had changes
 * nothing. Throws `NOT_LOADED`.
 */
export async function needsOf(
  plan: SendPlan,
  entry: DfuInterface,
  wait: PartWait,
): Promise<SendNeeds> {
  const { expected, noDowngrade, readBack } = plan;
  const readsBack = readBack.verify || readBack.changedOnly;
  const [dfuse, readers, its, notOlder] = await Promise.all([
    mayBeDfuSe(plan, entry) ? parts.dfuse(wait) : undefined,
    isSegmentFormat(plan.format) ? parts.readers(wait) : undefined,
    expected === undefined ? undefined : parts.expected(wait),
    noDowngrade === true ? parts.notOlder(wait) : undefined,
    entry.mode === 'runtime' ? parts.runtime(wait) : undefined,
    readsBack ? parts.readPlain(wait) : undefined,
  ]);
  return { dfuse, readers, expected: its, notOlder };
}
