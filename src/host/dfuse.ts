import type { DfuSeElement } from '../dfu/index.ts';
import type { CancelSignal } from '../usb/index.ts';
import { Account } from './account.ts';
import { concluded, concludedUpload } from './conclude.ts';
import { capNote } from './dialect.ts';
import type { DownloadEnding, UploadEnding } from './endings.ts';
import { downloadPlan, planTerms } from './dfuse-plan.ts';
import type { DfuSeModifiers, DfuSePlan } from './dfuse-plan.ts';
import { uploadPlan } from './dfuse-read-plan.ts';
import { DFUSE_START, dfuseStep } from './dfuse-steps.ts';
import type { DfuSeEnd, DfuSeState, DfuSeTerms } from './dfuse-steps.ts';
import { nothingToSend } from './download-steps.ts';
import { drive, prepare, settled } from './drive.ts';
import { LINGER_MS } from './ending-steps.ts';
import type { HostListener } from './events.ts';
import { withOutcome } from './outcome.ts';
import { BUSY_LIMIT_MS } from './patience.ts';
import { PlanWalk } from './plan-walk.ts';
import { quirkOf } from './dfu-interface.ts';
import { readFirst } from './read-first.ts';
import type { DfuSession } from './session.ts';
import type { Outcome } from './steps.ts';
import { NOTHING, tallyOf } from './tally.ts';
import { UPLOAD_LIMIT_BYTES } from './upload.ts';
import type { UploadSink } from './upload.ts';

/** What a conversation with a DfuSe device goes by, whatever is done. */
export interface DfuSeTransferOptions {
  readonly signal?: CancelSignal | undefined;
  readonly onEvent?: HostListener | undefined;
  /** Most time that the device may be busy with one command or block. Default 120 s. */
  readonly busyLimitMs?: number | undefined;
  /** How long to wait between two questions to a busy device, in ms, whatever it asks for. */
  readonly pollTimeMs?: number | undefined;
  /** How long a device that was asked to leave may take. Default 3 s. */
  readonly lingerMs?: number | undefined;
}

export interface DfuSeOptions extends DfuSeModifiers, DfuSeTransferOptions {
  /** Bytes in a block, instead of the device's wTransferSize: 1 to 65535. */
  readonly transferSizeBytes?: number | undefined;
}

/** What `uploadDfuSe` goes by. */
export interface DfuSeUploadOptions extends DfuSeOptions {
  /** More than this is not asked for: `OUT_OF_RANGE`. Default 256 MiB. */
  readonly maxBytes?: number | undefined;
  /** How much is expected; fewer bytes are `INCOMPLETE`. Asked for, too, where neither address nor length is given. */
  readonly totalBytes?: number | undefined;
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
): Promise<DownloadEnding> {
  const terms = planTerms(session.interface, options);
  const plan = downloadPlan(elements, terms);
  const planned = tallyOf(plan.operations);
  if (planned.bytes === 0) throw nothingToSend();
  const { signal, onEvent } = options;
  for (const message of plan.notes) onEvent?.({ type: 'note', message });
  const account = new Account(planned);
  const { transferSizeBytes } = terms;
  const work = async (): Promise<DownloadEnding> => {
    const totalBytes = planned.bytes;
    const run = { operation: 'download', totalBytes, transferSizeBytes, account } as const;
    const { leftAt, ...ended } = await runPlan(session, plan, { ...options, ...run });
    const { acknowledged } = account;
    return concluded(session, { ended, leftAt, planned, acknowledged, signal, onEvent });
  };
  return withOutcome(session, () => account.during(work));
}

/**
 * Uploads from a DfuSe device: from `address` for `lengthBytes`, or to the end of what can be read
 * without a gap. Without an address, 16 KiB from where the device's pointer stands. Throws as
 * `downloadDfuSe` does; `INCOMPLETE` if the device gives nothing, or less than its layout has, than was
 * asked for, or than was expected.
 */
