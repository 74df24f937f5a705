import type { Original } from './original.ts';

/** What the firmware `usb-dfu` does otherwise than Zephyr's sample. */
export const zephyr = {
  title: 'Zephyr 4.3.99 (subsys/usb/dfu, usbd_dfu)',
  about:
    'The firmware `usb-dfu` is the sample; `--profile zephyr` answers as its class does ([the sample](zephyr.md)).',
  departures: {
    'memory-that-nobody-sent': {
      original:
        'an upload of a sector that was written in part gives away what lay in its buffer; one of another size than 512 bytes crashes it',
      here: 'the transfer is stalled, and the log of the link says so',
      why: 'neither is behaviour that a host can be tested against',
    },
    'blocks-that-kill': {
      original:
        'a block of 1000 bytes and more is stalled, and the DFU_GETSTATUS after it crashes the sample',
      here: 'that DFU_GETSTATUS is stalled, and the log of the link says so; what comes next is answered',
      why: 'as above',
    },
    'any-transfer-size': {
      original: 'on the RAM disk a block is a sector of 512 bytes, whatever its size',
      here: 'so does `--profile zephyr`; without it, any transfer size works',
      why: 'the sample’s own `--transfer-size 64` would lose seven eighths of a file',
    },
    'the-selected-slot': {
      original:
        'an image goes where `flash_img_init` puts it, whichever alternate setting was selected',
      here: 'so it does with `--profile zephyr`; without it, the slot that is selected is written',
      why: 'the name of the alternate setting says so',
    },
    'long-downloads': {
      original:
        'after block 65535 comes block 0, which starts again: all but the end of the file is lost, and success reported',
      here: 'so it is with `--profile zephyr`; without it, the blocks are counted on',
      why: 'a success that is none',
    },
    'short-upload-ends': {
      original: 'an upload that ends with a short block stays in dfuUPLOAD-IDLE',
      here: 'so it does with `--profile zephyr`; without it, it ends in dfuIDLE',
      why: 'DFU 1.1 §6.2',
    },
  },
} as const satisfies Original;
