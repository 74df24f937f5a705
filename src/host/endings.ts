import type { SendOutcome, SendProgress } from '../bytes/index.ts';
import type { Ended } from './ending-steps.ts';

/** What is known after a download, whatever was sent: what was meant to reach the device, and what it has acknowledged. */
export interface DownloadEnding extends Ended, SendProgress {
  /** What has become of the device's memory. */
  readonly outcome: SendOutcome;
  /** Blocks and bytes that the device has acknowledged. */
  readonly blocks: number;
  readonly bytes: number;
}

/** What an upload brought. */
export interface UploadEnding {
  readonly blocks: number;
  readonly bytes: number;
  /** How many bytes it was to bring; undefined where nobody knew. */
  readonly plannedBytes: number | undefined;
}
