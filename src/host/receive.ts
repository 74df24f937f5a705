import { dialectOf } from './dialect.ts';
import type { DfuSeModifiers } from './dfuse-plan.ts';
import { uploadDfuSe } from './dfuse.ts';
import { upload } from './upload.ts';
import type { UploadOptions, UploadSink } from './upload.ts';
import type { UploadEnding } from './upload-steps.ts';
import type { DfuSession } from './session.ts';

/** What is read, and how; `address`, `lengthBytes` and `leave` are for a DfuSe device. */
export interface ReceiveOptions
  extends Omit<UploadOptions, 'force'>, Pick<DfuSeModifiers, 'address' | 'lengthBytes' | 'leave'> {
  /** Speak DfuSe, whatever the device says that it speaks. */
  readonly dialect?: 'dfuse' | undefined;
  /** `memory`: read also what the memory layout does not allow; true: from any device. */
  readonly force?: boolean | 'memory' | undefined;
}

/** Reads a device in the dialect that it speaks. Throws as `upload` and `uploadDfuSe` do. */
export async function receive(
  session: DfuSession,
  sink: UploadSink,
  options: ReceiveOptions = {},
): Promise<UploadEnding> {
  const { dialect, force = false, maxBytes, totalBytes, ...terms } = options;
  if (dialectOf(session.interface, dialect) === 'dfu') {
    return upload(session, sink, { ...terms, maxBytes, totalBytes, force: force === true });
  }
  const { blocks, bytes } = await uploadDfuSe(session, sink, {
    ...terms,
    force: force !== false,
  });
  return { blocks, bytes };
}
