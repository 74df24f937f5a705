import type { RunningProgram } from './peripherals.ts';

/** In the place of a program that could not be started. */
export const NOTHING_RUNS: RunningProgram = { stop: () => Promise.resolve() };
