/** What a device needs besides what it says of itself: each field is something that this host does differently. */
export interface Quirk {
  /** bwPollTimeout says nothing: so many ms between two questions to a busy device instead, 0 to 60000. */
  readonly pollTimeMs?: number | undefined;
  /** What it speaks, whatever bcdDFUVersion says. */
  readonly dialect?: 'dfu' | 'dfuse' | undefined;
  /** bcdDFUVersion instead of its own, 0 to 0xffff. */
  readonly dfuVersion?: number | undefined;
  /** wTransferSize instead of its own, in bytes, 1 to 65535. */
  readonly transferSizeBytes?: number | undefined;
  /** It is in DFU mode, whatever bInterfaceProtocol says. */
  readonly mode?: 'dfu' | undefined;
  /** Its serial number is UTF-8, not UTF-16 (USB 2.0 §9.6.7). */
  readonly serial?: 'utf-8' | undefined;
  /** The memory of alternate 0: as its serial number says it (GD32), or a DfuSe layout that begins with `@`. */
  readonly layout?: string | undefined;
  /** How long it may keep silent behind an erase of everything, in ms, where 35 s are too short. */
  readonly massEraseMs?: number | undefined;
  /** How many stalls of DFU_GETSTATUS in a row mean nothing, where 3 are too few; 0 to 1000. */
  readonly statusStalls?: number | undefined;
  /** wIndex of DFU_DETACH in run-time mode: a number, or the interface's own with bit 8 set, which forces it. */
  readonly detachIndex?: number | 'forced' | undefined;
  /** A block is read before one is written, and before it is asked to leave without having been written to. */
  readonly readsFirst?: true | undefined;
  /** Its port is never reset. */
  readonly noReset?: true | undefined;
  /** It answers in dfuMANIFEST although bitManifestationTolerant is 0: it is asked until it is done. */
  readonly manifestPoll?: true | undefined;
  /** What it gives in an upload is of no use, whatever bitCanUpload says. */
  readonly noUploads?: true | undefined;
  /** Behind a download it stays in DFU mode until DFU_DETACH. */
  readonly detachToLeave?: true | undefined;
  /** How long it may take from run-time to DFU mode, in ms, where 10 s are too short. */
  readonly returnMs?: number | undefined;
}

/** What else a device must be for a row to be about it. */
export interface QuirkCondition {
  /** bInterfaceProtocol. */
  readonly protocol?: number | undefined;
  /** Its own bcdDFUVersion. */
  readonly dfuVersion?: number | undefined;
  /** How many interfaces its configuration has. */
  readonly interfaces?: number | undefined;
}

/** One line of the table. */
export interface QuirkRow extends Quirk {
  /**
   * `VENDOR:PRODUCT` or `VENDOR:PRODUCT:RELEASE` in hex, several with blanks between them; `*` is any, `FIRST-LAST` a
   * range of products.
   */
  readonly devices: string;
  readonly when?: QuirkCondition | undefined;
  /** What it is called. */
  readonly name?: string | undefined;
  /** What goes wrong without the row. */
  readonly symptom?: string | undefined;
  /** Where that is known from. */
  readonly source?: string | undefined;
}

/** What is known of a device when rows are looked for; of an entry that nobody has read, its ids alone. */
export interface QuirkSubject extends QuirkCondition {
  readonly idVendor: number;
  readonly idProduct: number;
  readonly bcdDevice: number;
}

/** All that rows say of one device, and which they were. */
export interface AppliedQuirk extends Quirk {
  /** A person's own first; of two that say different things the first one counts. */
  readonly rows: readonly QuirkRow[];
}
