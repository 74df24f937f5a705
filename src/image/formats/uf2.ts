import { DfuError, hexNumber, struct, u32le, viewOf } from '../../bytes/index.ts';
import type { Struct } from '../../bytes/index.ts';
import { SegmentCollector } from './segments.ts';
import type { Segment } from './segment.ts';

export const BLOCK_BYTES = 512;
export const HEAD_BYTES = 32;
const MOST_PAYLOAD = BLOCK_BYTES - HEAD_BYTES - 4;
export const MAGIC_0 = 0x0a32_4655;
export const MAGIC_1 = 0x9e5d_5157;
export const MAGIC_END = 0x0ab1_6f30;

/** The head of a block of UF2 (github.com/microsoft/uf2). */
export const blockHead: Struct<BlockHead> = struct<BlockHead>('UF2 block', {
  magic0: u32le,
  magic1: u32le,
  flags: u32le,
  address: u32le,
  payloadSize: u32le,
  blockNumber: u32le,
  blockCount: u32le,
  sizeOrFamily: u32le,
});

interface BlockHead {
  readonly magic0: number;
  readonly magic1: number;
  readonly flags: number;
  readonly address: number;
  readonly payloadSize: number;
  readonly blockNumber: number;
  readonly blockCount: number;
  readonly sizeOrFamily: number;
}

export const Flag = {
  notMainFlash: 0x1,
  fileContainer: 0x1000,
  familyId: 0x2000,
  extensionTags: 0x8000,
} as const;

/** What a loader of any family takes; its one block does nothing but work around RP2350-E10. */
const ABSOLUTE_FAMILY = 0xe48b_ff57;

/** Names of families that this package's users meet (uf2families.json). */
const familyNames: Readonly<Record<number, string>> = {
  0xe48bff56: 'RP2040',
  0xe48bff57: 'RP2XXX absolute',
  0xe48bff58: 'RP2XXX data',
  0xe48bff59: 'RP2350 Arm secure',
  0xe48bff5a: 'RP2350 RISC-V',
  0xe48bff5b: 'RP2350 Arm non-secure',
  0x1b57745f: 'nRF52',
  0x621e937a: 'nRF52833',
  0xada52840: 'nRF52840',
  0x68ed2b88: 'SAMD21',
  0x55114460: 'SAMD51',
  0x5ee21072: 'STM32F103',
  0x647824b6: 'STM32F0',
  0x57755a57: 'STM32F4',
  0x00ff6919: 'STM32L4',
  0x1c5f21b0: 'ESP32',
  0xbfdd4eee: 'ESP32-S2',
  0xc47e5767: 'ESP32-S3',
};

/** What a UF2 file has for one kind of chip. */
export interface Uf2Family {
  /** Of uf2families.json; undefined for blocks that name none. */
  readonly id: number | undefined;
  readonly name: string | undefined;
  readonly segments: readonly Segment[];
}

/** A UF2 file, taken apart. */
export interface Uf2File {
  readonly families: readonly Uf2Family[];
  /** Blocks that are for no flash: comments, files of a container, workarounds. */
  readonly leftOutBlocks: number;
  /** What the extension tags say of the firmware, where they say it. */
  readonly version: string | undefined;
  readonly device: string | undefined;
}

class Family {
  readonly collector: SegmentCollector;
  /** Numbers of blocks that came, by how many there shall be: files may be put one behind the other. */
  readonly #numbers = new Map<number, Set<number>>();
  readonly #name: string;

  constructor(name: string, expectedBytes: number) {
    this.#name = name;
    this.collector = new SegmentCollector({ format: 'UF2', place: 'block' }, expectedBytes);
  }

  count({ blockNumber, blockCount }: BlockHead, index: number): void {
    if (blockNumber >= blockCount) {
      const words = `expected a number below ${blockCount} as it says, got ${blockNumber}`;
      throw this.collector.error('MALFORMED', index, words);
    }
    const numbers = this.#numbers.get(blockCount) ?? new Set();
    this.#numbers.set(blockCount, numbers.add(blockNumber));
  }

  /** `leftOut`: blocks of the family that are for no flash; they have their numbers like the others. */
  demandWhole(leftOut: readonly BlockHead[]): void {
    for (const [blockCount, numbers] of this.#numbers) {
      const beside = leftOut.filter((each) => each.blockCount === blockCount);
      const { size } = new Set([...numbers, ...beside.map(({ blockNumber }) => blockNumber)]);
      if (size === blockCount) continue;
      const words = `expected ${blockCount} blocks${this.#name}, got ${size}`;
      throw new DfuError('TRUNCATED', `UF2: ${words}`);
    }
  }
}

