import type { Original } from './original.ts';

/** What `dfukit download`, `upload`, `detach` and `list` do otherwise than dfu-util. */
export const dfuUtil = {
  title: 'dfu-util 0.11',
  about:
    '`dfukit list`, `download`, `upload` and `detach` take its options where they mean the same.',
  departures: {
    'dfuse-address-once': {
      original: 'sets the address pointer of a DfuSe device before each block',
      here: 'sets it once, as long as the blocks are of the device’s own size',
      why: 'the device counts on by itself, and each command costs three transfers',
    },
    'dfuse-upload-to-the-gap': {
      original: 'an upload without a length stops at the first change of page size',
      here: 'it goes to the end of what can be read without a gap',
      why: 'a part with pages of several sizes would be read in part',
    },
  },
} as const satisfies Original;
