import type { Flash } from '../flash/index.ts';
import type { FlashKnowledge } from './flash-ranges.ts';

/** A slot of a dump, in words. */
export interface SlotReading {
  readonly index: number;
  /** Address of its first byte. */
  readonly address: number;
  readonly sizeBytes: number;
  /** What its header says; undefined without a header. */
  readonly version?: number | string | undefined;
  /** What is wrong with it, in a word of its bootloader. */
  readonly fault?: string | undefined;
  /** Why it is taken or not, in one sentence. */
  readonly reason: string;
  /** What else stands in it: name and value. */
  readonly details: readonly (readonly [string, string])[];
}

/** A dump as its bootloader sees it. */
export interface DumpReading {
  /** Whose it is, in a word. */
  readonly bootloader: string;
  /** What the next start does, in one sentence. */
  readonly sentence: string;
  /** Whether the next start runs anything; left out where that is not known. */
  readonly boots?: boolean | undefined;
  /** It bears marks that no other bootloader's has, so that nobody need say whose it is. */
  readonly recognised: boolean;
  readonly slots: readonly SlotReading[];
  /** What lies where; left out: that is not known. */
  readonly known?: FlashKnowledge | undefined;
  /** All that was found, as plain data. */
  readonly report: object;
}

/**
 * How the dumps of a bootloader on a board are read, for one that the laboratory does not replay. Whoever
 * describes a bootloader makes it.
 */
export interface DumpReader {
  /** Reads all of the board's flash. It changes nothing. */
  read(flash: Flash): DumpReading;
}
