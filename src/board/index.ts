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
export type { DfuDemand, DfuPolicy } from './dfu-policy.ts';
export { createBoard, parseUsbId } from './create-board.ts';
export type { BoardOptions } from './create-board.ts';
export * from './firmware-api.ts';
export * from './firmware-dfu.ts';
export { buildFirmware, firmwareConfig, firmwareModules } from './firmware-build.ts';
export type { FirmwareBuildOptions } from './firmware-build.ts';
export {
  exampleFileName,
  exampleVariants,
  firmwareExamples,
  loadExample,
} from './firmware-examples.ts';
export { firmwareImage } from './firmware-image.ts';
export type { FirmwareImageOptions } from './firmware-image.ts';
export { mcubootFirmware, plainFirmware } from './zephyr-image.ts';
export type { McubootFirmwareOptions } from './zephyr-image.ts';
export { bootloaderName, makeBootloader, programLayout, riotbootName } from './make-bootloader.ts';
export type { MakeBootloaderOptions } from './make-bootloader.ts';
export { McubootBootloader } from './mcuboot-bootloader.ts';
export type { McubootOptions, McubootSurroundings } from './mcuboot-bootloader.ts';
export { mcubootLayout, mcubootMode, mcubootModes } from './mcuboot-layout.ts';
export type { McubootLayout, McubootMode, McubootSlot } from './mcuboot-layout.ts';
export { NoBootloader } from './no-bootloader.ts';
export { packageVersion } from './package-version.ts';
export { examplesKey, examplesKeyPath } from './examples-key.ts';
export { FlashFile } from './flash-file.ts';
export type { ImageInspector, ImageRefusal } from './image-inspector.ts';
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
export type { ProgramLayout, ProgramSlot, ProgramTarget, Programmed } from './programmer.ts';
export type { RetainedRam } from './retained-ram.ts';
export { RIOTBOOT_DFU_ID, RiotbootBootloader, boardLayout } from './riotboot-bootloader.ts';
export type { RiotbootBootloaderOptions, RiotbootName, UsbId } from './riotboot-bootloader.ts';
export type { Sensors } from './sensors.ts';
export { STM32_ROM_ID, Stm32Bootloader } from './stm32-bootloader.ts';
export type { Stm32BootloaderOptions } from './stm32-bootloader.ts';
export { WorkerRunner } from './worker-runner.ts';
export type { WorkerRunnerOptions } from './worker-runner.ts';
export type { UsbIdentity, UsbIdentityOptions } from './usb-identity.ts';
