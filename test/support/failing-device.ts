import { DfuRequest } from '../../src/dfu/index.ts';
import { HELD, STALL } from '../../src/usb/index.ts';
import type {
  DataAnswer,
  DeviceBus,
  DeviceDescriptors,
  SetupAnswer,
  SetupPacket,
  UsbDevice,
  UsbSpeed,
} from '../../src/usb/index.ts';

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
export class FailingDevice implements UsbDevice {
  /** The transfer that failed, or the first of them. */
  failed: SetupPacket | undefined;
  /** Whether a block or a command with data was on its way. */
  touched = false;
  readonly #device: UsbDevice;
  readonly #fault: Fault;
  readonly #at: number;
  #bus: DeviceBus | undefined;
  #count = 0;
  #armed = false;
  /** What it has held back, and when it lets go of it. */
  #late: { readonly answer: SetupAnswer; readonly atMs: number } | undefined;
  /** When it is plugged in again. */
  #backMs = Infinity;
  #nowMs = 0;

  constructor(device: UsbDevice, fault: Fault, at: number) {
    this.#device = device;
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

  get speed(): UsbSpeed {
    return this.#device.speed;
  }

  connect(deviceBus: DeviceBus): void {
    this.#bus = deviceBus;
    this.#device.connect(deviceBus);
  }

  disconnect(): void {
    this.#bus = undefined;
    this.#late = undefined;
    this.#backMs = Infinity;
    this.#device.disconnect();
  }

  setup(packet: SetupPacket): SetupAnswer {
    if (this.#armed && isBlock(packet) && packet.wLength > 0) this.touched = true;
    const number = this.#count;
    if (this.#armed) this.#count += 1;
    if (!this.#armed || number < this.#at) return this.#device.setup(packet);
    const isIt = number === this.#at;
    if (isIt) this.failed = packet;
    switch (this.#fault) {
      case 'silent':
        return HELD;
      case 'stalls once':
        return isIt ? STALL : this.#device.setup(packet);
      case 'stalls':
        return STALL;
      case 'vanishes':
        this.#bus?.detach();
        return STALL;
      case 'answers short': {
        const answer = this.#device.setup(packet);
        if (!isIt || answer.stage !== 'in') return answer;
        return { stage: 'in', data: answer.data.subarray(0, answer.data.length >> 1) };
      }
      case 'answers otherwise': {
        const answer = this.#device.setup(packet);
        if (!isIt || answer.stage !== 'in') return answer;
        return { stage: 'in', data: answer.data.map((byte) => byte ^ 0xff) };
      }
      case 'goes and comes back':
        if (!isIt) return this.#device.setup(packet);
        this.#backMs = this.#nowMs + AWAY_MS;
        this.#bus?.detach();
        this.#device.disconnect();
        return STALL;
      case 'slow': {
        const answer = this.#device.setup(packet);
        if (answer.stage !== 'in') return answer;
        this.#late = { answer, atMs: this.#nowMs + LATE_MS };
        return HELD;
      }
      default:
        return this.#fault satisfies never;
    }
  }

  data(bytes: Uint8Array): DataAnswer {
    return this.#device.data(bytes);
  }
  done(): void {
    this.#device.done();
  }
  reset(): void {
    this.#late = undefined;
    this.#device.reset();
  }
  configure(value: number): boolean {
    return this.#device.configure(value);
  }
  selectAlternate(interfaceNumber: number, alternate: number): boolean {
    return this.#device.selectAlternate(interfaceNumber, alternate);
  }
  descriptors(): DeviceDescriptors {
    return this.#device.descriptors();
  }

  tick(nowMs: number): number {
    this.#nowMs = nowMs;
    const late = this.#late;
    if (late !== undefined && nowMs >= late.atMs) {
      this.#late = undefined;
      this.#bus?.resume(late.answer);
    }
    if (nowMs >= this.#backMs) {
      this.#backMs = Infinity;
      if (this.#bus !== undefined) this.#device.connect(this.#bus);
    }
    const next = this.#device.tick(nowMs);
    return Math.min(next, this.#late?.atMs ?? Infinity, this.#backMs);
  }
}

export function isBlock({ bmRequestType, bRequest }: SetupPacket): boolean {
  return bmRequestType === 0x21 && bRequest === DfuRequest.DNLOAD;
}
