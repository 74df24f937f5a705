import type { Segment } from '../../src/image/index.ts';

/** What a UF2 file is written with. */
interface Uf2Writing {
  readonly family?: number | undefined;
  readonly flags?: number | undefined;
  /** Bytes of data in a block: 256 as usual. */
  readonly payloadSize?: number | undefined;
  /** Behind the data of each block. */
  readonly tags?: Uint8Array | undefined;
}

/** The blocks of segments, as uf2conv.py and picotool make them. */
export function uf2Blocks(segments: readonly Segment[], writing: Uf2Writing = {}): Uint8Array[] {
  const { family, payloadSize = 256, tags = new Uint8Array(0) } = writing;
  const pieces = segments.flatMap(({ address, bytes }) =>
    Array.from({ length: Math.ceil(bytes.length / payloadSize) }, (_, n) => ({
      address: address + n * payloadSize,
      bytes: bytes.subarray(n * payloadSize, (n + 1) * payloadSize),
    })),
  );
  return pieces.map(({ address, bytes }, number) => {
    const block = new Uint8Array(512);
    const view = new DataView(block.buffer);
    const named = family === undefined ? 0 : 0x2000;
    const flags = (writing.flags ?? 0) | named | (tags.length > 0 ? 0x8000 : 0);
    const head = [0x0a324655, 0x9e5d5157, flags, address, bytes.length, number, pieces.length];
    for (const [at, word] of [...head, family ?? 0].entries()) view.setUint32(4 * at, word, true);
    block.set(bytes, 32);
    block.set(tags, 32 + Math.ceil(bytes.length / 4) * 4);
    view.setUint32(508, 0x0ab16f30, true);
    return block;
  });
}

/** Blocks one behind the other. */
export function uf2File(...blocks: readonly Uint8Array[]): Uint8Array {
  const file = new Uint8Array(512 * blocks.length);
  for (const [at, block] of blocks.entries()) file.set(block, 512 * at);
  return file;
}
