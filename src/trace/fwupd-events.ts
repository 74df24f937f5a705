import { DfuError, cNumber } from '../bytes/index.ts';
import { DIRECTION_IN } from '../usb/index.ts';
import type { SetupPacket } from '../usb/index.ts';
import { fromBase64 } from './base64.ts';
import type { TraceEnd } from './trace.ts';

/** libusb's errors, as the key `Error` has them. */
const errors: Readonly<Record<number, TraceEnd>> = {
  [-4]: 'gone', // LIBUSB_ERROR_NO_DEVICE
  [-7]: 'timeout', // LIBUSB_ERROR_TIMEOUT
  [-9]: 'stall', // LIBUSB_ERROR_PIPE
};

/** libusb's states of a transfer, as the key `Status` has them. */
const statuses: Readonly<Record<number, TraceEnd>> = {
  0: 'ok',
  2: 'timeout',
  3: 'cancelled',
  4: 'stall',
  5: 'gone',
};

/** How a transfer of fwupd ended. */
export function fwupdEnd(event: Readonly<Record<string, unknown>>): TraceEnd {
  const { Error: error, Status: status } = event;
  if (typeof error === 'number') return errors[error] ?? 'failed';
  if (typeof status === 'number') return statuses[status] ?? 'failed';
  return 'ok';
}

/** What each part of the name of a transfer may be. */
const limits: Readonly<Record<string, number>> = {
  Direction: 1,
  RequestType: 3,
  Recipient: 31,
  Request: 0xff,
  Value: 0xffff,
  Idx: 0xffff,
  Length: 0xffff,
};

/**
 * The request that `ControlTransfer:Direction=0x00,RequestType=0x01,…,Data=BASE64,Length=0x6` is the name of, and
 * what it sent. Direction 0 is to the host. Throws `MALFORMED`.
 */
export function fwupdRequest(id: string): {
  readonly setup: SetupPacket;
  readonly sent: Uint8Array;
} {
  const parts = new Map(
    id
      .slice(id.indexOf(':') + 1)
      .split(',')
      .map((part) => {
        const at = part.indexOf('=');
        return [part.slice(0, Math.max(0, at)), part.slice(at + 1)] as const;
      }),
  );
  const value = (name: string): number => {
    const text = parts.get(name) ?? '';
    const number = cNumber(text);
    const most = limits[name] ?? 0;
    if (number !== undefined && number >= 0 && number <= most) return number;
    const got = text === '' ? 'nothing' : `"${text.slice(0, 40)}"`;
    const words = `expected 0x0 to 0x${most.toString(16)}, got ${got}`;
    throw new DfuError('MALFORMED', `recording of fwupd, ControlTransfer, ${name}: ${words}`);
  };
  const input = value('Direction') === 0;
  const setup = {
    bmRequestType: (input ? DIRECTION_IN : 0) + value('RequestType') * 32 + value('Recipient'),
    bRequest: value('Request'),
    wValue: value('Value'),
    wIndex: value('Idx'),
    wLength: value('Length'),
  };
  const sent = input ? new Uint8Array(0) : fromBase64(parts.get('Data') ?? '', 0xffff);
  return { setup, sent };
}
