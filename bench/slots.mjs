// A device with MCUboot for the benchmarks: two slots of 4 KiB sectors, filled as far as images may fill them.
import { ImageJudge, largestImageBytes } from 'dfukit/boot/mcuboot';
import { MemoryFlash } from 'dfukit/flash';
import { generateKey, signImage } from 'dfukit/image';
import { stageUpdate } from 'dfukit/lab';

const SECTOR_BYTES = 4096;
const SCRATCH_SECTORS = 4;
const HEADER_BYTES = 0x200;

export const key = await generateKey('ed25519');

/** Bytes that do not repeat soon. */
export function payloadOf(length, seed) {
  return Uint8Array.from({ length }, (_, at) => ((at + seed) * 2_654_435_761) >>> 24);
}

/** A judge that has seen no image yet. */
export function newJudge() {
  return new ImageJudge({ signature: 'ed25519', keys: [key] });
}

function layOut(algorithm, slotKib) {
  const sectors = (slotKib * 1024) / SECTOR_BYTES;
  const sizeBytes = sectors * SECTOR_BYTES;
  const config = {
    algorithm,
    images: [
      { primary: { offsetBytes: 0, sizeBytes }, secondary: { offsetBytes: sizeBytes, sizeBytes } },
    ],
    scratch: { offsetBytes: 2 * sizeBytes, sizeBytes: SCRATCH_SECTORS * SECTOR_BYTES },
    maxImgSectors: sectors,
  };
  const count = 2 * sectors + SCRATCH_SECTORS;
  const geometry = {
    sectors: [{ sizeBytes: SECTOR_BYTES, count }],
    writeUnitBytes: 4,
    erasedValue: 0xff,
  };
  return { config, geometry };
}

/** An image of so many bytes, all told. */
async function imageOf(sizeBytes, major) {
  const version = { major, minor: 0, revision: 0, build: 0 };
  const options = { version, headerSize: HEADER_BYTES, padHeader: true, key };
  const { length: overhead } = (await signImage(new Uint8Array(0), options)).bytes;
  const { bytes } = await signImage(payloadOf(sizeBytes - overhead, major), options);
  return bytes;
}

/**
 * A device that runs version 1 with version 2 uploaded and asked for; with `pending` false there is
 * nothing to do. Both images are as large as the bootloader takes them.
 */
export async function deviceWith(algorithm, slotKib, { pending = true } = {}) {
  const { config, geometry } = layOut(algorithm, slotKib);
  const flash = new MemoryFlash(geometry);
  const device = { flash, config, judge: newJudge() };
  const imageBytes = Math.floor(largestImageBytes(flash, config) / 4) * 4;
  flash.program(0, await imageOf(imageBytes, 1));
  if (pending) stageUpdate(device, await imageOf(imageBytes, 2), { permanent: false });
  return { ...device, imageBytes };
}
