import { DfuError, constant, hexNumber, struct, u16le, u8, viewOf } from '../bytes/index.ts';
import type { Fields, Struct } from '../bytes/index.ts';

/** USB 2.0 table 9-5 and the ones that came later. */
export const DescriptorType = {
  device: 1,
  configuration: 2,
  string: 3,
  interface: 4,
  endpoint: 5,
  deviceQualifier: 6,
  otherSpeedConfiguration: 7,
  interfaceAssociation: 11,
  bos: 15,
  deviceCapability: 16,
  /** DFU 1.1 §4.1.3. */
  dfuFunctional: 0x21,
} as const;

interface Header {
  readonly bLength: number;
  readonly bDescriptorType: number;
}

/**
 * Describes a descriptor of fixed size. bLength and bDescriptorType are written and checked here;
 * a longer bLength is accepted and the rest ignored, a shorter one is not (USB 2.0 §9.5).
 */
export function descriptor<T extends object>(
  name: string,
  type: number,
  fields: Fields<T>,
): Struct<T> {
  const header: Fields<Header> = { bLength: u8, bDescriptorType: constant(u8, type) };
  const whole = struct<Header & T>(name, { ...header, ...fields } as Fields<Header & T>);
  const withHeader = (value: T): Header & T => ({
    ...value,
    bLength: whole.size,
    bDescriptorType: type,
  });
  const withoutHeader = ({ bLength, bDescriptorType: _type, ...value }: Header & T): T => {
    if (bLength < whole.size) {
      throw new DfuError('MALFORMED', `${name}.bLength: expected ${whole.size}, got ${bLength}`);
    }
    return value as unknown as T;
  };
  return {
    name,
    size: whole.size,
    read: (view, offset, path) => withoutHeader(whole.read(view, offset, path)),
    write: (view, offset, value, path) => whole.write(view, offset, withHeader(value), path),
    decode: (bytes, offset) => withoutHeader(whole.decode(bytes, offset)),
    encode: (value) => whole.encode(withHeader(value)),
    encodeInto: (value, bytes, offset) => whole.encodeInto(withHeader(value), bytes, offset),
  };
}

/** USB 2.0 §9.6.1. */
export interface DeviceDescriptor {
  /** Binary-coded decimal: 0x0200 is USB 2.0. */
  readonly bcdUSB: number;
  readonly bDeviceClass: number;
  readonly bDeviceSubClass: number;
  readonly bDeviceProtocol: number;
  /** Bytes in a packet of endpoint 0: 8, 16, 32 or 64. */
  readonly bMaxPacketSize0: number;
  readonly idVendor: number;
  readonly idProduct: number;
  /** Release of the device in binary-coded decimal. */
  readonly bcdDevice: number;
  /** Index of a string, 0 for none; so the two below. */
  readonly iManufacturer: number;
  readonly iProduct: number;
  readonly iSerialNumber: number;
  readonly bNumConfigurations: number;
}

export const deviceDescriptor: Struct<DeviceDescriptor> = descriptor<DeviceDescriptor>(
  'device descriptor',
  DescriptorType.device,
  {
    bcdUSB: u16le,
    bDeviceClass: u8,
    bDeviceSubClass: u8,
    bDeviceProtocol: u8,
    bMaxPacketSize0: u8,
    idVendor: u16le,
    idProduct: u16le,
    bcdDevice: u16le,
    iManufacturer: u8,
    iProduct: u8,
    iSerialNumber: u8,
    bNumConfigurations: u8,
  },
);

/** USB 2.0 §9.6.2: what the device would be at the other speed. */
export interface DeviceQualifier {
  readonly bcdUSB: number;
  readonly bDeviceClass: number;
  readonly bDeviceSubClass: number;
  readonly bDeviceProtocol: number;
  readonly bMaxPacketSize0: number;
  readonly bNumConfigurations: number;
  readonly bReserved: number;
}

