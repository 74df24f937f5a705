import { DfuError } from '../../bytes/index.ts';
import type { DfuErrorCode } from '../../bytes/index.ts';

/** What a page does with a device; each fails in the same words for other reasons. */
export type Doing = 'open' | 'claim' | 'select' | 'reset' | 'transfer' | 'list' | 'request';

// A browser tells by the name of a DOMException what went wrong, and its words change (WebUSB §4.1 to §4.5).
const meanings: Readonly<Record<string, DfuErrorCode>> = {
  // Of a device that has gone, and of an interface that is not there.
  NotFoundError: 'NOT_FOUND',
  AbortError: 'DISCONNECTED',
  // Another operation is under way, or something was left out before.
  InvalidStateError: 'BUSY',
  SecurityError: 'ACCESS',
  NotAllowedError: 'ACCESS',
  TimeoutError: 'TIMEOUT',
  NotSupportedError: 'UNSUPPORTED',
  // Of filters that make no sense together.
  TypeError: 'INVALID_ARGUMENT',
};

/** NetworkError is all that a browser says of what the system refused: what that is depends on what was asked. */
const refused: Readonly<Record<Doing, DfuErrorCode>> = {
  open: 'ACCESS',
  claim: 'BUSY',
  select: 'STALLED',
  reset: 'UNSUPPORTED',
  transfer: 'IO',
  list: 'IO',
  request: 'IO',
};

const remedies: Readonly<Partial<Record<DfuErrorCode, string>>> = {
  ACCESS:
    'the system or the browser does not let this page open it: on Linux a udev rule is missing, ' +
    'on Windows its driver must be WinUSB, and the page must have asked for the device',
  BUSY: 'another page, program or driver has it: close that and try again',
};

const NOT_ALLOWED =
  'the page may not use USB: a frame needs allow="usb" and no sandbox, and the Permissions-Policy of the page must not rule "usb" out';

/** What to do about it. */
function remedyOf(code: DfuErrorCode, doing: Doing): string | undefined {
  const isOfPage = doing === 'list' || doing === 'request';
  return code === 'ACCESS' && isOfPage ? NOT_ALLOWED : remedies[code];
}

/** The failure of the browser as one of ours; `what` says at what. */
export function webError(error: unknown, doing: Doing, what: string): DfuError {
  if (DfuError.is(error)) return error;
  const name = error instanceof Error ? error.name : '';
  const isGone = name === 'NotFoundError' && doing === 'transfer';
  const code = isGone ? 'DISCONNECTED' : (meanings[name] ?? refused[doing]);
  const said = error instanceof Error ? error.message : String(error);
  const remedy = remedyOf(code, doing);
  const message = `${what}: ${said}${remedy === undefined ? '' : `; ${remedy}`}`;
  return new DfuError(code, message, { cause: error });
}

const absences = {
  'no-usb':
    'this browser has no WebUSB: Chromium and its kin have it (Chrome, Edge, Opera; on Android, too), Firefox and Safari do not',
  insecure:
    'a browser gives WebUSB to no page that came by http: open this one by https, or from localhost',
} as const;

/** There is no WebUSB here. */
export function noWebUsb(why: keyof typeof absences): DfuError {
  return new DfuError('NO_USB', absences[why]);
}

/** A person is asked only when he has just clicked something. */
export function noClick(cause?: unknown): DfuError {
  const message =
    'asking for a USB device: a browser lets a page ask only from a click or a key, and soon behind it; call it first thing there';
  return new DfuError('ACCESS', message, { cause });
}

/** A worker has the devices that its page has asked for. */
export function cannotAsk(): DfuError {
  const message =
    'asking for a USB device: a worker cannot ask; let the page ask, then the worker finds the device';
  return new DfuError('ACCESS', message);
}
