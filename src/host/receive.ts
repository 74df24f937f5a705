import type { Allowance } from './allowances.ts';
import type { UploadEnding } from './endings.ts';
import { dialectOf } from './dialect.ts';
import type { Dialect } from './dialect.ts';
import type { DfuSeModifiers } from './dfuse-plan.ts';
import { uploadDfuSe } from './dfuse.ts';
import { upload } from './upload.ts';
import type { UploadOptions, UploadSink } from './upload.ts';
import type { DfuSession } from './session.ts';

/** What is read, and how; `address`, `lengthBytes` and `leave` are for a DfuSe device. */
export interface ReceiveOptions
  extends
    Omit<UploadOptions, 'force' | 'dialect'>,
    Pick<DfuSeModifiers, 'address' | 'lengthBytes' | 'leave'> {
  /** Speak it, whatever the device says that it speaks. */
  readonly dialect?: Dialect | undefined;
  /** What may be gone past without `force`. */
  readonly allow?: readonly Allowance[] | undefined;
  /** `memory`: read also what the memory layout does not allow; true: from any device. */
  readonly force?: boolean | 'memory' | undefined;
}

/**
 * Reads a device in the dialect that it speaks. Throws as `upload` and `uploadDfuSe` do, also
 * `INCOMPLETE` for fewer bytes than `totalBytes`.
 */
export async function receive(
  session: DfuSession,
  sink: UploadSink,
  options: ReceiveOptions = {},
): Promise<UploadEnding> {
  const { dialect, force = false, maxBytes, totalBytes, ...terms } = options;
  if (dialectOf(session.interface, dialect) === 'dfu') {
    const plain = {
      ...terms,
      dialect: 'dfu',
      maxBytes,
      totalBytes,
      force: force === true,
    } as const;
    return upload(session, sink, plain);
  }
  return uploadDfuSe(session, sink, { ...terms, maxBytes, totalBytes, force: force !== false });
}
