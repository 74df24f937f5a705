import { flags, u16le, u8 } from '../bytes/index.ts';
import type { Struct } from '../bytes/index.ts';
import { DescriptorType, descriptor } from '../usb/index.ts';

/** bmAttributes of the functional descriptor, DFU 1.1 table 4.2. */
export interface DfuAttributes {
  /** Bit 0: the device takes downloads. */
  readonly canDnload: boolean;
  /** Bit 1: the device gives uploads. */
  readonly canUpload: boolean;
  /** Bit 2: the device answers on USB after manifestation; if not, it waits for a reset. */
  readonly manifestationTolerant: boolean;
  /** Bit 3: the device detaches itself after DFU_DETACH; if not, the host resets the bus. */
  readonly willDetach: boolean;
  /** Bit 7 (ST, not in DFU 1.1): uploads in blocks of 4096 bytes at high speed. */
  readonly accelerated: boolean;
}

/** DFU functional descriptor: DFU 1.1 §4.1.3 (run-time) and §4.2.4 (DFU mode). */
export interface FunctionalDescriptor {
  readonly bmAttributes: DfuAttributes;
  /** How long the device waits for a USB reset after DFU_DETACH, in ms. */
  readonly wDetachTimeOut: number;
  /** Most bytes that the device takes in one control-write transaction. */
  readonly wTransferSize: number;
  /** Binary-coded decimal: 0x0110 is DFU 1.1, 0x011a is DfuSe. */
  readonly bcdDFUVersion: number;
}

/** The nine bytes of DFU 1.1; `readFunctionalDescriptor` also takes the seven of DFU 1.0. */
export const functionalDescriptor: Struct<FunctionalDescriptor> = descriptor<FunctionalDescriptor>(
  'DFU functional descriptor',
  DescriptorType.dfuFunctional,
  {
    bmAttributes: flags(u8, {
      canDnload: 0,
      canUpload: 1,
      manifestationTolerant: 2,
      willDetach: 3,
      accelerated: 7,
    }),
    wDetachTimeOut: u16le,
    wTransferSize: u16le,
    bcdDFUVersion: u16le,
  },
);

/** bcdDFUVersion of the versions that are about. */
export const DfuVersion = { dfu10: 0x0100, dfu11: 0x0110, dfuSe: 0x011a } as const;

/**
 * Reads the descriptor as devices send it: DFU 1.0 has seven bytes and no version (dfu-util takes
 * it so too). Throws `TRUNCATED` or `MALFORMED`.
 */
export function readFunctionalDescriptor(bytes: Uint8Array): FunctionalDescriptor {
  if (bytes[0] !== 7 || bytes.length < 7) return functionalDescriptor.decode(bytes);
  return functionalDescriptor.decode(Uint8Array.of(9, ...bytes.subarray(1, 7), 0x00, 0x01));
}
