import type { ControlRequest } from './control-pipe.ts';
import type { DeviceDescriptor } from './descriptors.ts';

// What a browser and the npm package `usb` have in common: the words of WebUSB.

/** Setup of a control transfer as WebUSB has it. */
export interface WebUsbSetup {
  readonly requestType: 'standard' | 'class' | 'vendor';
  readonly recipient: 'device' | 'interface' | 'endpoint' | 'other';
  readonly request: number;
  readonly value: number;
  readonly index: number;
}

const requestTypes = ['standard', 'class', 'vendor', 'standard'] as const;
const recipients = ['device', 'interface', 'endpoint', 'other'] as const;

/** A request in the words of WebUSB, which knows no reserved types and recipients. */
export function webUsbSetup({
  bmRequestType,
  bRequest,
  wValue,
  wIndex,
}: ControlRequest): WebUsbSetup {
  return {
    requestType: requestTypes[(bmRequestType >> 5) & 3] ?? 'standard',
    recipient: recipients[bmRequestType & 3] ?? 'device',
    request: bRequest,
    value: wValue,
    index: wIndex,
  };
}

/** What WebUSB tells of a device without opening it. */
interface WebUsbIdentity {
  readonly vendorId: number;
  readonly productId: number;
  readonly usbVersionMajor: number;
  readonly usbVersionMinor: number;
  readonly usbVersionSubminor: number;
  readonly deviceVersionMajor: number;
  readonly deviceVersionMinor: number;
  readonly deviceVersionSubminor: number;
  readonly deviceClass: number;
  readonly deviceSubclass: number;
  readonly deviceProtocol: number;
}

/** The same as a device descriptor; what WebUSB does not tell is as most devices have it. */
export function webUsbDescriptor(told: WebUsbIdentity): DeviceDescriptor {
  const bcd = (major: number, minor: number, sub: number): number =>
    // Major has two decimal digits, each a half-byte; WebUSB gives the byte's value.
    ((major & 0xff) << 8) | ((minor & 0xf) << 4) | (sub & 0xf);
  const { deviceVersionMajor, deviceVersionMinor, deviceVersionSubminor } = told;
  return {
    bcdUSB: bcd(told.usbVersionMajor, told.usbVersionMinor, told.usbVersionSubminor),
    bDeviceClass: told.deviceClass,
    bDeviceSubClass: told.deviceSubclass,
    bDeviceProtocol: told.deviceProtocol,
    bMaxPacketSize0: 64,
    idVendor: told.vendorId,
    idProduct: told.productId,
    bcdDevice: bcd(deviceVersionMajor, deviceVersionMinor, deviceVersionSubminor),
    iManufacturer: 0,
    iProduct: 0,
    iSerialNumber: 0,
    bNumConfigurations: 1,
  };
}
