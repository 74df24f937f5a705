/** The room's face to its siblings: what the world sees, and what only they need. */
export * from './public.ts';
export { busErrorCode } from './bus-errors.ts';
export { realTime } from './clock.ts';
export { TRANSFER_TIMEOUT_MS } from './control-pipe.ts';
export { LANGUAGE_ENGLISH, STRING_UNITS, descriptor } from './descriptors.ts';
export {
  MS_OS_STRING_INDEX,
  MsOs10Request,
  encodeExtendedCompatId,
  encodeExtendedProperties,
  encodeMsOsString,
} from './ms-os-10.ts';
export { MsOs20Request, encodeMsOs20Set, msOs20Capability } from './ms-os-20.ts';
export { loadPart } from './load-part.ts';
export type { PartWait } from './load-part.ts';
export { configureFirst } from './pipe-state.ts';
export { Feature } from './setup.ts';
export {
  MAX_TRANSFER_BYTES,
  describeRequest,
  limited,
  transferError,
  wholeMs,
} from './standard-requests.ts';
export { Canceller, throwIfAborted } from './until.ts';
export { bcdOf, idDigits, parseIdNumber } from './usb-id.ts';
export { WEB_USB_GET_URL, webUsbCapability } from './web-usb.ts';
export { webUsbDescriptor, webUsbSetup } from './web-usb-words.ts';
export type { WebUsbSetup } from './web-usb-words.ts';
