/**
 * Why an operation failed. Part of the API: messages may change, codes may not.
 * Each code has a paragraph in docs/errors.md.
 */
export type DfuErrorCode =
  // what was read is not what it should be
  | 'MALFORMED' // a field holds a value that the format forbids
  | 'TRUNCATED' // fewer bytes than the structure needs
  | 'OUT_OF_RANGE' // a number does not fit its field, or an address its memory
  | 'UNSUPPORTED' // well formed, but not something this package does
  // what the caller asked for
  | 'INVALID_ARGUMENT' // an option or argument makes no sense; the message says which values do
  | 'NOT_FOUND' // no device, board, slot or file of that name
  | 'AMBIGUOUS' // more than one device matches where exactly one is needed
  // what the other end of the cable did
  | 'STALLED' // the device refused the request (STALL handshake)
  | 'TIMEOUT' // no answer in time
  | 'DISCONNECTED' // the device left the bus
  | 'DEVICE_STATUS' // DFU_GETSTATUS answered dfuERROR; `status` says why
  | 'PROTOCOL' // an answer that the protocol does not allow here
  | 'INCOMPLETE' // what was done went as it should, and it is not all that was planned
  | 'MISMATCH' // what was read back is not what was written
  // what this end of the cable may do
  | 'ACCESS' // the operating system refuses: permission or driver
  | 'BUSY' // somebody else holds it: interface, board, file
  | 'NO_USB' // this machine has no USB, or its driver package is missing
  | 'NOT_LOADED' // a part of this program could not be loaded
  | 'IO' // a file or socket failed; the cause is kept
  | 'ABORTED' // the caller cancelled
  // what flash does
  | 'FLASH_RULE' // an access that NOR flash cannot do: alignment, 0→1, partial sector
  | 'POWER_LOST' // the power was cut; what is in flash is all there is
  | 'REFUSED' // it would destroy what must be kept
  // what a recording does
  | 'REPLAY'; // what was asked of a replay is not what was recorded there

/**
 * What the caller can say so that it goes differently, by the name that this package's options have:
 * whoever asks a person has words of his own for them.
 */
export type DfuRemedy =
  | 'address' // where in the device's memory
  | 'alternate' // which alternate setting
  | 'busy-limit' // how long the device may be busy
  | 'dialect' // plain DFU or DfuSe, whatever the device says
  | 'configuration' // which configuration
  | 'descriptor-time' // how long one descriptor may take
  | 'dfu-serial' // which serial number it has in DFU mode
  | 'erase-time' // how long a device may keep silent behind an erase
  | 'family' // which chips of a UF2 file for several
  | 'force' // do it all the same
  | 'ids' // which device, by its ids in either mode
  | 'interface' // which interface
  | 'length' // how many bytes
  | 'max-bytes' // how many bytes are taken at most
  | 'no-layout' // allow a device that does not tell where its memory is
  | 'other-device' // allow a device that the file is not for
  | 'other-place' // allow a program that by its own words runs elsewhere
  | 'outside-layout' // allow memory that the device says it does not have or cannot write
  | 'path' // which device, by its port
  | 'poll-time' // how long to wait between two questions, whatever the device asks for
  | 'raw' // send the file as it is, not the bytes in it
  | 'return-time' // how long a device may take from run-time to DFU mode
  | 'serial' // which device, by its serial number
  | 'transfer-time' // how long one request may take
  | 'unknown-version' // allow what cannot be compared with what the device has
  | 'unprotect'; // take the read protection off, which erases everything

/** What goes over the wire, counted: of a plan, or of what a device has acknowledged of it. */
export interface SendTally {
  /** Pieces with an address of their own, whole ones. A plain image is one. */
  readonly elements: number;
  readonly bytes: number;
  /** Blocks with data in them. */
  readonly blocks: number;
  /** DfuSe commands: erases, address pointers, read unprotect. */
  readonly commands: number;
  readonly erases: number;
  /** Bytes of the sectors that are erased; a mass erase is not counted. */
  readonly erasedBytes: number;
}

/** How far work on a device has come: what was planned, and what the device has acknowledged of that. */
export interface SendProgress {
  readonly planned: SendTally;
  readonly acknowledged: SendTally;
}

/** What has become of a device's memory: one word, the same in JSON (`outcome`), in journals and in exit codes. */
export type SendOutcome =
  | 'verified' // all written, and read back equal
  | 'written' // all acknowledged; the device left or manifested as it said it would
  | 'unconfirmed' // all acknowledged; what became of it nobody said
  | 'unchanged' // failed, and nothing that changes the device has been sent
  | 'partly-written'; // failed, and something in the device has been erased or written, or may have been

/** What an error carries besides its message. */
export interface DfuErrorOptions {
  /** bStatus of the device, with code `DEVICE_STATUS` (DFU 1.1 §6.1.2). */
  readonly status?: number | undefined;
  /** What the caller can say so that it goes differently. */
  readonly remedies?: readonly DfuRemedy[] | undefined;
  /** How far it had come, where something was sent or received before. */
  readonly progress?: SendProgress | undefined;
  /** What it leaves in the device's memory, where it ended work on one. */
  readonly outcome?: SendOutcome | undefined;
  /** The error underneath, where there is one. */
  readonly cause?: unknown;
}

/** Every error this package throws on purpose; anything else is a defect of the package. */
export class DfuError extends Error {
  override readonly name = 'DfuError';
  readonly code: DfuErrorCode;
  /** bStatus of the device, when `code` is `DEVICE_STATUS` (DFU 1.1 §6.1.2). */
  readonly status: number | undefined;
  /** What the caller can say so that it goes differently; empty where nothing helps that is known here. */
  readonly remedies: readonly DfuRemedy[];
  /** How far it had come; undefined where nothing was on its way. */
  readonly progress: SendProgress | undefined;
  /** What it leaves in the device's memory; undefined of what was no work on one. */
  readonly outcome: SendOutcome | undefined;

  constructor(code: DfuErrorCode, message: string, options: DfuErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = options.status;
    this.remedies = options.remedies ?? [];
    this.progress = options.progress;
    this.outcome = options.outcome;
  }

  /** Also true of an error from a second copy of this package, where `instanceof` is not. */
  static is(error: unknown, code?: DfuErrorCode): error is DfuError {
    if (!(error instanceof Error) || error.name !== 'DfuError') return false;
    return code === undefined || (error as DfuError).code === code;
  }
}

/** The same error in other words, and with more to it where there is more. */
export function retold(error: DfuError, message: string, more: DfuErrorOptions = {}): DfuError {
  const { code, status, remedies, progress, outcome, cause } = error;
  return new DfuError(code, message, { status, remedies, progress, outcome, cause, ...more });
}
