import { defined, hexNumber } from '../../bytes/index.ts';
import { DFU_CLASS, DFU_SUBCLASS, DfuProtocol, DfuVersion, stateNumber } from '../../dfu/index.ts';
import type { DfuState, DfuStatus } from '../../dfu/index.ts';
import { DescriptorType, HELD, OUT, STALL, STATUS, isIn } from '../../usb/index.ts';
import type { DataAnswer, SetupAnswer, SetupPacket, SettingParts } from '../../usb/index.ts';
import { checkRange } from '../core/device-layout.ts';
import { dfuMachine } from '../dfu/profile.ts';
import type { DfuMachine } from '../dfu/profile.ts';
import type { DfuEffect, DfuEvent } from '../dfu/machine.ts';
import { DfuReport } from '../dfu/report.ts';
import { dfuEvent } from '../dfu/request.ts';
import { DfuSeAccess } from './access.ts';
import { DfuSeBlocks } from './blocks.ts';
import { DfuSeContext } from './context.ts';
import { DfuSeJobs } from './jobs.ts';
import type { DfuSeLeave, DfuSeLeaveReason, DfuSeModeOptions } from './options.ts';
import { DFUSE_COMPATIBLE } from './profile.ts';
import type { DfuSeProfile } from './profile.ts';
import type { FunctionHost, UsbFunction } from '../core/function.ts';
import { functionalBytes, functionalOf } from '../dfu/functional.ts';

/**
 * The DFU-mode function in ST's dialect, DfuSe (ST AN3156, UM0391): one interface, one alternate setting
 * a memory. Block 0 is a command, blocks from 2 on are data at the address pointer. A command or block
 * is carried out when the host asks for the status after it.
 */
export class DfuSeMode implements UsbFunction {
  readonly #options: DfuSeModeOptions;
  readonly #profile: DfuSeProfile;
  readonly #machine: DfuMachine;
  readonly #context: DfuSeContext;
  readonly #functional: Uint8Array;
  readonly #transferSize: number;
  readonly #memories: readonly DfuSeAccess[];
  readonly #blocks: DfuSeBlocks;
  readonly #report = new DfuReport();
  readonly #jobs: DfuSeJobs;
  #host: FunctionHost | undefined;
  #state: DfuState = 'dfuIDLE';
  #now = 0;
  /** The DNLOAD whose data stage has not come yet. */
  #incoming: SetupPacket | undefined;
  #leaveWhenDone = false;
  #leave: { readonly reason: DfuSeLeaveReason; readonly dueMs: number } | undefined;

