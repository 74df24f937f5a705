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
export { BoardBench, boardBench } from './bench.ts';
export type { BenchConsole } from './bench-console.ts';
export { ExpectationError } from './expectation-error.ts';
export type { FlashView, SlotView } from './flash-view.ts';
export type { BenchEvent, BootEvent } from './journal.ts';
export type { EventMatch, EventPattern } from './match.ts';
export type {
  BenchBoard,
  BenchOptions,
  BootExpectation,
  DownloadTarget,
  ImageSource,
  KeySource,
  PowerCutOptions,
  Within,
} from './options.ts';