const Tag = { version: 0x9fc7bc, device: 0x650d9d } as const;

/** Extension tags stand behind the payload, each a word of size and type, and data up to a word. */
function readTags(block: Uint8Array, payloadSize: number): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  const view = viewOf(block);
  const end = BLOCK_BYTES - 4;
  for (let at = HEAD_BYTES + Math.ceil(payloadSize / 4) * 4; at + 4 <= end;) {
    const word = view.getUint32(at, true);
    const size = word & 0xff;
    if (size < 4 || at + size > end) break;
    const text = block.subarray(at + 4, at + size);
    found.set(word >>> 8, String.fromCharCode(...text));
    at += Math.ceil(size / 4) * 4;
  }
  return found;
}

function headOf(file: Uint8Array, index: number): BlockHead {
  const fault = (words: string): DfuError =>
    new DfuError('MALFORMED', `UF2 block ${index}: ${words}`);
  const at = index * BLOCK_BYTES;
  const head = blockHead.decode(file, at);
  const last = viewOf(file).getUint32(at + BLOCK_BYTES - 4, true);
  for (const [expected, got] of [
    [MAGIC_0, head.magic0],
    [MAGIC_1, head.magic1],
    [MAGIC_END, last],
  ] as const) {
    if (got === expected) continue;
    throw fault(`expected the magic ${hexNumber(expected, 8)}, got ${hexNumber(got, 8)}`);
  }
  if (head.payloadSize <= MOST_PAYLOAD) return head;
  throw fault(`expected at most ${MOST_PAYLOAD} bytes of data, got ${head.payloadSize}`);
}

function familyOf({ flags, sizeOrFamily }: BlockHead): number | undefined {
  return (flags & Flag.familyId) === 0 ? undefined : sizeOrFamily;
}

/** Whether a block says itself that it has nothing for the main flash. */
function isBeside({ flags }: BlockHead): boolean {
  return (flags & (Flag.notMainFlash | Flag.fileContainer)) !== 0;
}

/** Whether a block is a workaround, with a numbering of its own. */
function isWorkaround({ flags, sizeOrFamily, blockNumber, blockCount }: BlockHead): boolean {
  const absolute = (flags & Flag.familyId) !== 0 && sizeOrFamily === ABSOLUTE_FAMILY;
  return absolute && blockNumber === 0 && blockCount === 2;
}

/**
 * Takes a UF2 file apart: for each family what belongs at which address, whatever the order of the blocks.
 * Throws `MALFORMED` with the block, counted from 0, or `TRUNCATED` if some are missing.
 */
export function readUf2(file: Uint8Array): Uf2File {
  if (file.length === 0 || file.length % BLOCK_BYTES !== 0) {
    const words = `expected whole blocks of ${BLOCK_BYTES} bytes, got ${file.length} bytes`;
    throw new DfuError('TRUNCATED', `UF2: ${words}`);
  }
  const families = new Map<number | undefined, Family>();
  const tags = new Map<number, string>();
  const beside: BlockHead[] = [];
  let leftOutBlocks = 0;
  for (let index = 0; index < file.length / BLOCK_BYTES; index += 1) {
    const head = headOf(file, index);
    if (isBeside(head) || isWorkaround(head)) {
      leftOutBlocks += 1;
      if (isBeside(head)) beside.push(head);
      continue;
    }
    const id = familyOf(head);
    const name = id === undefined ? '' : ` for family ${hexNumber(id, 8)}`;
    const family = families.get(id) ?? new Family(name, families.size === 0 ? file.length / 2 : 0);
    families.set(id, family);
    family.count(head, index);
    const block = file.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES);
    const payload = block.subarray(HEAD_BYTES, HEAD_BYTES + head.payloadSize);
    family.collector.add(head.address, payload, index);
    if ((head.flags & Flag.extensionTags) === 0) continue;
    for (const [tag, text] of readTags(block, head.payloadSize)) tags.set(tag, text);
  }
  return {
    families: [...families].map(([id, family]): Uf2Family => {
      family.demandWhole(beside.filter((each) => familyOf(each) === id));
      const name = id === undefined ? undefined : familyNames[id];
      return { id, name, segments: family.collector.segments() };
    }),
    leftOutBlocks,
    version: tags.get(Tag.version),
    device: tags.get(Tag.device),
  };
}
