import { DETACH_START, detachStep } from './detach-steps.ts';
import type { DetachEnding, DetachTerms } from './detach-steps.ts';
import { drive } from './drive.ts';
import type { HostListener } from './events.ts';
import { readFirst } from './read-first.ts';
import type { DfuSession } from './session.ts';
import type { CancelSignal } from '../usb/index.ts';

/** wValue of a DFU_DETACH in DFU mode, in ms, as dfu-util sends it. */
const DETACH_MS = 1000;

export interface LeaveOptions {
  readonly signal?: CancelSignal | undefined;
  readonly onEvent?: HostListener | undefined;
  /** Whether a reset of the port follows DFU_DETACH. Default true. */
  readonly reset?: boolean | undefined;
}

/**
 * Asks a device out of DFU mode, into its application: DFU_DETACH, then a reset of the port. DFU 1.1
 * knows the reset alone; many devices understand either. Whatever the device answers or fails to
 * answer is no error: it may be on its way already.
 */
export async function leave(
  session: DfuSession,
  options: LeaveOptions = {},
): Promise<DetachEnding> {
  const { signal, onEvent, reset = true } = options;
  if (!session.left && !session.moved) await readFirst(session, signal);
  const ending: DetachEnding = session.left
    ? { accepted: true, reset: 'gone', dfuState: undefined }
    : await sendDetach(session, { timeoutMs: DETACH_MS, reset, asksFirst: false }, signal);
  onEvent?.({ type: 'leaving', accepted: ending.accepted, reset: ending.reset });
  return ending;
}

/** DFU_DETACH as DFU 1.1 §5.1 has it, on an open interface. */
export function sendDetach(
  session: DfuSession,
  terms: DetachTerms,
  signal?: CancelSignal,
): Promise<DetachEnding> {
  return drive(session, DETACH_START, (state, outcome) => detachStep(state, outcome, terms), {
    signal,
  });
}
