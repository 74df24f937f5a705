import type { DfuState, DfuStatus, FunctionalDescriptor } from '../../dfu/index.ts';
import { DescriptorType, HELD, OUT, STALL, STATUS, isIn } from '../../usb/index.ts';
import type { DataAnswer, SetupAnswer, SetupPacket, SettingParts } from '../../usb/index.ts';
import type { FunctionHost, UsbFunction } from '../core/function.ts';
import { functionalBytes } from '../dfu/functional.ts';
import type { DfuEffect, DfuEvent } from '../dfu/machine.ts';
import type { ConversationProfile } from '../dfu/profile.ts';
import { dfuEvent, leastAnswer, tooLong } from '../dfu/request.ts';
import { DfuStanding, acknowledged } from '../dfu/standing.ts';
import type { BlockAnswer, BlockWork, ReadFailure } from './block-work.ts';
import type { Withheld } from '../media/medium.ts';
import type { Leave, LeaveReason } from './leave.ts';
import { Leaving } from './leaving.ts';
import { LiveContext } from './live-context.ts';
import type { LeavePolicy } from './live-context.ts';
import type { DfuRefusal } from './refusal.ts';
import { alternateSettings } from './settings.ts';
import type { Settings } from './settings.ts';

const NOTHING: Uint8Array = new Uint8Array(0);

/** What a conversation is made of. */
interface ConversationParts<Extra extends string> extends Settings {
  readonly profile: ConversationProfile;
  readonly functional: FunctionalDescriptor;
  /** What the blocks come to. */
  readonly work: BlockWork<Extra>;
  /** Longest block that is none too long, in bytes. */
  readonly mostBlockBytes: number;
  /** Other than `OK`, the device starts in dfuERROR with it. */
  readonly initialStatus: DfuStatus;
  /** iString says in words what is wrong. */
  readonly tellsReason: boolean;
  readonly leaveDelayMs: number;
  readonly waitResetMs: number;
  readonly policy: LeavePolicy;
  /** Without it the function goes back to dfuIDLE instead of leaving. */
  readonly onLeave: ((leave: Leave<LeaveReason | Extra>) => void) | undefined;
  readonly onRefused: ((refusal: DfuRefusal) => void) | undefined;
}

/**
 * The DFU-mode function (DFU 1.1 §4.2 and §6) whatever stands behind it: one interface, one alternate
 * setting a memory; it answers the requests as the table of its profile says, and leaves when it is time.
 */
export class DfuConversation<Extra extends string = never> implements UsbFunction {
  readonly #parts: ConversationParts<Extra>;
  readonly #profile: ConversationProfile;
  readonly #work: BlockWork<Extra>;
  readonly #standing: DfuStanding;
  readonly #context: LiveContext;
  readonly #functional: Uint8Array;
  readonly #leaving: Leaving<Extra>;
  // What each request looks at.
  readonly #mostBlockBytes: number;
  readonly #bufferBytes: number;
  readonly #wholeAnswers: boolean;
  readonly #refusesLate: boolean;
  readonly #settle: (() => DfuEvent) | undefined;
  #host: FunctionHost | undefined;
  #now = 0;
  /** The DNLOAD whose data stage has not come yet. */
  #incoming: SetupPacket | undefined;
  #leaveWhenDone = false;
  /** The transfer waits for the memory. */
  #held = false;
  /** The request that is asked anew when the memory has ended its work. */
  #waiting: SetupPacket | undefined;

