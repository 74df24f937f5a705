import { dfuTools } from './dfu-tools.ts';
import { dfuUtil } from './dfu-util.ts';
import { imgtool } from './imgtool.ts';
import { mcuboot } from './mcuboot.ts';
import type { Departure } from './original.ts';
import { riot } from './riot.ts';
import { stm32Rom } from './stm32-rom.ts';
import { usbdDfuRt } from './usbd-dfu-rt.ts';
import { usbdDfu } from './usbd-dfu.ts';
import { zephyr } from './zephyr.ts';

/** Every original, by the name that stands before its departures. */
export const originals = {
  imgtool,
  'dfu-util': dfuUtil,
  'dfu-tools': dfuTools,
  mcuboot,
  riot,
  zephyr,
  'stm32-rom': stm32Rom,
  'usbd-dfu': usbdDfu,
  'usbd-dfu-rt': usbdDfuRt,
} as const;

type Originals = typeof originals;

/** The name of a departure, such as `imgtool/traceback`. */
export type DepartureId = {
  [Name in keyof Originals]: `${Name}/${string & keyof Originals[Name]['departures']}`;
}[keyof Originals];

/** Every departure by its name. */
export const departures: ReadonlyMap<string, Departure> = new Map(
  Object.entries(originals).flatMap(([name, { departures: rows }]) =>
    Object.entries<Departure>(rows).map(([row, each]) => [`${name}/${row}`, each] as const),
  ),
);

const CLAIM = 'departs as in docs/departures.md: ';

/** What a replay finds where it knows of the difference: instead of a line that tells of it. */
export function departs(id: DepartureId): string {
  return CLAIM + id;
}

/** What a replay found: the differences, and the departures that it met. */
export function sorted(found: readonly string[]): {
  readonly differences: readonly string[];
  readonly met: readonly string[];
} {
  const isClaim = (line: string): boolean => line.startsWith(CLAIM);
  return {
    differences: found.filter((line) => !isClaim(line)),
    met: found.filter(isClaim).map((line) => line.slice(CLAIM.length)),
  };
}
