import type { DfuAttributes, DfuState, DfuStatus } from '../../dfu/index.ts';
import type { DfuContext, DfuWork } from '../dfu/machine.ts';
import type { BlockWork } from './block-work.ts';
import type { LeaveOnReset } from './leave.ts';

/** What the device allows, besides what its work says. */
export interface LeavePolicy {
  /** Whether the application can run, asked when a reset would start it. Default: it can. */
  readonly firmwareGood?: (() => boolean) | undefined;
  /** Default `completed`. */
  readonly leaveOnReset?: LeaveOnReset | undefined;
}

/** What the state machine asks, looked up when it asks. */
export class LiveContext implements DfuContext {
  readonly canDnload: boolean;
  readonly canUpload: boolean;
  readonly manifestationTolerant: boolean;
  readonly lingers: boolean;
  state: DfuState = 'dfuIDLE';
  /** The host has configured the device since it entered DFU mode. */
  enumerated = false;
  /** The status of a failure that is not the work's; `OK` for none. */
  failing: DfuStatus = 'OK';
  blockFrom: DfuState | undefined;
  readonly #policy: LeavePolicy;
  readonly #work: BlockWork<string>;

  constructor(
    attributes: DfuAttributes,
    work: BlockWork<string>,
    { policy, lingers }: { policy: LeavePolicy; lingers: boolean },
  ) {
    this.canDnload = attributes.canDnload;
    this.canUpload = attributes.canUpload;
    this.manifestationTolerant = attributes.manifestationTolerant;
    this.lingers = lingers;
    this.#work = work;
    this.#policy = policy;
  }

  get work(): DfuWork {
    return this.#work.state;
  }

  get failure(): DfuStatus {
    return this.failing === 'OK' ? this.#work.failure : this.failing;
  }

  get complete(): boolean {
    return this.#work.complete;
  }

  get firmwareGood(): boolean {
    return this.#policy.firmwareGood?.() ?? true;
  }

  get mayLeave(): boolean {
    const { leaveOnReset = 'completed' } = this.#policy;
    if (leaveOnReset !== 'completed') return leaveOnReset === 'always';
    if (this.state === 'dfuMANIFEST-WAIT-RESET') return true;
    return this.state === 'dfuIDLE' && this.#work.completed;
  }

  get refused(): boolean {
    return this.#work.refuses?.(this.state) === true;
  }
}
