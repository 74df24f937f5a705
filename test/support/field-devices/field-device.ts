import { DfuRequest } from '../../../src/dfu/index.ts';
import { DescriptorType, HELD, STALL, STATUS, StandardRequest } from '../../../src/usb/index.ts';
import type {
  DataAnswer,
  DeviceBus,
  DeviceDescriptors,
  SetupAnswer,
  SetupPacket,
  UsbDevice,
  UsbSpeed,
} from '../../../src/usb/index.ts';
import { fieldConfiguration, fieldDevice, fieldString } from './field-descriptors.ts';
import { FieldDfu } from './field-dfu.ts';
import type { FieldWords } from './words.ts';

const NOTHING: Uint8Array = new Uint8Array(0);

/** A device as it is in the field, with what is wrong in it. */
export class FieldDevice implements UsbDevice {
  readonly speed: UsbSpeed = 'full';
  /** Called with each SET_CONFIGURATION. */
  configured: () => void = () => {};
  readonly dfu: FieldDfu;
  readonly #words: FieldWords;
  #bus: DeviceBus | undefined;
  #configuration = 0;
  #isRunTime: boolean;
  #configurationAsked = false;
  #nowMs = 0;
  /** Carried out when the host has seen the answer. */
  #leaveMs: number | undefined;
  #backMs = Infinity;
  #late: { readonly atMs: number; readonly answer: SetupAnswer } | undefined;

  constructor(words: FieldWords) {
    this.#words = words;
    this.#isRunTime = words.runTime !== undefined;
    this.dfu = new FieldDfu(words, { leave: (forMs, when) => this.#leave(forMs, when) });
  }

  connect(bus: DeviceBus): void {
    this.#bus = bus;
    bus.attach();
  }

  disconnect(): void {
    this.#bus = undefined;
  }

  setup(packet: SetupPacket): SetupAnswer {
    this.#late = undefined;
    if ((packet.bmRequestType & 0x60) !== 0) {
      return this.#isRunTime ? this.#runTime(packet) : this.dfu.setup(packet);
    }
    const answer = this.#standard(packet);
    const { lateMs = 0 } = this.#words.defects ?? {};
    if (lateMs === 0) return answer;
    this.#late = { atMs: this.#nowMs + lateMs, answer };
    return HELD;
  }

  data(bytes: Uint8Array): DataAnswer {
    return this.#isRunTime ? STALL : this.dfu.data(bytes);
  }

  done(): void {
    this.#go();
  }

  reset(): void {
    this.#configuration = 0;
  }

  configure(value: number): boolean {
    this.#configuration = value;
    this.configured();
    return value <= 1;
  }

  selectAlternate(interfaceNumber: number, alternate: number): boolean {
    const { length } = this.#words.settings.filter(
      (each) => (each.interface ?? 0) === interfaceNumber,
    );
    return alternate < (this.#isRunTime ? 1 : length);
  }

  tick(nowMs: number): number {
    this.#nowMs = nowMs;
    if (nowMs >= this.#backMs) {
      this.#backMs = Infinity;
      this.#bus?.attach();
    }
    if (this.#late !== undefined && nowMs >= this.#late.atMs) {
      const { answer } = this.#late;
      this.#late = undefined;
      this.#bus?.resume(answer);
    }
    let dueMs = this.dfu.tick(nowMs);
    const held = this.dfu.due();
    if (held !== undefined) {
      dueMs = Infinity;
      this.#bus?.resume(held);
    }
    return Math.min(this.#backMs, this.#late?.atMs ?? Infinity, dueMs);
  }

  descriptors(): DeviceDescriptors {
    return {
      device: fieldDevice(this.#words, this.#isRunTime),
      configurations: [fieldConfiguration(this.#words, this.#isRunTime)],
      configurationValue: this.#configuration,
    };
  }

  /** Off the bus. */
  #leave(forMs: number, when?: 'now'): void {
    this.#leaveMs = forMs;
    if (when === 'now') this.#go();
  }

  #go(): void {
    const forMs = this.#leaveMs;
    if (forMs === undefined) return;
    this.#leaveMs = undefined;
    this.#backMs = this.#nowMs + forMs;
    this.#bus?.detach();
  }

  #runTime({ bRequest, wIndex }: SetupPacket): SetupAnswer {
    const { detachBit = 0 } = this.#words.runTime ?? {};
    if (bRequest !== DfuRequest.DETACH || (wIndex & detachBit) !== detachBit) return STALL;
    this.#isRunTime = false;
    this.#leave(200);
    return STATUS;
  }

  #standard({ bRequest, wValue, wIndex, wLength }: SetupPacket): SetupAnswer {
    switch (bRequest) {
      case StandardRequest.GET_DESCRIPTOR:
        return this.#descriptor(wValue >> 8, wValue & 0xff, wLength);
      case StandardRequest.SET_ADDRESS:
        return STATUS;
      case StandardRequest.SET_CONFIGURATION:
        return this.configure(wValue) ? STATUS : STALL;
      case StandardRequest.SET_INTERFACE:
        return this.selectAlternate(wIndex, wValue) ? STATUS : STALL;
      case StandardRequest.GET_STATUS:
        return { stage: 'in', data: Uint8Array.of(0, 0) };
      case StandardRequest.GET_CONFIGURATION:
        return { stage: 'in', data: Uint8Array.of(this.#configuration) };
      default:
        return STALL;
    }
  }

  #descriptor(type: number, index: number, wLength: number): SetupAnswer {
    const { device, configurations } = this.descriptors();
    const { configurationStallsOnce = false, longestString = Infinity } = this.#words.defects ?? {};
    let data: Uint8Array | undefined;
    if (type === DescriptorType.device) data = device;
    else if (type === DescriptorType.configuration) {
      const isFirst = !this.#configurationAsked;
      this.#configurationAsked = true;
      data = isFirst && configurationStallsOnce ? undefined : (configurations[index] ?? NOTHING);
    } else if (type === DescriptorType.string && wLength <= longestString) {
      data = fieldString(this.#words, this.#isRunTime, index);
    }
    return data === undefined ? STALL : { stage: 'in', data: data.subarray(0, wLength) };
  }
}