export const deviceQualifier: Struct<DeviceQualifier> = descriptor<DeviceQualifier>(
  'device qualifier',
  DescriptorType.deviceQualifier,
  {
    bcdUSB: u16le,
    bDeviceClass: u8,
    bDeviceSubClass: u8,
    bDeviceProtocol: u8,
    bMaxPacketSize0: u8,
    bNumConfigurations: u8,
    bReserved: u8,
  },
);

/** USB 2.0 §9.6.3, the nine bytes in front of a configuration. */
export interface ConfigurationDescriptor {
  /** Bytes of the whole configuration, all its descriptors included. */
  readonly wTotalLength: number;
  readonly bNumInterfaces: number;
  readonly bConfigurationValue: number;
  readonly iConfiguration: number;
  /** Bit 7 is always 1; bit 6: self-powered; bit 5: remote wake-up. */
  readonly bmAttributes: number;
  /** In units of 2 mA. */
  readonly bMaxPower: number;
}

export const configurationDescriptor: Struct<ConfigurationDescriptor> =
  descriptor<ConfigurationDescriptor>('configuration descriptor', DescriptorType.configuration, {
    wTotalLength: u16le,
    bNumInterfaces: u8,
    bConfigurationValue: u8,
    iConfiguration: u8,
    bmAttributes: u8,
    bMaxPower: u8,
  });

/** USB 2.0 §9.6.5. */
export interface InterfaceDescriptor {
  readonly bInterfaceNumber: number;
  readonly bAlternateSetting: number;
  readonly bNumEndpoints: number;
  readonly bInterfaceClass: number;
  readonly bInterfaceSubClass: number;
  readonly bInterfaceProtocol: number;
  readonly iInterface: number;
}

export const interfaceDescriptor: Struct<InterfaceDescriptor> = descriptor<InterfaceDescriptor>(
  'interface descriptor',
  DescriptorType.interface,
  {
    bInterfaceNumber: u8,
    bAlternateSetting: u8,
    bNumEndpoints: u8,
    bInterfaceClass: u8,
    bInterfaceSubClass: u8,
    bInterfaceProtocol: u8,
    iInterface: u8,
  },
);

/** USB 2.0 §9.6.6. */
export interface EndpointDescriptor {
  /** Bit 7: IN; bits 3..0: number. */
  readonly bEndpointAddress: number;
  /** Bits 1..0: control, isochronous, bulk, interrupt. */
  readonly bmAttributes: number;
  readonly wMaxPacketSize: number;
  readonly bInterval: number;
}

export const endpointDescriptor: Struct<EndpointDescriptor> = descriptor<EndpointDescriptor>(
  'endpoint descriptor',
  DescriptorType.endpoint,
  { bEndpointAddress: u8, bmAttributes: u8, wMaxPacketSize: u16le, bInterval: u8 },
);

/** USB 2.0 ECN "Interface Association Descriptors", table 9-Z. */
export interface InterfaceAssociation {
  readonly bFirstInterface: number;
  readonly bInterfaceCount: number;
  readonly bFunctionClass: number;
  readonly bFunctionSubClass: number;
  readonly bFunctionProtocol: number;
  readonly iFunction: number;
}

export const interfaceAssociation: Struct<InterfaceAssociation> = descriptor<InterfaceAssociation>(
  'interface association',
  DescriptorType.interfaceAssociation,
  {
    bFirstInterface: u8,
    bInterfaceCount: u8,
    bFunctionClass: u8,
    bFunctionSubClass: u8,
    bFunctionProtocol: u8,
    iFunction: u8,
  },
);

/** A descriptor as it stands on the wire, where nobody here gives it a meaning. */
export interface RawDescriptor {
  readonly type: number;
  /** Where it starts in the bytes it was read from. */
  readonly offsetBytes: number;
  /** All of it, bLength and bDescriptorType included; a view, not a copy. */
  readonly bytes: Uint8Array;
}

