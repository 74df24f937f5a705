import type { BoardEvent, BoardFile } from 'dfukit/board';
import type { TraceEnd } from 'dfukit/trace';
import type { UsbBus } from 'dfukit/usb';
import type { Explanation } from './explanation.ts';
import type { FlashOutline } from './flash-outline.ts';

/** A board as one orders it in the page. */
export interface BoardOrder {
  /** Its name in the catalogue, or a board file. */
  readonly board: string | BoardFile;
  /** Which of its bootloaders, `NAME` or `NAME:MODE`; left out: its first. */
  readonly bootloader?: string | undefined;
  /** What is in its flash; left out: what `start` says. */
  readonly flash?: Uint8Array | undefined;
  /** What is in its flash, by a name of `startsOf`; left out: the first of them. */
  readonly start?: string | undefined;
  readonly serial?: string | undefined;
}

/** One flash operation as it was done, or several of a kind that followed one another without a gap. */
export interface FlashOperation {
  /** Counted from 0 since the board was made; of several, the first one's. */
  readonly number: number;
  /** How many they were. */
  readonly operations: number;
  readonly type: 'erase' | 'program';
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  /** What was programmed; of an erase nothing. */
  readonly bytes?: Uint8Array | undefined;
}

/** A control transfer as it passed between host and board. */
export interface SeenTransfer {
  readonly atMs: number;
  readonly setup: Uint8Array;
  readonly end: TraceEnd;
  /** Both directions; the first 64 bytes at most. */
  readonly data: Uint8Array;
  readonly dataBytes: number;
}

/** What a person can do to a board. */
export type BoardAction =
  | { readonly do: 'power'; readonly on: boolean }
  /** The power goes now, or at the n-th flash operation from now on. */
  | {
      readonly do: 'cut';
      readonly afterOperations?: number | undefined;
      readonly kind?: 'clean' | 'torn' | 'torn-tail' | undefined;
    }
  | { readonly do: 'reset'; readonly button?: boolean | undefined }
  | { readonly do: 'button'; readonly pressed: boolean; readonly name?: string | undefined }
  | { readonly do: 'unplug' }
  | { readonly do: 'replug' }
  /** A line typed at the console. */
  | { readonly do: 'type'; readonly line: string }
  /** What a sensor measures from now on, in its own unit and scale. */
  | { readonly do: 'sense'; readonly name: string; readonly value: number }
  /**
   * As the maker's programmer does it, without USB; a board that had power begins anew. An ES module, which its `name` or
   * what it is tells, is boxed first.
   */
  | {
      readonly do: 'program';
      readonly file: Uint8Array;
      readonly name?: string | undefined;
      readonly slot?: number | undefined;
    }
  | { readonly do: 'erase-flash' };

/** A file that can be flashed to a board, made for it. */
export interface Sample {
  readonly id: string;
  /** As a build would call the file. */
  readonly fileName: string;
  readonly title: string;
  /** What is to be expected of it, in a sentence. */
  readonly about: string;
  /** `breaks`: it is taken, and what runs then goes wrong. */
  readonly comesTo: 'runs' | 'breaks' | 'refused';
  /** The alternate setting that it is for, where that matters. */
  readonly alternate?: number | undefined;
  /** The address that it is for, where the device has to be told. */
  readonly address?: number | undefined;
}

/** What does not change about a board. */
export interface BoardFacts {
  readonly name: string;
  readonly chip: string;
  /** `NAME` or `NAME:MODE`. */
  readonly bootloader: string;
  readonly serial: string;
  readonly geometry: FlashOutline;
  readonly writeUnitBytes: number;
  readonly slots: readonly {
    readonly index: number;
    readonly address: number;
    readonly sizeBytes: number;
  }[];
  readonly buttons: readonly string[];
  /** Lamps and the like have a class that begins with `ACT_`; what is measured has one that begins with `SENSE_`. */
  readonly sensors: readonly {
    readonly name: string;
    readonly class: string;
    readonly scale: number;
    readonly unit: string;
    readonly initial: number;
  }[];
  /** Whether its chip is executed; if not, images of machine code are played by a silent stand-in. */
  readonly executes: boolean;
  /** Nothing of it takes updates by USB: its samples are for the programmer. */
  readonly programmerOnly: boolean;
  /** Its bootloader goes into DFU mode when the first button is held at a reset. */
  readonly dfuByButton: boolean;
  /** The key that its bootloader trusts, in PEM: for a flasher that is to check signatures. */
  readonly trusts?: string | undefined;
  readonly samples: readonly Sample[];
}

/** A board that runs in a worker of its own, as the page has it. */
export interface BoardClient {
  readonly facts: BoardFacts;
  /** Its USB connector, as a host at its other end sees it: give it to a flasher. */
  readonly bus: UsbBus;
  /** Resolves when the board has carried it out. Throws `DfuError` for what it cannot. */
  act(action: BoardAction): Promise<void>;
  /** A copy of its flash as it is now. */
  flash(): Promise<Uint8Array>;
  /** What its flash holds, range by range, and what that means. Cheap enough to be asked after every change. */
  explain(): Promise<Explanation>;
  /** A file of `facts.samples`. */
  sample(id: string): Promise<Uint8Array>;
  onEvent(listener: (event: BoardEvent) => void): () => void;
  onOperation(listener: (operation: FlashOperation) => void): () => void;
  onTransfer(listener: (transfer: SeenTransfer) => void): () => void;
  /** The state that its DFU function is in, by the transfers seen; undefined where none answers. */
  onDfuState(listener: (state: string | undefined) => void): () => void;
  /** Its worker has ended without having been told to; nothing comes any more. */
  onEnd(listener: (why: string) => void): () => void;
  close(): Promise<void>;
}
