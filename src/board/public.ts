/**
 * Virtual boards: flash, a USB connector, a reset line, a button, a console, RAM of which a little
 * survives reset, a watchdog. Power one, and its bootloader runs; what it finds in flash is what runs
 * next. And the interface of the firmware that runs on them.
 *
 * @module
 */
export { Board } from './board.ts';
export type { PowerCut } from './board.ts';
export type { BoardParts } from './board-parts.ts';
export { createBoard } from './create-board.ts';
export type { BoardOptions } from './create-board.ts';
export { describeEvent } from './describe-event.ts';
export { boardFileSchema, isBoardPath, readBoardFile } from './models/board-file.ts';
export type { JsonSchema } from '../bytes/index.ts';
export type { BoardFile, BoardFileFlash, Written } from './models/board-file.ts';
export { boardModel, boardModels } from './models/catalogue.ts';
export { mcubootModes } from './models/mcuboot-build.ts';
export type { McubootBuild, McubootMode } from './models/mcuboot-build.ts';
export type { RiotbootBuild, RiotbootName } from './models/riotboot-build.ts';
export type {
  BoardModel,
  ButtonModel,
  PinMode,
  Platform,
  SensorClass,
  SensorModel,
  ZephyrBoard,
} from './models/board-model.ts';
export { bootloaderOf, bootloadersOf } from './bootloaders/bootloaders.ts';
export { mcubootFirmware } from './bootloaders/mcuboot/firmware.ts';
export type { McubootFirmwareOptions } from './bootloaders/mcuboot/firmware.ts';
export { mcubootLayout } from './bootloaders/mcuboot/layout.ts';
export type { McubootLayout } from './bootloaders/mcuboot/layout.ts';
export type { McubootOptions } from './bootloaders/mcuboot/mcuboot.ts';
export { plainFirmware } from './bootloaders/plain.ts';
export { firmwareImage } from './bootloaders/riotboot/firmware.ts';
export type { FirmwareImageOptions } from './bootloaders/riotboot/firmware.ts';
export { boardLayout } from './bootloaders/riotboot/layout.ts';
export { DEBUG_REGISTERS, MOST_DEBUG_BYTES } from './debug/target.ts';
export type {
  DebugAnswer,
  DebugRequest,
  DebugStart,
  DebugStop,
  DebugTarget,
  MachineDebugger,
} from './debug/target.ts';
export type { ButtonConfiguration } from './hardware/button.ts';
export type { RetainedRam } from './hardware/retained-ram.ts';
export type { Sensors } from './hardware/sensors.ts';
export type { UsbController } from './hardware/usb-controller.ts';
export type { UsbIdentity, UsbIdentityOptions } from './hardware/usb-identity.ts';
export { flashExplainer } from './flash-explainer.ts';
export type { ExplainerOptions, FlashExplainer } from './flash-explainer.ts';
export { firmwareTarget } from './firmware-target.ts';
export type { FirmwareTargetOptions } from './firmware-target.ts';
export { eraseFlash, programFlash, programSegments } from './images/programmer.ts';
export type { ProgramTarget, Programmed, ProgrammedSegments } from './images/programmer.ts';
export { ES_MODULE, MACHINE_CODE } from './program/box.ts';
export type { BoardEvent, BoardPowerCut } from './seams/board-event.ts';
export type { BoardFault } from './seams/board-fault.ts';
export type { BootCause } from './seams/boot-cause.ts';
export type {
  BootDecision,
  BootReason,
  BootSurroundings,
  Bootloader,
  DfuModeEvents,
} from './seams/bootloader.ts';
export type {
  BootloaderDfu,
  BootloaderOrder,
  BootloaderRecord,
  BoxOrder,
  BuildOptions,
  FirmwareBox,
  BootloaderSkill,
  SlotRoom,
} from './seams/bootloader-record.ts';
export type { DfuDemand, DfuGuard, DfuPolicy } from './seams/dfu-policy.ts';
export * from './seams/firmware-api.ts';
export * from './seams/firmware-dfu.ts';
export type { DownloadEvents } from './seams/download-events.ts';
export type { ImageInspector, ImageRefusal } from './seams/image-inspector.ts';
export type {
  BootControl,
  BoardSite,
  ButtonPins,
  DfuHabits,
  MachineCode,
  Peripherals,
  Program,
  Runner,
  RunningImage,
  RunningProgram,
  Uart,
  WatchdogFeed,
} from './seams/peripherals.ts';
export type { ProgramLayout } from './seams/program-layout.ts';
export { MachineRunner } from './machine/machine-runner.ts';
export type { MachineOptions } from './machine/options.ts';
export { parseStandIn } from './stand-in/parse-stand-in.ts';
export type { StandInText } from './stand-in/parse-stand-in.ts';
export { StandInRunner } from './stand-in/stand-in-runner.ts';
export type { StandInRunnerOptions } from './stand-in/stand-in-runner.ts';
export type { StandIn, StandInEnd, StandInPlay, StandInSelector } from './stand-in/stand-in.ts';
export { exploreChipCuts } from './power-cuts/explore.ts';
export type { ChipCutOptions, ChipDevice } from './power-cuts/explore.ts';
export type { ApplicationImage, ApplicationPlace } from './power-cuts/applications.ts';
export type { CutChoice } from './power-cuts/chosen.ts';
export type { ChipCutFinding, ChipCutOperation, ChipCutReport } from './power-cuts/report.ts';
