import { DFU_CLASS, DFU_SUBCLASS, DfuProtocol } from '../../dfu/index.ts';
import type { DfuState } from '../../dfu/index.ts';
import { DescriptorType, HELD, OUT, STALL, STATUS, isIn } from '../../usb/index.ts';
import type { DataAnswer, SetupAnswer, SetupPacket, SettingParts } from '../../usb/index.ts';
import type { Condition } from '../core/condition.ts';
import type { DfuContext, DfuEffect, DfuEvent } from '../dfu/machine.ts';
import type { DfuProfile } from '../dfu/profile.ts';
import { dfuEvent } from '../dfu/request.ts';
import { DfuStanding, acknowledged } from '../dfu/standing.ts';
import type { FunctionHost, UsbFunction } from '../core/function.ts';
import { functionalBytes, functionalOf } from '../dfu/functional.ts';
import { withDefects } from '../dfu/functional-defects.ts';
import type { FunctionalOptions } from '../dfu/functional.ts';
import type { Allowance, Detach } from './detach.ts';
import { COMPATIBLE } from '../profiles/standard.ts';

/** What a run-time function is made of. */
export interface DfuRuntimeOptions {
  /** The same as in DFU mode (DFU 1.1 §4.2.4). bitWillDetach decides how it detaches. */
  readonly functional?: FunctionalOptions | undefined;
  /** iInterface; none by default. */
  readonly name?: string | undefined;
  /** Default `COMPATIBLE`. */
  readonly profile?: DfuProfile | undefined;
  /** From the end of DFU_DETACH's status stage to leaving the bus, in ms. Default: the profile's. */
  readonly detachDelayMs?: number | undefined;
  /**
   * An interface association in front of the interface. Without one some hosts do not find the function
   * of a composite device (seen with dfu-util by the author of usbd-dfu-rt). Default false.
   */
  readonly association?: boolean | undefined;
  /** What must hold, or DFU_DETACH is refused. */
  readonly detachCondition?: Condition | undefined;
  /**
   * Asks the application, see `DfuRuntimeOps.allow`; its time replaces `detachDelayMs`, and without
   * bitWillDetach the lesser of wValue and wDetachTimeOut. Default: accepted.
   */
  readonly allow?: ((timeoutMs: number) => Allowance | Promise<Allowance>) | undefined;
  /** True: `onDetach` is called with the device on the bus, and takes it off. Default false. */
  readonly staysOnBus?: boolean | undefined;
  /** The device is to enter DFU mode. */
  readonly onDetach: (detach: Detach) => void;
}

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
  readonly compatibleId: string = 'WINUSB';
  readonly #options: DfuRuntimeOptions;
  readonly #profile: DfuProfile;
  readonly #standing: DfuStanding;
  readonly #functional: Uint8Array;
  readonly #willDetach: boolean;
  readonly #detachTimeOutMs: number;
  #host: FunctionHost | undefined;
  #now = 0;
  /** The time known here is that of a transfer which was held: the next tick sets it right. */
  #late = false;
  /** wValue of the last DFU_DETACH. */
  #timeoutMs = 0;
  /** The data stage that a DFU_DETACH should not have is still to come. */
  #strayData = false;
  /** The application is being asked; another object: for another request. */
  #asking: object | undefined;
  /** How long the device stays after the status stage of DFU_DETACH, which has not ended yet. */
  #stayMs: number | undefined;
  /** When the device leaves the bus by itself. */
  #detachMs = Infinity;
  /** When the detach timer ends: no reset came (DFU 1.1 A.2.2). */
  #giveUpMs = Infinity;

  /** Throws `INVALID_ARGUMENT`. */
  constructor(options: DfuRuntimeOptions) {
    const { profile = COMPATIBLE } = options;
    const { functional: defects = {} } = profile;
    const functional = functionalOf(
      withDefects(options.functional ?? {}, defects),
      defects.leastTransferSize,
    );
    this.#options = options;
    this.#profile = profile;
    this.#standing = new DfuStanding(profile, 'appIDLE');
    this.#functional = functionalBytes(functional);
    this.#willDetach = functional.bmAttributes.willDetach;
    this.#detachTimeOutMs = functional.wDetachTimeOut;
  }

  /** `appIDLE` or `appDETACH`. */
  get state(): DfuState {
    return this.#standing.state;
  }

  /** How long it still waits to detach, or for the bus reset, in ms; undefined: for nothing. */
  get remainingMs(): number | undefined {
    const dueMs = Math.min(this.#giveUpMs, this.#detachMs);
    return dueMs === Infinity ? this.#stayMs : Math.max(0, dueMs - this.#now);
  }

  describe(host: FunctionHost, firstInterface: number): readonly SettingParts[] {
    this.#host = host;
    const { name, association = false } = this.#options;
    const descriptor = {
      bInterfaceNumber: firstInterface,
      bAlternateSetting: 0,
      bNumEndpoints: 0,
      bInterfaceClass: DFU_CLASS,
      bInterfaceSubClass: DFU_SUBCLASS,
      bInterfaceProtocol: DfuProtocol.runtime,
      iInterface: name === undefined ? 0 : host.string(name),
    };
    const setting = { descriptor, extra: [this.#functional] };
    if (!association) return [setting];
    const together = {
      bFirstInterface: firstInterface,
      bInterfaceCount: 1,
      bFunctionClass: DFU_CLASS,
      bFunctionSubClass: DFU_SUBCLASS,
      bFunctionProtocol: DfuProtocol.runtime,
      iFunction: 0,
    };
    return [{ ...setting, association: together }];
  }

  descriptor(type: number, index: number): Uint8Array | undefined {
    return type === DescriptorType.dfuFunctional && index === 0 ? this.#functional : undefined;
  }

  setup(packet: SetupPacket): SetupAnswer {
    const event = dfuEvent(packet, this.#profile);
    if (event === undefined) return STALL;
    if (event !== 'DETACH') return this.#answer(this.#step(event), packet);
    this.#timeoutMs = packet.wValue;
    const refusal = this.#options.detachCondition?.refusal();
    if (refusal !== undefined) {
      this.#host?.log(`DFU_DETACH refused: ${refusal}`);
      return STALL;
    }
    if (isIn(packet)) return this.#detachBackwards(packet);
    if (packet.wLength === 0) return this.#detachAsked();
    this.#strayData = true;
    return OUT;
  }

  /** Only of a request that is acknowledged unread. */
  data(_bytes: Uint8Array): DataAnswer {
    if (!this.#strayData) return STATUS;
    this.#strayData = false;
    return this.#detachAsked();
  }

  done(): void {
    const stayMs = this.#stayMs;
    this.#stayMs = undefined;
    // By itself: there is no reset to wait for.
    if (stayMs !== undefined) this.#detachMs = this.#now + stayMs;
  }

  abandoned(): void {
    this.#strayData = false;
    this.#asking = undefined;
    // The host has not seen that it was accepted.
    if (this.#stayMs !== undefined) this.#giveUpMs = this.#now;
    this.#stayMs = undefined;
  }

  /** The host may select the only setting there is at any time (libusb does when it releases). */
  alternate(_interfaceNumber: number, alternate: number): boolean {
    return alternate === 0 || this.#profile.control?.anyAlternate === true;
  }

  configured(): void {
    // Neither the state nor the detach timer cares.
  }

  reset(): void {
    if (this.#step('RESET').do === 'enter') this.#enter({ reason: 'reset', onBus: true });
  }

  powerOn(): void {
    this.#step('POWER_ON');
  }

  tick(nowMs: number): number {
    if (this.#late) {
      this.#giveUpMs += nowMs - this.#now;
      this.#detachMs += nowMs - this.#now;
      this.#late = false;
    }
    this.#now = nowMs;
    if (nowMs >= this.#giveUpMs) {
      this.#stopWaiting();
      this.#step('DETACH_TIMEOUT');
    }
    if (nowMs >= this.#detachMs && this.#step('DETACH_DUE').do === 'enter') this.#leave();
    return Math.min(this.#giveUpMs, this.#detachMs);
  }

  #answer(effect: DfuEffect, packet: SetupPacket): SetupAnswer {
    // The table asks for nothing else of a request in run-time mode.
    if (effect.do === 'accept') return acknowledged(packet);
    if (effect.do === 'state') return this.#standing.tellState(packet, this.state);
    return effect.do === 'report' ? this.#standing.tellStatus(packet, 0, this.state) : STALL;
  }

  /** DFU_DETACH in the wrong direction, where the profile lets it come: a state, and no more. */
  #detachBackwards(packet: SetupPacket): SetupAnswer {
    return this.#step('DETACH').do === 'detach' ? acknowledged(packet) : STALL;
  }

  /** DFU_DETACH, as far as the table lets it come, and not before the application has said so. */
  #detachAsked(): DataAnswer {
    if (this.#standing.ask('DETACH', this.#context()).do !== 'detach') return this.#detachNow();
    const { allow } = this.#options;
    if (allow === undefined) return this.#decided(this.#usualMs());
    const allowance = allow(this.#timeoutMs);
    if (allowance === undefined || typeof allowance === 'number') return this.#decided(allowance);
    this.#hold(allowance);
    return HELD;
  }

  /** Nobody is asked: refused, or gone at once. */
  #detachNow(): DataAnswer {
    if (this.#step('DETACH').do !== 'vanish') return STALL;
    this.#step('DETACH_DUE');
    this.#leave();
    return HELD;
  }

  /** Waits for the application's answer; the host waits with it. */
  #hold(allowance: Promise<Allowance>): void {
    const asking = {};
    this.#asking = asking;
    const answer = (value: Allowance): void => {
      if (this.#asking !== asking) return;
      this.#asking = undefined;
      this.#late = true;
      this.#host?.resume(this.#decided(value));
    };
    allowance.then(answer, (error: unknown) => {
      this.#host?.log(`DFU_DETACH refused: ${String(error)}`);
      answer(undefined);
    });
  }

  #decided(allowance: Allowance): DataAnswer {
    this.#stopWaiting();
    // An application that answers with no time at all has made a mistake: refused, too.
    if (allowance === undefined || !(allowance >= 0 && allowance < Infinity)) return STALL;
    this.#step('DETACH');
    if (this.#willDetach) this.#stayMs = allowance;
    else this.#giveUpMs = this.#now + allowance;
    return STATUS;
  }

  /** The time where no application is asked. */
  #usualMs(): number {
    const { detachDelayMs = this.#profile.detachDelayMs ?? 20 } = this.#options;
    if (this.#willDetach) return detachDelayMs;
    return Math.min(this.#timeoutMs, this.#detachTimeOutMs);
  }

  #step(event: DfuEvent): DfuEffect {
    const effect = this.#standing.step(event, this.#context());
    if (this.state === 'appIDLE') this.#stopWaiting();
    return effect;
  }

  #context(): DfuContext {
    if (this.#giveUpMs !== Infinity && !this.#willDetach) return { ...CONTEXT, detaching: 'reset' };
    if (this.remainingMs === undefined) return CONTEXT;
    return { ...CONTEXT, detaching: this.#options.allow === undefined ? 'soon' : 'application' };
  }

  #stopWaiting(): void {
    this.#stayMs = undefined;
    this.#detachMs = Infinity;
    this.#giveUpMs = Infinity;
  }

  /** The device leaves by itself. */
  #leave(): void {
    const { staysOnBus = false } = this.#options;
    if (!staysOnBus) this.#host?.detach();
    this.#host?.log('run-time mode ends: DFU_DETACH');
    this.#enter({ reason: 'detach', onBus: staysOnBus });
  }

  /** DFU mode is next. */
  #enter(how: Pick<Detach, 'reason' | 'onBus'>): void {
    this.#stopWaiting();
    this.#step('BEGIN_RUNTIME');
    this.#options.onDetach({ ...how, timeoutMs: this.#timeoutMs });
  }
}
