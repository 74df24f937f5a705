/**
 * A USB device in software: control endpoint 0, the DFU functions, and the media they write to.
 *
 * @module
 */
export * from './condition.ts';
export type { ControlQuirks } from './chapter9.ts';
export { Device } from './device.ts';
export type { DeviceBusEvent, DeviceOptions, DeviceState } from './device.ts';
export type { DeviceConfiguration, DeviceIdentity } from './device-layout.ts';
export { dfuStep } from './dfu-machine.ts';
export type { DfuContext, DfuEffect, DfuEvent, DfuStep, DfuWork } from './dfu-machine.ts';
export { DfuMode } from './dfu-mode.ts';
export type { DfuModeOptions, Leave, LeaveReason } from './dfu-mode-options.ts';
export { dfuMachine } from './dfu-profile.ts';
export type { Deviation, DeviationCondition, DfuMachine, DfuProfile } from './dfu-profile.ts';
export { DFU_PROFILES } from './dfu-profiles.ts';
export { DfuRuntime } from './dfu-runtime.ts';
export type { Detach, DfuRuntimeOptions } from './dfu-runtime.ts';
export * from './dfuse-memory.ts';
export { DfuSeMode } from './dfuse-mode.ts';
export * from './dfuse-mode-options.ts';
export * from './dfuse-profile.ts';
export { DfuSeRam } from './dfuse-ram.ts';
export type { DfuSeRamOptions } from './dfuse-ram.ts';
export * from './function.ts';
export type { FunctionalOptions } from './functional.ts';
export type { FunctionalDefects } from './functional-defects.ts';
export * from './medium.ts';
export { DFU_INTERFACE_GUID } from './os-identity.ts';
export type { OsIdentityOptions } from './os-identity.ts';
export { outOfOrder } from './numbered-blocks.ts';
export { RamDisk } from './ram-disk.ts';
export type { RamDiskOptions } from './ram-disk.ts';
export { RIOTBOOT } from './riotboot-profile.ts';
export { dfuRuntime } from './runtime-ops.ts';
export type { Allowance, DfuRuntimeOps, DfuRuntimeSurroundings } from './runtime-ops.ts';
export { COMPATIBLE, STRICT } from './standard-profiles.ts';
export { SectorDisk } from './sector-disk.ts';
export type { DiskAccess, SectorDiskOptions } from './sector-disk.ts';
export { SwitchableDevice } from './switchable-device.ts';
export { USBD_DFU_RT } from './usbd-dfu-rt-profile.ts';
export { ZEPHYR } from './zephyr-profile.ts';
