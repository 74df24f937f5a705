import { i32be, struct, text, u16be, u32be, u8 } from '../../bytes/index.ts';
import type { Field, Struct } from '../../bytes/index.ts';
import { setupPacket } from '../../usb/index.ts';
import type { SetupPacket, UsbSpeed } from '../../usb/index.ts';

// USB/IP 1.1.1 as Linux documents it (Documentation/usb/usbip_protocol.rst). Everything is big endian
// but the setup packet.

/** The registered TCP port. */
export const USBIP_PORT = 3240;
/** Version 1.1.1 in binary-coded decimal. */
export const USBIP_VERSION = 0x0111;

/** Codes of the first phase of a connection; a reply has the request's code without bit 15. */
export const Operation = {
  requestDeviceList: 0x8005,
  replyDeviceList: 0x0005,
  requestImport: 0x8003,
  replyImport: 0x0003,
} as const;

/** Status of an operation. */
export const OperationStatus = { ok: 0, notAvailable: 1, busy: 2, noDevice: 4, error: 5 } as const;

interface OperationHeader {
  readonly version: number;
  readonly code: number;
  readonly status: number;
}

export const operationHeader: Struct<OperationHeader> = struct<OperationHeader>('operation', {
  version: u16be,
  code: u16be,
  status: u32be,
});

/** bus id of an import request. */
export const BUS_ID_BYTES = 32;
export const busIdField: Field<string> = text(BUS_ID_BYTES);

/** A device as both operations describe it, 312 bytes. */
export interface DeviceRecord {
  readonly path: string;
  readonly busId: string;
  readonly busNumber: number;
  readonly deviceNumber: number;
  readonly speed: number;
  readonly idVendor: number;
  readonly idProduct: number;
  readonly bcdDevice: number;
  readonly bDeviceClass: number;
  readonly bDeviceSubClass: number;
  readonly bDeviceProtocol: number;
  readonly bConfigurationValue: number;
  readonly bNumConfigurations: number;
  readonly bNumInterfaces: number;
}

export const deviceRecord: Struct<DeviceRecord> = struct<DeviceRecord>('device record', {
  path: text(256),
  busId: text(BUS_ID_BYTES),
  busNumber: u32be,
  deviceNumber: u32be,
  speed: u32be,
  idVendor: u16be,
  idProduct: u16be,
  bcdDevice: u16be,
  bDeviceClass: u8,
  bDeviceSubClass: u8,
  bDeviceProtocol: u8,
  bConfigurationValue: u8,
  bNumConfigurations: u8,
  bNumInterfaces: u8,
});

/** An interface in a device list, behind its device. */
interface InterfaceRecord {
  readonly bInterfaceClass: number;
  readonly bInterfaceSubClass: number;
  readonly bInterfaceProtocol: number;
  readonly padding: number;
}

export const interfaceRecord: Struct<InterfaceRecord> = struct<InterfaceRecord>(
  'interface record',
  { bInterfaceClass: u8, bInterfaceSubClass: u8, bInterfaceProtocol: u8, padding: u8 },
);

/** Commands of the second phase, once a device is imported. */
export const Command = { submit: 1, unlink: 2, submitted: 3, unlinked: 4 } as const;

/** Every packet of the second phase starts with as many bytes. */
export const URB_HEADER_BYTES = 48;

/** `direction` of a URB. */
export const Direction = { out: 0, in: 1 } as const;

/** `packets` of a URB that is not isochronous; older peers say 0. */
export const NOT_ISOCHRONOUS = 0xffffffff;

/** What all four packets start with; the replies leave the last three 0. */
interface UrbHeader {
  readonly command: number;
  readonly sequence: number;
  /** Bus number in the upper half, device number in the lower. */
  readonly deviceId: number;
  readonly direction: number;
  readonly endpoint: number;
}

const urbHeader = {
  command: u32be,
  sequence: u32be,
  deviceId: u32be,
  direction: u32be,
  endpoint: u32be,
} as const;

export interface SubmitCommand extends UrbHeader {
  readonly flags: number;
  /** Bytes of the data stage; they follow if the direction is out. */
  readonly length: number;
  readonly startFrame: number;
  readonly packets: number;
  readonly interval: number;
  readonly setup: SetupPacket;
}

export const submitCommand: Struct<SubmitCommand> = struct<SubmitCommand>('CMD_SUBMIT', {
  ...urbHeader,
  flags: u32be,
  length: u32be,
  startFrame: u32be,
  packets: u32be,
  interval: u32be,
  setup: setupPacket,
});

export interface SubmitReply extends UrbHeader {
  /** 0, or a Linux errno, negative. */
  readonly status: number;
  /** Bytes of the data stage; they follow if the direction was in. */
  readonly actualLength: number;
  readonly startFrame: number;
  readonly packets: number;
  readonly errorCount: number;
  readonly padding0: number;
  readonly padding1: number;
}

export const submitReply: Struct<SubmitReply> = struct<SubmitReply>('RET_SUBMIT', {
  ...urbHeader,
  status: i32be,
  actualLength: u32be,
  startFrame: u32be,
  packets: u32be,
  errorCount: u32be,
  // Peers leave rubbish here, so it is not checked.
  padding0: u32be,
  padding1: u32be,
});

