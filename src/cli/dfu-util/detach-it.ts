import { DfuSession, find, prepare, sendDetach } from '../../host/index.ts';
import type { Found } from '../../host/index.ts';
import { ExitCode } from '../shared/exit-codes.ts';
import { takeBlockSize } from './block-size.ts';
import type { Surroundings } from './surroundings.ts';
import { resetIt } from './reset-it.ts';

/** wValue of DFU_DETACH, in ms, as dfu-util sends it. */
const DETACH_MS = 1000;

/** `-e`: from run-time mode, and no more; in DFU mode DFU_DETACH, and with `-R` a reset. */
export async function detachIt(around: Surroundings): Promise<number> {
  const { bus, clock, signal, wishes, selection, voice } = around;
  const found = await find(bus, {
    clock,
    signal,
    onEvent: (event) => voice.tell(event),
    selection,
    wait: wishes.wait,
    anyAlternate: true,
  });
  const session = await DfuSession.open(found.device, found.interface, { clock, bus });
  try {
    if (found.interface.mode === 'dfu') await outOf(session, around);
    else await into(session, found, around);
    return ExitCode.ok;
  } finally {
    await session.close();
  }
}

async function into(
  session: DfuSession,
  { interface: { functional } }: Found,
  { signal, voice }: Surroundings,
): Promise<void> {
  const { wDetachTimeOut, bmAttributes } = functional;
  const timeoutMs = wDetachTimeOut === 0 ? DETACH_MS : wDetachTimeOut;
  const terms = { timeoutMs, reset: !bmAttributes.willDetach, asksFirst: true };
  const { accepted, dfuState } = await sendDetach(session, terms, signal);
  if (dfuState !== undefined) {
    voice.warn(`WARNING: Device already in DFU mode? (${dfuState})`);
    return;
  }
  if (!accepted) voice.warn('error detaching');
}

async function outOf(session: DfuSession, around: Surroundings): Promise<void> {
  const { wishes, signal, voice } = around;
  const transferSizeBytes = takeBlockSize(session, wishes, voice);
  await prepare(session, signal);
  voice.tell({ type: 'ready', transferSizeBytes });
  const terms = { timeoutMs: DETACH_MS, reset: false, asksFirst: false };
  const { accepted } = await sendDetach(session, terms, signal);
  if (!accepted) voice.warn("can't detach");
  if (wishes.reset) await resetIt(session, around);
}
