import { DfuError } from '../../bytes/index.ts';
import type { DfuErrorCode } from '../../bytes/index.ts';
import { ScenarioFault } from './scenario-fault.ts';
import { systemWords } from './system-words.ts';
import { UnreadableFile } from './unreadable-file.ts';

/** Exit codes of sysexits.h, as dfu-util uses them. */
export const ExitCode = {
  ok: 0,
  /** A question was answered no, or what was not to happen has. */
  no: 1,
  usage: 64,
  data: 65,
  noInput: 66,
  internal: 70,
  cannotCreate: 73,
  io: 74,
  /** Not all is done, or nothing says that it is: do it again, or look at the device. */
  unconfirmed: 75,
  protocol: 76,
  noPermission: 77,
  /** It failed, and something in the device has been erased or written. */
  partlyWritten: 79,
  /** All is written, and it could not be read back as was asked for. */
  unverified: 80,
  /** A file that says what shall be done is not as it must be. */
  config: 78,
  /** The time that was given is up; timeout(1) has the same. */
  timeUp: 124,
  interrupted: 130,
} as const;

/** The exit code of each error code; docs/errors.md has the same table. */
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
  INCOMPLETE: ExitCode.unconfirmed,
  MISMATCH: ExitCode.partlyWritten,
  ACCESS: ExitCode.noPermission,
  BUSY: ExitCode.io,
  NO_USB: ExitCode.io,
  NOT_LOADED: ExitCode.io,
  IO: ExitCode.io,
  ABORTED: ExitCode.interrupted,
  FLASH_RULE: ExitCode.io,
  POWER_LOST: ExitCode.io,
  REFUSED: ExitCode.data,
  REPLAY: ExitCode.protocol,
};

/** The exit code for whatever was thrown; what is no `DfuError` is a defect of this program. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UnreadableFile) return ExitCode.noInput;
  if (error instanceof ScenarioFault) return ExitCode.config;
  if (!DfuError.is(error)) return ExitCode.internal;
  // Who stopped it knows that it is not done.
  if (error.code === 'ABORTED') return ExitCode.interrupted;
  if (error.outcome === 'unconfirmed') return ExitCode.unconfirmed;
  return error.outcome === 'partly-written' ? ExitCode.partlyWritten : exitCodes[error.code];
}

/** The line that a person reads; a defect shows its stack, an error its sentence. */
export function explain(error: unknown): string {
  if (DfuError.is(error)) return error.message;
  return `internal error, please report it: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

/** The end of a command that is no success; what there was to say is said, but for the message. */
export class CommandEnd extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message = '') {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * A command's work as commander wants it. Commander drops what an action answers, so that an exit code
 * which is not 0 is thrown.
 */
export function answering<A extends readonly unknown[]>(
  work: (...args: A) => number | Promise<number>,
): (...args: A) => Promise<void> {
  return async (...args) => {
    const code = await work(...args);
    if (code !== ExitCode.ok) throw new CommandEnd(code);
  };
}

/** What cannot be read or made, and why: a line, and an exit code of its own. */
export function cannot(what: string, cause: unknown, exitCode: number): CommandEnd {
  return new CommandEnd(exitCode, `cannot ${what}: ${systemWords(cause)}`);
}
