/**
 * USB 2.0 chapter 9 in words, and the two seams of the package: {@link ControlPipe} (all that a host
 * needs of a device) and {@link UsbDevice} (all that a link needs of a device in software).
 *
 * @module
 */
export * from './bos.ts';
export * from './clock.ts';
export * from './configuration.ts';
export * from './control-pipe.ts';
export { ControlWire } from './control-wire.ts';
export type { TransferEnd, Wire, WireTransfer } from './control-wire.ts';
export * from './descriptors.ts';
export * from './device-port.ts';
export { LinkedPipe } from './linked-pipe.ts';
export type { PipeLink, PipeParts } from './linked-pipe.ts';
export * from './ms-os-10.ts';
export * from './ms-os-20.ts';
export { PropertyType, interfaceGuids } from './ms-os-property.ts';
export type { RegistryProperty } from './ms-os-property.ts';
export { PipeState } from './pipe-state.ts';
export * from './platform-capability.ts';
export * from './setup.ts';
export * from './standard-requests.ts';
export { sleep, until } from './until.ts';
export type { Ending, WaitLimits } from './until.ts';
export * from './usb-device.ts';
export { formatUsbId, parseUsbId } from './usb-id.ts';
export type { UsbId } from './usb-id.ts';
export * from './web-usb.ts';
