import { DfuError } from '../../bytes/index.ts';
import type { DfuErrorCode } from '../../bytes/index.ts';

/** What a page does with a device; each fails in the same words for other reasons. */
export type Doing = 'open' | 'claim' | 'select' | 'reset' | 'transfer' | 'list';

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
};

/** NetworkError is all that a browser says of what the system refused: what that is depends on what was asked. */
const refused: Readonly<Record<Doing, DfuErrorCode>> = {
  open: 'ACCESS',
  claim: 'BUSY',
  select: 'STALLED',
  reset: 'UNSUPPORTED',
  transfer: 'IO',
  list: 'IO',
};

const remedies: Readonly<Partial<Record<DfuErrorCode, string>>> = {
  ACCESS:
    'the system or the browser does not let this page open it: on Linux a udev rule is missing, ' +
    'on Windows its driver must be WinUSB, and the page must have asked for the device',
  BUSY: 'another page, program or driver has it: close that and try again',
};

/** The failure of the browser as one of ours; `what` says at what. */
export function webError(error: unknown, doing: Doing, what: string): DfuError {
  if (DfuError.is(error)) return error;
  const name = error instanceof Error ? error.name : '';
  const isGone = name === 'NotFoundError' && doing === 'transfer';
  const code = isGone ? 'DISCONNECTED' : (meanings[name] ?? refused[doing]);
  const said = error instanceof Error ? error.message : String(error);
  const remedy = remedies[code];
  const message = `${what}: ${said}${remedy === undefined ? '' : `; ${remedy}`}`;
  return new DfuError(code, message, { cause: error });
}

/** There is no WebUSB here. */
export function noWebUsb(): DfuError {
  const message =
    'this browser has no WebUSB: Chromium and its kin have it, on pages that come by https or from localhost';
  return new DfuError('NO_USB', message);
}
