import type { CancelSignal } from '../usb/index.ts';
import { blockSource } from './block-source.ts';
import type { Payload } from './block-source.ts';
import { demandDownloads, demandPlainDfu, transferSize } from './dialect.ts';
import { DOWNLOAD_START, downloadStep } from './download-steps.ts';
import type { DownloadEnding, DownloadState, DownloadTerms } from './download-steps.ts';
import { LINGER_MS } from './ending-steps.ts';
import { drive, prepare, settled } from './drive.ts';
import type { HostListener } from './events.ts';
import { BUSY_LIMIT_MS } from './patience.ts';
import type { DfuSession } from './session.ts';

export interface DownloadOptions {
  readonly signal?: CancelSignal | undefined;
  readonly onEvent?: HostListener | undefined;
  /** Bytes in a block, instead of the device's wTransferSize: 1 to 65535. */
  readonly transferSizeBytes?: number | undefined;
  /** Length of a payload that comes in pieces, for the progress events. */
  readonly totalBytes?: number | undefined;
  /** Most time that the device may be busy with a block, or with manifestation. Default 120 s. */
  readonly busyLimitMs?: number | undefined;
  /** How long a device that has it all may take to leave by itself. Default 3 s. */
  readonly lingerMs?: number | undefined;
  /** Send it also to a device that says it takes no downloads (bitCanDnload 0). */
  readonly force?: boolean | undefined;
}

/**
 * Downloads: host to device (DFU 1.1 §6.1), up to and including manifestation. The payload is what the
 * device shall get, without a DFU suffix. Cancelling leaves the device in dfuIDLE where possible.
 *
 * Throws `DEVICE_STATUS` with what the device says, `STALLED`, `TIMEOUT`, `DISCONNECTED`, `PROTOCOL`;
 * `UNSUPPORTED` for a device that takes none; `INVALID_ARGUMENT` for nothing to send; `ABORTED`.
 */
export async function download(
  session: DfuSession,
  payload: Payload,
  options: DownloadOptions = {},
): Promise<DownloadEnding> {
  const { signal, onEvent } = options;
  demandPlainDfu(session.interface);
  if (options.force !== true) demandDownloads(session.interface);
  const { bmAttributes } = session.interface.functional;
  const size = transferSize(session.interface, options.transferSizeBytes);
  const terms: DownloadTerms = {
    manifestationTolerant: bmAttributes.manifestationTolerant,
    busyLimitMs: options.busyLimitMs ?? BUSY_LIMIT_MS,
    lingerMs: options.lingerMs ?? LINGER_MS,
  };
  const source = blockSource(payload, size);
  try {
    await prepare(session, signal, terms.busyLimitMs);
    onEvent?.({ type: 'ready', transferSizeBytes: size });
    const ending = await settled(session, () =>
      drive(
        session,
        DOWNLOAD_START,
        (state: DownloadState, outcome) => downloadStep(state, outcome, terms),
        { signal, read: () => source.next(), onState: reporting(payload, options) },
      ),
    );
    onEvent?.({ type: 'downloaded', ...ending });
    return ending;
  } finally {
    await source.close();
  }
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
