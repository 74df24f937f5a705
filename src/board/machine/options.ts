import type { MachineDebugger } from '../debug/target.ts';

/** How machine code is executed. */
export interface MachineOptions {
  /** A boot ROM of the user's own instead of the chip model's; as long as the chip's. */
  readonly bootrom?: Uint8Array | undefined;
  /** Who debugs it. */
  readonly debugger?: MachineDebugger | undefined;
}
