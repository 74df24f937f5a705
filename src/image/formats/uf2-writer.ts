import { DfuError } from '../../bytes/index.ts';
import type { OwnBytes } from '../../bytes/index.ts';
import { segmentEnd } from './segment.ts';
import { joinTouching } from './segments.ts';
import type { Segment } from './segment.ts';
import { BLOCK_BYTES, blockHead, Flag, HEAD_BYTES, MAGIC_0, MAGIC_1, MAGIC_END } from './uf2.ts';

/** What every boot loader takes: pages of 256 bytes, at multiples of it. */
const PAGE_BYTES = 256;

/** What UF2 is written with. */
export interface Uf2Options {
  /** Of uf2families.json: which chips it is for. Default: none is named. */
  readonly family?: number | undefined;
  /** What a page has where the segments have nothing. Default 0xff. */
  readonly filler?: number | undefined;
}

/** Pages by address, each whole. */
function pagesOf(segments: readonly Segment[], filler: number): Map<number, Uint8Array> {
  const pages = new Map<number, Uint8Array>();
  for (const { address, bytes } of segments) {
    for (let at = 0; at < bytes.length;) {
      const here = address + at;
      const offset = here % PAGE_BYTES;
      const start = here - offset;
      const count = Math.min(PAGE_BYTES - offset, bytes.length - at);
      const page = pages.get(start) ?? new Uint8Array(PAGE_BYTES).fill(filler);
      page.set(bytes.subarray(at, at + count), offset);
      pages.set(start, page);
      at += count;
    }
  }
  return pages;
}

/**
 * Writes segments as UF2, in pages of 256 bytes, which boot loaders expect: what is next to the segments' bytes in their
 * pages becomes the filler. Throws `OUT_OF_RANGE` past 32 bits of address.
 */
export function writeUf2(
  segments: readonly Segment[],
  { family, filler = 0xff }: Uf2Options = {},
): OwnBytes {
  const joined = joinTouching(segments);
  const end = joined.reduce((most, each) => Math.max(most, segmentEnd(each)), 0);
  if (end > 0x1_0000_0000 || (joined[0]?.address ?? 0) < 0) {
    throw new DfuError('OUT_OF_RANGE', `UF2: expected addresses of 32 bits, got up to ${end}`);
  }
  const pages = pagesOf(joined, filler);
  const file = new Uint8Array(pages.size * BLOCK_BYTES);
  const view = new DataView(file.buffer);
  let blockNumber = 0;
  for (const [address, page] of pages) {
    const at = blockNumber * BLOCK_BYTES;
    const head = {
      magic0: MAGIC_0,
      magic1: MAGIC_1,
      flags: family === undefined ? 0 : Flag.familyId,
      address,
      payloadSize: PAGE_BYTES,
      blockNumber,
      blockCount: pages.size,
      sizeOrFamily: family ?? 0,
    };
    blockHead.encodeInto(head, file, at);
    file.set(page, at + HEAD_BYTES);
    view.setUint32(at + BLOCK_BYTES - 4, MAGIC_END, true);
    blockNumber += 1;
  }
  return file;
}
