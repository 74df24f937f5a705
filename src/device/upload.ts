import type { DfuStatus } from '../dfu/index.ts';
import type { DfuProfile } from './dfu-profile.ts';
import type { Medium, MediumResult } from './medium.ts';

/** An upload from a medium: where it is, and which block was asked for last. */
export class Upload {
  readonly #profile: DfuProfile;
  #medium: Medium | undefined;
  #offsetBytes = 0;
  #block = -1;
  #blockBytes = 0;

  constructor(profile: DfuProfile) {
    this.#profile = profile;
  }

  /** The next upload starts from the beginning. */
  begin(medium: Medium): void {
    this.#medium = medium;
    this.#offsetBytes = 0;
    this.#block = -1;
    this.#blockBytes = 0;
  }

  /** The block: up to `lengthBytes`, fewer at the end of the medium; or why not. */
  read(wBlockNum: number, lengthBytes: number): Uint8Array | MediumResult {
    const medium = this.#medium;
    if (medium?.readable !== true) {
      return refused('errVENDOR', `"${medium?.name ?? ''}" cannot be read`);
    }
    const repeated = this.#profile.blockNumbers === 'checked' && wBlockNum === this.#block;
    const offsetBytes = this.#offsetBytes - (repeated ? this.#blockBytes : 0);
    const next = (this.#block + 1) & 0xffff;
    if (this.#profile.blockNumbers === 'checked' && this.#block >= 0 && !repeated) {
      if (wBlockNum !== next) {
        return refused('errADDRESS', `expected block ${next}, got ${wBlockNum}`);
      }
    }
    const answer = medium.read(offsetBytes, lengthBytes);
    if (!(answer instanceof Uint8Array)) {
      return answer.status === 'OK' ? refused('errUNKNOWN', 'no bytes were read') : answer;
    }
    const bytes = answer.length > lengthBytes ? answer.subarray(0, lengthBytes) : answer;
    this.#block = wBlockNum;
    this.#blockBytes = bytes.length;
    this.#offsetBytes = offsetBytes + bytes.length;
    return bytes;
  }
}

function refused(status: DfuStatus, reason: string): MediumResult {
  return { status, busyMs: 0, reason };
}
