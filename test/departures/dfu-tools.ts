import type { Original } from './original.ts';

/** What `dfukit dfu-suffix`, `dfu-prefix` and `dfuse-pack` do otherwise than the programs of these names. */
export const dfuTools = {
  title: 'dfu-suffix, dfu-prefix and dfuse-pack (dfu-util 0.11)',
  about:
    '`dfukit dfu-suffix`, `dfu-prefix` and `dfuse-pack` have their command lines, texts, exit codes and files ([files](files.md)).',
  departures: {
    'own-words': {
      original: 'banner with its authors; its own help, which `-h` prints on standard error',
      here: 'the first line of the banner, which scripts look for, then who it is; a shorter help, with examples, which `-h` prints on standard output',
      why: 'it is another program',
    },
    'spec-0110': {
      original: '`dfu-suffix -S 0110` is refused',
      here: 'taken',
      why: 'it is what a file for DFU 1.1 says',
    },
    'lpc-prefix': {
      original: '`dfu-prefix --lpc-prefix`, as its help has it, is unknown; `--LPC` works',
      here: 'both work',
      why: 'a defect',
    },
    numbers: {
      original:
        'ids that are no hex number count as 0, those of more than four digits lose the upper ones',
      here: '64, and nothing is written',
      why: 'a file for another device than was meant',
    },
    'one-file': {
      original:
        'of several files the last option counts, and names behind it are ignored: `-a *.bin` changes one file',
      here: '64, and nothing is written',
      why: 'whoever names two means two',
    },
    folder: {
      original: 'a folder is a file of -1 bytes: 70',
      here: '66, and says that it is a folder',
      why: 'nothing is out of memory',
    },
    'future-release': {
      original: 'a file without suffix gets a second line of warning, of a future release',
      here: 'the first line alone',
      why: 'there is no such plan here',
    },
    'stellaris-address': {
      original:
        '`-s` loses what is no multiple of 1024 and what is above 64 MiB; `-T -a` without `-s` means address 0',
      here: '64, and nothing is written',
      why: 'the boot loader would write elsewhere than was said',
    },
    'lpc-length': {
      original: 'of firmware of 32 MiB and more the prefix tells a wrong length',
      here: '65, and nothing is written',
      why: 'the boot loader would take a part of it',
    },
    'both-prefixes': {
      original: 'of `-L` and `-s` the last counts',
      here: '64, and nothing is written',
      why: 'whoever names two means two',
    },
    'image-size': {
      original: '`dfuse-pack` counts the suffix in DFUImageSize',
      here: 'it does not count',
      why: "ST's own files do not count it, and hosts that check the field refuse the others",
    },
    's19-last-run': {
      original:
        '`dfuse-pack -s` leaves out the last run of bytes of its file, and fails where there is but one; checksums are not looked at',
      here: 'all bytes are there, by address; a damaged line is refused',
      why: 'a defect',
    },
    'intel-hex': {
      original: '`dfuse-pack -i` needs a Python module',
      here: 'it is read',
      why: 'nothing more is needed',
    },
    'pack-numbers': {
      original:
        '`dfuse-pack` takes the lower 32 bits of an address; an alternate above 255 is a traceback',
      here: 'a line, 1, and nothing is written',
      why: 'the bytes would go elsewhere than was said',
    },
    'damaged-file': {
      original:
        '`dfuse-pack FILE` of what is no DfuSe file, or a cut one, is a traceback; of one with a wrong CRC it shows what there is, and ends with 0',
      here: 'a line that says what is wrong, and 1',
      why: 'what is damaged is not to be relied on',
    },
  },
} as const satisfies Original;
