import type { Original } from './original.ts';

/** What the boot engine does otherwise than MCUboot. */
export const mcuboot = {
  title: 'MCUboot 2.4.0 (2d4bacc3)',
  about:
    'The boards’ boot loader and the [laboratory](laboratory.md): decisions, log lines and flash are equal operation for operation.',
  departures: {
    'scratch-reads-beyond-its-sectors': {
      original:
        'with scratch, status bytes without a magic make it read beyond its list of sectors, and it crashes',
      here: 'the boot ends with `fault`, which says so',
      why: 'what C does with memory that is not its own is not behaviour to copy',
    },
  },
} as const satisfies Original;
