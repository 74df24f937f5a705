import type { CreditMessage, PortMessage } from '../index.ts';

/** What a firmware is started with: the first message to its worker. */
export interface FirmwareStart {
  /** The firmware: an ES module. */
  readonly source: string;
  /** `boardInfoText`. */
  readonly info: string;
}

/** What a board says to the worker of its firmware. */
export type ToFirmwareWorker = { readonly start: FirmwareStart } | PortMessage | CreditMessage;

/** What the worker says besides the firmware's messages: that is what ended it, words and stack as JSON. */
export interface CrashMessage {
  readonly crash: string;
}
