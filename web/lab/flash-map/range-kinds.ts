import type { RangeKind } from '../../boards/explanation.ts';

/** What a kind of range is called, and what it is for, in the words of the legend. */
interface KindWords {
  readonly name: string;
  readonly meaning: string;
}

export const KIND_WORDS: Readonly<Record<RangeKind, KindWords>> = {
  bootloader: { name: 'Bootloader', meaning: 'decides at each start what runs' },
  header: { name: 'Header', meaning: 'what an image says of itself, in front of it' },
  image: { name: 'Image', meaning: 'the program itself' },
  tlvs: { name: 'TLVs', meaning: 'hash and signatures of an image, behind it' },
  trailer: { name: 'Trailer', meaning: 'what the bootloader notes of swaps, at the end of a slot' },
  scratch: { name: 'Scratch', meaning: 'where sectors are put while slots are swapped' },
  settings: { name: 'Settings', meaning: 'what the program keeps' },
  data: { name: 'Data', meaning: 'bytes of which nobody knows what they are' },
  erased: { name: 'Erased', meaning: 'nothing' },
};

/** All of them, in the order of the legend. */
export const RANGE_KINDS = Object.keys(KIND_WORDS) as readonly RangeKind[];
