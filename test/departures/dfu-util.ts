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
    'bytes-not-text': {
      original:
        'downloads Intel HEX, S-records, UF2 and ELF as they are, text and headers included',
      here: 'the bytes in them, where they belong; a zip file or a key is refused; `--raw` sends the file',
      why: 'no device runs the text, and dfu-util reports success',
    },
    'dfuse-upload-to-the-gap': {
      original: 'an upload without a length stops at the first change of page size',
      here: 'it goes to the end of what can be read without a gap',
      why: 'a part with pages of several sizes would be read in part',
    },
  },
} as const satisfies Original;
