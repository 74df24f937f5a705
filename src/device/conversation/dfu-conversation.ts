import { stateNumber } from '../../dfu/index.ts';
import type { DfuState, DfuStatus } from '../../dfu/index.ts';
import { DescriptorType, HELD, OUT, STALL, STATUS, isIn } from '../../usb/index.ts';
import type { DataAnswer, SetupAnswer, SetupPacket, SettingParts } from '../../usb/index.ts';
import { checkRange } from '../core/device-layout.ts';
import { acknowledged, told } from '../dfu/answers.ts';
import { LiveContext } from './live-context.ts';
import type { DfuEffect, DfuEvent } from '../dfu/machine.ts';
import type { DfuModeOptions, LeaveReason } from './options.ts';
import { alternateSettings } from './settings.ts';
import { dfuMachine } from '../dfu/profile.ts';
import type { DfuMachine, DfuProfile } from '../dfu/profile.ts';
import { DfuReport } from '../dfu/report.ts';
import { dfuEvent, tooLong } from '../dfu/request.ts';
import { Download } from './download.ts';
import type { FunctionHost, UsbFunction } from '../core/function.ts';
import { functionalBytes, functionalOf } from '../dfu/functional.ts';
import { Leaving } from './leaving.ts';
import type { Medium } from '../media/medium.ts';
import { NumberedBlocks, isWithheld } from '../media/numbered-blocks.ts';
import { COMPATIBLE } from '../profiles/standard.ts';
import { Upload } from './upload.ts';

const NOTHING: Uint8Array = new Uint8Array(0);

/** The DFU-mode function (DFU 1.1 §4.2 and §6): one interface, one alternate setting a medium. */
export class DfuMode implements UsbFunction {
  readonly compatibleId: string = 'WINUSB';
  readonly #options: DfuModeOptions;
  readonly #profile: DfuProfile;
  readonly #machine: DfuMachine;
  readonly #context: LiveContext;
  readonly #functional: Uint8Array;
  readonly #transferSize: number;
  readonly #leaveDelayMs: number;
  readonly #waitResetMs: number;
  readonly #download: Download;
  readonly #upload: Upload;
  readonly #report = new DfuReport();
  readonly #leaving: Leaving;
  #host: FunctionHost | undefined;
  #state: DfuState = 'dfuIDLE';
  #now = 0;
  /** The state before the DNLOAD whose data stage has not come yet, and its wBlockNum. */
  #beforeBlock: DfuState | undefined;
  #block = 0;
  #leaveWhenDone = false;
  /** The transfer waits for the medium. */
  #held = false;
  /** The medium of the download that has ended and is not manifested yet. */
  #manifesting: Medium | undefined;
  /** When the bwPollTimeout that was reported last is over. */
  #promisedMs = 0;

  /** Throws `INVALID_ARGUMENT`. */
  constructor(options: DfuModeOptions) {
    const { profile = COMPATIBLE, media, initialStatus = 'OK' } = options;
    const functional = functionalOf(options.functional);
    checkRange('media', media.length, [1, 256]);
    this.#options = options;
    this.#profile = profile;
    this.#machine = dfuMachine(profile);
    this.#functional = functionalBytes(functional);
    this.#transferSize = functional.wTransferSize;
    this.#leaveDelayMs = options.leaveDelayMs ?? profile.leaveDelayMs;
    this.#waitResetMs = options.waitResetMs ?? profile.waitResetMs;
    this.#leaving = new Leaving(this.#leaveDelayMs);
    const blocks = new NumberedBlocks();
    this.#download = new Download(profile, this.#transferSize, blocks);
    this.#upload = new Upload(profile, blocks, options.uploadCondition);
    this.#context = new LiveContext(options, functional.bmAttributes, this.#download);
    if (initialStatus === 'OK') return;
    this.#state = 'dfuERROR';
    this.#report.set(initialStatus);
  }

  /** The state that DFU_GETSTATE would answer. */
  get state(): DfuState {
    return this.#state;
  }

