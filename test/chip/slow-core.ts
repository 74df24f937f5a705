/**
 * ARMv6-M once more, slowly: each encoding a line of the manual's table, each operation its pseudo-code (ARM DDI 0419),
 * numbers unsigned, nothing kept from one instruction to the next. What `src/chip/armv6m` does is compared with it.
 */
/** What the slow core reads and writes: a byte is undefined where nobody answers. */
interface SlowMemory {
  read(address: number, size: number): number | undefined;
  /** Whether somebody took it. */
  write(address: number, size: number, value: number): boolean;
  /** Whether instructions are fetched there. */
  executable(address: number): boolean;
}

/** A fault of the instruction that is executed. */
export class SlowFault extends Error {}

/** An exception that is taken, or was pended. */
const NMI = 2;
const HARD_FAULT = 3;
const SV_CALL = 11;

const u32 = (value: number): number => value >>> 0;

/** What those 16 or 32 bits are; undefined: UNDEFINED. */
export type Find = (bits: number, wide: boolean) => ((core: SlowCore) => void) | undefined;

export class SlowCore {
  readonly memory: SlowMemory;
  readonly #find: Find;
  readonly R: number[] = Array.from({ length: 16 }, () => 0);
  n = false;
  z = false;
  c = false;
  v = false;
  t = true;
  ipsr = 0;
  primask = false;
  nPriv = false;
  spsel = false;
  /** SP_main and SP_process; `R[13]` is not used. */
  spMain = 0;
  spProcess = 0;
  vtor = 0;
  event = false;
  asleep: '' | 'wfi' | 'wfe' = '';
  locked = false;
  /** Instructions that were begun. */
  count = 0;
  readonly active: Set<number> = new Set();
  readonly pending: Set<number> = new Set();
  readonly enabled: Set<number> = new Set();
  readonly priority: Map<number, number> = new Map();
  /** Address of the instruction, and of the one behind it unless it branches. */
  at = 0;
  next = 0;

  constructor(memory: SlowMemory, find: Find) {
    this.memory = memory;
    this.#find = find;
  }

  /** As far as it is the same each time; whoever resets it sets the registers. */
  reset(): void {
    Object.assign(this, { ipsr: 0, t: true, event: false, asleep: '', locked: false, count: 0 });
    for (const set of [this.active, this.pending, this.enabled]) set.clear();
  }

  // --- registers (B1.4)

  /** LookUpSP. */
  get sp(): number {
    return this.usesProcessStack() ? this.spProcess : this.spMain;
  }

  set sp(value: number) {
    const aligned = u32(value & ~3);
    if (this.usesProcessStack()) this.spProcess = aligned;
    else this.spMain = aligned;
  }

  usesProcessStack(): boolean {
    return this.spsel && this.ipsr === 0;
  }

  get(register: number): number {
    if (register === 13) return this.sp;
    if (register === 15) return u32(this.at + 4);
    return this.R[register] ?? 0;
  }

  set(register: number, value: number): void {
    if (register === 15) this.branchTo(value);
    else if (register === 13) this.sp = value;
    else this.R[register] = u32(value);
  }

  get xpsr(): number {
    const bit = (flag: boolean, at: number): number => (flag ? 2 ** at : 0);
    return (
      bit(this.n, 31) +
      bit(this.z, 30) +
      bit(this.c, 29) +
      bit(this.v, 28) +
      bit(this.t, 24) +
      this.ipsr
    );
  }

  setFlags(value: number): void {
    this.n = Math.floor(value / 2 ** 31) % 2 === 1;
    this.z = Math.floor(value / 2 ** 30) % 2 === 1;
    this.c = Math.floor(value / 2 ** 29) % 2 === 1;
    this.v = Math.floor(value / 2 ** 28) % 2 === 1;
  }

  get privileged(): boolean {
    return this.ipsr !== 0 || !this.nPriv;
  }

  // --- memory (B2.4)

  read(address: number, size: number): number {
    const at = u32(address);
    if (at % size !== 0) throw new SlowFault('unaligned');
    const value = this.memory.read(at, size);
    if (value === undefined) throw new SlowFault('nobody');
    return u32(value);
  }

  write(address: number, size: number, value: number): void {
    const at = u32(address);
    if (at % size !== 0) throw new SlowFault('unaligned');
    if (!this.memory.write(at, size, value % 2 ** (8 * size))) throw new SlowFault('nobody');
  }

  // --- branches (A4.2.2)

  branchTo(address: number): void {
    this.next = u32(address & ~1);
  }

  bxWritePc(address: number): void {
    if (this.ipsr !== 0 && address >= 0xf000_0000) this.exceptionReturn(address);
    else this.blxWritePc(address);
  }

  blxWritePc(address: number): void {
    this.t = address % 2 === 1;
    this.branchTo(address);
  }

  // --- exceptions (B1.5)

  priorityOf(number: number): number {
    if (number === NMI) return -2;
    if (number === HARD_FAULT) return -1;
    return this.priority.get(number) ?? 0;
  }

  activePriority(): number {
    return Math.min(4, ...[...this.active].map((each) => this.priorityOf(each)));
  }

  executionPriority(): number {
    return Math.min(this.activePriority(), this.primask ? 0 : 4);
  }

  /** The exception that pends, is enabled, and is more urgent than that. */
  pendingAbove(priority: number): number | undefined {
    const candidates = [...this.pending].filter((each) => each < 16 || this.enabled.has(each));
    candidates.sort((a, b) => this.priorityOf(a) - this.priorityOf(b) || a - b);
    const [first] = candidates;
    return first !== undefined && this.priorityOf(first) < priority ? first : undefined;
  }

