/** Where a core of machine code was when it faulted. */
export interface BoardFault {
  /** Address of the instruction. */
  readonly pc: number;
  readonly lr: number;
  readonly xpsr: number;
  /** The eight words that were stacked for HardFault, in their order; undefined if that failed, too. */
  readonly frame?: readonly number[] | undefined;
  /** The chip has what was asked for, and its model does not: the program is not to blame. */
  readonly unmodelled: boolean;
}
