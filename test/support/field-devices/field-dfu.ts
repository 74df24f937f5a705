import { DfuRequest, stateNumber, statusAnswer, statusNumber } from '../../../src/dfu/index.ts';
import type { DfuState, DfuStatus } from '../../../src/dfu/index.ts';
import { HELD, OUT, STALL, STATUS, isIn } from '../../../src/usb/index.ts';
import type { SetupAnswer, SetupPacket } from '../../../src/usb/index.ts';
import { FieldFlash } from './field-memory.ts';
import type { FieldDefects, FieldWords } from './words.ts';

/** What a job does when its time is over. */
type Job = () => DfuStatus | undefined;

/** What the function asks of the device around it: to leave the bus, for so long or for good. */
interface FieldBus {
  /** With the end of this transfer, or before it has an answer. */
  leave(forMs: number, when?: 'now'): void;
}

const BACK_MS = 200;
const FIRST_BLOCK = 2;
const [SET_ADDRESS, ERASE, UNPROTECT] = [0x21, 0x41, 0x92] as const;

/** The DFU function of a device in the field: as much of the state machine as hosts can tell. */
export class FieldDfu {
  readonly flash: FieldFlash;
  readonly #words: FieldWords;
  readonly #defects: FieldDefects;
  readonly #bus: FieldBus;
  #nowMs = 0;
  #state: DfuState = 'dfuIDLE';
  #status: DfuStatus = 'OK';
  #pointer: number;
  /** The block that is being sent. */
  #block = 0;
  #wrote = false;
  #uploaded = 0;
  /** A block has been uploaded. */
  #gave = false;
  #clears = 0;
  #stalls = 0;
  #lastAsked = 0;
  /** What begins with the next DFU_GETSTATUS. */
  #job: { readonly run: Job; readonly ms: number; readonly holds?: boolean } | undefined;
  #endMs = Infinity;
  /** It leaves the bus with what it is doing. */
  #leaves = false;

