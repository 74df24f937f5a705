import type { SendOutcome } from '../bytes/index.ts';
import type { DfuState } from '../dfu/index.ts';
import type { DeviceFilter } from '../usb/index.ts';
import type { DfuInterface } from './dfu-interface.ts';
import type { Application, DownloadEnding, UploadEnding } from './endings.ts';
import type { ResetOutcome } from './steps.ts';

/** What a listener is told while the host works. Plain data: as JSON it is the program's output. */
export type HostEvent =
  /** Nothing matches yet; the host waits for it to be plugged in. */
  | { readonly type: 'waiting' }
  /** This interface was chosen. */
  | { readonly type: 'selected'; readonly interface: DfuInterface }
  /** The device in run-time mode is asked into DFU mode. */
  | { readonly type: 'detaching'; readonly interface: DfuInterface }
  /**
   * It has left, and a person must point at it in its other mode before the bus lists it: `UsbBus.request` with these
   * filters, from a click. The search goes on meanwhile, and its time stands still. Told once.
   */
  | {
      readonly type: 'permission';
      readonly interface: DfuInterface;
      readonly filters: readonly DeviceFilter[];
      /** Why, in a sentence for that person. */
      readonly why: string;
    }
  /** It came back in DFU mode, so many ms after it was asked. */
  | { readonly type: 'returned'; readonly interface: DfuInterface; readonly afterMs: number }
  /** The interface is claimed and the device idle; blocks will have this size. */
  | { readonly type: 'ready'; readonly transferSizeBytes: number }
  | {
      readonly type: 'progress';
      /** `verify`: the device is read back, before or behind the writing. */
      readonly operation: 'download' | 'upload' | 'erase' | 'verify';
      readonly doneBytes: number;
      /** Undefined where the length is not known beforehand. */
      readonly totalBytes: number | undefined;
    }
  /** All data is in the device, which now makes it its firmware. */
  | { readonly type: 'manifesting'; readonly state: DfuState | undefined }
  /** All that was planned has been acknowledged. */
  | ({ readonly type: 'downloaded' } & DownloadEnding)
  | ({ readonly type: 'uploaded' } & UploadEnding)
  /** The device was asked to leave DFU mode. */
  | {
      readonly type: 'leaving';
      /** False if it refused DFU_DETACH, or did not answer. */
      readonly accepted: boolean;
      readonly reset: ResetOutcome | undefined;
    }
  /** It was waited for the application; without one none has come. `outcome` is the last word on the download. */
  | {
      readonly type: 'application';
      readonly outcome: SendOutcome;
      readonly application: Application | undefined;
    }
  /** Something that a person should know and a program need not act on. */
  | {
      readonly type: 'note';
      readonly message: string;
      /** True where nothing is wrong or open: what was looked at and found as it should be. */
      readonly isGood?: true | undefined;
    };

export type HostListener = (event: HostEvent) => void;
