import { DfuError, hexNumber } from '../../bytes/index.ts';
import type { Area } from './area.ts';
import { IMAGE_HEADER_BYTES, decodeImageHeader } from '../../image/index.ts';
import type { RawImageHeader } from '../../image/index.ts';
import type { Pair, Progress, Session, SlotIndex, StatusSource } from './session.ts';
import { slotOf } from './session.ts';
import { BLANK_HEADER, saysEncrypted, tlvOffset } from './slot-image.ts';
import type { TrailerArea } from './trailer-area.ts';

/** Where a swap that was cut goes on. */
export interface Position {
  readonly op: Progress['op'];
  readonly index: number;
  readonly state: number;
}

/** What one way of swapping does its own way; the rest of the boot is common. */
export interface SwapMethod {
  /** Prints both trailers and says which one holds the progress. */
  statusSource(session: Session, pair: Pair): StatusSource;
  /** Where to go on, from which status entries are written; undefined if none is. */
  position(session: Session, written: readonly boolean[]): Position | undefined;
  /** Number of the status entry that says that this step is done. */
  entry(session: Session, progress: Progress): number;
  /** Reads the header of the image that belongs into a slot; false if it cannot be found. */
  readHeader(session: Session, pair: Pair, slot: SlotIndex, progress?: Progress): boolean;
  /** Whether the sectors of the two slots can be swapped; complains if not. */
  slotsCompatible(session: Session, pair: Pair): boolean;
  /** Largest image, TLVs included, that can be swapped. */
  maxImageBytes(session: Session, pair: Pair): number;
  /** Swaps, or goes on swapping, `progress.swapSize` bytes. */
  run(session: Session, pair: Pair, progress: Progress): void;
}

/** Reads a header without judging it; one that would lie outside the slot is as good as none. */
export function readHeaderAt(area: Area, offsetBytes: number): RawImageHeader {
  if (!area.covers(offsetBytes, IMAGE_HEADER_BYTES)) return BLANK_HEADER;
  return decodeImageHeader(area.read(offsetBytes, IMAGE_HEADER_BYTES));
}

/** boot_write_sz: how far apart status entries are. */
export function statusUnit(session: Session, pair: Pair): number {
  return Math.max(pair.primary.area.writeUnitBytes, session.scratch?.writeUnitBytes ?? 1);
}

/** Which status entries of an area are written. */
export function writtenEntries(session: Session, pair: Pair, area: TrailerArea): boolean[] {
  const unit = statusUnit(session, pair);
  const bytes = area.read(area.layout.status, area.layout.statusBytes);
  const count = Math.floor(bytes.length / unit);
  return Array.from({ length: count }, (_, n) => bytes[n * unit] !== area.erasedValue);
}

/** Where the trailer is that tells the size of the swap under way (boot_find_status). */
export function findStatusArea(session: Session, pair: Pair): TrailerArea {
  if (session.scratch?.state().magic === 'good') return session.scratch;
  return pair.primary.area;
}

/** Notes that one step is done. A failing write only counts if the primary slot is validated later. */
export function writeStatus(
  session: Session,
  pair: Pair,
  { method, progress }: { readonly method: SwapMethod; readonly progress: Progress },
): void {
  const area = progress.useScratch ? (session.scratch ?? pair.primary.area) : pair.primary.area;
  const offset = method.entry(session, progress) * statusUnit(session, pair);
  const inside = area.covers(area.layout.status + offset, area.writeUnitBytes);
  if (!inside) failStatus(session, 'a status entry lies behind the area');
  else if (!attempt(() => area.writeStatus(offset, progress.state))) {
    failStatus(session, 'a status entry cannot be written');
  }
}

/** Only a build that does not validate the primary slot later insists on its status. */
function failStatus(session: Session, reason: string): void {
  if (!session.build.validatePrimarySlot) session.halt('assert', reason);
  session.statusWriteFails += 1;
}

/** What the C code sees as a flash access that failed. */
export function isFlashFailure(error: unknown): error is DfuError {
  return DfuError.is(error, 'FLASH_RULE') || DfuError.is(error, 'OUT_OF_RANGE');
}

/** A change of flash that the bootloader goes on without if it fails; true if it was done. */
export function attempt(change: () => void): boolean {
  try {
    change();
    return true;
  } catch (error) {
    if (!isFlashFailure(error)) throw error;
    return false;
  }
}

