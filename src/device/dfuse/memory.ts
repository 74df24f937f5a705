import type { MediumResult } from '../media/medium.ts';

/**
 * A memory that a DfuSe function reads and writes by address: one alternate setting. What its layout
 * does not allow is refused before it is asked, unless the profile hands everything on.
 */
export interface DfuSeMemory {
  /**
   * iInterface: its layout, e.g. `@Internal Flash  /0x08000000/064*0002Kg`. Several regions, and what
   * may be done to each: see `parseMemoryLayout`.
   */
  readonly layout: string;
  /**
   * Up to `lengthBytes` from there; fewer at its end. The bytes may be a view of the memory: they hold
   * until the next call.
   */
  read(address: number, lengthBytes: number): Uint8Array | MediumResult;
  /**
   * A block has come; it will be programmed once the host asks for the status. A status other than
   * `OK` refuses it with a stall. Without this all blocks are taken.
   */
  accept?(bytes: Uint8Array): MediumResult;
  program(address: number, bytes: Uint8Array): MediumResult;
  /** Erases the sector that the address lies in. */
  erase(address: number): MediumResult;
  /** Erases everything. Without this the command is refused. */
  massErase?(): MediumResult;
  /** Erases everything and takes the read protection off; the device restarts then. Without this: refused. */
  readUnprotect?(): MediumResult;
  /** The host has asked to leave; the address is the pointer as it stands. */
  manifest?(address: number): MediumResult;
  /** A bus reset. */
  reset?(): void;
}
