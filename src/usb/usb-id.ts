import { DfuError } from '../bytes/index.ts';

/** Vendor and product of a device. */
export interface UsbId {
  readonly idVendor: number;
  readonly idProduct: number;
}

/** Reads one to four hex digits, `0x` before them or not; undefined if it is anything else. */
export function parseIdNumber(text: string): number | undefined {
  return /^(?:0x)?[0-9a-f]{1,4}$/i.test(text) ? Number.parseInt(text, 16) : undefined;
}

/** Reads `VVVV:PPPP` in hex; `what` begins the message. Throws `INVALID_ARGUMENT`. */
export function parseUsbId(text: string, what = 'USB id'): UsbId {
  const [idVendor, idProduct, ...more] = text.split(':').map(parseIdNumber);
  if (idVendor === undefined || idProduct === undefined || more.length > 0) {
    const expected = 'expected VID:PID in hex, e.g. 1209:7d02';
    throw new DfuError('INVALID_ARGUMENT', `${what}: ${expected}, got "${text}"`);
  }
  return { idVendor, idProduct };
}

/** Four hex digits, as ids and releases are written. */
export function idDigits(value: number): string {
  return value.toString(16).padStart(4, '0');
}

/** `1209:7d02`. */
export function formatUsbId({ idVendor, idProduct }: UsbId): string {
  return `${idDigits(idVendor)}:${idDigits(idProduct)}`;
}

/** bcdDevice that a version means, if it means one: `0102`, `0x0102`, `1.02`. */
export function bcdOf(version: string): number | undefined {
  const [, whole] = /^(?:0x)?([0-9a-f]{4})$/i.exec(version) ?? [];
  if (whole !== undefined) return Number.parseInt(whole, 16);
  const [, major, minor] = /^(\d{1,2})\.(\d{2})$/.exec(version) ?? [];
  return major === undefined ? undefined : Number.parseInt(`${major}${minor}`, 16);
}