  /** Throws `INVALID_ARGUMENT`, and what `parseMemoryLayout` throws. */
  constructor(options: DfuSeModeOptions) {
    const { profile = DFUSE_COMPATIBLE, memories } = options;
    const usual = { bcdDFUVersion: DfuVersion.dfuSe, wTransferSize: 2048 };
    const functional = functionalOf({ ...usual, ...defined(options.functional ?? {}) }, 1);
    checkRange('memories', memories.length, [1, 256]);
    this.#options = options;
    this.#profile = profile;
    this.#machine = dfuMachine(profile);
    this.#functional = functionalBytes(functional);
    this.#transferSize = functional.wTransferSize;
    this.#memories = memories.map((memory) => new DfuSeAccess(memory, profile));
    this.#jobs = new DfuSeJobs(profile, options.pollTimesMs);
    this.#blocks = new DfuSeBlocks(this.#memories, this.#jobs, {
      profile,
      transferSize: this.#transferSize,
      initialAddress: options.initialAddress,
    });
    this.#context = new DfuSeContext(functional.bmAttributes, this.#jobs);
    this.#begin();
  }

  /** The state that DFU_GETSTATE would answer. */
  get state(): DfuState {
    return this.#state;
  }

  /** bStatus as a word. */
  get status(): DfuStatus {
    return this.#report.status;
  }

  /** Why `status` is not `OK`, in words: what iString points to where the profile has one. */
  get reason(): string {
    return this.#report.reason;
  }

  /** The address that block 2 belongs to. */
  get addressPointer(): number {
    return this.#blocks.pointer;
  }

  describe(host: FunctionHost, firstInterface: number): readonly SettingParts[] {
    this.#host = host;
    const last = this.#memories.length - 1;
    const settings = this.#memories.map(({ memory }, at) => ({
      descriptor: {
        bInterfaceNumber: firstInterface,
        bAlternateSetting: at,
        bNumEndpoints: 0,
        bInterfaceClass: DFU_CLASS,
        bInterfaceSubClass: DFU_SUBCLASS,
        bInterfaceProtocol: DfuProtocol.dfuMode,
        iInterface: host.string(memory.layout),
      },
      extra: at === last ? [this.#functional] : [],
    }));
    if (this.#profile.tellsReason) this.#report.iString = host.text(() => this.#report.reason);
    return settings;
  }

  descriptor(type: number, index: number): Uint8Array | undefined {
    return type === DescriptorType.dfuFunctional && index === 0 ? this.#functional : undefined;
  }

  setup(packet: SetupPacket): SetupAnswer {
    const event = dfuEvent(packet);
    if (event === undefined) return STALL;
    const { wLength } = packet;
    const out = event === 'DNLOAD';
    if (out && wLength > this.#profile.bufferBytes) return HELD;
    if (this.#profile.wholeAnswers && wLength < leastAnswer(event)) {
      return this.#fail('errSTALLEDPKT', `${event} with wLength ${wLength}`);
    }
    // A command has five bytes, however small the blocks.
    const most = Math.max(this.#transferSize, 5);
    if (out && this.#profile.limitsBlocks && wLength > most) {
      return this.#refused('OTHER', `a block of ${wLength} bytes`);
    }
    if (out && (this.#profile.refusesBlocksAt === 'data' || !this.#wouldRefuse(event))) {
      this.#incoming = packet;
      return OUT;
    }
    return this.#refused(event, event, packet);
  }

  data(bytes: Uint8Array): DataAnswer {
    const packet = this.#incoming;
    if (packet === undefined) return STATUS;
    this.#incoming = undefined;
    const before = this.#state;
    const effect = this.#step('DNLOAD');
    if (effect.do !== 'write') return this.#stalled(effect, `DNLOAD in ${before}`);
    const { status, reason } = this.#blocks.take(packet.wValue, bytes);
    return status === 'OK' ? STATUS : this.#fail(status, reason);
  }

  done(): void {
    if (this.#jobs.instant) this.#settle();
    if (!this.#leaveWhenDone) return;
    this.#leaveWhenDone = false;
    this.#leaveAt('detach', this.#leaveDelayMs);
  }

  abandoned(): void {
    this.#leaveWhenDone = false;
    this.#incoming = undefined;
  }

  alternate(_interfaceNumber: number, alternate: number): boolean {
    if (alternate >= this.#memories.length) return false;
    const changed = alternate !== this.#blocks.selected;
    this.#blocks.selected = alternate;
    this.#endTransfer(changed);
    return true;
  }

  configured(): void {
    this.#context.enumerated = true;
    if (this.#profile.alternateAborts) this.#blocks.selected = 0;
    this.#endTransfer(true);
  }

  reset(): void {
    for (const { memory } of this.#memories) memory.reset?.();
    this.#incoming = undefined;
    // Whoever is about to leave still is what it was, also to a host that resets once more.
    if (this.#leave === undefined) this.#happen('RESET', 'reset');
  }

  powerOn(): void {
    this.#happen('POWER_ON', 'power-on');
  }

  tick(nowMs: number): number {
    this.#now = nowMs;
    this.#jobs.poll(nowMs);
    this.#pollTimeout();
    const leave = this.#leave;
    if (leave !== undefined && leave.dueMs <= nowMs) this.#leaveNow(leave.reason, false);
    return Math.min(this.#jobs.dueMs(this.#busy, nowMs), this.#leave?.dueMs ?? Infinity);
  }

  get #leaveDelayMs(): number {
    return this.#options.leaveDelayMs ?? this.#profile.leaveDelayMs;
  }

  get #busy(): boolean {
    return this.#state === 'dfuDNBUSY' || this.#state === 'dfuMANIFEST';
  }

  #begin(): void {
    const { initialStatus = this.#profile.initialStatus } = this.#options;
    this.#state = initialStatus === 'OK' ? 'dfuIDLE' : 'dfuERROR';
    this.#report.set(initialStatus);
  }

  #step(event: DfuEvent): DfuEffect {
    this.#context.state = this.#state;
    const [next, effect] = this.#machine(this.#state, event, this.#context);
    this.#state = next;
    return effect;
  }

  #wouldRefuse(event: DfuEvent): boolean {
    this.#context.state = this.#state;
    return this.#machine(this.#state, event, this.#context)[1].do === 'stall';
  }

  /** Does what the table says; a refusal is told with `what`. */
  #refused(event: DfuEvent, what: string, packet?: SetupPacket): SetupAnswer {
    const before = this.#state;
    const effect = this.#step(event);
    if (effect.do === 'stall' || packet === undefined) {
      return this.#stalled(effect, `${what} in ${before}`);
    }
    return this.#answer(effect, packet);
  }

  #stalled(effect: DfuEffect, what: string): typeof STALL {
    if (effect.do === 'stall' && effect.status !== undefined) {
      this.#report.set(effect.status, `${effect.status}: ${what}`);
    }
    return STALL;
  }

  #answer(effect: DfuEffect, packet: SetupPacket): SetupAnswer {
    switch (effect.do) {
      case 'silence':
        return HELD;
      case 'accept':
        if (isIn(packet)) return { stage: 'in', data: new Uint8Array(0) };
        return packet.wLength > 0 ? OUT : STATUS;
      case 'end':
        this.#blocks.end();
        return STATUS;
      case 'read':
        return this.#read(packet);
      case 'manifest':
        this.#jobs.begin(this.#now);
        return this.#answer(this.#step('GETSTATUS'), packet);
      case 'report':
        if (effect.status !== undefined)
          this.#report.set(effect.status, this.#jobs.work.reasonFor(effect.status));
        return this.#status();
      case 'state':
        return { stage: 'in', data: Uint8Array.of(stateNumber(this.#state)) };
      case 'clear':
      case 'discard':
        this.#discard();
        return STATUS;
      case 'leave':
        this.#leaveWhenDone = true;
        return STATUS;
      case 'write':
      case 'report-and-leave':
      case 'vanish':
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

  #read({ wValue, wLength }: SetupPacket): SetupAnswer {
    const answer = this.#blocks.read(wValue, wLength);
    if (!('data' in answer)) return this.#fail(answer.status, answer.reason);
    if (answer.last) this.#step('SHORT_FRAME');
    if (answer.data.length > this.#profile.bufferBytes) return STALL;
    return { stage: 'in', data: answer.data };
  }

  #status(): SetupAnswer {
    if (this.#state === 'dfuDNBUSY') this.#jobs.begin(this.#now);
    const pollTimeoutMs = this.#busy ? this.#jobs.promise(this.#now) : 0;
    return { stage: 'in', data: this.#report.bytes(this.#state, pollTimeoutMs) };
  }

  /** The device whose memory is done before the host can ask again. */
  #settle(): void {
    if (!this.#busy) return;
    this.#jobs.poll(Infinity);
    const { failure, reason } = this.#jobs.work;
    if (failure === 'OK') {
      this.#happen('POLL_TIMEOUT');
      return;
    }
    this.#happen('FAIL');
    this.#report.set(failure, reason);
  }

  /** The time promised is over, and so is the work: DFU 1.1 A.2.5 and A.2.8. */
  #pollTimeout(): void {
    if (!this.#busy || !this.#jobs.over(this.#now)) return;
    const { job, work } = this.#jobs;
    const manifesting = this.#state === 'dfuMANIFEST';
    if (work.failure !== 'OK') {
      // In dfuMANIFEST a device that does not come back by itself has no other way to tell.
      this.#happen(manifesting ? 'FAIL' : 'POLL_TIMEOUT');
      return;
    }
    this.#happen('POLL_TIMEOUT');
    if (job === 'read-unprotect') this.#leaveAt('unprotected', 0);
    if (!manifesting || this.#profile.leaves === 'never') return;
    if (this.#options.onLeave === undefined) this.#restart();
    else this.#leaveAt('manifested', this.#leaveDelayMs);
  }

  /** What the table says to do about something that is no request. */
  #happen(event: DfuEvent, reason: DfuSeLeaveReason = 'reset'): void {
    const before = this.#state;
    const effect = this.#step(event);
    if (effect.do === 'discard') this.#discard();
    else if (effect.do === 'error') {
      this.#report.set(effect.status, this.#jobs.work.reasonFor(effect.status));
    } else if (effect.do === 'boot') {
      this.#state = before;
      if (reason === 'power-on') this.#restart();
      else this.#leaveAt(reason, this.#leaveDelayMs);
    }
  }

  #fail(status: DfuStatus, reason?: string): typeof STALL {
    this.#context.failing = status;
    this.#step('FAIL');
    this.#context.failing = 'OK';
    this.#report.set(status, reason);
    return STALL;
  }

  #discard(): void {
    this.#report.set('OK');
    this.#jobs.drop();
  }

  /** As in plain DFU: another alternate setting or configuration is an implicit abort. */
  #endTransfer(changed: boolean): void {
    if (!this.#profile.alternateAborts) return;
    const idle = this.#state === 'dfuDNLOAD-IDLE' || this.#state === 'dfuUPLOAD-IDLE';
    if (!idle && !(this.#state === 'dfuDNLOAD-SYNC' && changed)) return;
    this.#state = 'dfuIDLE';
    this.#discard();
  }

  #leaveAt(reason: DfuSeLeaveReason, delayMs: number): void {
    this.#leave ??= { reason, dueMs: this.#now + delayMs };
  }

  #leaveNow(reason: DfuSeLeaveReason, onBus: boolean): void {
    const { onLeave } = this.#options;
    const leave: DfuSeLeave = { reason, onBus, address: this.#blocks.pointer };
    this.#restart();
    if (onLeave === undefined) return;
    if (!onBus) this.#host?.detach();
    this.#host?.log(`DFU mode ends: ${reason}, address ${hexNumber(leave.address, 8)}`);
    onLeave(leave);
  }

  #restart(): void {
    this.#leave = undefined;
    this.#leaveWhenDone = false;
    this.#incoming = undefined;
    this.#jobs.drop();
    this.#context.enumerated = false;
    this.#state = 'dfuIDLE';
    this.#report.set('OK');
  }
}

/** Bytes of the answer that a request has. */
function leastAnswer(event: DfuEvent): number {
  if (event === 'GETSTATUS') return 6;
  return event === 'GETSTATE' ? 1 : 0;
}
