import type { Original } from './original.ts';

/** What the boot engine does otherwise than MCUboot. */
export const mcuboot = {
  title: 'MCUboot 2.4.0 (2d4bacc3)',
  about:
    'The boards’ boot loader and the [laboratory](laboratory.md): decisions, log lines and flash are equal operation for operation.',
  departures: {
    'logical-sectors-in-a-line': {
      original:
        'with MCUBOOT_LOGICAL_SECTOR_SIZE it compares the flash only if MCUBOOT_VERIFY_LOGICAL_SECTORS is on, and then prints each page',
      here: 'they are always compared, and one line says where they do not fit; the primary image runs, nothing is swapped',
      why: 'without the check each erase takes bytes along that belong to the next sector',
    },
    'scratch-reads-beyond-its-sectors': {
      original:
        'with scratch, status bytes without a magic make it read beyond its list of sectors, and it crashes',
      here: 'the boot ends with `fault`, which says so',
      why: 'what C does with memory that is not its own is not behaviour to copy',
    },
  },
} as const satisfies Original;
