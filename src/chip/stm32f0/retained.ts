import { viewOf } from '../../bytes/index.ts';

/** Words that outlive a reset, and no loss of power. */
export const RETAINED = {
  /** Flags of RCC_CSR. */
  flags: 0,
  /** Which of its two watchdogs resets the chip: 1 if the window watchdog does. */
  windowWatchdog: 1,
  /** RCC_BDCR. */
  backupDomain: 2,
  /** RTC_BKP0R to RTC_BKP4R. */
  backup: 3,
} as const;

const WORDS = 8;
export const RETAINED_BYTES: number = 4 * WORDS;

/** Those words in the bytes that the board keeps. */
export interface RetainedWords {
  read(word: number): number;
  write(word: number, value: number): void;
}

export function retainedWords(bytes: Uint8Array): RetainedWords {
  const view = viewOf(bytes);
  return {
    read: (word) => view.getUint32(4 * word, true),
    write: (word, value) => view.setUint32(4 * word, value >>> 0, true),
  };
}
