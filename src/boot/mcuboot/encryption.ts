import type { Machine } from './machine.ts';
import { imageOf } from './machine.ts';
import type { Pair, Progress, SlotIndex } from './session.ts';
import { slotOf } from './session.ts';
import type { ImagePlace } from './slot-image.ts';
import { readTlvs, saysEncrypted } from './slot-image.ts';
import type { TrailerArea } from './trailer-area.ts';

// Keys of encrypted images (encrypted.c): each image carries its own key, wrapped. A swap keeps both
// keys in the trailer, so that it can go on after a cut.

/** Records that wrap an image key: ENC_RSA2048 to ENC_X25519_SHA512. */
const isKeyRecord = (type: number): boolean => type >= 0x30 && type <= 0x34;

/** The key of an image, and the record that it came from; undefined if it cannot be had. */
export async function loadImageKey(
  { judge }: Machine,
  place: ImagePlace,
): Promise<{ readonly key: Uint8Array; readonly record: Uint8Array } | undefined> {
  const record = readTlvs(place)?.find(({ type }) => isKeyRecord(type));
  if (record === undefined) return undefined;
  const key = await judge.unwrap(record);
  return key === undefined ? undefined : { key, record: record.data };
}

/** Makes ready what a swap needs of a slot's key: what to save, and the key stream. */
export async function prepareKey(
  machine: Machine,
  pair: Pair,
  { slot, progress }: { readonly slot: SlotIndex; readonly progress: Progress },
): Promise<void> {
  const { session, judge } = machine;
  const { encryption } = session.build;
  const { header } = slotOf(pair, slot);
  if (encryption === undefined || !saysEncrypted(header)) return;
  const found = await loadImageKey(machine, imageOf(machine, pair, slot));
  if (found === undefined) {
    return session.halt(
      'assert',
      `image ${pair.index} slot ${slot} has no key that can be unwrapped`,
    );
  }
  progress.savedKeys[slot] = encryption.savedTlvBytes === undefined ? found.key : found.record;
  progress.streams[slot] = await judge.stream(found.key, payloadBytes(pair, slot));
}

/** Bytes of a payload; a header that promises more than the slot has is not believed. */
function payloadBytes(pair: Pair, slot: SlotIndex): number {
  const { area, header } = slotOf(pair, slot);
  return Math.min(header.imgSize, area.sizeBytes);
}

/** Takes the keys of a cut swap from its trailer. */
export async function restoreKeys(
  machine: Machine,
  pair: Pair,
  { area, progress }: { readonly area: TrailerArea; readonly progress: Progress },
): Promise<void> {
  const { session, judge } = machine;
  const { encryption } = session.build;
  if (encryption === undefined) return;
  const { savedTlvBytes, keyBytes } = encryption;
  for (const slot of [0, 1] as const) {
    const field = area.readKey(slot);
    if (field === undefined) {
      session.error('boot_read_enc_key: No key, read all 0xFF');
      continue;
    }
    const saved = field.slice(0, savedTlvBytes ?? keyBytes);
    const key = savedTlvBytes === undefined ? saved : await judge.unwrapSaved(saved);
    if (key === undefined) continue;
    progress.savedKeys[slot] = saved;
    progress.streams[slot] = await judge.stream(key, payloadBytes(pair, slot));
  }
}
