import { idDigits, formatUsbId } from '../usb/index.ts';
import type { DfuInterface } from '../host/index.ts';
import type { FirmwareManifest, ManifestBoard } from '../manifest/index.ts';

/** The board of the manifest that this is; undefined if none is. */
export function boardOf(
  manifest: FirmwareManifest | undefined,
  entry: DfuInterface,
): ManifestBoard | undefined {
  const id = formatUsbId(entry);
  return manifest?.boards.find(({ usb }) => usb.some((each) => each.toLowerCase() === id));
}

/** bcdDevice as people write it: `1.02`. */
function releaseText(bcdDevice: number): string {
  const digits = idDigits(bcdDevice);
  return `${digits.slice(0, 2).replace(/^0/, '')}.${digits.slice(2)}`;
}

/** The version that runs, by the device's bcdDevice in run-time mode. */
export function versionOf(
  manifest: FirmwareManifest | undefined,
  { bcdDevice }: DfuInterface,
): string {
  void manifest;
  return releaseText(bcdDevice);
}