/**
 * Walks descriptors that lie one behind the other. It always gets to the end: a bLength below 2 or
 * beyond the bytes is told to `problem` (default: thrown) and ends the walk.
 */
export function* walkDescriptors(
  bytes: Uint8Array,
  problem: (error: DfuError) => void = throwIt,
): Generator<RawDescriptor> {
  let offset = 0;
  while (offset < bytes.length) {
    const length = bytes[offset] ?? 0;
    const left = bytes.length - offset;
    if (left < 2) {
      problem(new DfuError('TRUNCATED', `descriptor at offset ${offset}: ${left} bytes of 2`));
      return;
    }
    const type = bytes[offset + 1] ?? 0;
    if (length < 2) {
      const field = `descriptor ${hexNumber(type, 2)} at offset ${offset}, bLength`;
      problem(new DfuError('MALFORMED', `${field}: expected at least 2, got ${length}`));
      return;
    }
    if (length > left) {
      const what = `descriptor ${hexNumber(type, 2)} at offset ${offset}`;
      problem(new DfuError('TRUNCATED', `${what}: ${left} bytes of ${length}`));
      return;
    }
    yield { type, offsetBytes: offset, bytes: bytes.subarray(offset, offset + length) };
    offset += length;
  }
}

/** The default for what is wrong: stop there. */
export function throwIt(error: DfuError): void {
  throw error;
}

/** The only language that this package's devices have: English (United States). */
export const LANGUAGE_ENGLISH = 0x0409;

/** Most UTF-16 units that a string descriptor holds (USB 2.0 §9.6.7: bLength is one byte). */
export const STRING_UNITS = 126;

/** USB 2.0 §9.6.7: a string in UTF-16LE. Throws `OUT_OF_RANGE` above 126 units. */
export function encodeString(value: string): Uint8Array<ArrayBuffer> {
  if (value.length > STRING_UNITS) {
    const got = `got ${value.length}`;
    throw new DfuError(
      'OUT_OF_RANGE',
      `string descriptor: expected at most ${STRING_UNITS} units, ${got}`,
    );
  }
  const bytes = new Uint8Array(2 + value.length * 2);
  const view = viewOf(bytes);
  bytes[0] = bytes.length;
  bytes[1] = DescriptorType.string;
  for (let at = 0; at < value.length; at += 1)
    view.setUint16(2 + at * 2, value.charCodeAt(at), true);
  return bytes;
}

/** USB 2.0 §9.6.7, index 0: the languages that the device has strings in. */
export function encodeLanguages(languages: readonly number[]): Uint8Array<ArrayBuffer> {
  return encodeString(String.fromCharCode(...languages));
}

/**
 * Reads a string descriptor as far as it goes: bLength may claim more than came (seen on STM32F427),
 * an odd byte at the end is dropped, and a NUL ends the string as in C (STM32F72x and F73x send one).
 * Throws `TRUNCATED` or `MALFORMED` if it is no string at all.
 */
export function decodeString(bytes: Uint8Array): string {
  const units = decodeLanguages(bytes);
  const end = units.indexOf(0);
  return String.fromCharCode(...(end < 0 ? units : units.slice(0, end)));
}

/** Reads string descriptor 0: the language ids. */
export function decodeLanguages(bytes: Uint8Array): number[] {
  const [length, type] = bytes;
  if (length === undefined || type === undefined) {
    throw new DfuError('TRUNCATED', `string descriptor: ${bytes.length} bytes of 2`);
  }
  if (type !== DescriptorType.string) {
    const wrong = `expected 0x3, got ${hexNumber(type)}`;
    throw new DfuError('MALFORMED', `string descriptor.bDescriptorType: ${wrong}`);
  }
  const end = Math.min(length, bytes.length);
  const view = viewOf(bytes);
  const units: number[] = [];
  for (let at = 2; at + 1 < end; at += 2) units.push(view.getUint16(at, true));
  return units;
}
