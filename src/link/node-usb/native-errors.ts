import { DfuError } from '../../bytes/index.ts';
import type { DfuErrorCode } from '../../bytes/index.ts';
import { idDigits } from '../../usb/index.ts';

// The package throws every failure as an Error whose message is all there is to go by; the words are
// those of its release 3.1 (nusb 0.2) and of the operating systems.
const meanings: readonly (readonly [RegExp, DfuErrorCode])[] = [
  [/endpoint stalled|broken pipe|\berr(?:no|or) 32\b/i, 'STALLED'],
  [/\/sys\/bus\/usb\S* not found/i, 'NO_USB'],
  [/permission denied|access is denied|operation not permitted|\berr(?:no|or) 1?3\b/i, 'ACCESS'],
  [/(?:setting|interface|configuration) not found/i, 'NOT_FOUND'],
  [/disconnected|no such device|device not found|\berr(?:no|or) 19\b/i, 'DISCONNECTED'],
  [/cancell?ed|timed? ?out/i, 'TIMEOUT'],
  [/\bbusy\b|exclusive access/i, 'BUSY'],
  [/hardware fault|protocol violation/i, 'PROTOCOL'],
  [/not (?:yet )?(?:implemented|supported)|unsupported/i, 'UNSUPPORTED'],
  // A handle that is not open: it was closed, here or because the device left.
  [/invalid state/i, 'DISCONNECTED'],
];

/** What a failure of the package means. */
export function nativeErrorCode(error: unknown): DfuErrorCode {
  const message = textOf(error);
  return meanings.find(([words]) => words.test(message))?.[1] ?? 'IO';
}

/** The failure of the package as one of ours; `doing` says at what. */
export function nativeError(error: unknown, doing: string): DfuError {
  if (DfuError.is(error)) return error;
  const message = `${doing}: ${textOf(error)}`;
  return new DfuError(nativeErrorCode(error), message, { cause: error });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** No way to USB at all; `cause` is what the system said. */
export function noUsb(cause: unknown): DfuError {
  const remedy =
    'plug in a device, load the USB host driver or give the container /sys/bus/usb and /dev/bus/usb; ' +
    'a device on another machine can be reached over USB/IP';
  return new DfuError('NO_USB', `this machine has no USB: ${remedy}`, { cause });
}

const NO_PACKAGE =
  'the optional package "usb" cannot be loaded; install it with: npm install usb (with its optional dependencies)';

/** The package cannot be loaded. */
export function noPackage(cause: unknown): DfuError {
  return new DfuError('NO_USB', NO_PACKAGE, { cause });
}

/** Whether nobody could look, which says nothing of what there is. */
export function isPackageMissing(error: DfuError): boolean {
  return error.code === 'NO_USB' && error.message === NO_PACKAGE;
}

/** The system does not let this user open the device; the remedy on Linux is one line. */
export function noAccess(
  device: { readonly vendorId: number; readonly productId: number },
  path: string,
  cause: unknown,
): DfuError {
  const [vid, pid] = [idDigits(device.vendorId), idDigits(device.productId)];
  const rule = `SUBSYSTEM=="usb", ATTR{idVendor}=="${vid}", ATTR{idProduct}=="${pid}", MODE="0660", TAG+="uaccess"`;
  const message =
    `may not open ${vid}:${pid} at ${path}: permission denied; on Linux put this line into ` +
    `/etc/udev/rules.d/60-dfu.rules and plug the device in again: ${rule}`;
  return new DfuError('ACCESS', message, { cause });
}
