import { struct, u16le, u8 } from '../bytes/index.ts';
import type { Struct } from '../bytes/index.ts';

/** The eight bytes that start a control transfer (USB 2.0 §9.3). */
export interface SetupPacket {
  /** Bit 7: device to host; bits 6..5: standard, class, vendor; bits 4..0: recipient. */
  readonly bmRequestType: number;
  readonly bRequest: number;
  readonly wValue: number;
  readonly wIndex: number;
  /** Most bytes of the data stage; 0 means that there is none. */
  readonly wLength: number;
}

export const setupPacket: Struct<SetupPacket> = struct<SetupPacket>('setup packet', {
  bmRequestType: u8,
  bRequest: u8,
  wValue: u16le,
  wIndex: u16le,
  wLength: u16le,
});

/** USB 2.0 table 9-2: direction, bit 7 of bmRequestType. */
export const DIRECTION_IN = 0x80;
/** USB 2.0 table 9-2: type, bits 6..5 of bmRequestType. */
export const RequestType = { standard: 0x00, class: 0x20, vendor: 0x40 } as const;
/** USB 2.0 table 9-2: recipient, bits 4..0 of bmRequestType. */
export const Recipient = { device: 0, interface: 1, endpoint: 2, other: 3 } as const;

/** USB 2.0 table 9-4: bRequest of the standard requests. */
export const StandardRequest = {
  GET_STATUS: 0,
  CLEAR_FEATURE: 1,
  SET_FEATURE: 3,
  SET_ADDRESS: 5,
  GET_DESCRIPTOR: 6,
  SET_DESCRIPTOR: 7,
  GET_CONFIGURATION: 8,
  SET_CONFIGURATION: 9,
  GET_INTERFACE: 10,
  SET_INTERFACE: 11,
  SYNCH_FRAME: 12,
} as const;

/** USB 2.0 table 9-6: feature selectors. */
export const Feature = { ENDPOINT_HALT: 0, DEVICE_REMOTE_WAKEUP: 1, TEST_MODE: 2 } as const;

/** Whether the data stage, if there is one, goes from device to host. */
export function isIn(packet: SetupPacket): boolean {
  return (packet.bmRequestType & DIRECTION_IN) !== 0;
}
