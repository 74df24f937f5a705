import type { Original } from './original.ts';

/**
 * What `dfukit download`, `upload`, `detach` and `list` do otherwise than dfu-util, and what `dfukit dfu-util` does, which has its
 * command line: the comparisons of the two programs judge by these rows.
 */
export const dfuUtil = {
  title: 'dfu-util 0.11',
  about:
    '`dfukit list`, `download`, `upload` and `detach` take its options where they mean the same; `dfukit dfu-util` has its command line ([dfu-util](dfu-util.md)).',
  departures: {
    'ids-of-strangers': {
      original:
        '`-d` with one pair, which is for run-time, takes whatever is in DFU mode; of several: more than one device',
      here: 'one is taken, with a warning if its vendor is another; of several that `-d` does not name: no such device',
      why: 'the device that was named is not there, and saying which of the others is meant would flash a stranger',
    },
    'waits-for-the-device': {
      original: 'sleeps five seconds after DFU_DETACH and looks once',
      here: 'goes on as soon as the device is back, within ten seconds (`-E`)',
      why: 'most are back in half a second, and some need longer than five',
    },
    'known-by-its-port': {
      original: 'after DFU_DETACH takes whatever fits the ids of DFU mode',
      here: 'the device at the same port or with the same serial number; another only if `-d RUN-TIME,DFU` names its ids and it alone has come',
      why: 'with two boards at one machine the other would be flashed',
    },
    'order-of-the-list': {
      original: 'lists the highest alternate first',
      here: 'the lowest first',
      why: 'it is the order in which devices count',
    },
    'interface-by-number': {
      original: '`-i` is the position of the interface in its configuration',
      here: 'its bInterfaceNumber, as the help of both says and the list shows',
      why: 'numbers may have gaps',
    },
    'list-without-a-match': {
      original: '`-l` with a selection that nothing matches prints nothing',
      here: 'says what there is instead, on standard error; the exit code is 0 too',
      why: 'nothing printed looks as if nothing were there',
    },
    'dfuse-address-once': {
      original: 'sets the address pointer of a DfuSe device before each block',
      here: 'sets it once, as long as the blocks are of the device’s own size',
      why: 'the device counts on by itself, and each command costs three transfers',
    },
    'bytes-not-text': {
      original:
        'downloads Intel HEX, S-records, UF2 and ELF as they are, text and headers included',
      here: 'the bytes in them, where they belong; a zip file, a key or a web page is refused; `--raw` sends the file',
      why: 'no device runs the text, and dfu-util reports success',
      only: 'commands',
    },
    'dfuse-upload-to-the-gap': {
      original: 'an upload without a length stops at the first change of page size',
      here: 'it goes to the end of what can be read without a gap',
      why: 'a part with pages of several sizes would be read in part',
    },
    'dfuse-by-name': {
      original: 'bcdDFUVersion 0x011a is DfuSe',
      here: 'unless the alternate setting has a name that describes no memory; `--protocol` says it otherwise',
      why: 'loaders for STM32 that speak plain DFU carry ST’s version, and a block 0 that is no command ruins nothing',
    },
    'unprotect-before-a-file': {
      original: '`-s :unprotect:force FILE` takes the read protection off and ends with 0',
      here: 'it ends with 79 and says that the file is not in the device',
      why: 'the device restarts before it gets the file; scripts take 0 for a device that has it',
      only: 'commands',
    },
    'end-not-heard': {
      original: 'a device that goes at the block of length 0 is an error (74)',
      here: '75: all bytes are in the device, and it did not confirm them',
      why: 'nothing was lost that is known of, and nothing says that it runs',
      only: 'commands',
    },
    'gone-when-asked': {
      original:
        'a device of plain DFU that is gone when it is asked how the end went is an error (74)',
      here: 'the bus is asked: 0 if it is not there any more or is something else now; 75 if it is in DFU mode, or the bus answers no more',
      why: 'a device that starts its firmware goes so, and so does one whose cable or server is gone',
      only: 'commands',
    },
    'no-layout': {
      original: 'a DfuSe device whose name is no memory layout is refused',
      here: 'too; `--allow no-layout` writes to it, with a warning that nothing is erased',
      why: 'RAM and memories that erase by themselves need no layout',
      only: 'commands',
    },
    'short-upload': {
      original:
        'an upload of fewer bytes than `-Z` says is warned of, and ends with 0; so does one of no bytes',
      here: 'it ends with 75; so does a DfuSe upload that is shorter than its address and length say, and one of no bytes. What came is kept',
      why: 'a copy that is not whole is no success',
      only: 'commands',
    },
    banner: {
      original: 'its version, copyright and warranty, where to report bugs',
      here: 'its version, in the same first line, and who it is',
      why: 'scripts read the first line; the rest is true of the other program',
      only: 'drop-in',
    },
    help: {
      original: '`-h` prints its help on standard error, and so does every wrong option, in full',
      here: 'a help of its own, on standard output; behind a wrong option one line, and which option may be meant',
      why: 'the message is what has to be seen',
      only: 'drop-in',
    },
    'own-words': {
      original: 'says what failed, by the name that libusb has for it',
      here: 'the same line; what else is known stands behind it on standard error, in lines that begin with `dfukit:`',
      why: 'programs look for the line, people need the reason',
      only: 'drop-in',
    },
    'no-suffix-no-warning': {
      original:
        'warns of every file without a suffix that one "will be required in a future dfu-util release"',
      here: 'says nothing of a file without a suffix; a suffix that is damaged is told',
      why: 'there has been no such release since 2021, and the warning sends people to look for what is not wrong',
      only: 'drop-in',
    },
    verbose: {
      original:
        '`-v` says which libusb it has, and of DfuSe each page and each block on standard error',
      here: 'says which dfukit it is; pages and blocks are not told',
      why: 'what it talks through is another library',
      only: 'drop-in',
    },
    'wait-is-a-switch': {
      original: '`--wait` takes the next option for its value: `--wait -l` lists nothing',
      here: 'takes no value, as `-w`',
      why: 'its own help has it so',
      only: 'drop-in',
    },
    'arguments-refused': {
      original:
        'numbers below 0 or beyond all use, `-n` with a word, `-a` with nothing and ids that are no hex numbers count as something else: any device, number 0',
      here: '64, and what was expected',
      why: 'a device that nobody meant is flashed',
      only: 'drop-in',
    },
    'words-in-full': {
      original:
        'a word of `-s` may be cut short, and then what stands behind it in memory is read as more of them; an empty `-s` is address 0',
      here: '64: a word is written in full; an empty `-s` names no address',
      why: 'a device is erased by words that nobody has written',
      only: 'drop-in',
    },
    'prefix-of-two-bytes': {
      original:
        'of a file that begins with 01 00 or 1a 3f, 8 or 16 bytes are not sent to a DfuSe device',
      here: 'only of one that has a whole prefix, with a length that is right; it is told',
      why: 'firmware may begin so, and would lack its beginning',
      only: 'drop-in',
    },
    'known-before-a-device': {
      original:
        'tells of a wrong `-s`, of a file that `-U` would replace and of a damaged DfuSe file when the device has been found and taken into DFU mode',
      here: 'tells it before any device is looked for; words and exit code are the same',
      why: 'a board is not stopped for nothing',
      only: 'drop-in',
    },
    'folder-is-no-file': {
      original: 'a folder is a file of -1 bytes: 70',
      here: '66, and that it is a folder',
      why: 'nothing is out of memory',
      only: 'drop-in',
    },
    'told-before-asking': {
      original: 'tells what the device will not take when it has asked for its state',
      here: 'tells it as soon as the device is known; words and exit code are the same',
      why: 'nothing of it depends on the state',
      only: 'drop-in',
    },
    'alternate-where-needed': {
      original: 'sends SET_INTERFACE 0 to every run-time interface',
      here: 'only where it has several alternate settings',
      why: 'macOS and some devices fail at it (libusb issue 1011)',
      only: 'drop-in',
    },
    'blocks-beyond-4096': {
      original: 'cuts blocks to 4096 bytes, on Linux alone',
      here: 'sends them as they were asked for',
      why: 'no system needs it by this way',
      only: 'drop-in',
    },
    'torn-lines': {
      original:
        'messages with a line break, without a blank, or of the parser of the memory layout in between',
      here: 'in one line; the parser keeps its thoughts for itself',
      why: 'what is looked for stands in the line that begins with `dfu-util:`',
      only: 'drop-in',
    },
    'foreign-suffix': {
      original:
        'a file whose suffix is for another device is sent to whatever is in DFU mode, unless `-d` says which',
      here: '64: does not match',
      why: 'that is what the suffix is for',
      only: 'drop-in',
    },
    'nothing-for-the-alternate': {
      original: 'a DfuSe file that has nothing for the alternate setting is "done", exit 0',
      here: '65, and that nothing was sent',
      why: 'a success that is none',
      only: 'drop-in',
    },
    'left-in-order': {
      original:
        'leaves the device in dfuERROR after a block that was refused; the next command clears it, whatever it is',
      here: 'brings it back to dfuIDLE where it can; what is left is cleared by the next command that needs the device',
      why: 'the next command need not be one of dfu-util',
      only: 'drop-in',
    },
    'will-reset': {
      original:
        '`will-reset` takes every block for the last: a file of several blocks fails behind the first, 74',
      here: 'the device may restart with the last block',
      why: 'a file that is longer than a block would never be written',
      only: 'drop-in',
    },
    'restarts-before-the-file': {
      original: '`-s :unprotect:force` with a file takes the read protection off, and ends with 0',
      here: 'it ends with 74, and says that the file is not in the device',
      why: 'the device restarts before it gets the file',
      only: 'drop-in',
    },
    'upload-to-standard-output': {
      original: '`-U -` makes a file that is called `-`',
      here: 'what is read goes to standard output, and all words to standard error',
      why: 'the next program in a pipe wants it',
      only: 'drop-in',
    },
    'file-when-whole': {
      original: 'the file of an upload is there from the beginning, empty if nothing comes',
      here: 'it gets its name when all of it has come; of a device that ends early what came is kept',
      why: 'half a file looks like a whole one',
      only: 'drop-in',
    },
    'text-is-told': {
      original: 'sends Intel HEX, S-records, UF2 and ELF as they are',
      here: 'so it does here, and says so; `dfukit download` sends the bytes in them',
      why: 'some devices want the file, and most the bytes',
      only: 'drop-in',
    },
    'error-in-manifestation': {
      original:
        'says `Done!` and ends with 0 where the device reports an error behind its last block',
      here: 'ends with 74, and what the device says',
      why: 'the device has refused what it was given',
      only: 'drop-in',
    },
    'reset-of-what-has-gone': {
      original: '`-R` and a device that has gone by itself: 251, though all is well',
      here: '0',
      why: 'it does what was asked for',
      only: 'drop-in',
    },
    'no-second-more': {
      original:
        'waits a second more than the device says, each time it asks how manifestation goes',
      here: 'waits as long as the device says',
      why: 'the device knows',
    },
    'descriptor-of-its-own': {
      original: 'the first functional descriptor of a configuration counts for all its interfaces',
      here: 'each interface has the one that stands with it',
      why: 'they may have other block sizes and abilities',
    },
    'images-as-one': {
      original:
        'erases and writes a DfuSe file element by element, with the names of its targets; begins with the highest alternate setting',
      here: 'erases all that an alternate setting is to hold, then writes it: one bar each; begins with the lowest',
      why: 'an erased sector that two elements share is not erased under the first',
      only: 'drop-in',
    },
    'smaller-blocks': {
      original: 'fails where a device refuses the size of its first block',
      here: 'tries smaller ones, and says so',
      why: 'some devices take less than they say that they take',
      only: 'drop-in',
    },
  },
} as const satisfies Original;
