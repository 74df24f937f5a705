import { DfuError } from '../bytes/index.ts';

/** A name on the command line that does not exist is a wrong argument: exit 64, not 74. */
export function asArgument<T>(lookUp: () => T): T {
  try {
    return lookUp();
  } catch (error) {
    if (!DfuError.is(error, 'NOT_FOUND')) throw error;
    throw new DfuError('INVALID_ARGUMENT', error.message, { cause: error });
  }
}
