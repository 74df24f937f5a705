/** Why `Core.run` came back. */
export type CoreStop =
  /** The cycles that it was given are used up, or `yield` was called. */
  | 'cycles'
  /** WFI or WFE: nothing happens until an interrupt or an event comes. */
  | 'sleeping'
  /** The next instruction is at a breakpoint; it has not been executed. */
  | 'breakpoint'
  /** BKPT with nobody who debugs is a HardFault; with `debugging` it stops here, at it. */
  | 'bkpt'
  /** The next instruction is at an address of `exits`. */
  | 'exit'
  /** AIRCR.SYSRESETREQ was written (ARMv6-M B3.2.6). */
  | 'reset-request'
  /** A fault in a HardFault or NMI handler, or with no stack to save to: the core does nothing any more (B1.5.15). */
  | 'locked-up';

/** The first thing that went wrong since the last reset, for people. */
export interface CoreFault {
  readonly words: string;
  /** Address of the instruction. */
  readonly pc: number;
  readonly lr: number;
  readonly xpsr: number;
  /** The eight words that were stacked for HardFault, r0 r1 r2 r3 r12 lr pc xpsr; undefined if that failed, too. */
  readonly frame: readonly number[] | undefined;
  /** The chip has what was asked for, and its model does not. */
  readonly unmodelled: boolean;
}

/** An ARMv6-M core (Cortex-M0, M0+): registers, exceptions, NVIC, SysTick, System Control Space. */
export interface Core {
  /** r0 to r12, sp (the current one), lr, pc. Values are unsigned; reading pc is the address of the next instruction. */
  readRegister(n: number): number;
  writeRegister(n: number, value: number): void;
  /** APSR, IPSR and EPSR in one (B1.4.2). */
  xpsr: number;
  msp: number;
  psp: number;
  primask: number;
  control: number;
  /** Cycles since `reset`. Up to date whenever the bus is called. */
  readonly cycles: number;
  /** Instructions executed since `reset`. */
  readonly instructions: number;
  /** The first fault since `reset`. */
  readonly fault: CoreFault | undefined;

  /** Reset: VTOR is `vectorTable`, stack pointer and entry are read there (B1.5.5). */
  reset(vectorTable: number): void;
  /** Executes until `untilCycles` is reached or something of `CoreStop` happens. What the bus throws but BusFault comes out. */
  run(untilCycles: number): CoreStop;
  /** Ends `run` behind the instruction that is being executed: something outside has to be looked at. */
  yield(): void;
  /**
   * Lets time pass while it sleeps, or while the bus waits for something; SysTick counts. The next cycle at which SysTick
   * wants to count to 0 is `nextTick`.
   */
  sleepUntil(cycles: number): void;
  /** Cycle at which SysTick pends its exception next; Infinity if it does not. */
  readonly nextTick: number;
  /** Level of an interrupt line, 0 to 31. */
  setInterrupt(line: number, level: boolean): void;
  pendNmi(): void;
  /** An event from outside (SEV of another core): wakes WFE. */
  event(): void;
  /** Bytes of a `CoreMemory` were changed from outside: what was decoded of them is forgotten. */
  written(address: number, lengthBytes: number): void;
  /** `Bus.memories` are others now: they are looked at anew. */
  remapped(): void;
  /** Addresses at which `run` stops with `breakpoint`. */
  readonly breakpoints: Set<number>;
  /** Addresses at which `run` stops with `exit`: where code is played by somebody else. */
  readonly exits: Set<number>;
  /** BKPT stops instead of being a HardFault. */
  debugging: boolean;
}
