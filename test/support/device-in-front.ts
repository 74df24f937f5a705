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

/** A device in front of another: all is handed on, and what it does on its own is to go, to come back and to be late. */
export abstract class DeviceInFront implements UsbDevice {
  /** The one behind it. */
  protected device: UsbDevice;
  /** Undefined while it is plugged in nowhere. */
  protected bus: DeviceBus | undefined;
  /** What it has held back, and when it lets go of it. */
  #late: { readonly answer: SetupAnswer; readonly atMs: number } | undefined;
  /** When it is plugged in again. */
  #backMs = Infinity;
  #nowMs = 0;

  constructor(device: UsbDevice) {
    this.device = device;
  }

  abstract setup(packet: SetupPacket): SetupAnswer;

  get speed(): UsbSpeed {
    return this.device.speed;
  }

  /** It leaves the bus for good; the answer to the transfer that nobody sees any more. */
  protected go(): SetupAnswer {
    this.bus?.detach();
    return STALL;
  }

  /** It leaves the bus, and loses its power. */
  protected unplug(): SetupAnswer {
    const answer = this.go();
    this.device.disconnect();
    return answer;
  }

  /** After so many ms it is plugged in again. */
  protected comeBackAfter(ms: number): void {
    this.#backMs = this.#nowMs + ms;
  }

  /** What the other answers, so many ms later. */
  protected answerAfter(packet: SetupPacket, ms: number): SetupAnswer {
    const answer = this.device.setup(packet);
    if (answer.stage !== 'in') return answer;
    this.#late = { answer, atMs: this.#nowMs + ms };
    return HELD;
  }

  connect(bus: DeviceBus): void {
    this.bus = bus;
    this.device.connect(bus);
  }

  disconnect(): void {
    this.bus = undefined;
    this.#late = undefined;
    this.#backMs = Infinity;
    this.device.disconnect();
  }

  data(bytes: Uint8Array): DataAnswer {
    return this.device.data(bytes);
  }

  done(): void {
    this.device.done();
  }

  reset(): void {
    this.#late = undefined;
    this.device.reset();
  }

  configure(value: number): boolean {
    return this.device.configure(value);
  }

  selectAlternate(interfaceNumber: number, alternate: number): boolean {
    return this.device.selectAlternate(interfaceNumber, alternate);
  }

  descriptors(): DeviceDescriptors {
    return this.device.descriptors();
  }

  tick(nowMs: number): number {
    this.#nowMs = nowMs;
    const late = this.#late;
    if (late !== undefined && nowMs >= late.atMs) {
      this.#late = undefined;
      this.bus?.resume(late.answer);
    }
    if (nowMs >= this.#backMs) {
      this.#backMs = Infinity;
      if (this.bus !== undefined) this.device.connect(this.bus);
    }
    const next = this.device.tick(nowMs);
    return Math.min(next, this.#late?.atMs ?? Infinity, this.#backMs);
  }
}
