/** What is left open by the architecture, and differs between chips. */
export interface CoreVariant {
  /** Register CPUID: 0x410cc200 is a Cortex-M0 r0p0, 0x410cc601 a Cortex-M0+ r0p1. */
  readonly cpuid: number;
  /** Bits of VTOR that can be written; 0: there is none (Cortex-M0). */
  readonly vtorMask: number;
  /** Whether CONTROL.nPRIV is there (Unprivileged/Privileged extension). */
  readonly unprivileged: boolean;
  /** Interrupt lines. */
  readonly lines: number;
  /** Regions of the memory protection unit; 0: there is none. */
  readonly regions: number;
  /** Cycles beyond the first of a branch that is taken: 1 on a Cortex-M0+, 2 on a Cortex-M0; so it is with MSR and barriers. */
  readonly branchCycles: number;
  /** Cycles of an exception entry, and of a return. */
  readonly exceptionCycles: number;
  /** Register SYST_CALIB (B3.3.6): bit 31 no reference clock, bit 30 not exact, bits 23 to 0 ticks in 10 ms. */
  readonly systickCalibration: number;
  /** Cycles of one tick of SysTick's reference clock (CLKSOURCE 0); asked whenever SYST_CSR is written. */
  readonly systickReference: () => number;
}

export const cortexM0Plus: CoreVariant = {
  cpuid: 0x410c_c601,
  vtorMask: 0xffff_ff00 | 0,
  unprivileged: true,
  lines: 32,
  regions: 8,
  branchCycles: 1,
  exceptionCycles: 15,
  systickCalibration: 0x8000_0000,
  systickReference: () => 1,
};

export const cortexM0: CoreVariant = {
  cpuid: 0x410c_c200,
  vtorMask: 0,
  unprivileged: false,
  lines: 32,
  regions: 0,
  branchCycles: 2,
  exceptionCycles: 16,
  systickCalibration: 0x8000_0000,
  systickReference: () => 1,
};
