import { DfuRequest } from '../../src/dfu/index.ts';
import type { LoopbackBus } from '../../src/link/loopback/index.ts';
import { DescriptorType, HELD, STALL, StandardRequest } from '../../src/usb/index.ts';
import type { DataAnswer, SetupAnswer, SetupPacket, UsbDevice } from '../../src/usb/index.ts';
import { DeviceInFront } from '../support/device-in-front.ts';
import { isBlock } from '../support/failing-device.ts';
import { lyingConfiguration, lyingStatus, lyingString } from './lies.ts';
import { mutated } from './mutate.ts';
import type { Random } from './random.ts';

/** How a liar is. */
interface LiarWords {
  readonly random: Random;
  /** It lies once in that many transfers. */
  readonly once: number;
  /** Its descriptors are never those of a sound device. */
  readonly lyingDescriptors?: boolean | undefined;
  /** What it comes back as, if not as itself. */
  readonly others?: (() => UsbDevice) | undefined;
}

/** A device that is right most of the time, and otherwise lies, refuses, keeps silent, goes or becomes another. */
export class Liar extends DeviceInFront {
  /** Bytes of DFU_DNLOAD that it has acknowledged. */
  acknowledged = 0;
  readonly #words: LiarWords;
  readonly #random: Random;
  /** What it says of itself each time. */
  readonly #said = new Map<number, Uint8Array>();
  #elsewhere: LoopbackBus | undefined;
  #armed = false;
  #pending = 0;
  /** How often it will yet come or go, one a millisecond. */
  #flood = 0;

  constructor(device: UsbDevice, words: LiarWords) {
    super(device);
    this.#words = words;
    this.#random = words.random;
  }

  /** From now on it lies; where it may come back at another port of that bus. */
  arm(bus?: LoopbackBus): void {
    this.#armed = true;
    this.#elsewhere = bus;
  }

  override disconnect(): void {
    this.#flood = 0;
    super.disconnect();
  }

  setup(packet: SetupPacket): SetupAnswer {
    this.#pending = isBlock(packet) ? packet.wLength : 0;
    const { once, lyingDescriptors = false } = this.#words;
    if (!this.#armed) return this.device.setup(packet);
    if (lyingDescriptors && isOfDescriptor(packet)) return this.#lie(packet);
    if (!this.#random.once(once)) return this.device.setup(packet);
    switch (this.#random.below(12)) {
      case 0:
      case 1:
        return STALL;
      case 2:
        return HELD;
      case 3:
        return this.go();
      case 4:
        return this.#goAndComeBack();
      case 5:
        this.#flood = 2 * (1 + this.#random.below(100));
        return this.device.setup(packet);
      case 6:
        return this.answerAfter(packet, this.#random.pick([1, 999, 4999, 5001, 36_000]));
      default:
        return this.#lie(packet);
    }
  }

  #goAndComeBack(): SetupAnswer {
    const answer = this.unplug();
    const { others } = this.#words;
    const isOther = others !== undefined && this.#random.once(2);
    if (isOther && this.#random.once(2)) this.#elsewhere?.plug(others());
    else {
      if (isOther) this.device = others();
      this.comeBackAfter(this.#random.pick([0, 1, 300, 3000, 9999, 20_000]));
    }
    return answer;
  }

  /** The answer that would be right, with something wrong in it. */
  #lie(packet: SetupPacket): SetupAnswer {
    const answer = this.device.setup(packet);
    if (answer.stage !== 'in') return answer;
    const data = this.#wrong(packet, answer.data);
    return { stage: 'in', data: data.subarray(0, packet.wLength) };
  }

  #wrong({ bmRequestType, bRequest, wValue, wLength }: SetupPacket, right: Uint8Array): Uint8Array {
    if (bmRequestType === 0xa1 && bRequest === DfuRequest.GETSTATUS)
      return lyingStatus(this.#random);
    if (bmRequestType === 0x80 && bRequest === StandardRequest.GET_DESCRIPTOR) {
      const before = this.#said.get(wValue);
      if (before !== undefined) return before;
      const type = wValue >> 8;
      if (type === DescriptorType.configuration && right.length > 9) {
        return this.#say(wValue, lyingConfiguration(right, this.#random));
      }
      if (type === DescriptorType.string && (wValue & 0xff) !== 0) {
        return this.#say(wValue, lyingString(this.#random));
      }
    }
    return this.#random.once(3)
      ? this.#random.bytes(this.#random.below(wLength + 1))
      : mutated(right, this.#random);
  }

  #say(what: number, bytes: Uint8Array): Uint8Array {
    this.#said.set(what, bytes);
    return bytes;
  }

  override data(bytes: Uint8Array): DataAnswer {
    const answer = super.data(bytes);
    if (answer.stage === 'status') this.acknowledged += this.#pending;
    return answer;
  }

  override tick(nowMs: number): number {
    if (this.#flood > 0) {
      this.#flood -= 1;
      if (this.#flood % 2 === 1) this.bus?.detach();
      else this.bus?.attach();
    }
    const next = super.tick(nowMs);
    return this.#flood > 0 ? Math.min(next, nowMs + 1) : next;
  }
}

/** Whether a configuration or a name is asked for. */
function isOfDescriptor({ bmRequestType, bRequest, wValue }: SetupPacket): boolean {
  if (bmRequestType !== 0x80 || bRequest !== StandardRequest.GET_DESCRIPTOR) return false;
  const type = wValue >> 8;
  if (type === DescriptorType.configuration) return true;
  return type === DescriptorType.string && (wValue & 0xff) !== 0;
}
