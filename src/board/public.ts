/**
 * Virtual boards: flash, a USB connector, a reset line, a button, a console, RAM of which a little
 * survives reset, a watchdog. Power one, and its bootloader runs; what it finds in flash is what runs
 * next. And the interface of the firmware that runs on them.
 *
 * @module
 */
export { Board, WATCHDOG_MS } from './board.ts';
export type { BoardParts, PowerCut } from './board.ts';
export type { BoardEvent, BootCause } from './seams/board-event.ts';
export type {
  BootDecision,
  BootReason,
  BootSurroundings,
  Bootloader,
  DfuModeEvents,
  FlashArea,
  Platform,
} from './seams/bootloader.ts';
export { pinMode } from './hardware/button.ts';
export type { ButtonConfiguration } from './hardware/button.ts';
export { boardModel, boardModels, flashSizeBytes } from './models/catalogue.ts';
export type {
  BoardModel,
  ButtonModel,
  MemoryRange,
  PinMode,
  SensorClass,
  SensorModel,
  ZephyrBoard,
} from './models/catalogue.ts';
export type { DfuDemand, DfuPolicy } from './seams/dfu-policy.ts';
export { createBoard } from './create-board.ts';
export type { BoardOptions } from './create-board.ts';
export * from './seams/firmware-api.ts';
export * from './seams/firmware-dfu.ts';
export { firmwareImage } from './images/firmware-image.ts';
export type { FirmwareImageOptions } from './images/firmware-image.ts';
export { mcubootFirmware, plainFirmware } from './images/zephyr-image.ts';
export type { McubootFirmwareOptions } from './images/zephyr-image.ts';
export {
  bootloaderName,
  makeBootloader,
  programLayout,
  riotbootName,
} from './bootloaders/make-bootloader.ts';
export type { MakeBootloaderOptions } from './bootloaders/make-bootloader.ts';
export { McubootBootloader } from './bootloaders/mcuboot.ts';
export type { McubootOptions, McubootSurroundings } from './bootloaders/mcuboot.ts';
export { mcubootLayout, mcubootMode, mcubootModes } from './bootloaders/mcuboot-layout.ts';
export type { McubootLayout, McubootMode } from './bootloaders/mcuboot-layout.ts';
export { NoBootloader } from './bootloaders/none.ts';
export type { ImageInspector, ImageRefusal } from './seams/image-inspector.ts';
export type {
  BootControl,
  DfuHabits,
  Peripherals,
  Program,
  Runner,
  RunningImage,
  RunningProgram,
  Uart,
  UsbController,
  WatchdogFeed,
} from './seams/peripherals.ts';
export {
  ES_MODULE,
  MACHINE_CODE,
  PROGRAM_BOX_MAGIC,
  boxProgram,
  programBox,
  unboxProgram,
} from './program/box.ts';
export type { ProgramBox, ReadMemory } from './program/box.ts';
export { eraseFlash, programFlash } from './images/programmer.ts';
export type { ProgramLayout, ProgramTarget, Programmed } from './images/programmer.ts';
export type { RetainedRam } from './hardware/retained-ram.ts';
export { RIOTBOOT_DFU_ID, RiotbootBootloader, boardLayout } from './bootloaders/riotboot.ts';
export type { RiotbootBootloaderOptions, RiotbootName } from './bootloaders/riotboot.ts';
export type { Sensors } from './hardware/sensors.ts';
export { STM32_ROM_ID, Stm32Bootloader } from './bootloaders/stm32.ts';
export type { Stm32BootloaderOptions } from './bootloaders/stm32.ts';
export type { UsbIdentity, UsbIdentityOptions } from './hardware/usb-identity.ts';
