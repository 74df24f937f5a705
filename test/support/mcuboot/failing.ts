import { DfuError } from '../../../src/bytes/index.ts';
import { boot, placeOf, trailerLayout } from '../../../src/boot/mcuboot/index.ts';
import type { AreaName, BootOperation, BootResult } from '../../../src/boot/mcuboot/index.ts';
import type { FlashOperation, MemoryFlash } from '../../../src/flash/index.ts';
import { primaryBytes, ran } from './bench.ts';
import type { Device } from './bench.ts';

/** A part of flash that does not do one kind of operation. */
export interface Defect {
  readonly kind: 'erase' | 'write';
  /** From the start of the flash. */
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** How long a defect lasts: one operation, or for ever. */
type Duration = 'once' | 'for ever';

function meets(defect: Defect, { type, offsetBytes }: FlashOperation): boolean {
  if (type !== (defect.kind === 'erase' ? 'erase' : 'program')) return false;
  return offsetBytes >= defect.offsetBytes && offsetBytes < defect.offsetBytes + defect.lengthBytes;
}

/**
 * Lets operations of the flash fail, as those of a worn-out one do: nothing changes, and who asked
 * hears of it. It lasts until `flash.watch` is set again.
 */
function breakFlash(flash: MemoryFlash, defects: readonly Defect[], duration: Duration): void {
  let left = duration === 'once' ? 1 : Infinity;
  flash.watch = (operation) => {
    if (left <= 0 || !defects.some((defect) => meets(defect, operation))) return;
    left -= 1;
    throw new DfuError('FLASH_RULE', `flash: ${operation.type}: the flash is worn out here`);
  };
}

/** An operation of a boot, and which part of flash it is about. */
interface Step extends BootOperation {
  readonly defect: Defect;
}

/** What the next boot of a device would do, one operation after the other; the device stays as it is. */
export async function stepsOf(device: Device): Promise<Step[]> {
  const steps: Step[] = [];
  const onOperation = ({ kind, area, offsetBytes, lengthBytes }: BootOperation): void => {
    const start = placeOf(device.config, area).offsetBytes + offsetBytes;
    const defect = { kind, offsetBytes: start, lengthBytes };
    steps.push({ kind, area, offsetBytes, lengthBytes, defect });
  };
  await boot({ ...device, flash: device.flash.fork(), onOperation });
  return steps;
}

/** The swap status of an area, as a part of flash that takes no writes. */
export function statusDefect({ config, flash }: Device, area: AreaName): Defect {
  const { offsetBytes, sizeBytes } = placeOf(config, area);
  const { algorithm, maxAlign = 8, maxImgSectors = 128 } = config;
  const { writeUnitBytes } = flash.geometry;
  const place = { sizeBytes, writeUnitBytes, scratch: area === 'scratch' };
  const { status, statusBytes } = trailerLayout({ algorithm, maxAlign, maxImgSectors }, place);
  return { kind: 'write', offsetBytes: offsetBytes + status, lengthBytes: statusBytes };
}

/** What the next boot would do, and which of it notes progress: one write unit into a status. */
export async function stepsAndStatus(
  device: Device,
): Promise<{ readonly steps: readonly Step[]; readonly isStatus: (step: Step) => boolean }> {
  const scratch = device.config.scratch === undefined ? [] : (['scratch'] as const);
  const statuses = (['primary0', ...scratch] as const).map((area) => statusDefect(device, area));
  const { writeUnitBytes } = device.flash.geometry;
  const isStatus = ({ kind, defect, lengthBytes }: Step): boolean =>
    kind === 'write' &&
    lengthBytes === writeUnitBytes &&
    statuses.some(
      (each) =>
        defect.offsetBytes >= each.offsetBytes &&
        defect.offsetBytes < each.offsetBytes + each.lengthBytes,
    );
  return { steps: await stepsOf(device), isStatus };
}

/** A copy of a device of which these parts fail. */
export function broken<D extends Device>(
  device: D,
  defects: readonly Defect[],
  duration: Duration,
): D {
  const flash = device.flash.fork();
  breakFlash(flash, defects, duration);
  return { ...device, flash };
}

/** Reasons for which a boot may end in an assertion where flash failed. */
const excuses =
  /worn out here|size of the image in slot \d cannot be read|flags of a finished swap/;

/**
 * What is wrong with how a boot ended, none if nothing is: only one of the two images may run, and it
 * must be whole; if nothing runs, the console or the result says why.
 */
export function faultOf(
  device: Device & { readonly images: readonly (Uint8Array | undefined)[] },
  result: BootResult,
): readonly string[] {
  const found = ran(result);
  if (found === 'fail') {
    return result.log.includes('E: Unable to find bootable image') ? [] : ['no image, no word'];
  }
  if (found === 'assert' && excuses.test(result.reason ?? '')) return [];
  const image = found === 1 || found === 2 ? device.images[found - 1] : undefined;
  if (image === undefined) return [`${found}: ${result.reason}`];
  const bytes = primaryBytes(device, image.length);
  return bytes.every((byte, n) => byte === image[n]) ? [] : [`half of image ${found} runs`];
}
