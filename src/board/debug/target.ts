import type { ChipModel } from '../../chip/index.ts';

/** What a debugger sees of an ARMv6-M core, in the order in which values stand in `DebugAnswer`. */
export const DEBUG_REGISTERS: readonly string[] = [
  'r0',
  'r1',
  'r2',
  'r3',
  'r4',
  'r5',
  'r6',
  'r7',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'sp',
  'lr',
  'pc',
  'xpsr',
  'msp',
  'psp',
  'primask',
  'control',
];

/** What can be asked of a chip. Plain data, so that it goes to another thread as it is. */
export type DebugRequest =
  | { readonly type: 'registers' }
  /** `register` counts in `DEBUG_REGISTERS`; the value is unsigned. */
  | { readonly type: 'set-register'; readonly register: number; readonly value: number }
  /** Without side effects, as `Chip.peek`. At most `MOST_DEBUG_BYTES`. */
  | { readonly type: 'read'; readonly address: number; readonly lengthBytes: number }
  /** Into RAM, as `Chip.poke`. */
  | { readonly type: 'write'; readonly address: number; readonly bytes: Uint8Array }
  /** All that there are from now on. */
  | { readonly type: 'breakpoints'; readonly addresses: readonly number[] }
  /** Whether BKPT and what the chip cannot get over stop it, or are what they are on a chip that nobody debugs. */
  | { readonly type: 'watch'; readonly on: boolean };

/** Most bytes that one request reads or writes. */
export const MOST_DEBUG_BYTES = 0x1_0000;

/** What came of it. */
export type DebugAnswer =
  | { readonly type: 'registers'; readonly values: readonly number[] }
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | { readonly type: 'done' }
  /** Nothing can be read or written there, or there is no such register. */
  | { readonly type: 'refused' };

/**
 * A chip with machine code while it has power, from one reset to the next, as a debugger sees it. While it is halted its time
 * and the board's watchdog stand still. What is asked is carried out in order.
 */
export interface DebugTarget {
  readonly chip: ChipModel;
  /** undefined: the chip has gone meanwhile. */
  ask(request: DebugRequest): Promise<DebugAnswer | undefined>;
  /** Stops it at the next instruction: `stopped` with `halt` comes, unless it stands already. */
  halt(): void;
  /**
   * Lets it run, or execute one instruction: `stopped` with `step` comes then. Where it stands at a breakpoint, that
   * instruction is executed first. Nothing happens if it runs.
   */
  resume(how: 'run' | 'step'): void;
  /**
   * Erases whole sectors of the flash, or programs bytes, as an operation of the board's flash: it counts, and the power may
   * be cut in it. The chip is halted. Throws what `Flash` throws.
   */
  eraseFlash(offsetBytes: number, lengthBytes: number): Promise<void>;
  programFlash(offsetBytes: number, bytes: Uint8Array): Promise<void>;
}

/** Why a chip stands still. */
export type DebugStop =
  /** `start`: before its first instruction. */
  | { readonly reason: 'start' | 'halt' | 'step' }
  /** At a breakpoint, which has not been executed, or at a BKPT instruction while it is watched. */
  | { readonly reason: 'breakpoint' }
  /** Locked up, or at something that the model lacks, while it is watched. Nothing executes until a reset. */
  | { readonly reason: 'fault'; readonly words: string };

/** How a chip is to start. */
export interface DebugStart {
  /** Halted before its first instruction: `stopped` with `start` comes. */
  readonly halted: boolean;
  readonly breakpoints: readonly number[];
  /** As the request `watch`. */
  readonly watch: boolean;
}

/** Who debugs. A runner of machine code calls it. */
export interface MachineDebugger {
  /** A chip begins; `target` is good until `gone`. */
  attached(target: DebugTarget): DebugStart;
  stopped(stop: DebugStop): void;
  /** The chip that was attached is no more: reset, or without power. */
  gone(): void;
}
