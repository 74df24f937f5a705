import type { ReadFailure } from '../conversation/block-work.ts';
import type { Condition } from '../core/condition.ts';
import type { DfuProfile } from '../dfu/profile.ts';
import { failed } from '../media/medium.ts';
import type { Medium, MediumResult, Withheld } from '../media/medium.ts';
import { isWithheld } from '../media/numbered-blocks.ts';
import type { NumberedBlocks } from '../media/numbered-blocks.ts';

/** An upload from a medium: where it is, and which block was asked for last. */
export class Upload {
  readonly #profile: DfuProfile;
  readonly #blocks: NumberedBlocks;
  readonly #condition: Condition | undefined;
  /** Why the upload that has begun is refused. */
  #refusal: string | undefined;
  #medium: Medium | undefined;
  #offsetBytes = 0;
  #block = -1;
  #blockBytes = 0;

  /** `condition`: what must hold when an upload begins. */
  constructor(profile: DfuProfile, blocks: NumberedBlocks, condition?: Condition) {
    this.#profile = profile;
    this.#condition = condition;
    this.#blocks = blocks;
  }

  /** The next upload starts from the beginning. */
  begin(medium: Medium): void {
    this.#medium = medium;
    this.#refusal = this.#condition?.refusal();
    this.#offsetBytes = 0;
    this.#block = -1;
    this.#blockBytes = 0;
  }

  /** The block: up to `lengthBytes`, fewer at the end of the medium; or why not. */
  read(wBlockNum: number, lengthBytes: number): Uint8Array | ReadFailure | Withheld {
    const medium = this.#medium;
    if (this.#refusal !== undefined) return failed('errVENDOR', this.#refusal);
    if (medium?.readable !== true) {
      return failed('errVENDOR', `"${medium?.name ?? ''}" cannot be read`);
    }
    const { failsReading, failsWith } = this.#profile;
    const answer =
      this.#profile.blockNumbers === 'medium'
        ? this.#blocks.of(medium).read(wBlockNum, lengthBytes)
        : this.#read(medium, wBlockNum, lengthBytes);
    if (answer instanceof Uint8Array || isWithheld(answer)) return answer;
    return {
      status: failsWith ?? answer.status,
      reason: answer.reason ?? '',
      answered: failsReading === 'empty',
    };
  }

  #read(medium: Medium, wBlockNum: number, lengthBytes: number): Uint8Array | MediumResult {
    const repeated = this.#profile.blockNumbers === 'checked' && wBlockNum === this.#block;
    const offsetBytes = this.#offsetBytes - (repeated ? this.#blockBytes : 0);
    const next = (this.#block + 1) & 0xffff;
    if (this.#profile.blockNumbers === 'checked' && this.#block >= 0 && !repeated) {
      if (wBlockNum !== next) {
        return failed('errADDRESS', `expected block ${next}, got ${wBlockNum}`);
      }
    }
    const answer = medium.read(offsetBytes, lengthBytes);
    if (!(answer instanceof Uint8Array)) {
      return answer.status === 'OK' ? failed('errUNKNOWN', 'no bytes were read') : answer;
    }
    const bytes = answer.length > lengthBytes ? answer.subarray(0, lengthBytes) : answer;
    this.#block = wBlockNum;
    this.#blockBytes = bytes.length;
    this.#offsetBytes = offsetBytes + bytes.length;
    return bytes;
  }
}
