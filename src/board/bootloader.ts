import type { Flash } from '../flash/index.ts';
import type { UsbDevice } from '../usb/index.ts';
import type { BoardModel } from './catalogue.ts';
import type { DfuHabits } from './peripherals.ts';
import type { RetainedRam } from './retained-ram.ts';

/** Why a bootloader decided as it did. */
export type BootReason = 'newest slot' | 'no valid slot' | 'button' | 'magic number';

/** What a bootloader decides at a start. */
export type BootDecision =
  | {
      readonly mode: 'application';
      readonly why: BootReason;
      readonly slot: number;
      readonly version: number;
      /** Where it jumps to. */
      readonly entryAddress: number;
    }
  | { readonly mode: 'dfu'; readonly why: BootReason }
  /** It waits for ever. */
  | { readonly mode: 'none'; readonly why: BootReason };

/** The part of a board that a bootloader looks at. */
export interface BootSurroundings {
  readonly model: BoardModel;
  readonly flash: Flash;
  readonly retainedRam: RetainedRam;
  /** Whether the button that it is compiled for is held. */
  readonly buttonPressed: boolean;
}

/** What DFU mode tells the board. */
export interface DfuModeEvents {
  /** A download was finished. */
  downloaded(slot: number, lengthBytes: number): void;
  /** It is over: the board is to reset. */
  left(): void;
  /** The same, and DFU mode is to follow (RIOT's answer to DFU_DETACH). */
  again(): void;
}

/** A bootloader of a board. Everything here is synchronous: it runs inside a reset. */
export interface Bootloader {
  readonly name: string;
  /** What the run-time function of its applications has in common with DFU mode. */
  readonly dfu: DfuHabits;
  /** Looks and decides; clears a magic number that it has followed. */
  decide(around: BootSurroundings): BootDecision;
  /** Leaves the word in RAM that the next `decide` follows into DFU mode. */
  requestDfuMode(around: Pick<BootSurroundings, 'model' | 'retainedRam'>): void;
  /** The USB device of DFU mode. */
  dfuMode(flash: Flash, events: DfuModeEvents): UsbDevice;
}
