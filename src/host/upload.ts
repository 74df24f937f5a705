import { DfuError } from '../bytes/index.ts';
import type { CancelSignal } from '../usb/index.ts';
import { Account } from './account.ts';
import { concludedUpload } from './conclude.ts';
import type { UploadEnding } from './endings.ts';
import { quirkOf } from './dfu-interface.ts';
import { capNote, demandPlainDfu, transferSize } from './dialect.ts';
import { drive, prepare, settled } from './drive.ts';
import type { HostListener } from './events.ts';
import { BUSY_LIMIT_MS } from './patience.ts';
import type { DfuSession } from './session.ts';
import { UPLOAD_START, uploadStep } from './upload-steps.ts';
import type { UploadState } from './upload-steps.ts';
import { NOTHING } from './tally.ts';

export interface UploadOptions {
  readonly signal?: CancelSignal | undefined;
  readonly onEvent?: HostListener | undefined;
  /** Bytes in a block, instead of the device's wTransferSize: 1 to 65535. */
  readonly transferSizeBytes?: number | undefined;
  /** A device that sends more than this is given up with `OUT_OF_RANGE`. Default 256 MiB. */
  readonly maxBytes?: number | undefined;
  /** How much is expected; fewer bytes are `INCOMPLETE`. */
  readonly totalBytes?: number | undefined;
  /** Most time that the device may be busy with what somebody else left. Default 120 s. */
  readonly busyLimitMs?: number | undefined;
  /** How long to wait between two questions to a busy device, in ms, whatever it asks for. */
  readonly pollTimeMs?: number | undefined;
  /** `dfu`: it is plain DFU, whatever the device says. */
  readonly dialect?: 'dfu' | undefined;
  /** Ask also a device that says it gives no uploads (bitCanUpload 0). */
  readonly force?: boolean | undefined;
}

/** Most bytes of an upload unless told otherwise. */
export const UPLOAD_LIMIT_BYTES: number = 256 * 1024 * 1024;

/** Where an upload goes: block by block, each valid for as long as the sink wants it. */
export type UploadSink = (chunk: Uint8Array) => void | Promise<void>;

/**
 * Uploads: device to host (DFU 1.1 §6.2), until the device sends a short block. Cancelling, and a sink
 * that throws, leave the device in dfuIDLE where possible.
 *
 * Throws as `download` does, `OUT_OF_RANGE` for a device that does not stop, and `INCOMPLETE` for one that
 * gives nothing or stops before `totalBytes`.
 */
export async function upload(
  session: DfuSession,
  sink: UploadSink,
  options: UploadOptions = {},
): Promise<UploadEnding> {
  const { signal, onEvent, totalBytes, maxBytes = UPLOAD_LIMIT_BYTES } = options;
  demandPlainDfu(session.interface, options.dialect);
  if (!session.interface.functional.bmAttributes.canUpload && options.force !== true) {
    throw new DfuError('UNSUPPORTED', 'the device gives no uploads (bitCanUpload is 0)', {
      remedies: ['force'],
    });
  }
  const transferSizeBytes = transferSize(session.interface, options.transferSizeBytes);
  const terms = { transferSizeBytes, maxBytes };
  const account = new Account({ ...NOTHING, bytes: totalBytes ?? 0 });
  const onState = (state: UploadState): void => {
    account.note({ ...NOTHING, bytes: state.bytes, blocks: state.blocks });
    if (state.at !== 'asking') return;
    const { bytes: doneBytes } = state;
    onEvent?.({ type: 'progress', operation: 'upload', doneBytes, totalBytes });
  };
  const { pollTimeMs } = options;
  const busyLimitMs = session.limits.busyMs ?? options.busyLimitMs ?? BUSY_LIMIT_MS;
  const { statusStalls, ...quirk } = quirkOf(session.interface);
  const limits = { busyLimitMs, pollTimeMs: pollTimeMs ?? quirk.pollTimeMs, statusStalls };
  await prepare(session, signal, limits);
  const note = capNote(session.interface, transferSizeBytes);
  if (note !== undefined) onEvent?.({ type: 'note', message: note });
  onEvent?.({ type: 'ready', transferSizeBytes });
  account.begin();
  return account.during(async () => {
    const { bytes, blocks } = await settled(session, () =>
      drive(
        session,
        UPLOAD_START,
        (state: UploadState, outcome) => uploadStep(state, outcome, terms),
        { signal, write: sink, onState },
      ),
    );
    onEvent?.({ type: 'progress', operation: 'upload', doneBytes: bytes, totalBytes });
    return concludedUpload({ bytes, blocks, plannedBytes: totalBytes }, { onEvent });
  });
}
