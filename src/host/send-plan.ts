import type { Suffix } from '../dfu/index.ts';
import type { DfuError } from '../bytes/index.ts';
import type { DfuPrefix, FileFormat, FirmwareTarget, InputFormat } from '../image/index.ts';
import type { Allowance } from './allowances.ts';
import type { Dialect } from './dialect.ts';
import type { DfuSeModifiers } from './dfuse-plan.ts';
import type { SendElement } from './send-element.ts';
import type { ReadBack } from './read-back.ts';

/** What is said of a file besides its bytes. What a device's dialect does not have is not asked for. */
export interface SendOptions {
  /**
   * Where the file belongs if it does not say so itself: a DfuSe device has to be told, to any other it
   * means nothing. Also where a DfuSe device goes when it leaves.
   */
  readonly address?: number | undefined;
  /** Afterwards, a DfuSe device shall start what is at the address; others do so by themselves. */
  readonly leave?: boolean | undefined;
  /** DfuSe: erase everything first, instead of the sectors that are written to. Only with `force`. */
  readonly massErase?: boolean | undefined;
  /** DfuSe: take the read protection off, which erases everything. Only with `force`. */
  readonly unprotect?: boolean | undefined;
  /** DfuSe: the device restarts after the mass erase or with the last block; that is no error. */
  readonly willReset?: boolean | undefined;
  /** Speak it, whatever the device says that it speaks. */
  readonly dialect?: Dialect | undefined;
  /** Bytes in a block, instead of the device's wTransferSize: 1 to 65535. */
  readonly transferSizeBytes?: number | undefined;
  /**
   * What may be gone past, each by itself; what was is told as a note.
   */
  readonly allow?: readonly Allowance[] | undefined;
  /**
   * Go past all that would be refused, and tell it: `memory`, what erases everything and what the memory layout does not
   * allow; true, also a suffix for another device and a device that says it takes no downloads.
   */
  readonly force?: boolean | 'memory' | undefined;
  /**
   * Send the file as it is, its suffix aside. Else the bytes in Intel HEX, S-records, UF2 and ELF are sent, not
   * the text around them, and a zip file or a key is refused.
   */
  readonly raw?: boolean | undefined;
  /** What the file is, whatever it looks like; `bin` is as it is, a DfuSe file and a prefix included. Default: what it is by its looks. */
  readonly format?: InputFormat | undefined;
  /**
   * Read back what was written, and compare: a DfuSe device before it leaves, any other once it is in dfuIDLE again. What cannot be
   * read back is `written`, and `unverified` in the ending says why.
   */
  readonly verify?: boolean | undefined;
  /**
   * Read the device first, and write what differs: of a DfuSe device the sectors, of any other all of it or nothing. What
   * of an erased sector the file does not cover is lost, as ever.
   */
  readonly changedOnly?: boolean | undefined;
  /** Read a DfuSe device first, and go on at the first sector that differs; any other begins from the start. */
  readonly resume?: boolean | undefined;
  /** Of a UF2 file for several families of chips: which is meant, by number or by name (`RP2040`). */
  readonly family?: number | string | undefined;
  /**
   * What the file must be for, and the device must be: `firmwareTarget` of `dfukit/board` makes one of a board. Another
   * device gets nothing, nor does a file that its bootloader would not boot where it goes; what cannot be known is told.
   */
  readonly expected?: FirmwareTarget | undefined;
}

/** What is for one alternate setting; without a number, for the one that was chosen. */
export interface SendTarget {
  readonly alternate: number | undefined;
  readonly elements: readonly SendElement[];
}

/** What is to be sent, before any device is known: plain data, of which nothing has been sent. */
export interface SendPlan {
  /** What the file is, its suffix aside; undefined without a file. */
  readonly format: FileFormat | undefined;
  /** What goes where, views of the file; nothing for commands alone. */
  readonly targets: readonly SendTarget[];
  /** A prefix for a boot loader that the file begins with: plain DFU sends it, DfuSe does not. */
  readonly prefix?: DfuPrefix | undefined;
  /** Which devices the file is for; it is not sent. */
  readonly suffix: Suffix | undefined;
  /** Why what stands at the end of the file is no suffix though it looks like one: it is sent. */
  readonly suffixProblem: DfuError | undefined;
  /** It is sent as it is, whatever it says of itself. */
  readonly raw?: true | undefined;
  /** What else is wrong with the file, in words, and does not keep it from being sent. */
  readonly problems: readonly string[];
  /** The one that was asked for; undefined: what the device speaks. */
  readonly dialect: Dialect | undefined;
  readonly transferSizeBytes: number | undefined;
  /** What a DfuSe device does besides. */
  readonly modifiers: DfuSeModifiers;
  readonly readBack: ReadBack;
  /** A device that has something newer, or does not say, gets nothing: see `withPolicy`. */
  readonly noDowngrade?: boolean | undefined;
  /** What device and file are held to; undefined: whatever they say of themselves. */
  readonly expected?: FirmwareTarget | undefined;
  /** Whether the suffix and the device's own word against downloads count for nothing. */
  readonly anyDevice: boolean;
}
