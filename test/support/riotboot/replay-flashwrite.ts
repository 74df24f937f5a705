import { fromHex, toHex } from '../../../src/bytes/index.ts';
import { Flashwrite, invalidateSlot } from '../../../src/boot/riotboot/index.ts';
import { forEachPowerCut } from '../../../src/flash/index.ts';
import type { MemoryFlash } from '../../../src/flash/index.ts';
import { generateRiotbootHeader, riotbootImage } from '../../../src/image/index.ts';
import { attemptNow, differ, differInBytes, differInList } from '../replayed.ts';
import type { ReplayedCase } from '../replayed.ts';
import { RecordingFlash, describedBytes, recordedPayload, sha256 } from '../riotboot-vectors.ts';
import type { RiotbootFolder, RiotbootPlace } from '../riotboot-vectors.ts';
import { flashWithSlots, jumpOf } from './replay-selection.ts';

interface Write {
  readonly raw: boolean;
  readonly payloadLen: number;
  readonly payload: string;
  readonly version: number;
  readonly slot: number;
  readonly chunk: number;
  readonly opCount: number;
  /** All, or the first and the last ones with "... 25 more ..." between them. */
  readonly ops: readonly string[];
  readonly opsSha256: string;
  readonly slotFirst16K: string;
  readonly slotSha256: string;
  readonly imageIntact: boolean;
  readonly afterImageHex: string;
  readonly rc?: readonly string[];
}

/** Cut after so many operations; what boots then; the start of the flash's SHA-256. */
type CutRow = readonly [number, string, string];

interface Invalidation {
  readonly name: string;
  readonly slot: number;
  readonly out: readonly string[];
  readonly slot0Hex: string;
  readonly slot1Hex: string;
}

interface Flashwrites {
  readonly writes?: readonly Write[];
  readonly powerCut?: { readonly rows: readonly CutRow[] };
  readonly invalidate?: readonly Invalidation[];
}

interface ImageOptions {
  readonly slot: number;
  readonly version: number;
  readonly payload: Uint8Array;
}

function imageFor({ layout }: RiotbootPlace, { slot, version, payload }: ImageOptions): Uint8Array {
  const slotBase = layout.slots[slot]?.address ?? 0;
  return riotbootImage(payload, { version, headerLength: layout.headerBytes, slotBase });
}

/** Writes an image as RIOT's updater does: all but the magic number, then that. */
function send(writer: Flashwrite, bytes: Uint8Array, chunk: number): void {
  for (let at = 4; at < bytes.length; at += chunk) {
    writer.putBytes(bytes.subarray(at, at + chunk), true);
  }
  writer.flush();
  writer.finish();
}

function differInOperations(
  { ops, opCount, opsSha256 }: Write,
  found: readonly string[],
): string[] {
  const gap = ops.findIndex((line) => line.startsWith('...'));
  const first = gap < 0 ? ops : ops.slice(0, gap);
  const last = gap < 0 ? [] : ops.slice(gap + 1);
  return [
    ...differInList('operation', first, gap < 0 ? found : found.slice(0, gap)),
    ...differInList('last operations', last, last.length === 0 ? [] : found.slice(-last.length)),
    ...differ('operations', opCount, found.length),
    ...differ('hash of the operations', opsSha256, sha256(found.join('\n'))),
  ];
}

function replayWrite(folder: RiotbootFolder, place: RiotbootPlace, write: Write): string[] {
  const { raw, slot, version, chunk, payloadLen, payload, rc = [] } = write;
  const flash = new RecordingFlash({ pages: !raw, place });
  const pageBytes = place.geometry.sectors[0]?.sizeBytes ?? 0;
  // What stood in the slot when the recordings were made.
  flash.slot(slot).fill(0xaa, 0, 3 * pageBytes);
  const writer = new Flashwrite(flash, place.layout, { mode: raw ? 'raw' : 'page' });
  const whole = imageFor(place, { slot, version, payload: describedBytes(payload, payloadLen) });
  let code = 'RC 0';
  try {
    writer.init(slot);
    send(writer, whole, chunk);
  } catch {
    code = 'refused';
  }
  const written = flash.slot(slot);
  const recorded = folder.bytes(write.slotFirst16K);
  const start = written.subarray(0, recorded.length);
  const intact = Buffer.compare(written.subarray(0, whole.length), whole) === 0;
  const expected = rc.every((each) => each === 'RC 0') ? 'RC 0' : 'refused';
  const after = write.afterImageHex;
  const behind = written.subarray(whole.length, whole.length + after.length / 2);
  return [
    ...differ('result', expected, code),
    ...differInOperations(write, flash.lines),
    ...differInBytes('slot', recorded, start),
    ...differ('hash of the slot', write.slotSha256, sha256(start)),
    ...differ('image intact', write.imageIntact, intact),
    ...differ('behind the image', after, toHex(behind)),
  ];
}

