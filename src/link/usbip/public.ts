/**
 * USB/IP 1.1.1, both ends: a server that lends devices in software to any USB/IP client, Linux's
 * kernel included, and a client that needs no kernel module.
 *
 * @module
 */
export { ExportedDevice } from './exported-device.ts';
export type { ExportListener } from './exported-device.ts';
export { USBIP_PORT } from './protocol.ts';
export { usbipBus } from './client-bus.ts';
export type { UsbipBusOptions } from './client-bus.ts';
export { UsbipServer } from './server.ts';
export type { AddOptions, UsbipServerOptions } from './server.ts';
export { attachToKernel } from './vhci.ts';
export type { AttachOptions, KernelAttachment } from './vhci.ts';
