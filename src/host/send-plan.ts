import { DfuError } from '../bytes/index.ts';
import { readDfuSeFile, splitSuffix } from '../dfu/index.ts';
import type { Suffix } from '../dfu/index.ts';
import { recognise, wholePrefix } from '../image/index.ts';
import type { DfuPrefix, FileFormat, FirmwareTarget, InputFormat } from '../image/index.ts';
import type { Allowance } from './allowances.ts';
import type { Dialect } from './dialect.ts';
import type { DfuSeModifiers } from './dfuse-plan.ts';
import { demandPlaces } from './expected.ts';
import { elementsOf, notOfFamilies } from './file-contents.ts';
import type { SendElement } from './file-contents.ts';
import type { ReadBack } from './read-back.ts';
import { demandArguments } from './send-arguments.ts';

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

/**
 * What a file is and what is to be sent of it: a DFU suffix is taken off; a DfuSe file, Intel HEX, S-records,
 * UF2 and ELF are taken apart; anything else goes as it is. Without a file, the commands alone: mass erase,
 * unprotect, leave.
 *
 * Throws `INVALID_ARGUMENT` for what is no file and for options that say nothing; `MALFORMED` or `TRUNCATED`
 * for a file of these formats that is not as it should be, `AMBIGUOUS` for a UF2 file for several families of
 * chips if none is named, `REFUSED` for a zip file, a key, or bytes for memory that the expected device does not have.
 */
export function sendPlan(file: Uint8Array | undefined, options: SendOptions = {}): SendPlan {
  const plan = planOf(file, options);
  demandPlaces(plan);
  return plan;
}

function planOf(file: Uint8Array | undefined, options: SendOptions): SendPlan {
  demandArguments(file, options);
  const { transferSizeBytes, dialect, force = false, ...given } = options;
  const { address, leave, massErase, unprotect, willReset, allow, family } = given;
  const common = {
    transferSizeBytes,
    modifiers: { address, leave, massErase, unprotect, willReset, allow, force: force !== false },
    anyDevice: force === true,
    dialect,
    problems: [],
    readBack: readBackOf(options),
    ...(options.expected !== undefined && { expected: options.expected }),
    ...((options.raw === true || options.format === 'bin') && { raw: true as const }),
  };
  const nothing = { format: undefined, targets: [], suffix: undefined, suffixProblem: undefined };
  if (file === undefined) {
    if (family !== undefined) throw notOfFamilies('none');
    if (options.format !== undefined) {
      throw new DfuError('INVALID_ARGUMENT', 'format: expected a file of it, got none');
    }
    return { ...nothing, ...common };
  }
  const { payload, suffix, problem: suffixProblem } = splitSuffix(file);
  const { kind, isRaw } = kindOf(payload, options);
  if (kind === 'dfuse' && family === undefined) {
    const { targets, problems } = readDfuSeFile(file);
    return { ...common, format: kind, targets, suffix, suffixProblem, problems };
  }
  const elements = elementsOf(payload, kind, { address, family });
  const targets = [{ alternate: undefined, elements }];
  const prefix = kind === 'binary' && !isRaw ? wholePrefix(payload) : undefined;
  return { ...common, format: kind, targets, prefix, suffix, suffixProblem };
}

interface Kind {
  readonly kind: FileFormat;
  /** Whether it goes as it is, a prefix included. */
  readonly isRaw: boolean;
}

/** What a file is taken for. */
function kindOf(payload: Uint8Array, { raw, format }: SendOptions): Kind {
  if (raw === true && format !== undefined && format !== 'bin') {
    const message = `raw sends the file as it is, and format ${format} takes it apart`;
    throw new DfuError('INVALID_ARGUMENT', message);
  }
  if (format === 'bin') return { kind: 'binary', isRaw: true };
  const kind = format ?? recognise(payload).format;
  // A DfuSe file says what goes where, and as it is no device would know it.
  if (raw === true) return { kind: kind === 'dfuse' ? kind : 'binary', isRaw: true };
  return { kind, isRaw: false };
}

/** What erases everything has nothing to compare with. */
function readBackOf({ verify, changedOnly, resume, massErase, unprotect }: SendOptions): ReadBack {
  if ((changedOnly === true || resume === true) && (massErase === true || unprotect === true)) {
    const what = massErase === true ? 'a mass erase' : 'read unprotect';
    const which = changedOnly === true ? 'what changed' : 'where it stopped';
    throw new DfuError('INVALID_ARGUMENT', `${what} leaves nothing to tell ${which} by`);
  }
  return {
    verify: verify === true,
    changedOnly: changedOnly === true,
    resume: resume === true,
  };
}
