import type { Clock, UsbBus } from '../usb/index.ts';
import type { HostEvent } from '../host/index.ts';
import type { FirmwareManifest } from '../manifest/index.ts';
import type { FlowDevice, FlowErase, FlowOffer, FlowState } from './flow-state.ts';

/** What a flow goes by. */
export interface FlowOptions {
  /** Where devices are. One that asks for permission (a browser's) is asked by `connect` and `allow`. */
  readonly bus: UsbBus;
  /** Default: real time. */
  readonly clock?: Clock | undefined;
  readonly manifest?: FirmwareManifest | undefined;
  /** Only releases of this channel are offered; default `stable`. */
  readonly channel?: string | undefined;
  /** Fetches a file of the manifest, of that size at most. */
  readonly fetchFile?: ((url: string, mostBytes: number) => Promise<Uint8Array>) | undefined;
  /** Devices that are asked for; default: those of the manifest's boards, else any with DFU. */
  readonly filters?: readonly FlowFilter[] | undefined;
  /** Alternate setting that a file goes to, by number or by name; a file of the manifest may say another. */
  readonly alternate?: number | string | undefined;
  /** Absolute address of a file that does not say it, for DfuSe. */
  readonly address?: number | undefined;
  /** Public keys as PEM: an image that none of them has signed is not sent. */
  readonly expectedKeys?: readonly string[] | undefined;
  /**
   * Read back what was written. Default: of a DfuSe device that gives uploads; one of plain DFU may give something else by
   * design, and is read back if that is asked for.
   */
  readonly verify?: boolean | undefined;
  /** Wait until the application runs; default true. */
  readonly waitForApplication?: boolean | undefined;
  /** How long at most, in ms; default 30 s. */
  readonly applicationMs?: number | undefined;
  /** Keep serial numbers out of `log`; default false. */
  readonly maskSerials?: boolean | undefined;
  /** All that the host tells, as it tells it. */
  readonly onEvent?: ((event: HostEvent) => void) | undefined;
}

/** Which devices are asked for: as WebUSB's filters. */
export interface FlowFilter {
  readonly vendorId?: number | undefined;
  readonly productId?: number | undefined;
  readonly serialNumber?: string | undefined;
}

/**
 * Flashing one device in the steps that a person takes: connect, choose, look, flash, see how it ended. Each method leads
 * from one state to the next and never throws for what the device or the file is: the state says that.
 * A method that does not belong to the state throws `INVALID_ARGUMENT`.
 */
export interface FlashFlow {
  readonly state: FlowState;
  /** Told of each new state; the answer stops that. A listener that throws stops nothing else. */
  subscribe(listener: (state: FlowState) => void): () => void;
  /**
   * From `idle`, `unsupported` and `ended`. Where a person must point at the device, it has to come from a click; one that was pointed at
   * before is taken without asking, if it is the only one that fits. `another`: ask all the same.
   */
  connect(options?: { readonly another?: boolean | undefined }): Promise<void>;
  /** From `choosing`: one of its devices. */
  chooseDevice(device: FlowDevice): Promise<void>;
  /** From `connected` and `chosen`: a file of the manifest that is not barred. */
  chooseOffer(offer: FlowOffer): Promise<void>;
  /** From `connected` and `chosen`: a file of the person's own, of 64 MiB at most; its bytes are copied. */
  chooseFile(name: string, bytes: Uint8Array): Promise<void>;
  /** From `chosen`: which of its `alternates`. */
  chooseAlternate(alternate: number): Promise<void>;
  /** From `chosen`, where its file has `erase`. */
  chooseErase(erase: FlowErase): Promise<void>;
  /**
   * From `chosen`, if its file `isReady`. Leads to `ended`, or back to `chosen` where the device turns out in DFU mode to
   * have several places: then a person has to say which.
   */
  flash(): Promise<void>;
  /** In phase `permission`, from a click. */
  allow(): Promise<void>;
  /**
   * Ends what is under way as soon as that leaves the device in order; lets go of the device. From `working` it leads to
   * `ended`, from where nothing was begun to `idle`; elsewhere it does nothing.
   */
  cancel(): Promise<void>;
  /** Everything that happened, line by line with times, to be kept. */
  log(): string;
}
