import { concluded } from './conclude.ts';
import { download } from './download.ts';
import type { DownloadOptions } from './download.ts';
import type { DownloadEnding } from './endings.ts';
import { parts } from './parts.ts';
import type { ReadBack } from './read-back.ts';
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
  const wait = { clock: session.clock, signal };
  const readPlain = changedOnly ? await parts.readPlain(wait) : undefined;
  const isThere = await readPlain?.isThere(session, payload, terms);
  if (isThere === true) {
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
