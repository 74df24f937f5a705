import { DfuError } from '../../bytes/index.ts';
import type { DfuErrorCode } from '../../bytes/index.ts';

/** Exit codes of sysexits.h, as dfu-util uses them. */
export const ExitCode = {
  ok: 0,
  usage: 64,
  data: 65,
  noInput: 66,
  internal: 70,
  cannotCreate: 73,
  io: 74,
  protocol: 76,
  noPermission: 77,
} as const;

const exitCodes: Readonly<Record<DfuErrorCode, number>> = {
  MALFORMED: ExitCode.data,
  TRUNCATED: ExitCode.data,
  OUT_OF_RANGE: ExitCode.data,
  UNSUPPORTED: ExitCode.data,
  INVALID_ARGUMENT: ExitCode.usage,
  NOT_FOUND: ExitCode.io,
  AMBIGUOUS: ExitCode.io,
  STALLED: ExitCode.io,
  TIMEOUT: ExitCode.io,
  DISCONNECTED: ExitCode.io,
  DEVICE_STATUS: ExitCode.protocol,
  PROTOCOL: ExitCode.protocol,
  ACCESS: ExitCode.noPermission,
  BUSY: ExitCode.io,
  NO_USB: ExitCode.io,
  IO: ExitCode.io,
  ABORTED: 130,
  FLASH_RULE: ExitCode.io,
  POWER_LOST: ExitCode.io,
  REFUSED: ExitCode.data,
};

/** The exit code for whatever was thrown; what is no `DfuError` is a defect of this program. */
export function exitCodeOf(error: unknown): number {
  return DfuError.is(error) ? exitCodes[error.code] : ExitCode.internal;
}

/** The line that a person reads; a defect shows its stack, an error its sentence. */
export function explain(error: unknown): string {
  if (DfuError.is(error)) return error.message;
  return `internal error, please report it: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
