import { idDigits } from '../usb/index.ts';
import type { Catalogue } from './catalogue.ts';

/** bcdDevice as people write it: `1.02`. */
export function releaseText(bcdDevice: number): string {
  const digits = idDigits(bcdDevice);
  return `${digits.slice(0, 2).replace(/^0/, '')}.${digits.slice(2)}`;
}

/** Which version that is: the manifest's release that shows it, else the number itself. */
export function versionShown(catalogue: Catalogue | undefined, bcdDevice: number): string {
  return catalogue?.runningVersion(bcdDevice) ?? releaseText(bcdDevice);
}
