import type { DfuErrorCode, SendOutcome } from '../bytes/index.ts';
import type { DescribedStep, DfuInterface } from '../host/index.ts';
import type { ManifestBoard, ManifestFile, ManifestRelease } from '../manifest/index.ts';
import type { FlowText } from './flow-text.ts';

/** A device that was looked at. */
export interface FlowDevice {
  /** As a person knows it: the manifest's board, else its own words for itself, else its ids. */
  readonly name: string;
  /** Its ids in the mode it is in, `1209:7d02`. */
  readonly id: string;
  /** What it calls itself (iProduct); undefined where it says nothing. */
  readonly product: string | undefined;
  /** Run-time: its application runs and is asked away first. */
  readonly mode: 'runtime' | 'dfu';
  /** Undefined where it has none, or does not give it. */
  readonly serial: string | undefined;
  /** The version that runs, as its bcdDevice says (`1.02`); undefined in DFU mode, where that is the loader's. */
  readonly version: string | undefined;
  /** The manifest's board that it is; undefined without a manifest. A device that none fits is refused. */
  readonly board: ManifestBoard | undefined;
  /** In DFU mode it may be other boards of the manifest as well: which one it is, is what a person says by choosing. */
  readonly isBoardSaid: boolean;
  readonly interfaces: readonly DfuInterface[];
}

/** A file that the manifest has for the device. */
export interface FlowOffer {
  readonly release: ManifestRelease;
  readonly file: ManifestFile;
  /** Why it cannot be chosen: too old a device, say. Undefined: it can. */
  readonly barred: FlowText | undefined;
  /** What is not known of whether the device should have it. */
  readonly doubt: FlowText | undefined;
  /** What it is against the version that runs; undefined where that is not known, as in DFU mode. */
  readonly change: 'update' | 'same' | 'downgrade' | undefined;
}

/** Something that did not go as it should, before anything was sent. */
export interface FlowProblem {
  readonly code: DfuErrorCode;
  readonly said: FlowText;
}

/** Something that was found out about a file, for a person. */
export interface FlowFinding {
  /** `good`: as it should be; `bad`: it will not be sent; `unknown`: could not be found out; `plain`: neither good nor bad. */
  readonly rating: 'good' | 'bad' | 'unknown' | 'plain';
  readonly topic: 'format' | 'version' | 'hash' | 'signature' | 'fit' | 'target' | 'note';
  readonly said: FlowText;
}

/** A place of a device that firmware can go to: an alternate setting. */
export interface FlowAlternate {
  readonly alternate: number;
  readonly name: string;
}

/** What a file is, and what sending it comes to; nothing has been sent yet. */
export interface FlowFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly offer: FlowOffer | undefined;
  readonly findings: readonly FlowFinding[];
  /** What will be done to the device's memory; empty where only the device in DFU mode tells. */
  readonly steps: readonly DescribedStep[];
  /** The same in sentences. */
  readonly plan: readonly FlowText[];
  /** Alternate settings that it may go to, where a person has to say which; empty otherwise. */
  readonly alternates: readonly FlowAlternate[];
  /** The one that was said, by a person or by the manifest. */
  readonly alternate: number | undefined;
  /**
   * Whether everything in the device is erased first, settings included, or only what is written to; undefined where
   * there is no such choice.
   */
  readonly erase: FlowErase | undefined;
  /** Why it is not sent, if it is not. */
  readonly refused: FlowProblem | undefined;
  /** Whether `flash` may be called: nothing is refused, and nothing is left to say. */
  readonly isReady: boolean;
}

/** `needed`: the sectors that are written to, so that settings elsewhere are kept; `all`: the whole memory. */
export type FlowErase = 'needed' | 'all';

export type FlowPhase =
  | 'detach'
  /** A person must allow the page the device in its other mode: `allow`, from a click. */
  | 'permission'
  /** The device in DFU mode is opened, and asked how it stands. */
  | 'prepare'
  | 'erase'
  | 'download'
  | 'manifest'
  | 'verify'
  /** The application is waited for. */
  | 'application';

export interface FlowProgress {
  readonly phase: FlowPhase;
  readonly doneBytes: number;
  readonly totalBytes: number | undefined;
  /** Of this phase, smoothed; undefined before anything is known. */
  readonly bytesPerSecond: number | undefined;
  readonly remainingMs: number | undefined;
  /** In phase `permission`: why a person is asked again. */
  readonly why: FlowText | undefined;
}

/** How it ended, truthfully. */
export interface FlowEnding {
  /** What has become of the device's memory; `unchanged` also where nothing was begun. */
  readonly outcome: SendOutcome;
  /** `good`: all acknowledged, and nothing is open; `unknown`: all acknowledged, and something is; `bad`: it failed. */
  readonly rating: 'good' | 'unknown' | 'bad';
  /** One plain sentence that says what really happened. */
  readonly said: FlowText;
  /** What to do, if anything is to be done. */
  readonly remedy: FlowText | undefined;
  readonly code: DfuErrorCode | undefined;
  /** What the host says of it, for somebody who knows DFU; in English. */
  readonly detail: string | undefined;
  /** The version that runs afterwards, where it was waited for. */
  readonly runs: string | undefined;
}

/** Where a flow stands. Plain data. */
export type FlowState =
  | {
      readonly step: 'idle';
      /** Why there is no device, if one was looked for. */
      readonly problem: FlowProblem | undefined;
    }
  /** Nothing can be flashed from here, and why: no WebUSB in this browser, an insecure page, a page that is not allowed to. */
  | {
      readonly step: 'unsupported';
      readonly why: 'no-usb' | 'insecure' | 'not-allowed';
      readonly said: FlowText;
    }
  /** A device is pointed at, or read. */
  | { readonly step: 'connecting' }
  /** There are several, or one that may be several boards: a person says which. */
  | { readonly step: 'choosing'; readonly devices: readonly FlowDevice[] }
  | {
      readonly step: 'connected';
      readonly device: FlowDevice;
      readonly offers: readonly FlowOffer[];
      /** What went wrong with the last file that was to be chosen: not there, wrong hash. */
      readonly problem: FlowProblem | undefined;
    }
  /** The file is fetched and looked at. */
  | { readonly step: 'reading'; readonly device: FlowDevice; readonly name: string }
  | { readonly step: 'chosen'; readonly device: FlowDevice; readonly file: FlowFile }
  | {
      readonly step: 'working';
      readonly device: FlowDevice;
      readonly file: FlowFile;
      readonly progress: FlowProgress;
    }
  | {
      readonly step: 'ended';
      readonly device: FlowDevice;
      readonly file: FlowFile;
      readonly ending: FlowEnding;
    };
