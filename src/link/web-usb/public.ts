/**
 * The devices that a web page may use, by way of WebUSB (Chromium and its kin).
 *
 * @module
 */
export { webUsbBus } from './web-bus.ts';
export type { WebUsbBus, WebUsbOptions } from './web-bus.ts';
export type { WebUsb, WebUsbDevice, WebUsbEvent, WebUsbSetup } from './web-usb-device.ts';
