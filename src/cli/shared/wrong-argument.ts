import { DfuError } from '../../bytes/index.ts';
import { UnreadableFile } from './unreadable-file.ts';

/** A name on the command line that does not exist is a wrong argument: exit 64, not 74. */
export function asArgument<T>(lookUp: () => T): T {
  try {
    return lookUp();
  } catch (error) {
    throw argumentError(error);
  }
}

/** The same for what comes later. */
export async function asArgumentLater<T>(lookUp: Promise<T>): Promise<T> {
  try {
    return await lookUp;
  } catch (error) {
    throw argumentError(error);
  }
}

function argumentError(error: unknown): unknown {
  if (!DfuError.is(error, 'NOT_FOUND') || error instanceof UnreadableFile) return error;
  return new DfuError('INVALID_ARGUMENT', error.message, { cause: error });
}
