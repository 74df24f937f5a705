import { DfuError } from '../../bytes/index.ts';
import type { DeviceIdentity, DfuProfile, OsIdentityOptions } from '../../device/index.ts';
import { encodeUrl } from '../../usb/index.ts';

/** What the USB devices of a board say so that hosts find a driver and know the board again. */
export interface UsbIdentityOptions {
  /**
   * Microsoft OS 1.0 and 2.0 descriptors, for Windows to take WinUSB by itself. Default: on; off with a
   * profile that is a real device's, which has none.
   */
  readonly msOs?: boolean | undefined;
  /** The WebUSB capability. Default likewise; on with a landing page. */
  readonly webUsb?: boolean | undefined;
  /** The page that a browser offers when the board is plugged in. Default: none. */
  readonly landingPage?: string | undefined;
  /** The chip's serial number as USB string, in both modes. Default: on. */
  readonly serialString?: boolean | undefined;
}

/** The same, made up: what each USB device of a board is given. */
export interface UsbIdentity {
  /** Undefined: nothing for operating systems and browsers. */
  readonly os: OsIdentityOptions | undefined;
  /** `always`: a device that says none has the chip's; `told`: as it says; `never`: none. */
  readonly serial: 'always' | 'told' | 'never';
}

/** Fills the defaults in. Throws `INVALID_ARGUMENT` or `OUT_OF_RANGE` for a page that cannot be told. */
export function usbIdentityOf(
  options: UsbIdentityOptions,
  { isOriginal }: DfuProfile,
): UsbIdentity {
  const own = isOriginal !== true;
  const { msOs = own, landingPage, serialString = true } = options;
  const webUsb = options.webUsb ?? (own || landingPage !== undefined);
  if (landingPage !== undefined) encodeUrl(landingPage);
  if (landingPage !== undefined && !webUsb) {
    throw new DfuError('INVALID_ARGUMENT', 'landing page: expected none without WebUSB');
  }
  const told = own ? 'always' : 'told';
  return {
    os: msOs || webUsb ? { msOs20: msOs, msOs10: msOs, webUsb, landingPage } : undefined,
    serial: serialString ? told : 'never',
  };
}

/** The identity of a device of this board; `serial` is the chip's. */
export function withSerial(
  identity: DeviceIdentity,
  serial: string,
  rule: UsbIdentity['serial'],
): DeviceIdentity {
  const { serial: own, ...rest } = identity;
  const shown = rule === 'never' ? undefined : rule === 'always' ? (own ?? serial) : own;
  return shown === undefined ? rest : { ...rest, serial: shown };
}
