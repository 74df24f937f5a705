import type {
  BoardModel,
  BoardOptions,
  McubootOptions,
  StandIn,
  BootCause,
  BootReason,
} from '../board/index.ts';
import type { MemoryFlash, PowerCutKind } from '../flash/index.ts';
import type { Key } from '../image/index.ts';
import type { CancelSignal } from '../usb/index.ts';

/** A firmware image: its bytes, or the path of its file. */
export type ImageSource = Uint8Array | string;

/** A key: read already, in PEM, or the path of its file. */
export type KeySource = Key | Uint8Array | string;

/** A stand-in, or its words. */
export type StandInSource = StandIn | string;

/** How a bench is made. */
export interface BenchOptions extends Omit<
  BoardOptions,
  'model' | 'flash' | 'clock' | 'runner' | 'mcuboot' | 'standIns'
> {
  /** What the programmer puts into the slots before the board has power, by number. */
  readonly slots?: readonly (ImageSource | undefined)[] | undefined;
  /** The key that MCUboot trusts; default: the one that signs this package's examples on this machine. */
  readonly key?: KeySource | undefined;
  /** Several of them, of one kind. */
  readonly keys?: readonly KeySource[] | undefined;
  /** What MCUboot is compiled with besides. */
  readonly mcuboot?: Omit<McubootOptions, 'keys'> | undefined;
  /**
   * Who plays images of machine code, as an object or in words (`version=2.0.0:usb-dfu,confirm=500ms`): the first that is
   * meant for an image. Default: a silent one.
   */
  readonly standIn?: StandInSource | readonly StandInSource[] | undefined;
  /** What is in flash besides: a dump of all of it, or the path of one. Default: it is erased. */
  readonly flash?: ImageSource | MemoryFlash | undefined;
  /** Whether the board has power when the bench is there. Default true. */
  readonly power?: boolean | undefined;
  /**
   * `virtual` (default): time stands while nobody waits, and jumps while somebody does. `real`: the time of this machine,
   * for hosts and programs outside of the test.
   */
  readonly clock?: 'virtual' | 'real' | undefined;
  /** Ends whatever the bench waits for. */
  readonly signal?: CancelSignal | undefined;
}

/** The board of a bench: a model, a name in the catalogue, or the path of a board file. */
export type BenchBoard = BoardModel | string;

/** How long something may take. */
export interface Within {
  /** In ms of the board's time; default 60 000. */
  readonly within?: number | undefined;
  readonly signal?: CancelSignal | undefined;
}

/** What the next boot must be. What is left out may be anything. */
export interface BootExpectation extends Within {
  /** As the header has it: `1.0.0` or `1.0.0+5` with MCUboot, a number with riotboot. */
  readonly version?: string | number | RegExp | undefined;
  readonly slot?: number | undefined;
  /** Why the bootloader decided so, e.g. `test swap`. */
  readonly why?: BootReason | RegExp | undefined;
  /** Default `application`, unless `why` is asked for. */
  readonly mode?: 'application' | 'dfu' | 'none' | undefined;
  /** What started the board anew. */
  readonly cause?: BootCause | undefined;
}

/** Where a download goes. */
export interface DownloadTarget extends Within {
  /** Alternate setting, by name or number. */
  readonly alt?: string | number | undefined;
  /** The same by the slot that is behind it. */
  readonly slot?: number | undefined;
}

/** How the power goes. */
export interface PowerCutOptions {
  /** That many flash operations from now; left out: at once. */
  readonly afterOperations?: number | undefined;
  /** What becomes of the operation that it meets; default `clean`: it never began. */
  readonly kind?: PowerCutKind | undefined;
}
