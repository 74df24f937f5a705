/**
 * What a virtual board needs of Node: its flash in a file, its firmware in a process or a worker thread, the
 * example firmware and the key that signs it, and the bundler that builds firmware from TypeScript.
 *
 * @module
 */
export { loadBoardFile } from './board-file.ts';
export type { BoardFileOptions } from './board-file.ts';
export { examplesKey, examplesKeyPath } from './examples-key.ts';
export { buildFirmware } from './firmware-build.ts';
export {
  firmwareConfig,
  firmwareExamples,
  firmwareModules,
  loadExample,
} from '../examples/index.ts';
export type { FirmwareBuildOptions } from '../examples/index.ts';
export { FlashFile } from './flash-file.ts';
export { ProcessRunner } from './process-runner.ts';
export type { ProcessRunnerOptions } from './process-runner.ts';
export { loadStandIn } from './stand-in-file.ts';
export { WorkerRunner } from './worker-runner.ts';
export type { WorkerRunnerOptions } from './worker-runner.ts';
export { MachineWorkerRunner } from './machine-worker-runner.ts';
export type { MachineWorkerOptions } from './machine-worker-runner.ts';
export type { MachineTime } from './chip-time.ts';
