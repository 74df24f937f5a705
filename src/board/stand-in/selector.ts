import { DfuError } from '../../bytes/index.ts';
import { formatVersion, parseVersion } from '../../image/index.ts';
import type { FirmwareVersion } from '../seams/firmware-api.ts';
import type { MachineCode, RunningImage } from '../seams/peripherals.ts';
import type { StandInSelector } from './stand-in.ts';

/** MCUboot's version with all of its parts; what is none, as it is. */
function whole(text: string): string {
  try {
    return formatVersion(parseVersion(text));
  } catch (error) {
    if (DfuError.is(error)) return text;
    throw error;
  }
}

/** Whether a version is the wanted one: `1.0.0` and `1.0.0+0` are the same, and riotboot's `7` is 7. */
export function isVersion(wanted: string, version: FirmwareVersion): boolean {
  return typeof version === 'number'
    ? Number(wanted) === version
    : whole(wanted) === whole(version);
}

/** Whether a stand-in is meant for that image. */
export function isMeant(
  { version, sha256, slot }: StandInSelector,
  image: RunningImage,
  code: Pick<MachineCode, 'sha256'>,
): boolean {
  return (
    (version === undefined || isVersion(version, image.version)) &&
    (sha256 === undefined || code.sha256.startsWith(sha256.toLowerCase())) &&
    (slot === undefined || slot === image.slot)
  );
}

/** At most so many digits of it go into a nibble, or a byte of two. */
function digit(value: number, most: 9 | 99): number {
  const shown = Math.min(value, most);
  return Math.floor(shown / 10) * 16 + (shown % 10);
}

/**
 * bcdDevice that tells the version (USB 2.0 table 9-8): 0x0213 for `2.1.3`, 0x0042 for riotboot's 42; what has no room
 * shows as nines, and of a number the last four digits are shown.
 */
export function releaseOf(version: FirmwareVersion): number {
  if (typeof version === 'number') return Number.parseInt(String(version % 10_000), 16);
  const { major, minor, revision } = parseVersion(version);
  return (digit(major, 99) << 8) | (digit(minor, 9) << 4) | digit(revision, 9);
}
