/** Memory of a device in the field. */
export interface FieldRegion {
  readonly address: number;
  readonly sizeBytes: number;
  /** What one erase clears; 0 where nothing has to be erased. */
  readonly sectorBytes: number;
}

/** One DFU interface setting. */
interface FieldSetting {
  readonly name?: string | undefined;
  /** bInterfaceNumber; default 0. Alternates count up within an interface. */
  readonly interface?: number | undefined;
}

/** What it does that a sound device does not. Times are in ms. */
export interface FieldDefects {
  /** bwPollTimeout as it is told, whatever a job takes. */
  readonly toldPollMs?: number | undefined;
  /** How long an erase takes. */
  readonly eraseMs?: number | undefined;
  /** How long an erase of everything takes; DFU_GETSTATUS is held meanwhile. */
  readonly massEraseMs?: number | undefined;
  /** So many stalls of DFU_GETSTATUS behind the beginning of an erase. */
  readonly eraseStalls?: number | undefined;
  /** It leaves the bus while it carries out a write to this address, and comes back. */
  readonly resetsAt?: number | undefined;
  /** Until then each erase, write and upload ends in dfuERROR with errVENDOR. */
  readonly readProtected?: boolean | undefined;
  /** It is gone with the empty block that means leave (`DNLOAD`), or with the question behind it. */
  readonly leavesAt?: 'DNLOAD' | 'GETSTATUS' | undefined;
  /** So many uploaded blocks, then a stall. */
  readonly uploadBlocks?: number | undefined;
  /** DFU_GETSTATUS behind the last block: dfuDNBUSY so many times. */
  readonly lastBusy?: number | undefined;
  /** DFU_GETSTATUS behind the last block is stalled. */
  readonly lastStall?: boolean | undefined;
  /** In dfuDNBUSY for good from this block on, until DFU_CLRSTATUS came twice. */
  readonly stuckAtBlock?: number | undefined;
  /** It takes no block before it has given one. */
  readonly readsFirst?: boolean | undefined;
  /** It is found in dfuDNBUSY, and stays there until DFU_CLRSTATUS came twice. */
  readonly foundBusy?: boolean | undefined;
  /** DFU_ABORT is stalled once something has been written. */
  readonly abortStalls?: boolean | undefined;
  /** The first request for the configuration descriptor is stalled. */
  readonly configurationStallsOnce?: boolean | undefined;
  /** Requests for a string with a longer wLength than this are stalled. */
  readonly longestString?: number | undefined;
  /** How late every answer to a standard request is. */
  readonly lateMs?: number | undefined;
}

/** A device in run-time mode, before DFU_DETACH. */
interface FieldRunTime {
  readonly idProduct: number;
  readonly serial?: string | undefined;
  /** Only DFU_DETACH with this bit set in wIndex counts; others are stalled. */
  readonly detachBit?: number | undefined;
}

/** A device as it is in the field. */
export interface FieldWords {
  readonly idVendor: number;
  readonly idProduct: number;
  readonly bcdDevice?: number | undefined;
  /** As text, or the string descriptor as it is sent. */
  readonly serial?: string | Uint8Array | undefined;
  readonly settings: readonly FieldSetting[];
  /** bInterfaceProtocol; default 2. */
  readonly protocol?: number | undefined;
  /** bmAttributes of the functional descriptor; default 0x0f. */
  readonly attributes?: number | undefined;
  /** bcdDFUVersion. */
  readonly version: number;
  /** wTransferSize; default 1024. */
  readonly blockBytes?: number | undefined;
  /** What it really speaks. */
  readonly dialect: 'dfu' | 'dfuse';
  /** Of plain DFU: one, and where it begins is of no interest. */
  readonly memory: readonly FieldRegion[];
  readonly defects?: FieldDefects | undefined;
  readonly runTime?: FieldRunTime | undefined;
}

/** What must have become of the memory: it holds the file, is as before, or has been erased whole. */
export type FieldMemory = 'file' | 'untouched' | 'erased';

/** A command line against a fresh device, and what comes of it. */
export interface FieldTry {
  readonly program: 'dfu-util' | 'dfukit';
  /** `FILE` is the file, `OUT` a file that is not there. */
  readonly args: readonly string[];
  readonly exit: number;
  readonly memory: FieldMemory;
  /** A regular expression that its output fits. */
  readonly says?: string | undefined;
  /** How many bytes `OUT` has afterwards. */
  readonly outBytes?: number | undefined;
  /** Takes its time: for the kernel lab alone. */
  readonly slow?: boolean | undefined;
}

/** A device of the field, with what is tried on it. */
export interface FieldCase {
  readonly name: string;
  /** Who told of it. */
  readonly source: string;
  readonly words: FieldWords;
  /** What the commands are given. */
  readonly file: Uint8Array;
  /** What of it goes where, if it is not all of it to the beginning of the first region. */
  readonly content?: readonly (readonly [address: number, bytes: Uint8Array])[] | undefined;
  readonly tries: readonly FieldTry[];
}
