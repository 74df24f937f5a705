import type { Original } from './original.ts';

/** What `dfukit imgtool` does otherwise than imgtool. */
export const imgtool = {
  title: 'imgtool 2.4.0',
  about:
    '`dfukit imgtool` is its command line; images are equal byte for byte wherever they hold nothing random ([images](images.md)).',
  departures: {
    traceback: {
      original:
        'a traceback for a version, counter or image number that does not fit, a class name without a vendor',
      here: 'a sentence that says what was expected; the exit code, 1, is the same',
      why: 'a traceback tells whoever wrote imgtool, not whoever calls it',
    },
    'unfilled-placeholder': {
      original: 'messages with `{allowed}` and `0x{TLV_VENDOR_RES_MAX:04x}` in them',
      here: 'the value that was meant',
      why: 'the original forgets to fill it in',
    },
    'torn-message': {
      original: 'a message of several lines, of which the last is half a sentence',
      here: 'one line',
      why: 'what ends up in a log is the last line',
    },
    'wrong-passphrase': {
      original: 'a wrong passphrase prints `Invalid passphrase` and exits with 0',
      here: 'an error, exit 1',
      why: 'a script would go on without its file',
    },
    'dumpinfo-of-no-image': {
      original: '`dumpinfo` of something else than an image fails with a traceback',
      here: 'offset, field, expected and found, exit 1',
      why: 'it tells what is wrong with the file',
    },
    'dumpinfo-big-endian': {
      original: '`dumpinfo` of a big-endian image fails',
      here: 'it is shown',
      why: '`sign -e big` makes them',
    },
    'missing-key-file': {
      original: 'a missing key file is a traceback',
      here: 'a sentence, exit 1',
      why: 'the name of the file is what helps',
    },
    'keygen-without-type': {
      original: '`keygen` without `-t` asks',
      here: 'an error that lists the types',
      why: 'nobody answers a script',
    },
    'key-files-of-their-owner': {
      original: 'new key files are readable by all, as the umask says',
      here: 'by their owner only',
      why: 'whoever reads the key signs firmware',
    },
  },
} as const satisfies Original;
