/**
 * A USB device in software: control endpoint 0, the DFU functions, and the media they write to.
 *
 * @module
 */
export * from './core/condition.ts';
export type { ControlQuirks } from './core/chapter9.ts';
export { Device } from './core/device.ts';
export type { DeviceBusEvent, DeviceOptions, DeviceState } from './core/device.ts';
export type { DeviceConfiguration, DeviceIdentity } from './core/device-layout.ts';
export type { DfuEffect, DfuEvent } from './dfu/machine.ts';
export { DfuMode } from './mode/dfu-mode.ts';
export type { DfuModeOptions } from './mode/options.ts';
export type { DfuRefusal } from './conversation/refusal.ts';
export type { Leave, LeaveOnReset, LeaveReason } from './conversation/leave.ts';
export type {
  ConversationProfile,
  Deviation,
  DeviationCondition,
  DfuProfile,
  FunctionalPlace,
} from './dfu/profile.ts';
export { DFU_PROFILES } from './profiles/profiles.ts';
export { DfuRuntime } from './runtime/dfu-runtime.ts';
export type { Allowance, Detach } from './runtime/detach.ts';
export type { DfuRuntimeOptions } from './runtime/dfu-runtime.ts';
export * from './dfuse/memory.ts';
export { DfuSeMode } from './dfuse/dfuse-mode.ts';
export * from './dfuse/options.ts';
export * from './dfuse/profile.ts';
export { DfuSeRam } from './dfuse/ram.ts';
export type { DfuSeRamOptions } from './dfuse/ram.ts';
export * from './core/function.ts';
export type { FunctionalOptions } from './dfu/functional.ts';
export type { FunctionalDefects } from './dfu/functional-defects.ts';
export { DONE } from './media/medium.ts';
export type { BlockCallbacks, Medium, MediumResult, Withheld } from './media/medium.ts';
export { DFU_INTERFACE_GUID } from './core/os-identity.ts';
export type { OsIdentityOptions } from './core/os-identity.ts';
export { RamDisk } from './media/ram-disk.ts';
export type { RamDiskOptions } from './media/ram-disk.ts';
export { RIOTBOOT } from './profiles/riotboot.ts';
export { dfuRuntime } from './runtime/ops.ts';
export type { DfuRuntimeOps, DfuRuntimeSurroundings } from './runtime/ops.ts';
export { COMPATIBLE, STRICT } from './profiles/standard.ts';
export { SectorDisk } from './media/sector-disk.ts';
export type { DiskAccess, SectorDiskOptions } from './media/sector-disk.ts';
export { SwitchableDevice } from './core/switchable-device.ts';
export type { SwitchableDeviceOptions } from './core/switchable-device.ts';
export { USBD_DFU_RT } from './profiles/usbd-dfu-rt.ts';
export { ZEPHYR } from './profiles/zephyr.ts';