interface UnlinkPadding {
  readonly padding0: number;
  readonly padding1: number;
  readonly padding2: number;
  readonly padding3: number;
  readonly padding4: number;
  readonly padding5: number;
}

const unlinkPadding = {
  padding0: u32be,
  padding1: u32be,
  padding2: u32be,
  padding3: u32be,
  padding4: u32be,
  padding5: u32be,
} as const;

const noPadding: UnlinkPadding = {
  padding0: 0,
  padding1: 0,
  padding2: 0,
  padding3: 0,
  padding4: 0,
  padding5: 0,
};

interface UnlinkCommand extends UrbHeader, UnlinkPadding {
  /** The sequence number of the submission that is given up. */
  readonly unlinked: number;
}

export const unlinkCommand: Struct<UnlinkCommand> = struct<UnlinkCommand>('CMD_UNLINK', {
  ...urbHeader,
  unlinked: u32be,
  ...unlinkPadding,
});

interface UnlinkReply extends UrbHeader, UnlinkPadding {
  /** −104 if it was cancelled and will not be answered, 0 if it had been answered before. */
  readonly status: number;
}

export const unlinkReply: Struct<UnlinkReply> = struct<UnlinkReply>('RET_UNLINK', {
  ...urbHeader,
  status: i32be,
  ...unlinkPadding,
});

const replyHeader = { deviceId: 0, direction: 0, endpoint: 0 } as const;

/** A RET_SUBMIT with its data, in one piece. */
export function encodeSubmitReply(
  sequence: number,
  status: number,
  actualLength: number,
  data?: Uint8Array,
): Uint8Array {
  const bytes = Buffer.allocUnsafe(URB_HEADER_BYTES + (data?.length ?? 0));
  const value: SubmitReply = {
    ...replyHeader,
    command: Command.submitted,
    sequence,
    status,
    actualLength,
    startFrame: 0,
    packets: NOT_ISOCHRONOUS,
    errorCount: 0,
    padding0: 0,
    padding1: 0,
  };
  submitReply.encodeInto(value, bytes, 0);
  if (data !== undefined) bytes.set(data, URB_HEADER_BYTES);
  return bytes;
}

/** A RET_UNLINK. */
export function encodeUnlinkReply(sequence: number, status: number): Uint8Array {
  const command = Command.unlinked;
  return unlinkReply.encode({ ...replyHeader, ...noPadding, command, sequence, status });
}

/** What a CMD_SUBMIT to endpoint 0 is made of. */
interface Submission {
  readonly sequence: number;
  readonly deviceId: number;
  readonly setup: SetupPacket;
  /** The data stage, if the direction is out. */
  readonly data: Uint8Array | undefined;
}

/** A CMD_SUBMIT with its data, in one piece. */
export function encodeSubmit({ sequence, deviceId, setup, data }: Submission): Uint8Array {
  const bytes = Buffer.allocUnsafe(URB_HEADER_BYTES + (data?.length ?? 0));
  const value: SubmitCommand = {
    command: Command.submit,
    sequence,
    deviceId,
    direction: data === undefined ? Direction.in : Direction.out,
    endpoint: 0,
    flags: 0,
    length: setup.wLength,
    startFrame: 0,
    packets: NOT_ISOCHRONOUS,
    interval: 0,
    setup,
  };
  submitCommand.encodeInto(value, bytes, 0);
  if (data !== undefined) bytes.set(data, URB_HEADER_BYTES);
  return bytes;
}

/** A CMD_UNLINK. */
export function encodeUnlink(sequence: number, deviceId: number, unlinked: number): Uint8Array {
  const header = { ...replyHeader, ...noPadding, deviceId };
  return unlinkCommand.encode({ ...header, command: Command.unlink, sequence, unlinked });
}

/** An operation of the first phase, request or reply, with what follows the header. */
export function encodeOperation(code: number, status: number, body?: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(operationHeader.size + (body?.length ?? 0));
  operationHeader.encodeInto({ version: USBIP_VERSION, code, status }, bytes, 0);
  if (body !== undefined) bytes.set(body, operationHeader.size);
  return bytes;
}

/** Linux errno, negative, as URBs carry it. */
export const Errno = {
  noEntry: -2,
  noDevice: -19,
  /** EPIPE: stall. */
  pipe: -32,
  /** EPROTO. */
  protocol: -71,
  /** EOVERFLOW: more data than asked for. */
  overflow: -75,
  /** ECONNRESET: unlinked. */
  connectionReset: -104,
  /** ESHUTDOWN: the device has left. */
  shutdown: -108,
  /** ETIMEDOUT. */
  timedOut: -110,
} as const;

const speedNumbers: Readonly<Record<UsbSpeed, number>> = { low: 1, full: 2, high: 3, super: 5 };

/** enum usb_device_speed of Linux. */
export function speedNumber(speed: UsbSpeed): number {
  return speedNumbers[speed];
}

/** The other way; what it does not know (wireless, super plus) is the nearest wired one. */
export function speedOf(number: number): UsbSpeed {
  if (number === speedNumbers.low) return 'low';
  if (number >= speedNumbers.super) return 'super';
  return number === speedNumbers.high ? 'high' : 'full';
}

/** The device id of a URB. */
export function deviceIdOf(busNumber: number, deviceNumber: number): number {
  return (busNumber & 0xffff) * 0x10000 + (deviceNumber & 0xffff);
}
