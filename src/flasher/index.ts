/** The room's face to its siblings; what the world sees of it is the package itself. */
export { findDevices } from './find-devices.ts';
export type { DfuDevice, FindDevicesOptions } from './find-devices.ts';
export { flash } from './flash.ts';
export type { FlashDeviceOptions, FlashTarget } from './flash.ts';
export type { FileBytes } from './file-bytes.ts';
