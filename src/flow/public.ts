/**
 * Flashing in the steps that a person takes, without a user interface: what a button, a page or a program of one's own drives.
 *
 * @module
 */
export type { FlashFlow, FlowFilter, FlowOptions } from './flow.ts';
export type {
  FlowDevice,
  FlowEnding,
  FlowFile,
  FlowFinding,
  FlowOffer,
  FlowPhase,
  FlowProgress,
  FlowState,
} from './flow-state.ts';
