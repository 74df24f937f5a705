// What of USB 2.0 chapter 9 whoever carries transfers needs itself.

const DEVICE_TO_HOST = 0x80;
const SET_ADDRESS = 5;
const GET_DESCRIPTOR = 6;
const SET_CONFIGURATION = 9;
const SET_INTERFACE = 11;

export const DEVICE_DESCRIPTOR = 1;
export const CONFIGURATION_DESCRIPTOR = 2;

function setupBytes(
  request: readonly [type: number, request: number],
  { value = 0, index = 0, length = 0 }: { value?: number; index?: number; length?: number },
): Uint8Array {
  const words = [value, index, length].flatMap((word) => [word & 0xff, (word >> 8) & 0xff]);
  return Uint8Array.from([...request, ...words]);
}

export const setAddress = (value: number): Uint8Array => setupBytes([0, SET_ADDRESS], { value });

export const setConfiguration = (value: number): Uint8Array =>
  setupBytes([0, SET_CONFIGURATION], { value });

export const setInterface = (index: number, value: number): Uint8Array =>
  setupBytes([1, SET_INTERFACE], { index, value });

export const getDescriptor = (type: number, index: number, length: number): Uint8Array =>
  setupBytes([DEVICE_TO_HOST, GET_DESCRIPTOR], { value: type * 256 + index, length });

const value = (setup: Uint8Array): number => (setup[2] ?? 0) + (setup[3] ?? 0) * 256;

/** The address that a SETUP gives; undefined for another request. */
export function addressIn(setup: Uint8Array): number | undefined {
  return setup[0] === 0 && setup[1] === SET_ADDRESS ? value(setup) & 0x7f : undefined;
}

/** The configuration that a SETUP selects; undefined for another request. */
export function configurationIn(setup: Uint8Array): number | undefined {
  return setup[0] === 0 && setup[1] === SET_CONFIGURATION ? value(setup) & 0xff : undefined;
}
