import { DfuError, hexNumber } from '../../bytes/index.ts';
import type { Flash, FlashRange } from '../../flash/index.ts';
import type { DumpReader, ExplainedRange, FlashArea, FlashKnowledge } from '../../lab/index.ts';
import { settingsArea } from './areas.ts';
import { flashSizeBytes } from '../models/board-model.ts';
import type { BoardModel } from '../models/board-model.ts';
import { boxProgram, isBox, programBox } from '../program/box.ts';
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

/** Where the program ends that begins there: what a box says, or where a whole sector is erased. */
function programEnd(flash: Flash, at: number): number {
  const { erasedValue } = flash.geometry;
  const head = flash.read(at, Math.min(programBox.size, flash.sizeBytes - at));
  if (head.length === programBox.size && isBox(head)) {
    const end = at + programBox.size + programBox.decode(head).lengthBytes;
    if (end <= flash.sizeBytes) return end;
  }
  let end = at;
  for (const { offsetBytes, sizeBytes } of flash.sectors.in(at, flash.sizeBytes - at)) {
    const bytes = flash.read(offsetBytes, sizeBytes);
    const filled = bytes.findLastIndex((byte) => byte !== erasedValue) + 1;
    if (filled === 0) break;
    end = offsetBytes + filled;
  }
  return end;
}

interface PlainFinding {
  readonly at: number;
  readonly verdict: PlainVerdict;
  readonly details: readonly (readonly [string, string])[];
  readonly storage: FlashRange | undefined;
}

function knowledge(flash: Flash, { at, verdict, details, storage }: PlainFinding): FlashKnowledge {
  const { fault, sentence } = verdict;
  const words = [sentence, ...details.map(([name, value]) => `${name}: ${value}`)];
  const stage: ExplainedRange = {
    offsetBytes: 0,
    sizeBytes: at,
    kind: 'bootloader',
    area: undefined,
    title: 'second stage',
    words: ['what the boot ROM of the chip loads first and starts; its checksum is right'],
  };
  const end = fault === undefined ? programEnd(flash, at) : at;
  const program = { offsetBytes: at, sizeBytes: end - at, kind: 'image', area: 'image' } as const;
  const rest =
    fault === undefined ? 'behind the program: nothing says what these bytes are' : sentence;
  const image: FlashArea = {
    name: 'image',
    offsetBytes: at,
    sizeBytes: (storage?.offsetBytes ?? flash.sizeBytes) - at,
    filled: { kind: 'data', title: 'other bytes', words: [rest] },
  };
  return {
    areas: [image, ...(storage === undefined ? [] : [settingsArea(storage)])],
    ranges: [...(at > 0 ? [stage] : []), { ...program, title: 'program', words }],
  };
}

/** Reads dumps of a flash that begins with vectors. Nothing in them says whose they are. */
export function plainReader(
  {
    name,
    model,
    vectorsAt = () => 0,
    storage,
  }: {
    readonly name: string;
    readonly model: BoardModel;
    /** Where the vectors are, from the start of the flash. */
    readonly vectorsAt?: ((flash: Flash) => number) | undefined;
    /** Where the application keeps its settings. */
    readonly storage?: FlashRange | undefined;
  },
  judge: (vectors: Uint8Array, address: number, flash: Flash) => PlainVerdict,
): DumpReader {
  return {
    read(flash) {
      const at = vectorsAt(flash);
      const vectors = flash.read(at, VECTOR_BYTES);
      const verdict = judge(vectors, model.flashBaseAddress + at, flash);
      const { fault, sentence } = verdict;
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
        known: knowledge(flash, { at, verdict, details, storage }),
        report: { sentence, fault, stackPointer, resetVector, ...place },
      };
    },
  };
}
