import { DfuError } from '../bytes/index.ts';
import { concluded } from './conclude.ts';
import { download } from './download.ts';
import type { DownloadOptions } from './download.ts';
import { prepare } from './drive.ts';
import type { DownloadEnding } from './endings.ts';
import { BUSY_LIMIT_MS } from './patience.ts';
import { unreadable } from './read-back.ts';
import type { ReadBack } from './read-back.ts';
import { comparePlain } from './read-plain.ts';
import type { DfuSession } from './session.ts';
import { NOTHING } from './tally.ts';

/** Sends an image to a device of plain DFU, unless it is there already and only what changed is wanted. */
export async function sendPlain(
  session: DfuSession,
  payload: Uint8Array,
  { verify, changedOnly, resume }: ReadBack,
  terms: DownloadOptions & { readonly transferSizeBytes: number },
): Promise<DownloadEnding> {
  const { signal, onEvent } = terms;
  if (changedOnly && (await isThere(session, payload, terms))) {
    return concluded(session, {
      ended: { ending: 'written', finalState: 'dfuIDLE', reset: undefined },
      planned: NOTHING,
      acknowledged: NOTHING,
      kept: { sectors: 0, bytes: payload.length },
      verdict: () => Promise.resolve('verified'),
      signal,
      onEvent,
    });
  }
  if (resume) {
    const message = 'the device speaks plain DFU, which begins at the beginning: all of it is sent';
    onEvent?.({ type: 'note', message });
  }
  return download(session, payload, { ...terms, dialect: 'dfu', verify });
}

/** Whether the device has it; false where that cannot be read, which is told. */
async function isThere(
  session: DfuSession,
  payload: Uint8Array,
  terms: DownloadOptions & { readonly transferSizeBytes: number },
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
