/** The first bytes of a DfuSe file, `DfuSe` (ST UM0391 §2.1). */
export const DFUSE_SIGNATURE: Uint8Array = Uint8Array.of(0x44, 0x66, 0x75, 0x53, 0x65);

/** Whether it begins as a DfuSe file does; it may be damaged all the same. */
export function isDfuSeFile(file: Uint8Array): boolean {
  return DFUSE_SIGNATURE.every((byte, at) => file[at] === byte);
}
