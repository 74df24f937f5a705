import { DfuError } from '../bytes/index.ts';
import type { CancelSignal } from '../usb/index.ts';
import { demandPlainDfu, transferSize } from './dialect.ts';
import { drive, prepare, settled } from './drive.ts';
import type { HostListener } from './events.ts';
import type { DfuSession } from './session.ts';
import { UPLOAD_START, uploadStep } from './upload-steps.ts';
import type { UploadEnding, UploadState } from './upload-steps.ts';

export interface UploadOptions {
  readonly signal?: CancelSignal | undefined;
  readonly onEvent?: HostListener | undefined;
  /** Bytes in a block, instead of the device's wTransferSize: 1 to 65535. */
  readonly transferSizeBytes?: number | undefined;
  /** A device that sends more than this is given up with `OUT_OF_RANGE`. Default 256 MiB. */
  readonly maxBytes?: number | undefined;
  /** How much is expected, for the progress events. */
  readonly totalBytes?: number | undefined;
  /** Ask also a device that says it gives no uploads (bitCanUpload 0). */
  readonly force?: boolean | undefined;
}

/** Most bytes of an upload unless told otherwise. */
const UPLOAD_LIMIT_BYTES = 256 * 1024 * 1024;

/** Where an upload goes: block by block, each valid for as long as the sink wants it. */
export type UploadSink = (chunk: Uint8Array) => void | Promise<void>;

/**
 * Uploads: device to host (DFU 1.1 §6.2), until the device sends a short block. Cancelling, and a sink
 * that throws, leave the device in dfuIDLE where possible.
 *
 * Throws as `download` does, and `OUT_OF_RANGE` for a device that does not stop.
 */
export async function upload(
  session: DfuSession,
  sink: UploadSink,
  options: UploadOptions = {},
): Promise<UploadEnding> {
  const { signal, onEvent, totalBytes, maxBytes = UPLOAD_LIMIT_BYTES } = options;
  demandPlainDfu(session.interface);
  if (!session.interface.functional.bmAttributes.canUpload && options.force !== true) {
    throw new DfuError('UNSUPPORTED', 'the device gives no uploads (bitCanUpload is 0)');
  }
  const transferSizeBytes = transferSize(session.interface, options.transferSizeBytes);
  const terms = { transferSizeBytes, maxBytes };
  const onState = (state: UploadState): void => {
    if (state.at !== 'asking') return;
    const { bytes: doneBytes } = state;
    onEvent?.({ type: 'progress', operation: 'upload', doneBytes, totalBytes });
  };
  await prepare(session, signal);
  onEvent?.({ type: 'ready', transferSizeBytes });
  const ending = await settled(session, () =>
    drive(
      session,
      UPLOAD_START,
      (state: UploadState, outcome) => uploadStep(state, outcome, terms),
      { signal, write: sink, onState: onEvent === undefined ? undefined : onState },
    ),
  );
  const { bytes, blocks } = ending;
  onEvent?.({ type: 'progress', operation: 'upload', doneBytes: bytes, totalBytes });
  onEvent?.({ type: 'uploaded', bytes, blocks });
  return ending;
}
