/**
 * The machine's own USB devices, by way of the npm package `usb`, which is loaded when it is needed
 * and not before.
 *
 * @module
 */
export { nodeUsbBus } from './native-bus.ts';
export type { NodeUsbOptions } from './native-bus.ts';
export type {
  NativeDevice,
  NativeSetup,
  NativeUsb,
  NativeUsbEvent,
  NativeUsbModule,
} from './native-usb.ts';
