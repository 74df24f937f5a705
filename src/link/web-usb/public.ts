/**
 * The devices that a web page may use, by way of WebUSB (Chromium and its kin).
 *
 * @module
 */
export { webUsbBus } from './web-bus.ts';
export type { WebUsbBus, WebUsbOptions } from './web-bus.ts';
export { webUsbSupport } from './web-support.ts';
export type { WebUsbSupport } from './web-support.ts';
export type { WebUsb, WebUsbDevice, WebUsbEvent } from './web-usb-device.ts';
export type { DeviceFilter, WebUsbSetup } from '../../usb/index.ts';
