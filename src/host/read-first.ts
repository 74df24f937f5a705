import { DfuError } from '../bytes/index.ts';
import { DfuRequest } from '../dfu/index.ts';
import type { CancelSignal } from '../usb/index.ts';
import { quirkOf } from './dfu-interface.ts';
import { prepare } from './drive.ts';
import type { DfuSession } from './session.ts';

/** Failures that say nothing of what follows. */
const harmless: ReadonlySet<string> = new Set(['STALLED', 'PROTOCOL']);

/**
 * Reads a block and forgets it, from a device that has to be read before it does anything else (m-stack). What
 * it answers does not matter; it is brought back to dfuIDLE. Throws what else keeps it from there.
 */
export async function readFirst(session: DfuSession, signal?: CancelSignal): Promise<void> {
  const entry = session.interface;
  if (quirkOf(entry).readsFirst !== true) return;
  try {
    await session.in(DfuRequest.UPLOAD, 0, entry.functional.wTransferSize, { signal });
  } catch (error) {
    if (!DfuError.is(error) || !harmless.has(error.code)) throw error;
  }
  await prepare(session, signal);
}