/** swap_status_init: writes all that a swap needs to be gone on with; the magic makes it count. */
export function initStatus(pair: Pair, area: TrailerArea, progress: Progress): void {
  const { imageOk } = pair.secondary.area.state();
  if (progress.swapType !== 'none') area.writeSwapInfo(progress.swapType, pair.index);
  if (imageOk === 'set') area.writeImageOk();
  area.writeSwapSize(progress.swapSize);
  area.writeTlvSizes(pair.tlvSizes);
  area.writeKeys(progress.savedKeys);
  area.writeMagic();
}

/** A region to copy, and where to. */
export interface CopyJob {
  readonly from: Area;
  readonly fromOffset: number;
  readonly to: Area;
  readonly toOffset: number;
  readonly lengthBytes: number;
  /** How much further back the image lies in the target than its own offsets say. */
  readonly shiftBytes?: number | undefined;
}

/**
 * Copies a region, one chunk a write. Between the primary slot and anything else the payload of an
 * encrypted image changes from plain to encrypted or back; header and TLVs never do.
 */
export function copyRegion(
  session: Session,
  pair: Pair,
  { job, progress }: { readonly job: CopyJob; readonly progress: Progress },
): void {
  const { from, to, lengthBytes, shiftBytes = 0 } = job;
  const primary = pair.primary.area;
  const recode = (from === primary) !== (to === primary);
  const slot: SlotIndex = from === primary ? 0 : 1;
  const buffer = new Uint8Array(Math.min(session.build.copyChunkBytes, lengthBytes));
  for (let done = 0; done < lengthBytes; done += buffer.length) {
    const chunk = buffer.subarray(0, Math.min(buffer.length, lengthBytes - done));
    from.readInto(job.fromOffset + done, chunk);
    if (recode) {
      const imageOffset = job.toOffset - shiftBytes + done;
      applyStream(chunk, imageOffset, {
        header: slotOf(pair, slot).header,
        stream: progress.streams[slot],
      });
    }
    to.write(job.toOffset + done, chunk);
  }
}

/** Encrypts or decrypts, in place, what of a chunk is payload. */
function applyStream(
  chunk: Uint8Array,
  imageOffset: number,
  { header, stream }: { readonly header: RawImageHeader; readonly stream: Uint8Array | undefined },
): void {
  if (stream === undefined || !saysEncrypted(header)) return;
  const first = Math.max(imageOffset, header.hdrSize);
  const end = Math.min(imageOffset + chunk.length, tlvOffset(header));
  for (let at = first; at < end; at += 1) {
    const index = at - imageOffset;
    chunk[index] = (chunk[index] ?? 0) ^ (stream[at - header.hdrSize] ?? 0);
  }
}

/** Size of a sector where all of them are equal, as move and offset demand. */
export function sectorBytesOf(pair: Pair): number {
  return pair.primary.area.sectors[0]?.sizeBytes ?? 0;
}

/** Sum of 32-bit sectors in the C code: what it would take to cover these bytes, or a hang. */
export function sectorsFor(session: Session, sectorBytes: number, bytes: number): number {
  const count = Math.max(1, Math.ceil(bytes / sectorBytes));
  if (count * sectorBytes > 0xffff_ffff) {
    session.halt('hang', `swap_size ${hexNumber(bytes)} is never reached in 32 bits`);
  }
  return count;
}

/** Number of the first sector, from 0, that the trailer needs, counted from the end of the primary slot. */
export function firstTrailerSector(pair: Pair, sectorBytes: number): number {
  const { area } = pair.primary;
  return area.sectors.length - Math.ceil(area.layout.trailerBytes / sectorBytes);
}

/** Warns if a swap that has not begun would not fit; true if it fits. */
export function hasRoom(
  session: Session,
  {
    last,
    firstTrailer,
    sectorBytes,
  }: Readonly<Record<'last' | 'firstTrailer' | 'sectorBytes', number>>,
): boolean {
  if (last < firstTrailer) return true;
  const required = (last + 1) * sectorBytes;
  session.warn('Not enough free space to run swap upgrade');
  session.warn(`required ${required} bytes but only ${firstTrailer * sectorBytes} are available`);
  return false;
}

/** Prints both trailers and decides as swap using move and offset do (swap_status_source). */
export function sourceOfPair(session: Session, { primary, secondary }: Pair): StatusSource {
  const first = primary.area.state();
  const second = secondary.area.state();
  session.logState('Primary image', first);
  session.logState('Secondary image', second);
  const cut = first.magic === 'good' && first.copyDone === 'unset' && second.magic !== 'good';
  session.info(`Boot source: ${cut ? 'primary slot' : 'none'}`);
  return cut ? 'primary' : 'none';
}

/** Number of the last written entry, from 1; 0 if none is. */
export function lastWritten(written: readonly boolean[]): number {
  return written.lastIndexOf(true) + 1;
}
