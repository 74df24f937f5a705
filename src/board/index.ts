/**
 * Virtual boards: flash, a USB connector, a reset line, a button, a console, RAM of which a little
 * survives reset, a watchdog. Power one, and its bootloader runs; what it finds in flash is what runs
 * next. And the interface of the firmware that runs on them.
 *
 * @module
 */
export { Board, WATCHDOG_MS } from './board.ts';
export type { BoardParts, PowerCut } from './board.ts';
export type { BoardEvent, BootCause } from './board-event.ts';
export type {
  BootDecision,
  BootReason,
  BootSurroundings,
  Bootloader,
  DfuModeEvents,
  FlashArea,
  Platform,
} from './bootloader.ts';
export { pinMode } from './button.ts';
export type { ButtonConfiguration } from './button.ts';
export { boardModel, boardModels, flashSizeBytes } from './catalogue.ts';
export type {
  BoardModel,
  ButtonModel,
  FlashPartition,
  MemoryRange,
  PinMode,
  SensorClass,
  SensorModel,
  ZephyrBoard,
} from './catalogue.ts';
export { createBoard, parseUsbId, riotbootName } from './create-board.ts';
export type { BoardOptions } from './create-board.ts';
export * from './firmware-api.ts';
export * from './firmware-dfu.ts';
export { buildFirmware, firmwareModules } from './firmware-build.ts';
export type { FirmwareBuildOptions } from './firmware-build.ts';
export { exampleFileName, firmwareExamples, loadExample } from './firmware-examples.ts';
export { firmwareImage } from './firmware-image.ts';
export type { FirmwareImageOptions } from './firmware-image.ts';
export { FlashFile } from './flash-file.ts';
export type {
  BootControl,
  DfuHabits,
  Peripherals,
  Runner,
  RunningImage,
  RunningProgram,
  Uart,
  UsbController,
  WatchdogFeed,
} from './peripherals.ts';
export {
  ES_MODULE,
  PROGRAM_BOX_MAGIC,
  boxProgram,
  programBox,
  unboxProgram,
} from './program-box.ts';
export type { ProgramBox, ReadMemory } from './program-box.ts';
export { eraseFlash, programFlash } from './programmer.ts';
export type { ProgramTarget, Programmed } from './programmer.ts';
export type { RetainedRam } from './retained-ram.ts';
export { RIOTBOOT_DFU_ID, RiotbootBootloader, boardLayout } from './riotboot-bootloader.ts';
export type { RiotbootBootloaderOptions, RiotbootName, UsbId } from './riotboot-bootloader.ts';
export type { Sensors } from './sensors.ts';
export { WorkerRunner } from './worker-runner.ts';
export type { WorkerRunnerOptions } from './worker-runner.ts';