export async function uploadDfuSe(
  session: DfuSession,
  sink: UploadSink,
  options: DfuSeUploadOptions = {},
): Promise<UploadEnding> {
  const { onEvent, address, lengthBytes, maxBytes = UPLOAD_LIMIT_BYTES } = options;
  const { totalBytes: expectedBytes = 0 } = options;
  const terms = planTerms(session.interface, options);
  const plan = uploadPlan(terms, maxBytes, expectedBytes);
  for (const message of plan.notes) onEvent?.({ type: 'note', message });
  const { transferSizeBytes } = terms;
  const { totalBytes } = plan;
  const account = new Account({ ...NOTHING, bytes: totalBytes });
  return account.during(async () => {
    const run = {
      operation: 'upload',
      write: sink,
      totalBytes,
      transferSizeBytes,
      account,
    } as const;
    const { acknowledged } = await runPlan(session, plan, { ...options, ...run });
    const { bytes, blocks } = acknowledged;
    // How much stands behind a pointer that nobody knows is not known.
    const isKnown = address !== undefined || lengthBytes !== undefined;
    const plannedBytes = isKnown ? Math.max(totalBytes, expectedBytes) : options.totalBytes;
    return concludedUpload({ bytes, blocks, plannedBytes }, { askedBytes: totalBytes, onEvent });
  });
}

interface Run extends DfuSeTransferOptions {
  readonly operation: 'download' | 'upload' | 'verify';
  /** The device has been got ready and talked of before. */
  readonly isMore?: boolean | undefined;
  readonly totalBytes: number | undefined;
  readonly transferSizeBytes: number;
  readonly account: Account;
  readonly write?: UploadSink | undefined;
}

/** Does what a plan says. Whether that was all of it is for `concluded` to say. */
export async function runPlan(
  session: DfuSession,
  plan: Pick<DfuSePlan, 'operations' | 'ending'>,
  options: Run,
): Promise<DfuSeEnd> {
  const { signal, onEvent, write, transferSizeBytes, account } = options;
  const { eraseMs, busyMs, manifestMs } = session.limits;
  const { busyLimitMs = BUSY_LIMIT_MS, lingerMs = LINGER_MS } = options;
  const { massEraseMs, statusStalls, ...quirk } = quirkOf(session.interface);
  const pollTimeMs = options.pollTimeMs ?? quirk.pollTimeMs;
  const terms: DfuSeTerms = {
    busyLimitMs: busyMs ?? busyLimitMs,
    manifestMs,
    lingerMs,
    pollTimeMs,
    statusStalls,
    massEraseMs,
    eraseMs,
  };
  await prepare(session, signal, terms);
  if (!session.moved && options.operation === 'download') await readFirst(session, signal);
  const note = options.isMore === true ? undefined : capNote(session.interface, transferSizeBytes);
  if (note !== undefined) onEvent?.({ type: 'note', message: note });
  if (options.isMore !== true) onEvent?.({ type: 'ready', transferSizeBytes });
  const step = (state: DfuSeState, outcome: Outcome) => dfuseStep(state, outcome, terms);
  const report = reporting(plan, options);
  const onState = (state: DfuSeState): void => {
    account.note(state.done);
    report?.(state);
  };
  const walk = new PlanWalk(plan);
  account.begin();
  return settled(session, () =>
    drive(session, DFUSE_START, step, { signal, write, onState, plan: walk }),
  );
}

/** Turns states into events; nothing if nobody listens. */
function reporting(
  { operations }: Pick<DfuSePlan, 'operations'>,
  { onEvent, operation, totalBytes }: Run,
): ((state: DfuSeState) => void) | undefined {
  if (onEvent === undefined) return undefined;
  const eraseBytes = operation !== 'download' ? 0 : tallyOf(operations).erasedBytes;
  let toldErased = 0;
  let toldBytes = -1;
  let left = false;
  return ({ at, current, done: { bytes, erasedBytes } }) => {
    if (erasedBytes !== toldErased) {
      toldErased = erasedBytes;
      const progress = { doneBytes: erasedBytes, totalBytes: eraseBytes };
      onEvent({ type: 'progress', operation: 'erase', ...progress });
    }
    const isData = current?.op === 'write' || current?.op === 'read';
    if ((isData || bytes > 0) && bytes !== toldBytes) {
      toldBytes = bytes;
      onEvent({ type: 'progress', operation, doneBytes: bytes, totalBytes });
    }
    if (at === 'manifesting' && bytes > 0 && !left) {
      left = true;
      onEvent({ type: 'manifesting', state: undefined });
    }
  };
}