  /** bStatus as a word. */
  get status(): DfuStatus {
    return this.#report.status;
  }

  /** Why `status` is not `OK`, in words: what iString points to. */
  get reason(): string {
    return this.#report.reason;
  }

  describe(host: FunctionHost, firstInterface: number): readonly SettingParts[] {
    this.#host = host;
    const at = { host, interfaceNumber: firstInterface };
    const settings = alternateSettings(this.#options, this.#functional, at);
    if (this.#profile.fixedReport === undefined) {
      this.#report.iString = host.text(() => this.#report.reason);
    }
    return settings;
  }

  descriptor(type: number, index: number): Uint8Array | undefined {
    return type === DescriptorType.dfuFunctional && index === 0 ? this.#functional : undefined;
  }

  setup(packet: SetupPacket): SetupAnswer {
    const profile = this.#profile;
    const known = dfuEvent(packet, profile);
    if (known === undefined) return STALL;
    const size = tooLong(known, packet, { profile, transferSize: this.#transferSize });
    const event = size === undefined ? known : 'OTHER';
    const before = this.#state;
    const effect = this.#step(event);
    if (this.#state === 'dfuMANIFEST-WAIT-RESET') this.#waitForReset();
    if (effect.do === 'stall' && effect.status !== undefined) {
      const missing = effect.status === 'errNOTDONE' ? this.#download.missing : undefined;
      const words = missing ?? `${effect.status}: ${size ?? event} in ${before}`;
      this.#report.set(effect.status, words);
    }
    return this.#answer(effect, packet, before);
  }

  data(bytes: Uint8Array): DataAnswer {
    if (this.#beforeBlock === undefined) return STATUS; // acknowledged unread
    this.#beforeBlock = undefined;
    const medium = this.#download.medium ?? this.#medium;
    if (medium === undefined) return this.#fail('errTARGET', 'no such alternate setting');
    this.#context.completed = false;
    this.#manifesting = undefined;
    this.#download.write(bytes, this.#block, { medium, nowMs: this.#now });
    return this.#worked();
  }

  done(): void {
    if (!this.#leaveWhenDone) return;
    this.#leaveWhenDone = false;
    this.#leaving.at('detach', this.#now + this.#leaveDelayMs);
  }

  abandoned(): void {
    this.#leaveWhenDone = false;
    this.#held = false;
    if (this.#beforeBlock !== undefined) this.#state = this.#beforeBlock;
    this.#beforeBlock = undefined;
  }

  alternate(_interfaceNumber: number, alternate: number): boolean {
    const changed = alternate !== this.#context.selected;
    this.#context.selected = alternate;
    this.#endTransfer(changed);
    return true;
  }

  configured(): void {
    this.#context.enumerated = true;
    this.#leaving.configured(this.#now);
    if (this.#profile.alternateAborts) this.#context.selected = 0;
    this.#endTransfer(true);
  }

  reset(): void {
    if (this.#leaving.reason === undefined || this.#leaving.reason === 'timeout') {
      this.#happen('RESET');
    } else if (this.#leaving.reason !== 'manifested') this.#leaving.reset(this.#now);
  }

  powerOn(): void {
    this.#context.enumerated = false;
    this.#leaving.cancel();
    this.#happen('POWER_ON', 'power-on');
  }

  tick(nowMs: number): number {
    this.#now = nowMs;
    if (this.#download.poll(nowMs)) this.#workEnded();
    this.#pollTimeout();
    const { reason, dueMs } = this.#leaving;
    if (reason !== undefined && dueMs <= nowMs) this.#leaveNow(reason, false);
    const polling = this.#state === 'dfuDNBUSY' || this.#state === 'dfuMANIFEST';
    const promisedMs = polling && this.#promisedMs > nowMs ? this.#promisedMs : Infinity;
    return Math.min(this.#download.work.dueMs, this.#leaving.dueMs, promisedMs);
  }

  #step(event: DfuEvent): DfuEffect {
    this.#context.state = this.#state;
    const [next, effect] = this.#machine(this.#state, event, this.#context);
    this.#state = next;
    return effect;
  }

  /** What the table says to do about a request. */
  #answer(effect: DfuEffect, packet: SetupPacket, before: DfuState): SetupAnswer {
    switch (effect.do) {
      case 'silence':
        return HELD;
      case 'accept':
        return acknowledged(packet);
      case 'write':
        if (isIn(packet)) return acknowledged(packet);
        this.#beforeBlock = before;
        this.#block = packet.wValue;
        return packet.wLength > 0 ? OUT : this.data(NOTHING);
      case 'end':
        return this.#end();
      case 'read':
        return isIn(packet) ? this.#read(packet, before) : acknowledged(packet);
      case 'manifest':
        this.#finish();
        return this.#answer(this.#step('GETSTATUS'), packet, before);
      case 'report':
        if (effect.status !== undefined)
          this.#report.set(effect.status, this.#download.work.reasonFor(effect.status));
        if (effect.completes === true) this.#completed(this.#medium);
        return this.#status(packet, before);
      case 'report-and-leave':
        this.#leaving.at('manifested', this.#now + effect.afterMs);
        return this.#status(packet, before);
      case 'state':
        return told(packet, Uint8Array.of(stateNumber(this.#shown(before))), this.#profile);
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
    const before = this.#state;
    const effect = this.#step(event);
    if (effect.do === 'discard') this.#discard();
    else if (effect.do === 'error') {
      const words = this.#download.work.reasonFor(effect.status);
      if (this.#download.open) this.#discard();
      this.#report.set(effect.status, words);
    } else if (effect.do === 'boot') {
      this.#state = before;
      this.#boot(reason);
    } else if (this.#state === 'dfuMANIFEST-WAIT-RESET' && before !== this.#state) {
      this.#waitForReset();
    }
  }

  /** The medium of the alternate setting. */
  get #medium(): Medium | undefined {
    return this.#options.media[this.#context.selected];
  }

  /** The state that the host is told. */
  #shown(before: DfuState): DfuState {
    return this.#profile.reports === 'before' ? before : this.#state;
  }

  #status(packet: SetupPacket, before: DfuState): SetupAnswer {
    const { fixedReport } = this.#profile;
    const polling = this.#state === 'dfuDNBUSY' || this.#state === 'dfuMANIFEST';
    const pollTimeoutMs = polling ? this.#download.work.pollTimeoutMs(this.#now) : 0;
    this.#promisedMs = this.#now + pollTimeoutMs;
    const shownMs = fixedReport?.pollTimeoutMs ?? pollTimeoutMs;
    const state = this.#shown(before);
    return told(packet, this.#report.bytes(state, shownMs, fixedReport?.status), this.#profile);
  }

  #read(packet: SetupPacket, before: DfuState): SetupAnswer {
    const { wValue, wLength } = packet;
    if (before !== 'dfuUPLOAD-IDLE') {
      const medium = this.#medium;
      if (medium === undefined) return this.#fail('errTARGET', 'no such alternate setting');
      this.#upload.begin(medium);
    }
    const data = this.#upload.read(wValue, wLength);
    if (!(data instanceof Uint8Array)) {
      if (isWithheld(data)) {
        this.#host?.log(`stalled: ${data.withheld}`);
        return STALL;
      }
      this.#fail(data.status, data.reason);
      return data.answered ? acknowledged(packet) : STALL;
    }
    if (data.length < wLength) this.#step('SHORT_FRAME');
    return { stage: 'in', data };
  }

  /** The block of length 0. */
  #end(): DataAnswer {
    this.#download.work.clear();
    if (this.#profile.manifestsAt === 'status') return STATUS;
    this.#finish();
    return this.#worked();
  }

  #finish(): void {
    const { media } = this.#options;
    const [first] = media;
    if (first === undefined) return;
    this.#manifesting = this.#download.medium ?? first;
    this.#download.finish(this.#now, first);
    if (this.#download.work.state !== 'busy') this.#workEnded();
  }

  /** The medium has begun: how the transfer that made it do so ends. */
  #worked(): DataAnswer {
    const { work } = this.#download;
    if (work.state === 'busy' && this.#profile.busy === 'held') {
      this.#held = true;
      return HELD;
    }
    if (work.state !== 'failed' || this.#profile.failsAt === 'status') return STATUS;
    return this.#fail(work.failure, work.reason);
  }

  #workEnded(): void {
    const { work } = this.#download;
    const medium = this.#manifesting;
    this.#manifesting = undefined;
    if (work.state === 'done') this.#completed(medium);
    if (!this.#held) return;
    this.#held = false;
    this.#host?.resume(this.#worked());
  }

  #completed(medium: Medium | undefined): void {
    if (medium === undefined) return;
    this.#context.completed = true;
    this.#options.onManifested?.(medium);
  }

  /** The time promised is over, or the work is: A.2.5 and A.2.8. */
  #pollTimeout(): void {
    const { work } = this.#download;
    const over = work.state !== 'busy' || this.#now >= this.#promisedMs;
    if (this.#state === 'dfuDNBUSY' && over) this.#happen('POLL_TIMEOUT');
    if (this.#state !== 'dfuMANIFEST' || !over) return;
    if (this.#context.manifestationTolerant) this.#happen('POLL_TIMEOUT');
    else if (work.state === 'failed') this.#happen('FAIL');
    else if (work.state === 'done') this.#happen('POLL_TIMEOUT');
  }

  #waitForReset(): void {
    const due = this.#leaving.reason;
    if (due === undefined || due === 'timeout') {
      this.#leaving.at('timeout', this.#now + this.#waitResetMs);
    }
  }

  #fail(status: DfuStatus, reason = ''): SetupAnswer & { readonly stage: 'stall' } {
    this.#context.failing = status;
    this.#step('FAIL');
    this.#context.failing = 'OK';
    this.#report.set(status, reason);
    return STALL;
  }

  /** What was written counts for nothing; a manifestation that has begun cannot be called back. */
  #discard(): void {
    this.#report.set('OK');
    if (this.#manifesting === undefined) this.#download.discard();
  }

  /**
   * Another alternate setting or configuration is an implicit abort. libusb selects alternate 0 when
   * the interface is released, also in the states 6 to 8: that neither aborts nor retargets.
   */
  #endTransfer(changed: boolean): void {
    if (!this.#profile.alternateAborts) return;
    const idle = this.#state === 'dfuDNLOAD-IDLE' || this.#state === 'dfuUPLOAD-IDLE';
    const writing = this.#state === 'dfuDNLOAD-SYNC' || this.#state === 'dfuDNBUSY';
    if (!idle && !(writing && changed)) return;
    this.#state = 'dfuIDLE';
    this.#discard();
  }

  #boot(reason: LeaveReason): void {
    if (this.#download.open) this.#discard();
    if (this.#state !== 'dfuMANIFEST-WAIT-RESET') this.#state = 'dfuIDLE';
    if (reason === 'power-on' || this.#leaveDelayMs === 0)
      this.#leaveNow(reason, reason === 'reset');
    else {
      this.#leaving.at(reason, this.#now + this.#leaveDelayMs);
      if (reason === 'reset') this.#leaving.reset(this.#now);
    }
  }

  #leaveNow(reason: LeaveReason, onBus: boolean): void {
    const { onLeave } = this.#options;
    this.#restart();
    if (onLeave === undefined) return;
    if (!onBus) this.#host?.detach();
    this.#host?.log(`DFU mode ends: ${reason}`);
    onLeave({ reason, onBus });
  }

  #restart(): void {
    this.#leaving.cancel();
    this.#leaveWhenDone = false;
    this.#held = false;
    this.#beforeBlock = undefined;
    this.#manifesting = undefined;
    this.#report.set('OK');
    this.#download.forget();
    this.#context.completed = false;
    this.#context.enumerated = false;
    this.#state = 'dfuIDLE';
  }
}
