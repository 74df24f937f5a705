import type { DfuProfile, DfuSeProfile } from '../../device/index.ts';
import type { Key, PrivateKey } from '../../image/index.ts';
import type { ImageJudge } from '../../boot/mcuboot/index.ts';
import type { DumpReader, FlashArea, FlashLayout } from '../../lab/index.ts';
import type { UsbId } from '../../usb/index.ts';
import type { UsbIdentity } from '../hardware/usb-identity.ts';
import type { BoardModel } from '../models/board-model.ts';
import type { Bootloader } from './bootloader.ts';
import type { ProgramLayout } from './program-layout.ts';

/** What a bootloader is compiled with, as far as it knows of such things. */
export interface BuildOptions {
  /** One of its record's `modes`; default: the first. */
  readonly mode?: string | undefined;
  /** The keys that it trusts; public halves do. */
  readonly keys?: readonly Key[] | undefined;
  /** Refuse what is known to go wrong, instead of behaving as the original does. */
  readonly guarded?: boolean | undefined;
  /** An update must not be older than what runs, by this measure. Default: it may. */
  readonly downgradePrevention?: 'version' | 'security-counter' | undefined;
  /** Images must be for this vendor, a UUID or a name. */
  readonly vendor?: string | undefined;
  /** And for this class of devices, a UUID or a name within the vendor's. */
  readonly deviceClass?: string | undefined;
}

/** What a board's bootloader is made with. */
export interface BootloaderOrder {
  readonly model: BoardModel;
  /** Serial number of the chip. */
  readonly serial: string;
  /** Vendor and product of DFU mode; default: the record's. */
  readonly usbId?: UsbId | undefined;
  /** How DFU is answered; default `COMPATIBLE`. */
  readonly profile?: DfuProfile | undefined;
  /** How a DfuSe loader answers; default: as the original does. */
  readonly dfuse?: DfuSeProfile | undefined;
  /** bitWillDetach; default true. */
  readonly willDetach?: boolean | undefined;
  /** Refuse a download over the only slot that boots. Default false. */
  readonly keepBootable?: boolean | undefined;
  /** Refuse images that it could not boot while they are sent. Default true. */
  readonly checkImages?: boolean | undefined;
  /** Refuse an image that is older than the newest one installed. Default false. */
  readonly refuseOlder?: boolean | undefined;
  /** What DFU mode says of itself; default: its serial number, and no more. */
  readonly usbIdentity?: UsbIdentity | undefined;
  /** What it is compiled with. */
  readonly build?: BuildOptions | undefined;
}

/** DFU mode of a bootloader: how a host finds it, and where it puts a firmware. */
export interface BootloaderDfu {
  readonly usbId: UsbId;
  /** It speaks DfuSe, so that its profile may be one of those. */
  readonly dfuse: boolean;
  /** The alternate setting that takes the firmware for a slot; undefined: nobody can say. */
  alternate(slot: number | undefined): number | undefined;
}

/** A firmware as it is to be boxed. */
export interface BoxOrder {
  readonly model: BoardModel;
  /** One of the record's `modes`; default: the first. */
  readonly mode?: string | undefined;
  /** The slot that it is linked for. */
  readonly slot?: number | undefined;
  /** In the bootloader's own form; default: its lowest. */
  readonly version?: string | undefined;
  /** The key to sign with; without it nothing is signed. */
  readonly key?: PrivateKey | undefined;
  /** Without a key: it gets header and hash all the same, for a bootloader that asks for no more. */
  readonly hashed?: boolean | undefined;
}

/** How a program becomes an image that the bootloader boots. */
export interface FirmwareBox {
  /** Images are linked for one slot, and somebody must say for which. */
  readonly needsSlot: boolean;
  /** The firmware's modules that make the bootloader's DFU mode reachable from it. */
  readonly runtimeModules: readonly string[];
  /** The version of a firmware that was given none, built that many seconds after 1970. */
  version(seconds: number): string;
  /**
   * The image. Throws `NOT_FOUND` for a slot that does not exist, `OUT_OF_RANGE` for a firmware that does
   * not fit, `INVALID_ARGUMENT` for a version or key that is none.
   */
  box(payload: Uint8Array, order: BoxOrder): Promise<Uint8Array<ArrayBuffer>>;
}

/** What of a slot is an image's, and how an application that takes downloads names it. */
export interface SlotRoom {
  /** Most bytes of an image: what the bootloader notes at the end of a slot is left out. */
  readonly mostBytes: number;
  /** What its alternate setting may be called. */
  readonly names: readonly string[];
}

/**
 * What an order may say that not every bootloader knows: `keepBootable`, `refuseOlder`, `checkImages`, and the button of
 * the board, as it is compiled for it.
 */
export type BootloaderSkill = 'keep-bootable' | 'refuse-older' | 'image-check' | 'button';

/**
 * All that anybody needs to know of a bootloader: whoever has its record asks it, and nobody decides by its
 * name. It has either `replay` or `reader`.
 */
export interface BootloaderRecord {
  /** As the catalogue and the command line have it. */
  readonly name: string;
  /** The ways in which it can be built, the default first; none: there is one. */
  readonly modes: readonly string[];
  /** It trusts keys: an order must say which, and a firmware is signed. */
  readonly trustsKeys: boolean;
  /** What of an order does anything here. */
  readonly understands: readonly BootloaderSkill[];
  /** All that starts is in flash: nobody plays it, and nothing is put in front of it. */
  readonly inFlash?: boolean | undefined;
  /** Left out: it takes no downloads itself. */
  readonly dfu?: BootloaderDfu | undefined;
  readonly firmware: FirmwareBox;
  /** Where it and its slots lie. Throws `INVALID_ARGUMENT` for a board or mode that it is not for. */
  layout(model: BoardModel, mode?: string): ProgramLayout;
  /** Of a slot of its layout; left out: an image has all of it. Throws as `layout`. */
  readonly room?: ((model: BoardModel, slot: number, mode?: string) => SlotRoom) | undefined;
  /** Throws `INVALID_ARGUMENT` for an order that cannot be filled. */
  make(order: BootloaderOrder): Bootloader;
  /** What the laboratory replays, for a bootloader whose engine it has. Throws as `layout`. */
  readonly replay?: ((model: BoardModel, mode?: string) => FlashLayout) | undefined;
  /** With `replay`: what lies beside the slots. Throws as `layout`. */
  readonly besideSlots?: ((model: BoardModel, mode?: string) => readonly FlashArea[]) | undefined;
  /** With `replay`: judges images as its build does. Throws `INVALID_ARGUMENT` for keys that do not go together. */
  readonly judge?: ((model: BoardModel, build: BuildOptions) => ImageJudge) | undefined;
  /**
   * Reads dumps in words. Rejects as `layout` throws. Asynchronous, so that only who reads a dump loads the
   * laboratory.
   */
  readonly reader?: ((model: BoardModel) => Promise<DumpReader>) | undefined;
}
