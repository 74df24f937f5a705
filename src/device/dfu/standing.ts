import { stateNumber } from '../../dfu/index.ts';
import type { DfuState } from '../../dfu/index.ts';
import { OUT, STATUS, isIn } from '../../usb/index.ts';
import type { SetupAnswer, SetupPacket } from '../../usb/index.ts';
import type { DfuContext, DfuEffect, DfuEvent } from './machine.ts';
import { dfuMachine } from './profile.ts';
import type { ConversationProfile, DfuMachine } from './profile.ts';
import { DfuReport } from './report.ts';

const NO_BYTES: SetupAnswer = { stage: 'in', data: new Uint8Array(0) };

/** Acknowledged, and no more: no bytes to the host, and those from it are not looked at. */
export function acknowledged(packet: SetupPacket): SetupAnswer {
  if (isIn(packet)) return NO_BYTES;
  return packet.wLength > 0 ? OUT : STATUS;
}

/** Where a function stands in the table, and what it says of that. Nothing else changes the state. */
export class DfuStanding {
  readonly report: DfuReport = new DfuReport();
  readonly #fixed: ConversationProfile['fixedReport'];
  readonly #tellsBefore: boolean;
  readonly #exactLengths: boolean;
  readonly #machine: DfuMachine;
  #state: DfuState;

  constructor(profile: ConversationProfile, first: DfuState) {
    this.#fixed = profile.fixedReport;
    this.#tellsBefore = profile.reports === 'before';
    this.#exactLengths = profile.exactLengths === true;
    this.#machine = dfuMachine(profile);
    this.#state = first;
  }

  get state(): DfuState {
    return this.#state;
  }

  /** What the table would say to do; the state stays. */
  ask(event: DfuEvent, context: DfuContext): DfuEffect {
    return this.#machine(this.#state, event, context)[1];
  }

  /** Goes where the table says; the answer is what to do about it. */
  step(event: DfuEvent, context: DfuContext): DfuEffect {
    const step = this.#machine(this.#state, event, context);
    this.#state = step[0];
    return step[1];
  }

  /** The answer to DFU_GETSTATUS; `before`: the state that the request came in. */
  tellStatus(packet: SetupPacket, pollTimeoutMs: number, before: DfuState): SetupAnswer {
    const fixed = this.#fixed;
    const shownMs = fixed?.pollTimeoutMs ?? pollTimeoutMs;
    const state = this.#tellsBefore ? before : this.#state;
    return this.#told(packet, this.report.bytes(state, shownMs, fixed?.status));
  }

  /** The answer to DFU_GETSTATE. */
  tellState(packet: SetupPacket, before: DfuState): SetupAnswer {
    return this.#told(packet, Uint8Array.of(stateNumber(this.#tellsBefore ? before : this.#state)));
  }

  /** As far as the profile lets it be told. */
  #told(packet: SetupPacket, data: Uint8Array): SetupAnswer {
    const fits = !this.#exactLengths || packet.wLength === data.length;
    return fits && isIn(packet) ? { stage: 'in', data } : acknowledged(packet);
  }
}
