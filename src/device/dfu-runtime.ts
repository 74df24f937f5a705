import { DFU_CLASS, DFU_SUBCLASS, DfuProtocol, stateNumber } from '../dfu/index.ts';
import type { DfuState } from '../dfu/index.ts';
import { DescriptorType, HELD, STALL, STATUS, isIn } from '../usb/index.ts';
import type { DataAnswer, SetupAnswer, SetupPacket, SettingParts } from '../usb/index.ts';
import type { DfuContext, DfuEffect, DfuEvent } from './dfu-machine.ts';
import { dfuMachine } from './dfu-profile.ts';
import type { DfuMachine, DfuProfile } from './dfu-profile.ts';
import { DfuReport } from './dfu-report.ts';
import { dfuEvent } from './dfu-request.ts';
import type { FunctionHost, UsbFunction } from './function.ts';
import { functionalBytes, functionalOf } from './functional.ts';
import type { FunctionalOptions } from './functional.ts';
import { COMPATIBLE } from './standard-profiles.ts';

/** How a device comes to leave run-time mode. */
export interface Detach {
  /** `detach`: by itself after DFU_DETACH (bitWillDetach); `reset`: the bus reset that the host owed. */
  readonly reason: 'detach' | 'reset';
  /**
   * True inside a bus reset: the device is still attached, and what it is from now on the host reads
   * next. False: it has left the bus.
   */
  readonly onBus: boolean;
  /** wValue of DFU_DETACH, in ms. */
  readonly timeoutMs: number;
}

/** What a run-time function is made of. */
export interface DfuRuntimeOptions {
  /** The same as in DFU mode (DFU 1.1 §4.2.4). bitWillDetach decides how it detaches. */
  readonly functional?: FunctionalOptions;
  /** iInterface; none by default. */
  readonly name?: string;
  /** Default `COMPATIBLE`. */
  readonly profile?: DfuProfile;
  /** From the end of DFU_DETACH's status stage to leaving the bus, in ms. Default 20. */
  readonly detachDelayMs?: number;
  /** The device is to enter DFU mode. */
  readonly onDetach: (detach: Detach) => void;
}

const NO_BYTES: SetupAnswer = { stage: 'in', data: new Uint8Array(0) };

/** The table asks none of this in run-time mode. */
const CONTEXT: DfuContext = {
  canDnload: false,
  canUpload: false,
  manifestationTolerant: false,
  work: 'todo',
  failure: 'OK',
  complete: false,
  firmwareGood: true,
  enumerated: true,
  mayLeave: false,
};

/** The run-time function (DFU 1.1 §4.1 and §5): how an application is asked to enter DFU mode. */
export class DfuRuntime implements UsbFunction {
  readonly #options: DfuRuntimeOptions;
  readonly #profile: DfuProfile;
  readonly #machine: DfuMachine;
  readonly #functional: Uint8Array;
  readonly #willDetach: boolean;
  readonly #detachTimeOutMs: number;
  readonly #report = new DfuReport();
  #host: FunctionHost | undefined;
  #state: DfuState = 'appIDLE';
  #now = 0;
  #timeoutMs = 0;
  /** The status stage of DFU_DETACH has not ended yet. */
  #acknowledging = false;
  /** When the device leaves the bus by itself. */
  #detachMs = Infinity;
  /** When the detach timer ends: no reset came (DFU 1.1 A.2.2). */
  #giveUpMs = Infinity;

  /** Throws `INVALID_ARGUMENT`. */
  constructor(options: DfuRuntimeOptions) {
    const { profile = COMPATIBLE } = options;
    const functional = functionalOf(options.functional);
    this.#options = options;
    this.#profile = profile;
    this.#machine = dfuMachine(profile);
    this.#functional = functionalBytes(functional);
    this.#willDetach = functional.bmAttributes.willDetach;
    this.#detachTimeOutMs = functional.wDetachTimeOut;
  }

  /** `appIDLE` or `appDETACH`. */
  get state(): DfuState {
    return this.#state;
  }