/** Old images in both slots, and a new one that is written over the older. */
function update(
  place: RiotbootPlace,
  payloadBytes: number,
): { flash: MemoryFlash; work: () => void } {
  const image = (slot: number, version: number, bytes: number): Uint8Array =>
    imageFor(place, { slot, version, payload: recordedPayload(bytes) });
  const flash = flashWithSlots(place, [image(0, 6, 100), image(1, 5, 100)]);
  const work = (): void => {
    const writer = new Flashwrite(flash, place.layout);
    writer.init(1);
    send(writer, image(1, 7, payloadBytes), 64);
  };
  return { flash, work };
}

const dumpHash = (flash: MemoryFlash): string =>
  sha256(flash.read(0, flash.sizeBytes)).slice(0, 32);

/** A row for each cut of that update. */
function cutRows(place: RiotbootPlace, payloadBytes: number): CutRow[] {
  const { flash, work } = update(place, payloadBytes);
  const rows: CutRow[] = [];
  forEachPowerCut(flash, work, ({ kind, flash: left }) => {
    if (kind === 'clean') rows.push([rows.length, jumpOf(left, place), dumpHash(left)]);
  });
  return rows;
}

/** How long a payload was that took so many operations and left that flash behind. */
function payloadOf(place: RiotbootPlace, operations: number, hash: string): number | undefined {
  const { writeUnitBytes: unit, sectors } = place.geometry;
  const most = operations * unit;
  // Operations are erases of pages, too, and the header.
  const pages = Math.ceil(most / (sectors[0]?.sizeBytes ?? most));
  const least = Math.max(0, most - place.layout.headerBytes - (pages + 4) * unit);
  for (let length = least; length <= most; length += 1) {
    const { flash, work } = update(place, length);
    work();
    if (dumpHash(flash) === hash) return length;
  }
  return undefined;
}

/** The recording does not tell the length of the new payload: what the last row says does. */
function replayPowerCut(place: RiotbootPlace, rows: readonly CutRow[]): ReplayedCase[] {
  const [operations, , hash] = rows.at(-1) ?? [0, '', ''];
  const length = payloadOf(place, operations, hash);
  if (length === undefined) {
    const differences = ['expected an update that leaves the flash of the last row, found none'];
    return [{ name: 'power cut', differences }];
  }
  const found = cutRows(place, length);
  const count = Math.max(rows.length, found.length);
  return Array.from({ length: count }, (_, n) => ({
    name: `power cut ${n}`,
    differences: differ('row', rows[n], found[n]),
  }));
}

function replayInvalidation(place: RiotbootPlace, each: Invalidation): string[] {
  const { slot, out, slot0Hex, slot1Hex } = each;
  const { layout } = place;
  const flash = new RecordingFlash({ place });
  for (const [index, hex] of [slot0Hex, slot1Hex].entries()) {
    const startAddress = layout.slots[index]?.imageAddress ?? 0;
    const valid = { version: index + 1, startAddress, headerLength: layout.headerBytes };
    // A header as the recording left it; the one that it overwrote, as it was before.
    const overwritten = index === slot && out.includes('RC 0');
    flash
      .slot(index)
      .set(overwritten ? generateRiotbootHeader(valid).subarray(0, 16) : fromHex(hex));
  }
  const result = invalidateSlot(flash, layout, slot);
  const code = { invalidated: 0, 'only-slot': -1, 'other-invalid': -2 }[result];
  const lines = flash.lines.filter((line) => line.startsWith('W'));
  return [
    ...differInList('line', out, [...lines, `RC ${code}`, jumpOf(flash, place)]),
    ...differ('slot 0', slot0Hex, toHex(flash.slot(0).subarray(0, slot0Hex.length / 2))),
    ...differ('slot 1', slot1Hex, toHex(flash.slot(1).subarray(0, slot1Hex.length / 2))),
  ];
}

/** Replays `flashwrite.json`. */
export function replayFlashwrite(folder: RiotbootFolder, file: string): ReplayedCase[] {
  const { writes = [], powerCut, invalidate = [] } = folder.json(file) as Flashwrites;
  const place = folder.place(file);
  return [
    ...writes.map((write) =>
      attemptNow(`raw ${write.raw}, ${write.payloadLen} bytes by ${write.chunk}`, () =>
        replayWrite(folder, place, write),
      ),
    ),
    ...(powerCut === undefined ? [] : replayPowerCut(place, powerCut.rows)),
    ...invalidate.map((each) =>
      attemptNow(`invalidate: ${each.name}`, () => replayInvalidation(place, each)),
    ),
  ];
}
