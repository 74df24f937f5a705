import type { DfuAttributes, DfuState, DfuStatus } from '../../dfu/index.ts';
import type { DfuContext, DfuWork } from '../dfu/machine.ts';
import type { DfuModeOptions } from './options.ts';
import type { Download } from './download.ts';

/** What the state machine asks, looked up when it asks. */
export class LiveContext implements DfuContext {
  readonly canDnload: boolean;
  readonly canUpload: boolean;
  readonly manifestationTolerant: boolean;
  state: DfuState = 'dfuIDLE';
  /** The host has configured the device since it entered DFU mode. */
  enumerated = false;
  /** A download has been manifested since the last one began. */
  completed = false;
  /** The alternate setting. */
  selected = 0;
  /** The status of a failure that is not the download's; `OK` for none. */
  failing: DfuStatus = 'OK';
  readonly #options: DfuModeOptions;
  readonly #download: Download;

  constructor(options: DfuModeOptions, attributes: DfuAttributes, download: Download) {
    this.canDnload = attributes.canDnload;
    this.canUpload = attributes.canUpload;
    this.manifestationTolerant = attributes.manifestationTolerant;
    this.#options = options;
    this.#download = download;
  }

  get work(): DfuWork {
    return this.#download.work.state;
  }

  get failure(): DfuStatus {
    return this.failing === 'OK' ? this.#download.work.failure : this.failing;
  }

  get complete(): boolean {
    return this.#download.complete;
  }

  get firmwareGood(): boolean {
    return this.#options.firmwareGood?.() ?? true;
  }

  get mayLeave(): boolean {
    const { leaveOnReset = 'completed' } = this.#options;
    if (leaveOnReset !== 'completed') return leaveOnReset === 'always';
    if (this.state === 'dfuMANIFEST-WAIT-RESET') return true;
    return this.state === 'dfuIDLE' && this.completed;
  }

  get refused(): boolean {
    return this.#options.media[this.selected]?.blocks?.mayLeave?.(this.state) === false;
  }
}