  describe(host: FunctionHost, firstInterface: number): readonly SettingParts[] {
    this.#host = host;
    const { name } = this.#options;
    const descriptor = {
      bInterfaceNumber: firstInterface,
      bAlternateSetting: 0,
      bNumEndpoints: 0,
      bInterfaceClass: DFU_CLASS,
      bInterfaceSubClass: DFU_SUBCLASS,
      bInterfaceProtocol: DfuProtocol.runtime,
      iInterface: name === undefined ? 0 : host.string(name),
    };
    return [{ descriptor, extra: [this.#functional] }];
  }

  descriptor(type: number, index: number): Uint8Array | undefined {
    return type === DescriptorType.dfuFunctional && index === 0 ? this.#functional : undefined;
  }

  setup(packet: SetupPacket): SetupAnswer {
    const event = dfuEvent(packet);
    if (event === undefined) return STALL;
    const effect = this.#step(event);
    switch (effect.do) {
      case 'detach':
        this.#timeoutMs = packet.wValue;
        this.#giveUpMs = this.#now + Math.min(packet.wValue, this.#detachTimeOutMs);
        this.#acknowledging = true;
        return STATUS;
      case 'vanish':
        this.#timeoutMs = packet.wValue;
        this.#detach();
        return HELD;
      case 'report': {
        const { pollTimeoutMs = 0 } = this.#profile.fixedReport ?? {};
        return { stage: 'in', data: this.#report.bytes(this.#state, pollTimeoutMs) };
      }
      case 'state':
        return { stage: 'in', data: Uint8Array.of(stateNumber(this.#state)) };
      case 'accept':
        if (isIn(packet)) return NO_BYTES;
        return packet.wLength > 0 ? { stage: 'out' } : STATUS;
      case 'stall':
      case 'silence':
      case 'write':
      case 'end':
      case 'read':
      case 'manifest':
      case 'clear':
      case 'discard':
      case 'leave':
      case 'report-and-leave':
      case 'boot':
      case 'enter':
      case 'error':
      case 'nothing':
        return STALL;
      default:
        return effect satisfies never;
    }
  }

  /** Only of a request that is acknowledged unread. */
  data(_bytes: Uint8Array): DataAnswer {
    return STATUS;
  }

  done(): void {
    if (!this.#acknowledging) return;
    this.#acknowledging = false;
    if (!this.#willDetach) return;
    // By itself, and soon: from here on the detach timer has nothing to wait for.
    this.#giveUpMs = Infinity;
    this.#detachMs = this.#now + (this.#options.detachDelayMs ?? 20);
  }

  abandoned(): void {
    this.#acknowledging = false;
  }

  /** The host may select the only setting there is at any time (libusb does when it releases). */
  alternate(_interfaceNumber: number, alternate: number): boolean {
    return alternate === 0 || this.#profile.control?.anyAlternate === true;
  }

  configured(): void {
    // Neither the state nor the detach timer cares.
  }

  reset(): void {
    const effect = this.#step('RESET');
    if (effect.do !== 'enter') return;
    this.#clear();
    this.#options.onDetach({ reason: 'reset', onBus: true, timeoutMs: this.#timeoutMs });
  }

  powerOn(): void {
    this.#step('POWER_ON');
  }

  tick(nowMs: number): number {
    this.#now = nowMs;
    if (nowMs >= this.#giveUpMs) this.#step('DETACH_TIMEOUT');
    if (nowMs >= this.#detachMs) this.#detach();
    return Math.min(this.#giveUpMs, this.#detachMs);
  }

  #step(event: DfuEvent): DfuEffect {
    const [next, effect] = this.#machine(this.#state, event, CONTEXT);
    this.#state = next;
    if (next === 'appIDLE') this.#clear();
    return effect;
  }

  #clear(): void {
    this.#state = 'appIDLE';
    this.#acknowledging = false;
    this.#detachMs = Infinity;
    this.#giveUpMs = Infinity;
  }

  #detach(): void {
    this.#clear();
    this.#host?.detach();
    this.#host?.log('run-time mode ends: DFU_DETACH');
    this.#options.onDetach({ reason: 'detach', onBus: false, timeoutMs: this.#timeoutMs });
  }
}