  constructor(words: FieldWords, bus: FieldBus) {
    this.#words = words;
    this.#defects = words.defects ?? {};
    this.#bus = bus;
    this.flash = new FieldFlash(words.memory);
    this.#pointer = this.flash.address;
    if (this.#defects.foundBusy === true) this.#state = 'dfuDNBUSY';
  }

  /** Time has come to this; the answer is when the held question is to be answered. */
  tick(nowMs: number): number {
    this.#nowMs = nowMs;
    return this.#job?.holds === true ? this.#endMs : Infinity;
  }

  /** The answer to a held DFU_GETSTATUS, if it is time. */
  due(): SetupAnswer | undefined {
    if (this.#job?.holds !== true || this.#nowMs < this.#endMs) return undefined;
    return this.#finish();
  }

  setup(packet: SetupPacket): SetupAnswer {
    const { bRequest, wValue, wLength } = packet;
    switch (bRequest) {
      case DfuRequest.DNLOAD:
        this.#block = wValue;
        if (isIn(packet)) return STALL;
        if (this.#state === 'dfuDNBUSY') return STALL;
        if (this.#defects.readsFirst === true && !this.#gave) return this.#refuse();
        return wLength > 0 ? OUT : this.#end();
      case DfuRequest.UPLOAD:
        return this.#upload(wValue, wLength);
      case DfuRequest.GETSTATUS:
        return this.#getStatus();
      case DfuRequest.GETSTATE:
        return { stage: 'in', data: Uint8Array.of(stateNumber(this.#state)) };
      case DfuRequest.CLRSTATUS:
        this.#clears += 1;
        if (this.#state !== 'dfuERROR' && this.#clears < 2) return STATUS;
        return this.#idle();
      case DfuRequest.ABORT:
        if (this.#state === 'dfuDNBUSY') return STALL;
        return this.#defects.abortStalls === true && this.#wrote ? STALL : this.#idle();
      case DfuRequest.DETACH:
        this.#bus.leave(Infinity);
        return STATUS;
      default:
        return STALL;
    }
  }

  data(bytes: Uint8Array): SetupAnswer & { readonly stage: 'status' } {
    const held = bytes.slice();
    this.#state = 'dfuDNLOAD-SYNC';
    this.#wrote = true;
    if (this.#words.dialect === 'dfuse' && this.#block === 0) this.#command(held);
    else this.#write(held);
    return STATUS;
  }

  #idle(): SetupAnswer {
    this.#state = 'dfuIDLE';
    this.#status = 'OK';
    this.#job = undefined;
    this.#uploaded = 0;
    return STATUS;
  }

  #command(bytes: Uint8Array): void {
    const [code = 0] = bytes;
    const { eraseMs = 5, massEraseMs = 5, eraseStalls = 0 } = this.#defects;
    if (bytes.length !== 5 && bytes.length !== 1) {
      this.#begin(() => 'errSTALLEDPKT', 0);
      return;
    }
    const address = bytes.length === 5 ? new DataView(bytes.buffer).getUint32(1, true) : 0;
    if (code === SET_ADDRESS) {
      this.#begin(() => {
        this.#pointer = address;
        return this.flash.read(address, 1) === undefined ? 'errADDRESS' : undefined;
      }, 0);
      return;
    }
    if (code === UNPROTECT) {
      this.#begin(() => {
        this.flash.eraseAll();
        return undefined;
      }, 50);
      this.#leaves = true;
      return;
    }
    const run: Job = () => {
      if (code !== ERASE) return 'errSTALLEDPKT';
      if (this.#defects.readProtected === true) return 'errVENDOR';
      if (bytes.length === 1) this.flash.eraseAll();
      else if (!this.flash.erase(address)) return 'errADDRESS';
      return undefined;
    };
    const holds = bytes.length === 1 && this.#defects.massEraseMs !== undefined;
    this.#stalls = eraseStalls;
    this.#begin(run, bytes.length === 1 ? massEraseMs : eraseMs, holds);
  }

  #write(bytes: Uint8Array): void {
    const { dialect, blockBytes = 1024 } = this.#words;
    const number = dialect === 'dfuse' ? this.#block - FIRST_BLOCK : this.#block;
    const address = this.#pointer + number * blockBytes;
    // What speaks plain DFU erases by itself.
    if (dialect === 'dfu') this.flash.read(address, bytes.length)?.fill(0xff);
    this.#leaves = this.#defects.resetsAt === address;
    this.#begin(() => {
      if (this.#defects.readProtected === true) return 'errVENDOR';
      return this.flash.write(address, bytes) ? undefined : 'errADDRESS';
    }, 1);
  }

  #begin(run: Job, ms: number, holds: boolean = false): void {
    this.#job = { run, ms, holds };
    this.#endMs = Infinity;
  }

  /** The empty block. */
  #end(): SetupAnswer {
    if (this.#words.dialect === 'dfuse' && this.#defects.leavesAt === 'DNLOAD') {
      this.#bus.leave(Infinity, 'now');
      return STALL;
    }
    this.#state = 'dfuMANIFEST-SYNC';
    return STATUS;
  }

  #upload(block: number, length: number): SetupAnswer {
    const { dialect, blockBytes = 1024 } = this.#words;
    if (this.#state !== 'dfuIDLE' && this.#state !== 'dfuUPLOAD-IDLE') return this.#refuse();
    if (this.#defects.readProtected === true) return this.#refuse('errVENDOR');
    if (this.#uploaded === (this.#defects.uploadBlocks ?? Infinity)) return this.#refuse();
    this.#uploaded += 1;
    this.#gave = true;
    if (dialect === 'dfuse' && block === 0) {
      return { stage: 'in', data: Uint8Array.of(0, SET_ADDRESS, ERASE, UNPROTECT) };
    }
    const number = dialect === 'dfuse' ? block - FIRST_BLOCK : block;
    const data = this.flash.read(this.#pointer + number * blockBytes, length) ?? new Uint8Array(0);
    this.#state = data.length < length ? 'dfuIDLE' : 'dfuUPLOAD-IDLE';
    return { stage: 'in', data };
  }

  #refuse(status: DfuStatus = 'errSTALLEDPKT'): SetupAnswer {
    this.#state = 'dfuERROR';
    this.#status = status;
    return STALL;
  }

  #getStatus(): SetupAnswer {
    if (this.#state === 'dfuMANIFEST-SYNC') return this.#manifest();
    const job = this.#job;
    if (job === undefined) return this.#say(this.#state === 'dfuDNBUSY' ? 100 : 0);
    const { stuckAtBlock = Infinity } = this.#defects;
    if (this.#block >= stuckAtBlock && this.#clears < 2) {
      this.#state = 'dfuDNBUSY';
      return this.#say(1);
    }
    if (this.#endMs === Infinity) {
      if (job.ms === 0 && this.#words.dialect === 'dfu') return this.#finish();
      this.#endMs = this.#nowMs + job.ms;
      this.#state = 'dfuDNBUSY';
      if (this.#leaves) {
        job.run();
        this.#bus.leave(BACK_MS);
      }
      return this.#say(job.holds === true ? 100 : job.ms);
    }
    if (this.#stalls > 0) {
      this.#stalls -= 1;
      return STALL;
    }
    if (this.#nowMs >= this.#endMs) return this.#finish();
    return job.holds === true ? HELD : this.#say(1);
  }

  #finish(): SetupAnswer {
    const status = this.#job?.run();
    this.#job = undefined;
    this.#state = status === undefined ? 'dfuDNLOAD-IDLE' : 'dfuERROR';
    this.#status = status ?? 'OK';
    return this.#say();
  }

  /** DFU_GETSTATUS behind the last block. */
  #manifest(): SetupAnswer {
    const { lastBusy = 0, lastStall = false } = this.#defects;
    if (lastStall) {
      return STALL;
    }
    if (this.#words.dialect === 'dfuse') {
      this.#state = 'dfuMANIFEST';
      this.#bus.leave(Infinity, this.#defects.leavesAt === 'GETSTATUS' ? 'now' : undefined);
      return this.#say();
    }
    this.#lastAsked += 1;
    if (this.#lastAsked <= lastBusy) {
      const said = statusAnswer.encode({
        bStatus: 0,
        bwPollTimeout: 5,
        bState: stateNumber('dfuDNBUSY'),
        iString: 0,
      });
      return { stage: 'in', data: said };
    }
    this.#idle();
    return this.#say();
  }

  #say(pollMs: number = 0): SetupAnswer {
    const { toldPollMs } = this.#defects;
    const bwPollTimeout = this.#state === 'dfuDNBUSY' ? (toldPollMs ?? pollMs) : 0;
    const [bStatus, bState] = [statusNumber(this.#status), stateNumber(this.#state)];
    return {
      stage: 'in',
      data: statusAnswer.encode({ bStatus, bwPollTimeout, bState, iString: 0 }),
    };
  }
}
