import type { DfuSeElement } from '../dfu/index.ts';
import type { CancelSignal } from '../usb/index.ts';
import type { DownloadEnding } from './download-steps.ts';
import { downloadPlan, planTerms, uploadPlan } from './dfuse-plan.ts';
import type { DfuSeModifiers, DfuSeOperation } from './dfuse-plan.ts';
import { DFUSE_START, dfuseStep } from './dfuse-steps.ts';
import type { DfuSeEnding, DfuSeState, DfuSeTerms } from './dfuse-steps.ts';
import { drive, prepare, settled } from './drive.ts';
import { LINGER_MS } from './ending-steps.ts';
import type { HostListener } from './events.ts';
import { BUSY_LIMIT_MS } from './patience.ts';
import type { SendingPart } from './sending.ts';
import type { DfuSession } from './session.ts';
import type { Outcome } from './steps.ts';
import type { UploadSink } from './upload.ts';

/** What a conversation with a DfuSe device goes by, whatever is done. */
export interface DfuSeTransferOptions {
  readonly signal?: CancelSignal | undefined;
  readonly onEvent?: HostListener | undefined;
  /** Most time that the device may be busy with one command or block. Default 120 s. */
  readonly busyLimitMs?: number | undefined;
  /** How long a device that was asked to leave may take. Default 3 s. */
  readonly lingerMs?: number | undefined;
}

export interface DfuSeOptions extends DfuSeModifiers, DfuSeTransferOptions {
  /** Bytes in a block, instead of the device's wTransferSize: 1 to 65535. */
  readonly transferSizeBytes?: number | undefined;
}

/**
 * Downloads to a DfuSe device (ST AN3156): erases the sectors that are touched, or everything, then
 * programs. With `leave` the device starts what is at `address`, or at the first element without one.
 * Cancelling leaves the device in dfuIDLE where possible, with whatever was erased erased.
 *
 * Throws as `download` does; `OUT_OF_RANGE` and `UNSUPPORTED` for memory that the device does not
 * have, `REFUSED` for what erases everything, all three unless `force`.
 */
export async function downloadDfuSe(
  session: DfuSession,
  elements: readonly DfuSeElement[],
  options: DfuSeOptions = {},
): Promise<DfuSeEnding> {
  const { interface: entry } = session;
  const terms = planTerms(entry, options);
  const part: SendingPart = {
    entry,
    transferSizeBytes: terms.transferSizeBytes,
    operations: downloadPlan(elements, terms),
    totalBytes: elements.reduce((sum, { data }) => sum + data.length, 0),
  };
  return sendPart(session, part, options);
}

/** Does what a part of a plan says; its alternate is selected first. Throws as `download` does. */
export async function sendPart(
  session: DfuSession,
  { entry, operations, totalBytes, transferSizeBytes }: SendingPart,
  options: DfuSeTransferOptions,
): Promise<DfuSeEnding> {
  await session.switchTo(entry);
  const run = { ...options, operation: 'download', totalBytes, transferSizeBytes } as const;
  const result = await runPlan(session, operations, run);
  // A device may leave after a command, before it has the data.
  if (result.bytes === totalBytes) options.onEvent?.({ type: 'downloaded', ...asDownload(result) });
  return result;
}

function asDownload({ blocks, bytes, ending, finalState, reset }: DfuSeEnding): DownloadEnding {
  return { blocks, bytes, ending, finalState, reset };
}

/**
 * Uploads from a DfuSe device: from `address` for `lengthBytes`, or to the end of what can be read
 * without a gap. Without an address, 16 KiB from where the device's pointer stands. Throws as
 * `downloadDfuSe` does.
 */
export async function uploadDfuSe(
  session: DfuSession,
  sink: UploadSink,
  options: DfuSeOptions = {},
): Promise<DfuSeEnding> {
  const terms = planTerms(session.interface, options);
  const { plan, totalBytes } = uploadPlan(terms);
  const { transferSizeBytes } = terms;
  const run = { operation: 'upload', write: sink, totalBytes, transferSizeBytes } as const;
  const result = await runPlan(session, plan, { ...options, ...run });
  const { bytes, blocks } = result;
  options.onEvent?.({ type: 'uploaded', bytes, blocks });
  return result;
}

interface Run extends DfuSeTransferOptions {
  readonly operation: 'download' | 'upload';
  readonly totalBytes: number | undefined;
  readonly transferSizeBytes: number;
  readonly write?: UploadSink | undefined;
}

async function runPlan(
  session: DfuSession,
  plan: readonly DfuSeOperation[],
  options: Run,
): Promise<DfuSeEnding> {
  const { signal, onEvent, write, transferSizeBytes } = options;
  const { busyLimitMs = BUSY_LIMIT_MS, lingerMs = LINGER_MS } = options;
  const terms: DfuSeTerms = { plan, busyLimitMs, lingerMs };
  await prepare(session, signal, busyLimitMs);
  onEvent?.({ type: 'ready', transferSizeBytes });
  const step = (state: DfuSeState, outcome: Outcome) => dfuseStep(state, outcome, terms);
  const onState = reporting(plan, options);
  return settled(session, () => drive(session, DFUSE_START, step, { signal, write, onState }));
}

/** Turns states into events; nothing if nobody listens. */
function reporting(
  plan: readonly DfuSeOperation[],
  { onEvent, operation, totalBytes }: Run,
): ((state: DfuSeState) => void) | undefined {
  if (onEvent === undefined) return undefined;
  const eraseBytes = plan.reduce(
    (sum, each) => sum + (each.op === 'command' ? (each.erasesBytes ?? 0) : 0),
    0,
  );
  let toldErased = 0;
  let toldBytes = -1;
  let left = false;
  return ({ at, index, bytes, erasedBytes }) => {
    if (erasedBytes !== toldErased) {
      toldErased = erasedBytes;
      const progress = { doneBytes: erasedBytes, totalBytes: eraseBytes };
      onEvent({ type: 'progress', operation: 'erase', ...progress });
    }
    const { op } = plan[index] ?? {};
    if ((op === 'write' || op === 'read' || bytes > 0) && bytes !== toldBytes) {
      toldBytes = bytes;
      onEvent({ type: 'progress', operation, doneBytes: bytes, totalBytes });
    }
    if (at === 'manifesting' && !left) {
      left = true;
      onEvent({ type: 'manifesting', state: undefined });
    }
  };
}
