import { largestImageBytes } from '../../../boot/mcuboot/index.ts';
import { DfuError } from '../../../bytes/index.ts';
import { MemoryFlash } from '../../../flash/index.ts';
import { parseVersion, signImage } from '../../../image/index.ts';
import type { PrivateKey } from '../../../image/index.ts';
import type { BoardModel } from '../../models/board-model.ts';
import { mcubootLayout } from './layout.ts';
import type { McubootMode } from '../../models/mcuboot-build.ts';
import type { McubootLayout } from './layout.ts';
import { boxProgram } from '../../program/box.ts';

/** How a firmware for MCUboot is made. */
export interface McubootFirmwareOptions {
  readonly model: BoardModel;
  readonly mode?: McubootMode | undefined;
  /** The slot that it is for; it matters only where images run in place. Default 0. */
  readonly slot?: number | undefined;
  /** `major.minor.revision+build`; default 0.0.0, as Zephyr has it. */
  readonly version?: string | undefined;
  /**
   * Key to sign with (`zephyr.signed.bin`). Without it the room for the header is left as zeros and
   * nothing is signed (`zephyr.bin`): that is what `imgtool sign` takes.
   */
  readonly key?: PrivateKey | undefined;
  /** Without a key: header and hash all the same, for a build that checks no signatures. Default false. */
  readonly hashed?: boolean | undefined;
}

/**
 * What Zephyr's build makes for MCUboot: header, the box where a vector table would be, the module,
 * and the records with hash and signature. Throws `NOT_FOUND` for a slot that does not exist,
 * `OUT_OF_RANGE` for a firmware that MCUboot would not take for its size, `INVALID_ARGUMENT` for a
 * version that is none or a key that cannot sign.
 */
export async function mcubootFirmware(
  payload: Uint8Array,
  { model, mode, slot: index = 0, version = '0.0.0', key, hashed }: McubootFirmwareOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const layout = mcubootLayout(model, mode);
  const slot = layout.slots[index];
  if (slot === undefined) {
    const expected = `expected a slot below ${layout.slots.length}, got slot ${index}`;
    throw new DfuError('NOT_FOUND', `MCUboot: ${expected}`);
  }
  const { headerBytes, config } = layout;
  const box = boxProgram(payload, slot.imageAddress, model.ram);
  const plain = new Uint8Array(headerBytes + box.length);
  plain.set(box, headerBytes);
  checkFits(plain, model, layout);
  if (key === undefined && hashed !== true) {
    parseVersion(version);
    return plain;
  }
  const { bytes } = await signImage(plain, {
    version: parseVersion(version),
    headerSize: headerBytes,
    key,
    romFixed: config.algorithm === 'direct-xip' ? slot.offsetBytes : undefined,
  });
  checkFits(bytes, model, layout);
  return bytes;
}

function checkFits({ length }: Uint8Array, model: BoardModel, { config }: McubootLayout): void {
  const most = largestImageBytes(new MemoryFlash(model.flash), config);
  if (length <= most) return;
  const got = `expected an image of at most ${most} bytes, got ${length}`;
  throw new DfuError('OUT_OF_RANGE', `the firmware does not fit into a slot: ${got}`);
}
