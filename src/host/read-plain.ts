import { DfuError } from '../bytes/index.ts';
import type { SendProgress } from '../bytes/index.ts';
import type { CancelSignal } from '../usb/index.ts';
import type { Payload } from './block-source.ts';
import { drive, prepare, settled } from './drive.ts';
import type { Ended } from './ending-steps.ts';
import type { HostListener } from './events.ts';
import { BUSY_LIMIT_MS } from './patience.ts';
import { Comparison, mismatch, unreadable } from './read-back.ts';
import type { Difference, Verdict } from './read-back.ts';
import type { DfuSession } from './session.ts';
import { readStatus } from './status-report.ts';
import { GET_STATUS } from './steps.ts';
import { UPLOAD_START, uploadStep } from './upload-steps.ts';
import type { UploadState } from './upload-steps.ts';

/** How a device of plain DFU is read back. */
interface PlainReading {
  readonly signal?: CancelSignal | undefined;
  readonly onEvent?: HostListener | undefined;
  readonly transferSizeBytes: number;
  readonly busyLimitMs?: number | undefined;
  readonly pollTimeMs?: number | undefined;
}

/** A block that differs ends the reading. */
class Differs extends Error {
  readonly difference: Difference;

  constructor(difference: Difference) {
    super();
    this.difference = difference;
  }
}

/**
 * Reads as many bytes as an image has from a device in dfuIDLE, and leaves it there: the first difference, or
 * undefined if they are equal. What it has behind them, padding of a slot say, is not looked at. Throws as
 * `upload` does; cancelling leaves it there, too, where possible.
 */
export async function comparePlain(
  session: DfuSession,
  image: Uint8Array,
  { signal, onEvent, transferSizeBytes, pollTimeMs, ...reading }: PlainReading,
): Promise<Difference | undefined> {
  const busyLimitMs = session.limits.busyMs ?? reading.busyLimitMs ?? BUSY_LIMIT_MS;
  const comparison = new Comparison([{ address: 0, data: image }], (difference) => {
    throw new Differs(difference);
  });
  const terms = { transferSizeBytes, maxBytes: Infinity, wantedBytes: image.length };
  const step: Parameters<typeof drive<UploadState, unknown>>[2] = (state, outcome) =>
    uploadStep(state, outcome, terms);
  const onState = ({ at }: UploadState): void => {
    if (at !== 'asking' && at !== 'done') return;
    const { bytes: doneBytes } = comparison;
    onEvent?.({ type: 'progress', operation: 'verify', doneBytes, totalBytes: image.length });
  };
  const write = (chunk: Uint8Array): void => comparison.take(chunk);
  return settled(session, async () => {
    let first: Difference | undefined;
    try {
      await drive(session, UPLOAD_START, step, { signal, onState, write });
      comparison.end();
    } catch (error) {
      if (!(error instanceof Differs)) throw error;
      first = error.difference;
    }
    await prepare(session, signal, { busyLimitMs, pollTimeMs });
    return first;
  });
}

/** What it is read back for. */
interface VerdictTerms extends PlainReading, SendProgress {}

/**
 * Whether a device has what was sent. DFU 1.1's table lets nothing be read between the last block and manifestation
 * (A.2.6: DFU_UPLOAD in dfuDNLOAD-IDLE is an error), so it is read behind it, where it is in dfuIDLE again.
 * Throws `MISMATCH`, `ABORTED`.
 */
export async function plainVerdict(
  session: DfuSession,
  payload: Payload,
  ended: Ended,
  { planned, acknowledged, ...terms }: VerdictTerms,
): Promise<Verdict> {
  if (!(payload instanceof Uint8Array)) {
    return { unverified: 'it came in pieces, which are not kept' };
  }
  const why = unreadable(session.interface) ?? (await notIdle(session, ended, terms.signal));
  if (why !== undefined) return { unverified: why };
  try {
    const first = await comparePlain(session, payload, terms);
    if (first === undefined) return 'verified';
    throw mismatch(first, false, { planned, acknowledged });
  } catch (error) {
    if (!DfuError.is(error) || error.code === 'MISMATCH' || error.code === 'ABORTED') throw error;
    return { unverified: error.message };
  }
}

/** Why a device cannot be asked for what it has, in words; undefined if it is in dfuIDLE. */
async function notIdle(
  session: DfuSession,
  { finalState, reset }: Ended,
  signal: CancelSignal | undefined,
): Promise<string | undefined> {
  if (session.left) return 'the device has left to start it';
  const silent = 'the device is not in dfuIDLE again after it, and is not read in between';
  if (finalState !== 'dfuIDLE' && reset !== 'same') return silent;
  try {
    const { bRequest, wValue, lengthBytes } = GET_STATUS;
    const data = await session.in(bRequest, wValue, lengthBytes, { signal });
    const { state } = readStatus({ data });
    return state === 'dfuIDLE' ? undefined : silent;
  } catch (error) {
    if (!DfuError.is(error) || error.code === 'ABORTED') throw error;
    return error.message;
  }
}

/** Whether the device has it; false where that cannot be read, which is told. */
export async function isThere(
  session: DfuSession,
  payload: Uint8Array,
  terms: PlainReading,
): Promise<boolean> {
  const { signal, onEvent, pollTimeMs } = terms;
  const busyLimitMs = session.limits.busyMs ?? terms.busyLimitMs ?? BUSY_LIMIT_MS;
  let why = unreadable(session.interface);
  if (why === undefined) {
    await prepare(session, signal, { busyLimitMs, pollTimeMs });
    try {
      return (await comparePlain(session, payload, terms)) === undefined;
    } catch (error) {
      const isRefusal = DfuError.is(error) && REFUSALS.has(error.code);
      if (!isRefusal) throw error;
      why = error.message;
    }
  }
  const message = `what is in the device cannot be read, and all is sent: ${why}`;
  onEvent?.({ type: 'note', message });
  return false;
}

/** How a device fails that does not let itself be read, and goes on with everything else. */
const REFUSALS: ReadonlySet<string> = new Set(['STALLED', 'DEVICE_STATUS', 'PROTOCOL']);
