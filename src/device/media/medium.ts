import type { DfuState, DfuStatus } from '../../dfu/index.ts';

/** What came of an operation on a medium. */
export interface MediumResult {
  /** `OK`, or the bStatus that the host shall see. */
  readonly status: DfuStatus;
  /** How long the real memory is busy with it, in ms: what bwPollTimeout promises. */
  readonly busyMs: number;
  /** Why it failed, in words for a person; the host can read it as iString. */
  readonly reason?: string | undefined;
  /**
   * For work that does not end by itself (a hash, a question to a firmware): asked again after
   * `busyMs`; undefined while it still goes on.
   */
  readonly later?: () => MediumResult | undefined;
}

/** It went well and took no time. */
export const DONE: MediumResult = { status: 'OK', busyMs: 0 };

/** It failed at once. */
export function failed(status: DfuStatus, reason: string): MediumResult {
  return { status, busyMs: 0, reason };
}

/**
 * A memory that the DFU-mode function reads and writes: one alternate setting. Offsets count from
 * its start; a download runs `begin`, `write` from offset 0 upwards without gaps, then `finish`, or
 * `abort` at any point. After a result other than `OK` the download is over.
 */
export interface Medium {
  /** iInterface of its alternate setting. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly writable: boolean;
  readonly readable: boolean;
  /**
   * A download starts here. Erases nothing that a later `write` would not. Its busyMs counts as the
   * first block's; it cannot be `later`.
   */
  begin(): MediumResult;
  /** The bytes belong to the caller again when it returns. */
  write(offsetBytes: number, bytes: Uint8Array): MediumResult;
  /**
   * Whether a download may end after that many bytes; without this it may end anywhere. False is
   * errNOTDONE to the host (DFU 1.1 A.2.6), before `finish` is asked.
   */
  complete?(lengthBytes: number): boolean;
  /** What is missing where `complete` says no, in words for a person; the host can read it as iString. */
  missing?(lengthBytes: number): string;
  /** The download is complete, `lengthBytes` in all: make it what runs next. */
  finish(lengthBytes: number): MediumResult;
  /** The download is over without having been finished; what was written counts for nothing. */
  abort(): void;
  /**
   * Up to `lengthBytes` from there; fewer at the end. The bytes may be a view of the memory: they hold
   * until the next call. Throws nothing: a status says what failed.
   */
  read(offsetBytes: number, lengthBytes: number): Uint8Array | MediumResult;
  /** What it does where the profile leaves the numbers of blocks to it; without this it counts bytes. */
  readonly blocks?: BlockCallbacks | undefined;
}

/**
 * A memory as Zephyr's class knows it (`USBD_DFU_DEFINE_IMG`): it gets each block with its number as
 * it came, and finds out by itself where it belongs.
 */
export interface BlockCallbacks {
  /** DFU_DNLOAD; without bytes it is the end of the download. */
  write(wBlockNum: number, bytes: Uint8Array): MediumResult;
  /** DFU_UPLOAD. Fewer bytes than asked for are the end. */
  read(wBlockNum: number, lengthBytes: number): Uint8Array | MediumResult | Withheld;
  /** Whether the device may leave that state, asked with each request that would. Default: yes. */
  mayLeave?(state: DfuState): boolean;
}

/**
 * A read to which the original would send memory that is none of the host's business, or crash. The
 * transfer is stalled and the state is as if it had been answered; the reason goes to the log.
 */
export interface Withheld {
  readonly withheld: string;
}
