import type { SendTally } from '../bytes/index.ts';
import type { CancelSignal } from '../usb/index.ts';
import { Account } from './account.ts';
import { blockSource } from './block-source.ts';
import type { Payload } from './block-source.ts';
import { concluded } from './conclude.ts';
import type { DownloadEnding } from './endings.ts';
import { capNote, demandDownloads, demandPlainDfu, transferSize } from './dialect.ts';
import { DOWNLOAD_START, downloadStep, nothingToSend } from './download-steps.ts';
import type { DownloadState, DownloadTerms } from './download-steps.ts';
import { LINGER_MS } from './ending-steps.ts';
import { drive, prepare, settled } from './drive.ts';
import type { Ended } from './ending-steps.ts';
import type { HostListener } from './events.ts';
import { withOutcome } from './outcome.ts';
import { parts } from './parts.ts';
import { BUSY_LIMIT_MS } from './patience.ts';
import { quirkOf } from './dfu-interface.ts';
import { readFirst } from './read-first.ts';
import type { DfuSession } from './session.ts';
import { plainTally } from './tally.ts';

export interface DownloadOptions {
  readonly signal?: CancelSignal | undefined;
  readonly onEvent?: HostListener | undefined;
  /** Bytes in a block, instead of the device's wTransferSize: 1 to 65535. */
  readonly transferSizeBytes?: number | undefined;
  /** Length of a payload that comes in pieces, for the progress events. */
  readonly totalBytes?: number | undefined;
  /** Most time that the device may be busy with a block, or with manifestation. Default 120 s. */
  readonly busyLimitMs?: number | undefined;
  /** How long to wait between two questions to a busy device, in ms, whatever it asks for. */
  readonly pollTimeMs?: number | undefined;
  /** How long a device that has it all may take to leave by itself. Default 3 s. */
  readonly lingerMs?: number | undefined;
  /** `dfu`: it is plain DFU, whatever the device says. */
  readonly dialect?: 'dfu' | undefined;
  /**
   * Read back what was written, once the device is in dfuIDLE again: where it is not, or what was sent came in pieces, the ending says
   * why under `unverified`.
   */
  readonly verify?: boolean | undefined;
  /** Send it also to a device that says it takes no downloads (bitCanDnload 0). */
  readonly force?: boolean | undefined;
}

/**
 * Downloads: host to device (DFU 1.1 §6.1), up to and including manifestation. The payload is what the
 * device shall get, without a DFU suffix. Cancelling leaves the device in dfuIDLE where possible.
 *
 * Throws `DEVICE_STATUS` with what the device says, `STALLED`, `TIMEOUT`, `DISCONNECTED`, `PROTOCOL`, each
 * with how far it had come; `MISMATCH` for what is read back otherwise;
 * `UNSUPPORTED` for a device that takes none; `INVALID_ARGUMENT` for nothing to send; `ABORTED`.
 */
export async function download(
  session: DfuSession,
  payload: Payload,
  options: DownloadOptions = {},
): Promise<DownloadEnding> {
  const { signal, onEvent } = options;
  demandPlainDfu(session.interface, options.dialect);
  if (options.force !== true) demandDownloads(session.interface);
  const { bmAttributes } = session.interface.functional;
  const quirk = quirkOf(session.interface);
  let size = transferSize(session.interface, options.transferSizeBytes);
  const terms: DownloadTerms = {
    manifestationTolerant: bmAttributes.manifestationTolerant || quirk.manifestPoll === true,
    busyLimitMs: session.limits.busyMs ?? options.busyLimitMs ?? BUSY_LIMIT_MS,
    manifestMs: session.limits.manifestMs,
    lingerMs: options.lingerMs ?? LINGER_MS,
    pollTimeMs: options.pollTimeMs ?? quirk.pollTimeMs,
    statusStalls: quirk.statusStalls,
    blockBytes: size,
  };
  if (payload instanceof Uint8Array && payload.length === 0) throw nothingToSend();
  const readPlain =
    options.verify === true ? await parts.readPlain({ clock: session.clock, signal }) : undefined;
  const source = blockSource(payload, size);
  const account = new Account(plannedOf(payload, size, options.totalBytes));
  const report = reporting(payload, options);
  const onState = (state: DownloadState): void => {
    account.note(plainTally(state.bytes, state.blocks, false));
    report?.(state);
  };
  const shrink = (blockBytes: number): void => {
    source.again(blockBytes);
    const message = `the device refused its first block, of ${size} bytes, without a reason: blocks of ${blockBytes} are sent`;
    onEvent?.({ type: 'note', message });
    size = blockBytes;
  };
  const work = async (): Promise<DownloadEnding> => {
    await prepare(session, signal, terms);
    if (!session.moved) await readFirst(session, signal);
    const note = capNote(session.interface, size);
    if (note !== undefined) onEvent?.({ type: 'note', message: note });
    onEvent?.({ type: 'ready', transferSizeBytes: size });
    account.begin();
    return account.during(async () => {
      const ended = await settled(session, () =>
        drive(
          session,
          DOWNLOAD_START,
          (state: DownloadState, outcome) => downloadStep(state, outcome, terms),
          { signal, read: () => source.next(), shrink, onState },
        ),
      );
      const whole = plannedOf(payload, size, options.totalBytes);
      const isAll = ended.bytes >= whole.bytes;
      const acknowledged = plainTally(ended.bytes, ended.blocks, isAll);
      const isPiecemeal = !(payload instanceof Uint8Array);
      // What comes in pieces is all that its source gave: it ended, and every block was acknowledged.
      const planned = isPiecemeal ? acknowledged : whole;
      const read = { ...options, transferSizeBytes: size };
      const verdict =
        readPlain &&
        ((how: Ended) =>
          readPlain.plainVerdict(session, payload, how, { ...read, planned, acknowledged }));
      const stays = bmAttributes.manifestationTolerant;
      const told = { planned, acknowledged, verdict };
      return concluded(session, { ended, stays, ...told, signal, onEvent });
    });
  };
  try {
    return await withOutcome(session, work);
  } finally {
    await source.close();
  }
}

function plannedOf(payload: Payload, size: number, totalBytes: number | undefined): SendTally {
  const bytes = payload instanceof Uint8Array ? payload.length : (totalBytes ?? 0);
  return plainTally(bytes, Math.ceil(bytes / size), true);
}

/** Turns states into events; nothing if nobody listens. */
function reporting(
  payload: Payload,
  { onEvent, totalBytes: given }: DownloadOptions,
): ((state: DownloadState) => void) | undefined {
  if (onEvent === undefined) return undefined;
  const totalBytes = payload instanceof Uint8Array ? payload.length : given;
  let told: DownloadState['at'] | undefined;
  let toldBytes = -1;
  return ({ at, bytes, ...more }) => {
    if (at === 'reading' && bytes !== toldBytes) {
      toldBytes = bytes;
      onEvent({ type: 'progress', operation: 'download', doneBytes: bytes, totalBytes });
    }
    if (at === 'manifesting' && told !== at) {
      onEvent({ type: 'manifesting', state: 'seen' in more ? more.seen : undefined });
    }
    told = at;
  };
}
