import { DfuError } from '../bytes/index.ts';
import type { SendProgress } from '../bytes/index.ts';
import type { CancelSignal } from '../usb/index.ts';
import { departed } from './departure.ts';
import type { DfuSeOperation } from './dfuse-plan.ts';
import type { DownloadEnding, UploadEnding } from './endings.ts';
import type { Ended } from './ending-steps.ts';
import type { HostListener } from './events.ts';
import { outcomeBy, unconfirmedElse } from './outcome.ts';
import type { Verdict } from './read-back.ts';
import type { DfuSession } from './session.ts';
import { inWords, isWhole } from './tally.ts';

/** How a conversation ended, before anybody has looked whether that is all. */
interface Conclusion extends SendProgress {
  readonly ended: Ended;
  /** The operation at which the device left. */
  readonly leftAt?: DfuSeOperation | undefined;
  /** Whether it has said that it stays on the bus. */
  readonly stays?: boolean | undefined;
  /** What was there already and was left alone. */
  readonly kept?: DownloadEnding['kept'];
  /** Whether it was read back, where that is asked for; asked once the end is known. */
  readonly verdict?: ((ended: Ended) => Promise<Verdict | undefined>) | undefined;
  readonly signal?: CancelSignal | undefined;
  readonly onEvent?: HostListener | undefined;
}

/**
 * The one way from what a device has acknowledged to an ending: it is one if that is all that was planned.
 * Throws `INCOMPLETE` otherwise, with how far it came. That a device has left is looked after.
 */
export async function concluded(
  session: DfuSession,
  { ended: told, leftAt, stays, kept, verdict, signal, onEvent, ...progress }: Conclusion,
): Promise<DownloadEnding> {
  const { planned, acknowledged } = progress;
  if (!isWhole(planned, acknowledged)) {
    const far = inWords(planned, acknowledged);
    const message = `${whyNotAll(progress, leftAt)} (acknowledged: ${far})`;
    throw new DfuError('INCOMPLETE', message, { progress });
  }
  const terms = { starts: leftAt === undefined, stays, signal, onEvent };
  const ended = await unconfirmedElse(() =>
    session.watch.during('returnMs', () => departed(session, told, terms)),
  );
  const { ending, finalState, reset } = ended;
  const { blocks, bytes } = acknowledged;
  const seen = await unconfirmedElse(() => Promise.resolve(verdict?.(ended)));
  const unverified = seen === 'verified' ? undefined : seen?.unverified;
  const outcome = outcomeBy(ending, seen === 'verified');
  const whole = {
    blocks,
    bytes,
    outcome,
    unverified,
    kept,
    ending,
    finalState,
    reset,
    planned,
    acknowledged,
    spent: session.watch.take(),
  };
  onEvent?.({ type: 'downloaded', ...whole });
  return whole;
}

const AGAIN = 'run download again for the file';

/** What happened instead, and what to do. */
function whyNotAll(
  { planned, acknowledged }: SendProgress,
  leftAt: DfuSeOperation | undefined,
): string {
  if (leftAt?.op === 'write') {
    return `the device restarted in the middle of the file: ${AGAIN}`;
  }
  if (leftAt?.op !== 'command') {
    return 'the device has acknowledged less than was planned, and says nothing about the rest';
  }
  const { command } = leftAt.command;
  const what = command === 'read-unprotect' ? 'take its read protection off' : 'erase everything';
  if (acknowledged.commands === 0) {
    return `the device left while it was told to ${what}, and whether it did is not known: look at it`;
  }
  const done =
    command === 'read-unprotect'
      ? 'read protection is off and the flash is erased'
      : 'the flash is erased';
  return planned.bytes > 0 ? `${done}; the device restarted with it: ${AGAIN}` : done;
}

interface UploadConclusion {
  /** How many bytes this side asked for, where it knew. */
  readonly askedBytes?: number | undefined;
  readonly onEvent?: HostListener | undefined;
}

/** The same for uploads. Throws `INCOMPLETE` for no bytes at all, and for fewer than there should be. */
export function concludedUpload(
  ending: UploadEnding,
  { askedBytes, onEvent }: UploadConclusion = {},
): UploadEnding {
  const { bytes, plannedBytes } = ending;
  if (plannedBytes !== undefined && bytes < plannedBytes) {
    const message =
      bytes === askedBytes
        ? `all ${bytes} bytes that were asked for came, and ${plannedBytes} were expected`
        : `the device ended the upload after ${bytes} of ${plannedBytes} bytes`;
    throw new DfuError('INCOMPLETE', message);
  }
  if (bytes === 0) {
    throw new DfuError('INCOMPLETE', 'the device ended the upload before the first byte');
  }
  onEvent?.({ type: 'uploaded', ...ending });
  return ending;
}
