/** A memory, or a part of one, as the processor sees it. */
export interface TargetRange {
  /** Absolute address of its first byte. */
  readonly address: number;
  readonly sizeBytes: number;
}

/** A place for an image, and what an image for it must be like. */
export interface TargetSlot extends TargetRange {
  readonly index: number;
  /** Absolute address where an image is put, if not at the slot's first byte. */
  readonly uploadAddress?: number | undefined;
  /** Absolute address that the vectors of its image must be linked for; it may be in another slot. */
  readonly imageAddress: number;
  /** From the first byte of an image to its vectors. */
  readonly headerBytes: number;
  /** Most bytes of an image, without what its bootloader notes at the end of the slot. */
  readonly mostBytes: number;
  /** The alternate setting that takes it, where the bootloader itself takes downloads. */
  readonly alternate?: number | undefined;
  /** What the alternate setting that takes it may be called, where an application takes downloads. */
  readonly names?: readonly string[] | undefined;
}

/** A memory that a DfuSe loader tells of. */
export interface TargetMemory {
  /** bAlternateSetting. */
  readonly alternate: number;
  /** Its name, which is its layout: `@Internal Flash  /0x08000000/064*0002Kg`. */
  readonly layout: string;
}

/**
 * What a firmware is for, as somebody who knows the device describes it: how it is known at USB, where its memories are, and
 * what its bootloader boots. What is left out is not known. `dfukit/board` makes one of a board.
 */
export interface FirmwareTarget {
  /** As messages call it: `board reel_board with mcuboot`. */
  readonly name: string;
  /** Vendor and product in DFU mode; left out where an application takes downloads: they are its own. */
  readonly dfuId?: { readonly idVendor: number; readonly idProduct: number } | undefined;
  /** The flash that programs run from. */
  readonly flash: TargetRange;
  /** The RAM that their stacks are in. */
  readonly ram: TargetRange;
  /** What its DfuSe loader says of its memories. */
  readonly memories?: readonly TargetMemory[] | undefined;
  /** The kind of header that its bootloader boots an image by; left out: programs stand in flash as they are. */
  readonly imageKind?: 'riotboot' | 'mcuboot' | undefined;
  /** Where images go; none: all of the flash is one place. */
  readonly slots: readonly TargetSlot[];
}
