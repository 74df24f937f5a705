/** A firmware image that the scenarios use. Built outside of the guest, where that is quick. */
export interface ImageName {
  readonly example: 'hello-world' | 'saul' | 'usbus-minimal';
  readonly slot: 0 | 1;
  readonly version: number;
}

/** Where a board with `riotboot_dfu` keeps its slots, in bytes from the start of the flash. */
export const SLOT_OFFSETS = [0x4000, 0x82000] as const;
export const SLOT_BYTES = 0x7e000;
export const FLASH_BYTES = 0x100000;

/** Slot 0, older. */
export const HELLO_0: ImageName = { example: 'hello-world', slot: 0, version: 1 };
/** Slot 1, newer. */
export const HELLO_1: ImageName = { example: 'hello-world', slot: 1, version: 2 };
/** Slot 0, newest. */
export const SAUL_0: ImageName = { example: 'saul', slot: 0, version: 3 };
/** Without DFU: nothing but enumeration. */
export const MINIMAL_1: ImageName = { example: 'usbus-minimal', slot: 1, version: 4 };

export const images: readonly ImageName[] = [HELLO_0, HELLO_1, SAUL_0, MINIMAL_1];

/** File name of an image. */
export function imageFile({ example, slot, version }: ImageName): string {
  return `${example}.slot${slot}.${version}.bin`;
}

/** File name of an application in C for slot 0 of `reel_board`, as its linker has left it. */
export function nativeFile(version: '1.0.0' | '2.0.0'): string {
  return `native-${version}.bin`;
}
