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
    'class-in-message': {
      original: "messages that name a key by its Python class, `<class 'imgtool.keys.rsa.RSA'>`",
      here: 'the name of its signature, and which key would do',
      why: 'the class is no word of whoever signs',
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
    'far-memories': {
      original:
        'a HEX file whose addresses span hundreds of megabytes (UICR beside the code) is one image, its gaps filled up',
      here: 'over 64 MiB the image alone: of the memory that an image begins, or else the fullest one; the rest is named on standard error',
      why: 'no slot holds the other; within 64 MiB it is as imgtool has it, byte for byte',
    },
    'damaged-image': {
      original:
        '`verify` and `dumpinfo` of an image that is cut off or whose records do not fit fail with a traceback, or judge what is left',
      here: 'offset, field, expected and found, exit 1',
      why: 'what is left is not the image; "No signature found" sends people to look for another key',
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
    'key-kept': {
      original: '`keygen` replaces a private key that stands in the file',
      here: 'is refused, exit 1; remove the file first',
      why: 'devices may trust that key, and nothing brings it back',
    },
    'header-size-asked': {
      original: 'imgtool 2.2.0 of nRF Connect SDK takes `--header-size auto` where none is given',
      here: 'has to be written, as for imgtool 2.4.0',
      why: 'code that is linked for a larger header does not run behind one of 32 bytes',
    },
    'unusable-encryption-key': {
      original:
        '`sign -E` with a P-384 or Ed25519 key encrypts for nobody: there is no record with the image key; with RSA-3072 it writes a record that no loader reads',
      here: 'is refused, exit 1',
      why: 'such an image can never be opened again',
    },
    'compression-without-gain': {
      original:
        '`sign -E --compression` where that gains nothing writes a plain image whose header says that it is encrypted',
      here: 'the image that `-E` alone would make',
      why: 'encryption was asked for, and a loader would refuse the other',
    },
    'compressed-keeps-flags': {
      original: '`--non-bootable` and `--test` are lost with `--compression`',
      here: 'the flag is set, and HEX names image_ok',
      why: 'it was asked for',
    },
    'vector-not-padded': {
      original: '`--vector-to-sign` with `--pad` fills up the vector to the size of the slot',
      here: 'it is the vector alone',
      why: 'a signature over the filler is right nowhere',
    },
    'foreign-signature': {
      original: '`--fix-sig` writes whatever signature it is given, without a word',
      here: 'so it does here, and a warning on standard error says if it is none of this image',
      why: 'an image that nobody takes looks like every other',
    },
    'signed-as-it-is': {
      original: '`sign` of ELF, UF2, a zip file, a key or an image signs the file, without a word',
      here: 'so it does here, and a warning on standard error says what the file is',
      why: 'no processor runs that; `dfukit image sign` takes the firmware out',
    },
    'signature-of-nothing': {
      original: '`--sig-out` where nothing is signed writes the image, then fails with a traceback',
      here: 'an error, exit 1; nothing is written',
      why: 'what fails leaves nothing behind',
    },
    'largest-dictionary': {
      original:
        '`--compression-lzma-dictsize` may be 1.5 GiB, and the preset may have the flag "extreme"',
      here: '16 MiB, and 0 to 9',
      why: 'it runs in WebAssembly, and no loader has memory for more',
    },
    'devicetree-not-read': {
      original:
        '`--edt-config` of nRF Connect SDK reads vendor and class out of a pickled devicetree',
      here: 'an error, exit 1; `--vid` and `--cid` say the same',
      why: 'a pickle is a program in Python, which is not run here',
    },
    'manifest-entry': {
      original:
        '`--manifest` of nRF Connect SDK writes two digests for an image with both `path` and `hash`, and counts one',
      here: 'is refused, exit 1',
      why: 'no loader finds the other digests behind it',
    },
    'key-files-of-their-owner': {
      original: 'new key files are readable by all, as the umask says',
      here: 'by their owner only',
      why: 'whoever reads the key signs firmware',
    },
  },
} as const satisfies Original;
