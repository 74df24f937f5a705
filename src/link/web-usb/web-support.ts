import { DfuError } from '../../bytes/index.ts';
import { timerClock } from '../../usb/index.ts';
import type { Clock } from '../../usb/index.ts';
import { noWebUsb, webError } from './web-errors.ts';
import type { WebUsb } from './web-usb-device.ts';
import { within } from './within.ts';

/**
 * Whether a page can use USB devices, and if not, why: `no-usb`: this browser has no WebUSB; `insecure`: the page came by
 * http, or is embedded in one that did; `not-allowed`: a permissions policy, or a frame's sandbox, keeps it from the page.
 */
export type WebUsbSupport =
  | { readonly isThere: true }
  | {
      readonly isThere: false;
      readonly why: 'no-usb' | 'insecure' | 'not-allowed';
      /** What is missing and what to do about it, in words for a person. */
      readonly message: string;
    };

/** What of a page's global object is looked at. */
interface Page {
  readonly isSecureContext?: boolean | undefined;
  readonly navigator?:
    | {
        readonly usb?: WebUsb | undefined;
        readonly userActivation?: { readonly isActive: boolean } | undefined;
        readonly userAgent?: string | undefined;
      }
    | undefined;
}

const page = (): Page => globalThis as Page;

/** The browser's own USB, if it has one for this page. */
export function browserUsb(): WebUsb | undefined {
  return page().navigator?.usb;
}

/** False if it is known that the page is not handling a click or a key: it must not ask a person then. */
export function mayAsk(): boolean {
  return page().navigator?.userActivation?.isActive !== false;
}

/** Whether the page is on Windows. */
export function isOnWindows(): boolean {
  return /\bWindows NT\b/.test(page().navigator?.userAgent ?? '');
}

/** Why there is no WebUSB here. */
const absence = (): 'insecure' | 'no-usb' =>
  page().isSecureContext === false ? 'insecure' : 'no-usb';

/** There is no WebUSB here. */
export function missing(): DfuError {
  return noWebUsb(absence());
}

/** Finds out whether this page can use USB devices. Asks nobody. */
export async function webUsbSupport(
  usb: WebUsb | undefined = browserUsb(),
  clock: Clock = timerClock(globalThis),
): Promise<WebUsbSupport> {
  if (usb === undefined) {
    const why = absence();
    return { isThere: false, why, message: noWebUsb(why).message };
  }
  try {
    await within({ clock }, 'looking for USB devices', () => usb.getDevices());
    return { isThere: true };
  } catch (error) {
    const meant = webError(error, 'list', 'looking for USB devices');
    if (!DfuError.is(meant, 'ACCESS')) return { isThere: true };
    return { isThere: false, why: 'not-allowed', message: meant.message };
  }
}
