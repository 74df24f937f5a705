import type { SendOutcome, SendProgress } from '../bytes/index.ts';
import type { Ended } from './ending-steps.ts';
import type { TimeSpent } from './time-spent.ts';

/** An application that has come back. What could not be asked of it, because others hold it, is undefined. */
export interface Application {
  readonly idVendor: number;
  readonly idProduct: number;
  readonly bcdDevice: number;
  readonly serial: string | undefined;
  readonly product: string | undefined;
  /** How long it took, in ms, from the end of the download on. */
  readonly afterMs: number;
}

/** What is known after a download, whatever was sent: what was meant to reach the device, and what it has acknowledged. */
export interface DownloadEnding extends Ended, SendProgress {
  /** What has become of the device's memory. */
  readonly outcome: SendOutcome;
  /** Why it was not read back though that was asked for, in words. */
  readonly unverified?: string | undefined;
  /** What was there already and was left alone, where that was looked for. */
  readonly kept?: { readonly sectors: number; readonly bytes: number } | undefined;
  /** The application that has come back, where it was waited for and came. */
  readonly application?: Application | undefined;
  /** Blocks and bytes that the device has acknowledged. */
  readonly blocks: number;
  readonly bytes: number;
  /** Where the time went. */
  readonly spent: TimeSpent;
}

/** What an upload brought. */
export interface UploadEnding {
  readonly blocks: number;
  readonly bytes: number;
  /** How many bytes it was to bring; undefined where nobody knew. */
  readonly plannedBytes: number | undefined;
}
