import type { TrailerLayout } from '../boot/mcuboot/index.ts';
import { TRAILER_MAGIC_BYTES } from '../image/index.ts';

/** MCUboot's names of the fields of a trailer. */
export type TrailerFieldName =
  | 'swap_status'
  | 'enc_key1'
  | 'enc_key0'
  | 'swap_size'
  | 'unprotected_tlv_sizes'
  | 'swap_info'
  | 'copy_done'
  | 'image_ok'
  | 'magic';

/** Where a field lies, from the start of the area; what follows up to the next one is filler. */
export interface TrailerFieldPlace {
  readonly name: TrailerFieldName;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** The fields that a trailer has, from the lowest offset up. */
export function trailerFields(layout: TrailerLayout): TrailerFieldPlace[] {
  const { keys, keyBytes, tlvSizes } = layout;
  const places: readonly (readonly [TrailerFieldName, number | undefined, number])[] = [
    ['swap_status', layout.status, layout.statusBytes],
    ['enc_key1', keys?.[1], keyBytes],
    ['enc_key0', keys?.[0], keyBytes],
    ['swap_size', layout.swapSize, 4],
    ['unprotected_tlv_sizes', tlvSizes, 4],
    ['swap_info', layout.swapInfo, 1],
    ['copy_done', layout.copyDone, 1],
    ['image_ok', layout.imageOk, 1],
    ['magic', layout.magic, TRAILER_MAGIC_BYTES],
  ];
  return places.flatMap(([name, offsetBytes, lengthBytes]) =>
    offsetBytes === undefined ? [] : [{ name, offsetBytes, lengthBytes }],
  );
}
