/** The functional descriptor of a DFU function, as far as it is not the board's usual one. */
export interface FirmwareDfuFunctional {
  /** bmAttributes (DFU 1.1 table 4.2); what is left out is true. */
  readonly attributes?:
    | {
        readonly canDnload?: boolean | undefined;
        readonly canUpload?: boolean | undefined;
        readonly manifestationTolerant?: boolean | undefined;
        readonly willDetach?: boolean | undefined;
      }
    | undefined;
  /** wDetachTimeOut, in ms. */
  readonly detachTimeOutMs: number;
  /** wTransferSize. */
  readonly transferSizeBytes: number;
  /** Default 0x0110; 0x011a says that a DfuSe loader is next. */
  readonly bcdDFUVersion?: number | undefined;
}

/** Memory that the host writes and reads: blocks of any size, 512 bytes a sector. Kept until reset. */
export interface FirmwareRamDisk {
  readonly type: 'ram-disk';
  /** String of the alternate setting. */
  readonly name: string;
  /** Sectors of 512 bytes. */
  readonly sectors: number;
}

/** A part of flash that has a name, for an image. */
export interface FirmwareFlashImage {
  readonly type: 'flash-image';
  /** String of the alternate setting. */
  readonly name: string;
  /** One of `FirmwareFlash.areas`, e.g. `image-1`. */
  readonly area: string;
}

/** What an alternate setting of DFU mode gives access to. */
export type FirmwareMedium = FirmwareRamDisk | FirmwareFlashImage;

/**
 * DFU mode as a function of the firmware itself, with no bootloader in it. The board serves the media
 * while the firmware runs; what happens comes as a {@link FirmwareUsbMessage}.
 */
export interface FirmwareDfuMode {
  readonly type: 'dfu-mode';
  readonly functional?: FirmwareDfuFunctional | undefined;
  /** One alternate setting each, in this order. */
  readonly media: readonly FirmwareMedium[];
}

/** What happens at the USB port. */
export type FirmwareUsbEvent =
  | { readonly type: 'vbus-ready' | 'vbus-removed' | 'reset' }
  /** Another configuration than before; 0 for none. */
  | { readonly type: 'configured'; readonly value: number }
  /** DFU_DETACH, for a run-time function that leaves it to the firmware. The device has left the bus. */
  | { readonly type: 'dfu-detach' }
  /** A download is complete. */
  | { readonly type: 'dfu-download-completed'; readonly medium: string }
  /** A transfer with a RAM disk starts from the beginning. */
  | { readonly type: 'disk-opened'; readonly medium: string }
  /** A block of a RAM disk was written or read; `total` in bytes since the transfer started. */
  | {
      readonly type: 'disk-downloaded' | 'disk-uploaded';
      readonly medium: string;
      readonly block: number;
      readonly bytes: number;
      readonly total: number;
    }
  | { readonly type: 'disk-failed'; readonly medium: string; readonly reason: string };

/** It, and when it was, in microseconds since the program started. */
export type FirmwareUsbMessage = FirmwareUsbEvent & { readonly uptimeUs: number };
