/** Where a core of machine code was when it faulted. */
export interface BoardFault {
  /** Address of the instruction. */
  readonly pc: number;
  /** The function that it belongs to and how far into it that is, `main+0x1c`, if the board was told of functions. */
  readonly where?: string | undefined;
  readonly lr: number;
  /** Likewise of `lr`: who called. */
  readonly caller?: string | undefined;
  readonly xpsr: number;
  /** The eight words that were stacked for HardFault, in their order; undefined if that failed, too. */
  readonly frame?: readonly number[] | undefined;
  /** The chip has what was asked for, and its model does not: the program is not to blame. */
  readonly unmodelled: boolean;
}