  constructor(parts: ConversationParts<Extra>) {
    const { profile, functional, work, leaveDelayMs, policy } = parts;
    this.#parts = parts;
    this.#profile = profile;
    this.#work = work;
    this.#mostBlockBytes = parts.mostBlockBytes;
    this.#bufferBytes = profile.bufferBytes ?? Infinity;
    this.#wholeAnswers = profile.wholeAnswers === true;
    this.#settle = work.settle;
    this.#refusesLate = profile.refusesBlocksAt === 'data';
    this.#standing = new DfuStanding(profile, 'dfuIDLE');
    const lingers = leaveDelayMs > 0;
    this.#context = new LiveContext(functional.bmAttributes, work, { policy, lingers });
    this.#functional = functionalBytes(functional);
    this.#leaving = new Leaving(leaveDelayMs, profile.leavesSteadily);
    if (parts.initialStatus !== 'OK') this.#fail(parts.initialStatus);
    // How the device starts is nothing that a host was refused.
    this.#standing.report.onFailure = (status, reason) => {
      const { selected, downloadedBytes: bytes = 0 } = work;
      const alternate = selected < 0 ? undefined : selected;
      parts.onRefused?.({ status, reason, alternate, bytes });
    };
  }

  /** The state that DFU_GETSTATE would answer. */
  get state(): DfuState {
    return this.#standing.state;
  }

  /** bStatus as a word. */
  get status(): DfuStatus {
    return this.#standing.report.status;
  }

  /** Why `status` is not `OK`, in words: what iString points to where the profile has one. */
  get reason(): string {
    return this.#standing.report.reason;
  }

  describe(host: FunctionHost, firstInterface: number): readonly SettingParts[] {
    this.#host = host;
    const at = { host, interfaceNumber: firstInterface };
    const settings = alternateSettings(this.#parts, this.#functional, at);
    const { report } = this.#standing;
    if (this.#parts.tellsReason) report.iString = host.text(() => report.reason);
    return settings;
  }

  descriptor(type: number, index: number): Uint8Array | undefined {
    return type === DescriptorType.dfuFunctional && index === 0 ? this.#functional : undefined;
  }

  setup(packet: SetupPacket): SetupAnswer {
    const profile = this.#profile;
    const known = dfuEvent(packet, profile);
    if (known === undefined) return STALL;
    const { wLength } = packet;
    const block = known === 'DNLOAD';
    if (block && wLength > this.#bufferBytes) return HELD;
    if (this.#wholeAnswers && wLength < leastAnswer(known)) {
      return this.#fail('errSTALLEDPKT', `${known} with wLength ${wLength}`);
    }
    const long = wLength > this.#mostBlockBytes ? tooLong(known, wLength, profile) : undefined;
    if (this.#refusesLate && block && long === undefined) {
      this.#incoming = packet;
      return OUT;
    }
    const before = this.#standing.state;
    const effect = this.#request(long === undefined ? known : 'OTHER', long ?? known);
    return this.#answer(effect, packet, before);
  }

  data(bytes: Uint8Array): DataAnswer {
    const packet = this.#incoming;
    if (packet === undefined) return STATUS; // acknowledged unread
    this.#incoming = undefined;
    if (this.#refusesLate && this.#request('DNLOAD', 'DNLOAD').do !== 'write') return STALL;
    return this.#ended(this.#work.take(packet.wValue, bytes, this.#now));
  }

  done(): void {
    if (this.#settle !== undefined && this.#polling()) this.#happen(this.#settle());
    if (!this.#leaveWhenDone) return;
    this.#leaveWhenDone = false;
    this.#leaveLater('detach');
  }

  abandoned(): void {
    this.#leaveWhenDone = false;
    this.#held = false;
    this.#waiting = undefined;
    if (this.#incoming === undefined) return;
    this.#incoming = undefined;
    this.#happen('ABANDONED');
  }

  alternate(_interfaceNumber: number, alternate: number): boolean {
    const same = alternate === this.#work.selected;
    if (!this.#work.select(alternate)) return false;
    this.#happen(same ? 'SAME_ALTERNATE' : 'ALTERNATE');
    return true;
  }

  configured(): void {
    this.#context.enumerated = true;
    this.#leaving.configured(this.#now);
    if (this.#profile.keepsAlternate !== true) this.#work.select(0);
    this.#happen('ALTERNATE');
  }

  reset(): void {
    this.#work.reset?.();
    if (!this.#leaving.decided) this.#happen('RESET');
    else if (this.#leaving.reason !== 'manifested') this.#leaving.reset(this.#now);
  }

  lookedAt(): void {
    this.#leaving.lookedAt(this.#now);
  }

  powerOn(): void {
    this.#context.enumerated = false;
    this.#leaving.cancel();
    this.#happen('POWER_ON', 'power-on');
  }

  tick(nowMs: number): number {
    this.#now = nowMs;
    const answer = this.#work.poll(nowMs);
    if (answer !== undefined && this.#held) {
      this.#held = false;
      this.#host?.resume(this.#ended(answer));
    }
    if (this.#polling()) this.#pollTimeout(nowMs);
    const { reason, dueMs } = this.#leaving;
    // What is off the bus answers nobody any more, however long he has waited.
    if (reason !== undefined && dueMs <= nowMs) this.#leaveNow(reason, false);
    this.#askAnew();
    return Math.min(this.#work.dueMs(this.#polling(), nowMs), this.#leaving.dueMs);
  }

  /** In a state that ends when the time promised is over. */
  #polling(): boolean {
    const { state } = this.#standing;
    return state === 'dfuDNBUSY' || state === 'dfuMANIFEST';
  }

  #step(event: DfuEvent): DfuEffect {
    this.#context.state = this.#standing.state;
    return this.#standing.step(event, this.#context);
  }

  /** The step of a request; a refusal is told with `what`. */
  #request(event: DfuEvent, what: string): DfuEffect {
    const before = this.#standing.state;
    const effect = this.#step(event);
    if (this.#standing.state === 'dfuMANIFEST-WAIT-RESET') this.#waitForReset();
    if (effect.do === 'stall' && effect.status !== undefined) {
      const missing = effect.status === 'errNOTDONE' ? this.#work.missing : undefined;
      const words = missing ?? `${what} is unexpected in ${before}`;
      this.#standing.report.set(effect.status, words);
    }
    return effect;
  }

  /** What the table says to do about a request. */
  #answer(effect: DfuEffect, packet: SetupPacket, before: DfuState): SetupAnswer {
    switch (effect.do) {
      case 'silence':
        return HELD;
      case 'wait':
        this.#waiting = packet;
        return HELD;
      case 'withhold':
        return this.#withheld(effect.because);
      case 'accept':
        if (effect.status !== undefined) this.#standing.report.set(effect.status);
        return acknowledged(packet);
      case 'write':
        return this.#announced(packet, before);
      case 'end':
        return this.#ended(this.#work.end(this.#now));
      case 'read':
        return isIn(packet) ? this.#read(packet, before) : acknowledged(packet);
      case 'manifest':
        this.#work.manifest(this.#now);
        return this.#answer(this.#step('GETSTATUS'), packet, before);
      case 'report':
        if (effect.status !== undefined) {
          this.#standing.report.set(effect.status, this.#work.reasonFor(effect.status));
        }
        if (effect.completes === true) this.#work.manifested?.();
        return this.#tellStatus(packet, before);
      case 'report-and-leave':
        this.#leaving.at('manifested', this.#now + effect.afterMs);
        return this.#tellStatus(packet, before);
      case 'state':
        return this.#standing.tellState(packet, before);
      case 'clear':
      case 'discard':
        this.#discard();
        return acknowledged(packet);
      case 'leave':
        this.#leaveWhenDone = true;
        return STATUS;
      case 'vanish':
        this.#leaveNow('detach', false);
        return HELD;
      case 'stall':
      case 'detach':
      case 'boot':
      case 'begin':
      case 'enter':
      case 'error':
      case 'nothing':
        return STALL;
      default:
        return effect satisfies never;
    }
  }

  /** What the table says to do about something that is no request. */
  #happen(event: DfuEvent, reason: LeaveReason = 'reset'): void {
    const before = this.state;
    const effect = this.#step(event);
    if (effect.do === 'discard') this.#discard();
    else if (effect.do === 'boot') this.#boot(reason);
    else if (effect.do === 'begin') this.#begin();
    else if (effect.do === 'error') {
      const words = this.#work.reasonFor(effect.status);
      if (this.#work.open) this.#discard();
      this.#standing.report.set(effect.status, words);
    } else if (this.state === 'dfuMANIFEST-WAIT-RESET' && before !== this.state) {
      this.#waitForReset();
    }
  }

  /** A block is to come; one without data has come. */
  #announced(packet: SetupPacket, before: DfuState): SetupAnswer {
    if (isIn(packet)) return acknowledged(packet);
    if (packet.wLength === 0) {
      return this.#ended(this.#work.take(packet.wValue, NOTHING, this.#now));
    }
    this.#incoming = packet;
    this.#context.blockFrom = before;
    return OUT;
  }

  #ended(answer: BlockAnswer): DataAnswer {
    if (answer === 'taken') return STATUS;
    if (answer === 'held') {
      this.#held = true;
      return HELD;
    }
    if ('withheld' in answer) {
      this.#happen('ABANDONED');
      return this.#withheld(answer.withheld);
    }
    // A device that has no words for its host has them for whoever watches the link.
    if (!this.#parts.tellsReason && answer.reason !== undefined) {
      this.#host?.log(`stalled: ${answer.reason}`);
    }
    return this.#fail(answer.status, answer.reason);
  }

  #read(packet: SetupPacket, before: DfuState): SetupAnswer {
    const { wValue, wLength } = packet;
    const data = this.#work.read(wValue, wLength, before !== 'dfuUPLOAD-IDLE');
    if (!(data instanceof Uint8Array)) return this.#unread(data, packet);
    if (data.length < this.#work.fullBytes(wValue, wLength)) this.#step('SHORT_FRAME');
    return data.length > this.#bufferBytes ? STALL : { stage: 'in', data };
  }

  #unread(why: ReadFailure | Withheld, packet: SetupPacket): SetupAnswer {
    if ('withheld' in why) return this.#withheld(why.withheld);
    this.#fail(why.status, why.reason);
    return why.answered === true ? acknowledged(packet) : STALL;
  }

  /** What the original would not outlive comes to nothing here. */
  #withheld(because: string): typeof STALL {
    this.#host?.log(`stalled: ${because}`);
    return STALL;
  }

  /** Whoever asked too early has waited for this. */
  #askAnew(): void {
    const packet = this.#waiting;
    if (packet === undefined || this.#polling()) return;
    this.#waiting = undefined;
    this.#host?.resume(this.setup(packet));
  }

  #tellStatus(packet: SetupPacket, before: DfuState): SetupAnswer {
    const pollTimeoutMs = this.#polling() ? this.#work.promise(this.#now) : 0;
    return this.#standing.tellStatus(packet, pollTimeoutMs, before);
  }

  #fail(status: DfuStatus, reason?: string): typeof STALL {
    this.#context.failing = status;
    this.#step('FAIL');
    this.#context.failing = 'OK';
    this.#standing.report.set(status, reason);
    return STALL;
  }

  #discard(): void {
    this.#standing.report.set('OK');
    this.#work.discard();
  }

  /** The time promised may be over, or the work. */
  #pollTimeout(nowMs: number): void {
    const turn = this.#work.turn(this.state, nowMs);
    if (turn === undefined) return;
    this.#happen(turn.event);
    const { leaves } = turn;
    if (leaves === undefined) return;
    if (leaves.at === 'once') this.#leaving.at(leaves.reason, this.#now);
    else this.#leaveLater(leaves.reason);
  }

  #waitForReset(): void {
    if (!this.#leaving.decided) this.#leaving.at('timeout', this.#now + this.#parts.waitResetMs);
  }

  #boot(reason: LeaveReason): void {
    if (this.#work.open) this.#discard();
    if (reason === 'power-on' || !this.#context.lingers) {
      this.#leaveNow(reason, reason === 'reset');
    } else {
      this.#leaveLater(reason);
      if (reason === 'reset' && this.#leaving.decided) this.#leaving.reset(this.#now);
    }
  }

  /** What has nowhere to go begins anew at once: a host that goes on meanwhile must not be cut off in the middle. */
  #leaveLater(reason: LeaveReason | Extra): void {
    if (this.#parts.onLeave === undefined) this.#happen('BEGIN_DFU');
    else this.#leaving.at(reason, this.#now + this.#parts.leaveDelayMs);
  }

  #leaveNow(reason: LeaveReason | Extra, onBus: boolean): void {
    const { onLeave } = this.#parts;
    this.#happen('BEGIN_DFU');
    if (onLeave === undefined) return;
    if (!onBus) this.#host?.detach();
    const { lastWords } = this.#work;
    const words = lastWords === undefined ? reason : `${reason}, ${lastWords}`;
    this.#host?.log(`DFU mode ends: ${words}`);
    onLeave({ reason, onBus });
  }

  #begin(): void {
    this.#leaving.cancel();
    this.#leaveWhenDone = false;
    this.#held = false;
    this.#waiting = undefined;
    this.#incoming = undefined;
    this.#standing.report.set('OK');
    this.#work.forget();
    this.#context.enumerated = false;
  }
}
