import type { DfuAttributes, DfuState, DfuStatus } from '../../dfu/index.ts';
import type { DfuContext, DfuWork } from '../dfu/machine.ts';
import type { DfuSeJobs } from './jobs.ts';

/** What the state machine asks of a DfuSe function, looked up when it asks. */
export class DfuSeContext implements DfuContext {
  readonly canDnload: boolean;
  readonly canUpload: boolean;
  readonly manifestationTolerant: boolean;
  /** A download may end anywhere: to leave is all that it means. */
  readonly complete = true;
  /** Nobody but the host says when to leave. */
  readonly firmwareGood = true;
  state: DfuState = 'dfuIDLE';
  enumerated = false;
  /** The status of a failure that is not a job's; `OK` for none. */
  failing: DfuStatus = 'OK';
  readonly #jobs: DfuSeJobs;

  constructor(attributes: DfuAttributes, jobs: DfuSeJobs) {
    this.canDnload = attributes.canDnload;
    this.canUpload = attributes.canUpload;
    this.manifestationTolerant = attributes.manifestationTolerant;
    this.#jobs = jobs;
  }

  get work(): DfuWork {
    return this.#jobs.starting ? 'busy' : this.#jobs.work.state;
  }

  get failure(): DfuStatus {
    return this.failing === 'OK' ? this.#jobs.work.failure : this.failing;
  }

  get mayLeave(): boolean {
    return this.state === 'dfuMANIFEST-WAIT-RESET';
  }
}
