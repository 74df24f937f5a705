import { struct, u32le } from '../../bytes/index.ts';

/** The load header of Espressif's port of MCUboot (boot/espressif/include/esp_mcuboot_image.h). */
export interface EspressifLoadHeader {
  readonly magic: number;
  /** Where the program is entered. */
  readonly entryAddress: number;
  /** Where its code goes in RAM, from where in the image, and how many bytes. */
  readonly iramAddress: number;
  readonly iramOffset: number;
  readonly iramBytes: number;
  /** The same for its data. */
  readonly dramAddress: number;
  readonly dramOffset: number;
  readonly dramBytes: number;
}

const MAGIC = 0xace6_37d3;

/** Behind MCUboot's header, whatever its filler. */
const OFFSET = 32;

const loadHeader = struct<EspressifLoadHeader>('Espressif load header', {
  magic: u32le,
  entryAddress: u32le,
  iramAddress: u32le,
  iramOffset: u32le,
  iramBytes: u32le,
  dramAddress: u32le,
  dramOffset: u32le,
  dramBytes: u32le,
});

/**
 * The load header of an image for Espressif's chips, behind MCUboot's header or at the start of a program that
 * is not signed yet; undefined where there is none.
 */
export function readEspressifLoadHeader(bytes: Uint8Array): EspressifLoadHeader | undefined {
  for (const offset of [OFFSET, 0]) {
    if (bytes.length < offset + loadHeader.size) continue;
    const header = loadHeader.decode(bytes, offset);
    if (header.magic === MAGIC) return header;
  }
  return undefined;
}
