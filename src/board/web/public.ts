/**
 * What a virtual board needs of a browser: its firmware in a worker.
 *
 * @module
 */
export type { FirmwareWorker } from './firmware-port.ts';
export { firmwareScript } from './web-scripts.ts';
export { WebWorkerRunner } from './web-worker-runner.ts';
export type { WebWorkerRunnerOptions } from './web-worker-runner.ts';
