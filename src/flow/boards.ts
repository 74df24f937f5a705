import { UNKNOWN } from '../host/index.ts';
import type { DfuInterface } from '../host/index.ts';
import { boardOf, offersFor, runningVersion } from '../manifest/index.ts';
import type { FirmwareManifest, ManifestBoard } from '../manifest/index.ts';
import { idDigits } from '../usb/index.ts';
import type { FlowDevice, FlowOffer } from './flow-state.ts';
import { said } from './flow-text.ts';

/** The board of the manifest that this is; undefined if none is. */
export function boardOfEntry(
  manifest: FirmwareManifest | undefined,
  entry: DfuInterface,
): ManifestBoard | undefined {
  if (manifest === undefined) return undefined;
  const { idVendor, idProduct, bcdDevice, serial } = entry;
  const its = serial === UNKNOWN ? undefined : serial;
  return boardOf(manifest, { idVendor, idProduct, bcdDevice, serial: its });
}

/** bcdDevice as people write it: `1.02`. */
export function releaseText(bcdDevice: number): string {
  const digits = idDigits(bcdDevice);
  return `${digits.slice(0, 2).replace(/^0/, '')}.${digits.slice(2)}`;
}

/** Which version that is: the manifest's release that shows it, else the number itself. */
export function versionShown(manifest: FirmwareManifest | undefined, bcdDevice: number): string {
  const known = manifest === undefined ? undefined : runningVersion(manifest, bcdDevice);
  return known ?? releaseText(bcdDevice);
}

/** What the manifest has for a device, newest first. */
export function offersOf(
  manifest: FirmwareManifest | undefined,
  channel: string | undefined,
  { board, mode, interfaces: [first] }: FlowDevice,
): FlowOffer[] {
  if (manifest === undefined || board === undefined || first === undefined) return [];
  const runs = mode === 'runtime' ? runningVersion(manifest, first.bcdDevice) : undefined;
  return offersFor(manifest, { board, channel, version: runs }).map((offer) => {
    const { release, file, barred, doubt, change } = offer;
    const { version, minimumVersion: minimum = '' } = release;
    return {
      release,
      file,
      change,
      barred:
        barred === undefined ? undefined : said('too-old', { version, minimum, runs: runs ?? '' }),
      doubt: doubt === undefined ? undefined : said('perhaps-too-old', { version, minimum }),
    };
  });
}
