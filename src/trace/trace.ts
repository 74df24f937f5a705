import type { PortLocation, SetupPacket, UsbSpeed } from '../usb/index.ts';

/** Why something on a bus failed: a code of `DfuError`, and its sentence. */
export interface TraceFault {
  readonly code: string;
  readonly message: string;
}

/** What a trace says of itself. */
export interface TraceHeader {
  /** What wrote it: `dfukit 0.1.0`. */
  readonly tool: string;
  /** When its times are 0, in ISO 8601; undefined where no calendar was at hand. */
  readonly started?: string | undefined;
  /** Whether the bytes that went into a device's memory and came out of it are there. */
  readonly payload: 'whole' | 'left-out';
  /** Whether serial numbers are those of the devices, or stand-ins of the same length. */
  readonly serials: 'whole' | 'masked';
  /**
   * How a replay takes it: `exact`, as it was; `free`: the host may ask for status and state more often or less
   * often than the one that was recorded, and select alternates, which the recorder did not write down.
   */
  readonly polls: 'exact' | 'free';
  /** Versions and the like, by name. */
  readonly about?: Readonly<Record<string, string>> | undefined;
}

/** A device, told before anything else of it; told again where what it says of itself has changed. */
export interface DeviceRecord {
  readonly type: 'device';
  /** By this number the other records mean it. */
  readonly device: number;
  /** As in `BusDevice`. */
  readonly id: string;
  readonly location: PortLocation;
  readonly speed: UsbSpeed;
  /** The 18 bytes of its device descriptor (USB 2.0 §9.6.1). */
  readonly descriptor: Uint8Array;
  /** As in `BusDevice`. */
  readonly mostTransferBytes?: number | undefined;
}

/** When something began, and how long it took: in ms from the beginning of the trace. */
export interface Timed {
  readonly ms: number;
  readonly tookMs: number;
}

/** How a control transfer ended. */
export type TraceEnd =
  | 'ok'
  /** The device refused it. */
  | 'stall'
  /** It did not answer in the time that it was given. */
  | 'timeout'
  /** It has left the bus. */
  | 'gone'
  /** The host gave it up. */
  | 'cancelled'
  /** Anything else; `error` says what. */
  | 'failed';

/** What stands for bytes that were left out. */
export interface LeftOut {
  readonly bytes: number;
  /** Their SHA-256; of a few bytes there is none, since trying all would find them. */
  readonly sha256?: Uint8Array | undefined;
}

/** A control transfer. */
export interface ControlRecord extends Timed {
  readonly type: 'control';
  readonly pipe: number;
  readonly setup: SetupPacket;
  readonly end: TraceEnd;
  /** The data stage: what the host sent, however it ended, or what the device answered. */
  readonly data?: Uint8Array | undefined;
  /** Instead of `data`. */
  readonly leftOut?: LeftOut | undefined;
  /** Of a data stage to the device how many bytes it took, where that is not all. */
  readonly taken?: number | undefined;
  readonly error?: TraceFault | undefined;
}

/** The host selected an alternate setting: on the wire a SET_INTERFACE. */
export interface AlternateRecord extends Timed {
  readonly type: 'alternate';
  readonly pipe: number;
  readonly interface: number;
  readonly alternate: number;
  readonly error?: TraceFault | undefined;
}

/** The host reset the port. */
export interface ResetRecord extends Timed {
  readonly type: 'reset';
  readonly pipe: number;
  /** As `ControlPipe.reset`; undefined where it failed. */
  readonly port?: 'same' | 'gone' | undefined;
  readonly error?: TraceFault | undefined;
}

/** Something that happened on a bus. What takes time is told when it has ended. */
export type TraceRecord =
  | DeviceRecord
  | ControlRecord
  | AlternateRecord
  | ResetRecord
  /** The bus was asked which devices there are. */
  | (Timed & {
      readonly type: 'list';
      readonly devices: readonly number[];
      readonly error?: TraceFault | undefined;
    })
  | { readonly type: 'attached' | 'detached'; readonly ms: number; readonly device: number }
  | (Timed & {
      readonly type: 'open';
      readonly device: number;
      readonly pipe: number;
      readonly error?: TraceFault | undefined;
    })
  | (Timed & {
      readonly type: 'claim' | 'release';
      readonly pipe: number;
      readonly interface: number;
      readonly error?: TraceFault | undefined;
    })
  | (Timed & {
      readonly type: 'close';
      readonly pipe: number;
      readonly error?: TraceFault | undefined;
    })
  /** The device of a pipe left while it was open. */
  | { readonly type: 'gone'; readonly ms: number; readonly pipe: number }
  /** A sentence for whoever reads it. */
  | { readonly type: 'note'; readonly text: string }
  /** Another trace in this one, line by line: that of what failed, in a report. */
  | { readonly type: 'enclosed'; readonly lines: readonly string[] };

/** A whole trace. */
export interface Trace {
  readonly header: TraceHeader;
  readonly records: readonly TraceRecord[];
  /** Its last line was cut short, as of a program that was killed, and is left out. */
  readonly torn: boolean;
}

/** A header with what is usual in it. */
export function traceHeader(words: Partial<TraceHeader> & Pick<TraceHeader, 'tool'>): TraceHeader {
  return { payload: 'whole', serials: 'whole', polls: 'exact', ...words };
}
