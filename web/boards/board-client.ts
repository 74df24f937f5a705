import type { BoardEvent, BoardFile } from 'dfukit/board';
import type { UsbBus } from 'dfukit/usb';
import type { Explanation } from './explanation.ts';

/** A board as one orders it in the page. */
export interface BoardOrder {
  /** Its name in the catalogue, or a board file. */
  readonly board: string | BoardFile;
  /** Which of its bootloaders, `NAME` or `NAME:MODE`; left out: its first. */
  readonly bootloader?: string | undefined;
  /** What is in its flash; left out: nothing but what the maker's programmer has put there (see `starts`). */
  readonly flash?: Uint8Array | undefined;
  readonly serial?: string | undefined;
}

/** One flash operation as it was done. */
export interface FlashOperation {
  /** Counted from 0 since the board was made. */
  readonly number: number;
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
  readonly end: 'ok' | 'stall' | 'lost' | 'timeout' | 'failed';
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
  /** As the maker's programmer does it, without USB. */
  | { readonly do: 'program'; readonly file: Uint8Array; readonly slot?: number | undefined }
  | { readonly do: 'erase-flash' };

/** A board that runs in a worker of its own, as the page has it. */
export interface BoardClient {
  /** Its USB connector, as a host at its other end sees it: give it to a flasher. */
  readonly bus: UsbBus;
  readonly geometry: {
    readonly baseAddress: number;
    readonly sizeBytes: number;
    readonly sectors: readonly { readonly offsetBytes: number; readonly sizeBytes: number }[];
  };
  /** Resolves when the board has carried it out. Throws `DfuError` for what it cannot. */
  act(action: BoardAction): Promise<void>;
  /** A copy of its flash as it is now. */
  flash(): Promise<Uint8Array>;
  /** What its flash holds, range by range, and what that means. Cheap enough to be asked after every change. */
  explain(): Promise<Explanation>;
  onEvent(listener: (event: BoardEvent) => void): () => void;
  onOperation(listener: (operation: FlashOperation) => void): () => void;
  onTransfer(listener: (transfer: SeenTransfer) => void): () => void;
  /** The state that its DFU function is in, by the transfers seen; undefined where none answers. */
  onDfuState(listener: (state: string | undefined) => void): () => void;
  close(): Promise<void>;
}
