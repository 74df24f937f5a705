/**
 * Flashing in the steps that a person takes, without a user interface: what a button, a page or a program of one's own drives.
 *
 * @module
 */
export type { FlashFlow, FlowFilter, FlowOptions } from './flow.ts';
export { flashFlow } from './flash-flow.ts';
export { inWords } from './flow-text.ts';
export type { FlowText, FlowTexts, FlowValues } from './flow-text.ts';
export { FLOW_TEXTS } from './flow-texts.ts';
export type { FlowTextId } from './flow-texts.ts';
export type {
  FlowAlternate,
  FlowDevice,
  FlowEnding,
  FlowErase,
  FlowFile,
  FlowFinding,
  FlowOffer,
  FlowPhase,
  FlowProblem,
  FlowProgress,
  FlowState,
} from './flow-state.ts';
