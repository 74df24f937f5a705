import { DfuRequest } from '../../src/dfu/index.ts';
import { HELD, STALL } from '../../src/usb/index.ts';
import type { SetupAnswer, SetupPacket, UsbDevice } from '../../src/usb/index.ts';
import { DeviceInFront } from './device-in-front.ts';

/* A device in front of another, which fails one transfer of a conversation, or all from one on. */

/** From that transfer on, or at it alone, as the name says. */
export const faults = [
  'silent',
  'stalls once',
  'stalls',
  'vanishes',
  'answers short',
  'answers otherwise',
  'goes and comes back',
  'slow',
] as const;
export type Fault = (typeof faults)[number];

/** How long one is gone that comes back, in ms. */
const AWAY_MS = 300;

/** How late a slow device answers, in ms. */
const LATE_MS = 900;

/** Another device in front of it, which fails one transfer, or all from one on. */
export class FailingDevice extends DeviceInFront {
  /** The transfer that failed, or the first of them. */
  failed: SetupPacket | undefined;
  /** Whether a block or a command with data was on its way. */
  touched = false;
  readonly #fault: Fault;
  readonly #at: number;
  #count = 0;
  #armed = false;

  constructor(device: UsbDevice, fault: Fault, at: number) {
    super(device);
    this.#fault = fault;
    this.#at = at;
  }

  /** The host has found it; the transfers are counted from here. */
  arm(): void {
    this.#armed = true;
  }

  /** Whether the conversation has come to the transfer that fails. */
  get struck(): boolean {
    return this.#count > this.#at;
  }

  setup(packet: SetupPacket): SetupAnswer {
    if (this.#armed && isBlock(packet) && packet.wLength > 0) this.touched = true;
    const number = this.#count;
    if (this.#armed) this.#count += 1;
    if (!this.#armed || number < this.#at) return this.device.setup(packet);
    const isIt = number === this.#at;
    if (isIt) this.failed = packet;
    switch (this.#fault) {
      case 'silent':
        return HELD;
      case 'stalls once':
        return isIt ? STALL : this.device.setup(packet);
      case 'stalls':
        return STALL;
      case 'vanishes':
        return this.go();
      case 'answers short': {
        const answer = this.device.setup(packet);
        if (!isIt || answer.stage !== 'in') return answer;
        return { stage: 'in', data: answer.data.subarray(0, answer.data.length >> 1) };
      }
      case 'answers otherwise': {
        const answer = this.device.setup(packet);
        if (!isIt || answer.stage !== 'in') return answer;
        return { stage: 'in', data: answer.data.map((byte) => byte ^ 0xff) };
      }
      case 'goes and comes back':
        if (!isIt) return this.device.setup(packet);
        this.comeBackAfter(AWAY_MS);
        return this.unplug();
      case 'slow':
        return this.answerAfter(packet, LATE_MS);
      default:
        return this.#fault satisfies never;
    }
  }
}

export function isBlock({ bmRequestType, bRequest }: SetupPacket): boolean {
  return bmRequestType === 0x21 && bRequest === DfuRequest.DNLOAD;
}
