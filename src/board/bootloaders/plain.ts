import { DfuError, hexNumber } from '../../bytes/index.ts';
import type { Flash } from '../../flash/index.ts';
import type { DumpReader } from '../../lab/index.ts';
import { flashSizeBytes } from '../models/board-model.ts';
import type { BoardModel } from '../models/board-model.ts';
import { boxProgram } from '../program/box.ts';
import type { BootloaderRecord, FirmwareBox } from '../seams/bootloader-record.ts';

/** A firmware that runs without a bootloader, from the start of the flash. Throws `OUT_OF_RANGE`. */
export function plainFirmware(payload: Uint8Array, model: BoardModel): Uint8Array<ArrayBuffer> {
  const image = boxProgram(payload, model.flashBaseAddress, model.ram);
  const most = model.zephyr?.storage?.offsetBytes ?? flashSizeBytes(model.flash);
  if (image.length <= most) return image;
  const got = `expected at most ${most} bytes, got ${image.length}`;
  throw new DfuError('OUT_OF_RANGE', `the firmware does not fit into the flash: ${got}`);
}

/** The same, for records: no slots, no versions, no keys. */
const firmware: FirmwareBox = {
  needsSlot: false,
  runtimeModules: [],
  version: () => '0',
  box: async (payload, { model }) => plainFirmware(payload, model),
};

/** What the records of boards without a bootloader in flash have in common. */
export const plain: Pick<
  BootloaderRecord,
  'modes' | 'trustsKeys' | 'understands' | 'firmware' | 'layout'
> = {
  modes: [],
  trustsKeys: false,
  understands: [],
  firmware,
  layout: (model) => ({ flashBase: model.flashBaseAddress, bootloaderBytes: 0, slots: [] }),
};

/** Initial stack pointer and reset vector: what the processor itself reads. */
export const VECTOR_BYTES = 8;

/** What starts from these two vectors. */
export interface PlainVerdict {
  /** Why nothing starts there; undefined if something does. */
  readonly fault: string | undefined;
  /** What happens then, in one sentence. */
  readonly sentence: string;
}

/** Reads dumps of a flash that begins with vectors. Nothing in them says whose they are. */
export function plainReader(
  {
    name,
    model,
    vectorsAt = () => 0,
  }: {
    readonly name: string;
    readonly model: BoardModel;
    /** Where the vectors are, from the start of the flash. */
    readonly vectorsAt?: ((flash: Flash) => number) | undefined;
  },
  judge: (vectors: Uint8Array, address: number, flash: Flash) => PlainVerdict,
): DumpReader {
  return {
    read(flash) {
      const at = vectorsAt(flash);
      const vectors = flash.read(at, VECTOR_BYTES);
      const { fault, sentence } = judge(vectors, model.flashBaseAddress + at, flash);
      const view = new DataView(vectors.buffer);
      const stackPointer = view.getUint32(0, true);
      const resetVector = view.getUint32(4, true);
      const place = { address: model.flashBaseAddress, sizeBytes: flash.sizeBytes };
      const details = [
        ['stack', hexNumber(stackPointer, 8)],
        ['reset', hexNumber(resetVector, 8)],
      ] as const;
      return {
        bootloader: name,
        sentence,
        boots: fault === undefined,
        recognised: false,
        slots: [{ index: 0, ...place, fault, reason: sentence, details }],
        report: { sentence, fault, stackPointer, resetVector, ...place },
      };
    },
  };
}
