import type { HostEvent } from '../host/index.ts';
import type {
  FlowDevice,
  FlowEnding,
  FlowFile,
  FlowFilter,
  FlowProgress,
  FlowState,
} from '../flow/index.ts';
import type { FirmwareManifest } from '../manifest/index.ts';
import type { UsbBus } from '../usb/index.ts';
import type { FlasherTexts } from './texts.ts';

/** What the element tells of. All of them bubble, and are heard outside of a shadow tree that it stands in. */
export interface DfuFlasherEventMap {
  /** It has another state, or has come further in it. */
  readonly 'dfu-state': CustomEvent<FlowState>;
  /** A device was looked at; nothing has been sent to it. */
  readonly 'dfu-connected': CustomEvent<FlowDevice>;
  /** A file was looked at; nothing has been sent yet. */
  readonly 'dfu-chosen': CustomEvent<FlowFile>;
  readonly 'dfu-progress': CustomEvent<FlowProgress>;
  /** How it ended, well or not. */
  readonly 'dfu-ended': CustomEvent<FlowEnding>;
  /** Whatever the host tells while it works. */
  readonly 'dfu-event': CustomEvent<HostEvent>;
  /** What is wrong with the page's own settings: a manifest that is not there, say. */
  readonly 'dfu-problem': CustomEvent<{ readonly message: string }>;
}

/**
 * `<dfu-flasher>`: flashes a device from a web page. What is set counts at once; while a device is being flashed, for
 * the next one.
 */
export interface DfuFlasherElement extends HTMLElement {
  /** Attribute `manifest`: where it is, relative to the page. As a property also the manifest itself. */
  manifest: string | FirmwareManifest | undefined;
  /** Attribute `src`: the one file that is flashed, where there is no manifest. */
  src: string | undefined;
  /** Attribute `filters`, as JSON: which devices are asked for; left out: those of the manifest's boards, else any with DFU. */
  filters: readonly FlowFilter[] | undefined;
  /** Attribute `alt`: alternate setting, by number or by name. */
  alt: number | string | undefined;
  /** Attribute `expected-key`: a public key as PEM, or where one is. An image that it has not signed is not sent. */
  expectedKey: string | undefined;
  /** Attribute `verify` (`verify="false"`: never): read back what was written; left out: of a DfuSe device that gives uploads. */
  verify: boolean | undefined;
  /** Attribute `channel`: only releases of this channel are offered; default `stable`. */
  channel: string | undefined;
  /** Attribute `own-file`: a file of the person's own may be flashed besides those of manifest or `src`. */
  ownFile: boolean;
  /** Where devices are; default: the browser's own, by WebUSB. */
  bus: UsbBus | undefined;
  /**
   * How a file of the manifest is had, of that size at most; default: from its server. For a page that carries its
   * firmware.
   */
  fetchFile: ((url: string, mostBytes: number) => Promise<Uint8Array>) | undefined;
  /** Texts that replace the element's own. */
  texts: Partial<FlasherTexts> | undefined;
  /** Where it stands. */
  readonly state: FlowState;
  /**
   * As the button does; from a click, where a person must point at the device. Waits for a manifest that is on its way; does nothing where
   * the button is not there.
   */
  connect(): Promise<void>;
  /**
   * As if the person had dropped that file: it is looked at, and nothing is sent yet. Does nothing before a device is connected and
   * while one is flashed.
   */
  chooseFile(file: File): Promise<void>;
  /**
   * As if the person had said where the chosen file goes. Does nothing where nobody has to say that, and for an alternate setting that the
   * file cannot go to.
   */
  chooseAlternate(alternate: number): Promise<void>;
  /** Ends what is under way as soon as that leaves the device in order; lets go of the device. */
  cancel(): Promise<void>;
  /** Everything that happened with the last device, line by line with times; empty before any. */
  log(): string;
  addEventListener<K extends keyof DfuFlasherEventMap>(
    type: K,
    listener: (this: DfuFlasherElement, event: DfuFlasherEventMap[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<K extends keyof DfuFlasherEventMap>(
    type: K,
    listener: (this: DfuFlasherElement, event: DfuFlasherEventMap[K]) => void,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | EventListenerOptions,
  ): void;
}

declare global {
  interface HTMLElementTagNameMap {
    'dfu-flasher': DfuFlasherElement;
  }
}
