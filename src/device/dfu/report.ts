import { statusAnswer, statusMeaning, statusNumber, stateNumber } from '../../dfu/index.ts';
import type { DfuState, DfuStatus } from '../../dfu/index.ts';

/** bStatus and what belongs to it, and the six bytes of DFU_GETSTATUS. */
export class DfuReport {
  /** Index of the string with the reason. */
  iString = 0;
  /** Told of each status that follows upon `OK`. */
  onFailure: ((status: Exclude<DfuStatus, 'OK'>, reason: string) => void) | undefined;
  #status: DfuStatus = 'OK';
  #reason = '';
  readonly #bytes: Uint8Array = new Uint8Array(statusAnswer.size);

  get status(): DfuStatus {
    return this.#status;
  }

  /** In words why the status is not `OK`; empty if it is. */
  get reason(): string {
    return this.#reason;
  }

  /** Without a reason, what the status means is told. */
  set(status: DfuStatus, reason = ''): void {
    const before = this.#status;
    this.#status = status;
    this.#reason = status !== 'OK' && reason === '' ? statusMeaning(status) : reason;
    if (before === 'OK' && status !== 'OK') this.onFailure?.(status, this.#reason);
  }

  /** The answer; the same bytes are used again for the next one. */
  bytes(state: DfuState, pollTimeoutMs: number, fixed?: DfuStatus): Uint8Array {
    const status = fixed ?? this.#status;
    const bytes = this.#bytes;
    bytes[0] = statusNumber(status);
    bytes[1] = pollTimeoutMs & 0xff;
    bytes[2] = (pollTimeoutMs >> 8) & 0xff;
    bytes[3] = (pollTimeoutMs >> 16) & 0xff;
    bytes[4] = stateNumber(state);
    bytes[5] = status === 'OK' ? 0 : this.iString;
    return bytes;
  }
}
