/**
 * Update tests for any runner: a virtual board with a host at its USB port, on a clock that a test drives by waiting.
 *
 * ```ts
 * await using bench = await boardBench('particle-xenon', { slots: [v1] });
 * await bench.boots({ version: 1 });
 * await bench.download(v2, { slot: 1 });
 * await bench.boots({ version: 2, why: 'newest slot' });
 * ```
 *
 * @module
 */
export type { AttachOptions, BenchAttachment } from './attachment.ts';
export type { BenchConsole, BoardBench } from './board-bench.ts';
export type { CallSite } from './call-site.ts';
export { everyPowerCut } from './every-power-cut.ts';
export type { BenchSource, EveryPowerCutOptions, PowerCutReport } from './every-power-cut.ts';
export { ExpectationError } from './expectation-error.ts';
export type { ExpectationDetails, PowerCutFailure, PowerCutPlace } from './expectation-error.ts';
export type { FlashView, ImageView, SlotView, TrailerView } from './flash-view.ts';
export type { BenchEvent, BootEvent } from './journal.ts';
export { boardBench } from './make-bench.ts';
export type { EventMatch, EventPattern, Wanted } from './match.ts';
export type {
  BenchBoard,
  BenchOptions,
  BootExpectation,
  DownloadTarget,
  ImageSource,
  KeySource,
  PowerCutOptions,
  StandInSource,
  Within,
} from './options.ts';