  /** ExceptionEntry: PushStack, ExceptionTaken. */
  enter(number: number, returnAddress: number): void {
    const process = this.usesProcessStack();
    const link = this.ipsr !== 0 ? 0xffff_fff1 : process ? 0xffff_fffd : 0xffff_fff9;
    const align = Math.floor(this.sp / 4) % 2;
    const frame = u32((this.sp - 0x20) & ~4);
    this.sp = frame;
    const [r0 = 0, r1 = 0, r2 = 0, r3 = 0] = this.R;
    const words = [r0, r1, r2, r3, this.R[12] ?? 0, this.R[14] ?? 0, returnAddress];
    try {
      [...words, this.xpsr + align * 0x200].forEach((word, index) => {
        this.write(frame + 4 * index, 4, word);
      });
    } catch (error) {
      if (!(error instanceof SlowFault)) throw error;
      if (number === HARD_FAULT || number === NMI) this.lockUp();
      else this.taken(HARD_FAULT, link);
      return;
    }
    this.taken(number, link);
  }

  taken(number: number, link: number): void {
    this.ipsr = number;
    this.spsel = false;
    this.active.add(number);
    this.pending.delete(number);
    this.event = true;
    this.R[14] = link;
    try {
      const vector = this.read(this.vtor + 4 * number, 4);
      this.blxWritePc(vector);
    } catch (error) {
      if (!(error instanceof SlowFault)) throw error;
      if (number === HARD_FAULT || number === NMI) this.lockUp();
      else {
        this.active.delete(number);
        this.taken(HARD_FAULT, link);
      }
    }
  }

  lockUp(): void {
    this.locked = true;
    this.next = 0xffff_fffe;
  }

  exceptionReturn(value: number): void {
    const nested = this.active.size;
    const kind = value % 16;
    const ones = Math.floor(value / 16) % 2 ** 24 === 0xff_ffff;
    const fits = kind === 1 ? nested > 1 : kind === 9 || kind === 13 ? nested === 1 : false;
    if (!ones || !fits || !this.active.has(this.ipsr)) throw new SlowFault('EXC_RETURN');
    this.active.delete(this.ipsr);
    const link = u32(value | 0xf000_0000);
    const next = this.pendingAbove(this.executionPriority());
    if (next !== undefined) {
      this.taken(next, link);
      return;
    }
    this.ipsr = 0;
    this.spsel = kind === 13;
    const process = kind === 13;
    const frame = process ? this.spProcess : this.spMain;
    this.event = true;
    let words: number[];
    try {
      words = Array.from({ length: 8 }, (_, index) => this.read(frame + 4 * index, 4));
    } catch (error) {
      if (!(error instanceof SlowFault)) throw error;
      if (process) this.taken(HARD_FAULT, link);
      else this.lockUp();
      return;
    }
    const [r0 = 0, r1 = 0, r2 = 0, r3 = 0, r12 = 0, lr = 0, pc = 0, xpsr = 0] = words;
    const ipsr = xpsr % 64;
    if ((ipsr === 0) !== (kind !== 1)) {
      this.taken(HARD_FAULT, link);
      return;
    }
    this.R.splice(0, 4, r0, r1, r2, r3);
    this.R[12] = r12;
    this.R[14] = lr;
    const sp = u32((frame + 0x20) | (Math.floor(xpsr / 0x200) % 2 === 1 ? 4 : 0));
    if (process) this.spProcess = sp;
    else this.spMain = sp;
    this.setFlags(xpsr);
    this.t = Math.floor(xpsr / 2 ** 24) % 2 === 1;
    this.ipsr = ipsr;
    this.branchTo(pc);
  }

  fault(): void {
    if (this.executionPriority() < 0) this.lockUp();
    else this.enter(HARD_FAULT, this.at);
  }

  supervisorCall(): void {
    if (this.priorityOf(SV_CALL) < this.executionPriority()) this.enter(SV_CALL, this.next);
    else throw new SlowFault('SVC');
  }

  // --- one instruction

  /** Takes what pends, as long as something more urgent does. Answers whether the next instruction is to be executed. */
  lookUp(): boolean {
    if (this.locked) {
      if (!this.pending.has(NMI) || this.executionPriority() <= -2) return false;
      this.locked = false;
    }
    const above = this.pendingAbove(this.executionPriority());
    if (this.asleep !== '') {
      const wakes =
        this.asleep === 'wfi'
          ? this.pendingAbove(this.activePriority()) !== undefined
          : this.event || above !== undefined;
      if (!wakes) return false;
      if (this.asleep === 'wfe') this.event = false;
      this.asleep = '';
    }
    for (let each = above; each !== undefined; each = this.pendingAbove(this.executionPriority())) {
      this.enter(each, this.next);
      if (this.locked) return false;
    }
    return true;
  }

  fetch(address: number): number {
    if (!this.memory.executable(address)) throw new SlowFault('XN');
    return this.read(address, 2);
  }

  /** Executes the next instruction, which is at `next`. */
  step(): void {
    this.at = this.next;
    this.count++;
    try {
      if (!this.t) throw new SlowFault('EPSR.T');
      const first = this.fetch(this.at);
      const wide = first >= 0xe800;
      const bits = wide ? first * 0x1_0000 + this.fetch(this.at + 2) : first;
      this.next = u32(this.at + (wide ? 4 : 2));
      const operation = this.#find(bits, wide);
      if (operation === undefined) throw new SlowFault('UNDEFINED');
      operation(this);
    } catch (error) {
      if (!(error instanceof SlowFault)) throw error;
      this.fault();
    }
  }
}
