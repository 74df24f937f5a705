import type { Original } from './original.ts';

/** What the boards do otherwise than RIOT's riotboot, its tools and its DFU handler. */
export const riot = {
  title: 'RIOT (riotboot, riotboot_dfu, genhdr)',
  about: '`dfukit genhdr` is its header tool, `--profile riotboot` answers as its device does.',
  departures: {
    'guarded-by-default': {
      original:
        'writes whatever comes into the slot, and answers as listed under its profile below',
      here: 'so does `--profile riotboot`; without it, a board follows DFU 1.1 and refuses an image that could not boot from that slot',
      why: 'whoever tests a host wants the defects, whoever tests an update does not',
    },
    'asserts-are-stalls': {
      original:
        'asserts, and is gone: at a block before SET_INTERFACE, for a slot that is not there, or without DFU_GETSTATUS after the block before it, and at a write beyond its flash',
      here: '`--profile riotboot` stalls the transfer, writes nothing, and the log of the link says so',
      why: 'a device that is gone tells a test less than one that says what was wrong',
    },
  },
} as const satisfies Original;
