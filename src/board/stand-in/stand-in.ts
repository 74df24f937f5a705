/**
 * What a stand-in does at the USB port: nothing, the DFU run-time function as the bootloader's platform has it, the USB
 * side of Zephyr's sample `usb/dfu`, or whatever a firmware in this package's firmware API does (its ES module, in UTF-8).
 */
export type StandInPlay = 'silent' | 'dfu-runtime' | 'usb-dfu' | { readonly firmware: Uint8Array };

/** Which images a stand-in plays. All that is given must hold. */
export interface StandInSelector {
  /** The image's version: `2.0.0`, `1.2.3+4` with MCUboot, a number with riotboot. */
  readonly version?: string | undefined;
  /**
   * SHA-256 of the whole image as it stands in its slot, 8 to 64 hex digits from the start: header, code and records with
   * MCUboot; with riotboot, whose header tells no length, header and code up to the last byte that is not erased.
   */
  readonly sha256?: string | undefined;
  /** The slot that it runs in. */
  readonly slot?: number | undefined;
}

/** How a stand-in ends. */
export interface StandInEnd {
  /** `hang`: the watchdog is fed no longer; `crash`: a fault; `reset`: a reset by software, at each start anew. */
  readonly how: 'hang' | 'crash' | 'reset';
  /** Since the start of the image, in ms. */
  readonly afterMs: number;
}

/**
 * What a board does while an image of machine code "runs", of which it executes nothing. All times are on the board's
 * clock, in ms since the start of the image, at least 1.
 */
export interface StandIn {
  /** Which images it plays; left out: every one that is machine code. */
  readonly when?: StandInSelector | undefined;
  /** Default `silent`. The watchdog is fed in any case. */
  readonly plays?: StandInPlay | undefined;
  /** When it confirms its image (MCUboot); left out: never. */
  readonly confirmMs?: number | undefined;
  /** When it asks MCUboot for the image in the other slot: for a test, or for good. */
  readonly upgrade?:
    { readonly afterMs: number; readonly permanent?: boolean | undefined } | undefined;
  /** How it ends, if it does. */
  readonly ends?: StandInEnd | undefined;
}
