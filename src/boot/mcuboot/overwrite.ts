import { hexNumber } from '../../bytes/index.ts';
import type { FlashRange } from '../../flash/index.ts';
import type { Build } from './config.ts';
import { raiseCounter } from './counters.ts';
import { prepareKey } from './encryption.ts';
import type { Machine } from './machine.ts';
import { imageOf } from './machine.ts';
import type { Pair, Progress } from './session.ts';
import { readImageSize } from './slot-image.ts';
import { copyRegion } from './swap-common.ts';

/**
 * Copies the secondary slot over the primary one (boot_copy_image). A cut leaves half an image; the
 * next boot starts over, because the request in the secondary trailer goes last.
 */
export async function overwritePrimary(
  machine: Machine,
  pair: Pair,
  progress: Progress,
): Promise<void> {
  const { session } = machine;
  const { build } = session;
  const [primary, secondary] = [pair.primary.area, pair.secondary.area];
  const fast = build.overwriteOnlyFast === true || isBootstrap(build);
  const needed = fast ? neededBytes(machine, pair) : Infinity;
  session.info(`Image ${pair.index} upgrade secondary slot -> primary slot`);
  session.info('Erasing the primary slot');
  const covered = cover(primary.sectors, needed, primary.writeUnitBytes);
  primary.erase(0, covered.erasedBytes);
  if (fast) eraseTrailerUp(pair);
  // the primary slot may be one sector larger with swap using move, for its free sector
  const { copyBytes } =
    build.algorithm === 'swap-using-move'
      ? cover(secondary.sectors, needed, primary.writeUnitBytes)
      : covered;
  await prepareKey(machine, pair, { slot: 1, progress });
  const words = `copying the secondary slot to the primary slot: ${hexNumber(copyBytes)} bytes`;
  session.info(`Image ${pair.index} ${words}`);
  const offset = build.algorithm === 'swap-using-offset';
  const fromOffset = offset ? (secondary.sectors[0]?.sizeBytes ?? 0) : 0;
  const job = { from: secondary, fromOffset, to: primary, toOffset: 0, lengthBytes: copyBytes };
  copyRegion(session, pair, { job, progress });
  if (fast) primary.writeMagic();
  raiseAfterCopy(machine, pair);
  dropRequest(machine, pair);
}

/** Move and offset get here for a bootstrap only: it copies the image alone, and keeps where it is from. */
function isBootstrap({ algorithm }: Build): boolean {
  return algorithm === 'swap-using-move' || algorithm === 'swap-using-offset';
}

function neededBytes(machine: Machine, pair: Pair): number {
  const size = readImageSize(imageOf(machine, pair, 1));
  if (size !== undefined) return size.totalBytes;
  return machine.session.halt('assert', 'the size of the secondary image cannot be read');
}

/** Which sectors hold these bytes, and how much to copy: always past them to the next write unit. */
function cover(
  sectors: readonly FlashRange[],
  needed: number,
  unit: number,
): { readonly erasedBytes: number; readonly copyBytes: number } {
  const last = sectors.find((each) => each.offsetBytes + each.sizeBytes >= needed);
  const all = sectors.at(-1);
  const end = last ?? all;
  const erasedBytes = end === undefined ? 0 : end.offsetBytes + end.sizeBytes;
  return {
    erasedBytes,
    copyBytes: last === undefined ? erasedBytes : needed + unit - (needed % unit),
  };
}

/** The sectors of the trailer, this time from the lowest up. */
function eraseTrailerUp({ primary }: Pair): void {
  const from = primary.area.trailerSectorOffset();
  primary.area.erase(from, primary.area.sizeBytes - from);
}

function raiseAfterCopy(machine: Machine, pair: Pair): void {
  const { session } = machine;
  if (session.build.hwRollbackProtection !== true) return;
  if (raiseCounter(machine, pair, { slot: 0, headerOf: 1 })) return;
  session.error('Security counter update failed after image upgrade: 3');
  session.halt('assert', 'the security counter could not be raised');
}

/** Header and trailer of the secondary slot go, so that the same request is not found again. */
function dropRequest({ session }: Machine, { secondary }: Pair): void {
  const { area } = secondary;
  const first = area.sectors[0];
  const last = area.sectors.at(-1);
  const keeps = session.build.overwriteOnlyKeepBackup === true || isBootstrap(session.build);
  if (!keeps && first !== undefined) {
    area.erase(first.offsetBytes, first.sizeBytes);
  }
  if (last !== undefined) area.erase(last.offsetBytes, last.sizeBytes);
}
