/**
 * A decoded operation: its number in bits 7 to 0, register `d` in 11 to 8, register `n` in 15 to 12, and an immediate, a
 * register or a list in 31 to 16; of a branch the distance in halfwords, from behind it, in 31 to 8. What each number does
 * stands in `execute.ts`.
 */
export const op = {
  undecoded: 0,
  end: 1,
  stop: 2,
  undefined: 3,
  lslsImmediate: 4,
  movsRegister: 5,
  lsrsImmediate: 6,
  asrsImmediate: 7,
  addsRegister: 8,
  subsRegister: 9,
  addsImmediate: 10,
  subsImmediate: 11,
  movsImmediate: 12,
  cmpImmediate: 13,
  /** 14 to 29: the sixteen of A5.2.2, in the manual's order. */
  dataProcessing: 14,
  addHigh: 30,
  addAny: 31,
  movHigh: 32,
  movAny: 33,
  cmpHigh: 34,
  bx: 35,
  blx: 36,
  ldrLiteral: 37,
  /** 38 to 45: STR, STRH, STRB, LDRSB, LDR, LDRH, LDRB, LDRSH with a register, in the manual's order. */
  loadStoreRegister: 38,
  strImmediate: 46,
  ldrImmediate: 47,
  strbImmediate: 48,
  ldrbImmediate: 49,
  strhImmediate: 50,
  ldrhImmediate: 51,
  adr: 52,
  addSp: 53,
  moveSp: 54,
  sxth: 55,
  sxtb: 56,
  uxth: 57,
  uxtb: 58,
  push: 59,
  pop: 60,
  popPc: 61,
  stm: 62,
  ldm: 63,
  rev: 64,
  rev16: 65,
  revsh: 66,
  cps: 67,
  bkpt: 68,
  nop: 69,
  wfe: 70,
  wfi: 71,
  sev: 72,
  /** 73 to 86: EQ NE CS CC MI PL VS VC HI LS GE LT GT LE. */
  branchIf: 73,
  branch: 87,
  branchLink: 88,
  svc: 89,
  msr: 90,
  mrs: 91,
  barrier: 92,
  /** The same with a target outside the memory. */
  branchFar: 93,
  branchLinkFar: 94,
  branchIfFar: 95,
  /** A branch to itself. */
  spin: 97,
  undefinedWide: 96,
} as const;

function pack(number: number, d: number, n: number, immediate: number): number {
  return number | (d << 8) | (n << 12) | (immediate << 16);
}

/** Whether this is the first half of 32 bits (A5.1). */
export function isWide(first: number): boolean {
  return first >= 0xe800;
}

/**
 * Decodes one instruction (A5.2, A5.3). `index` is its place in the memory of `count` halfwords, so that a branch that leaves
 * it can be told; `second` is the halfword behind it, used if `isWide`.
 */
export function decode(first: number, second: number, index: number, count: number): number {
  if (isWide(first)) return wide(first, second, index, count);
  const low = first & 7;
  const mid = (first >>> 3) & 7;
  const third = (first >>> 6) & 7;
  const byte = first & 0xff;
  const five = (first >>> 6) & 31;
  switch (first >>> 11) {
    case 0:
      return pack(five === 0 ? op.movsRegister : op.lslsImmediate, low, mid, five);
    case 1:
      return pack(op.lsrsImmediate, low, mid, five === 0 ? 32 : five);
    case 2:
      return pack(op.asrsImmediate, low, mid, five === 0 ? 32 : five);
    case 3:
      return pack(op.addsRegister + ((first >>> 9) & 3), low, mid, third);
    case 4:
      return pack(op.movsImmediate, (first >>> 8) & 7, 0, byte);
    case 5:
      return pack(op.cmpImmediate, 0, (first >>> 8) & 7, byte);
    case 6:
      return pack(op.addsImmediate, (first >>> 8) & 7, (first >>> 8) & 7, byte);
    case 7:
      return pack(op.subsImmediate, (first >>> 8) & 7, (first >>> 8) & 7, byte);
    case 8:
      if ((first & 0x400) === 0) return pack(op.dataProcessing + ((first >>> 6) & 15), low, mid, 0);
      return special(first);
    case 9:
      return pack(op.ldrLiteral, (first >>> 8) & 7, 0, byte << 2);
    case 10:
    case 11:
      return pack(op.loadStoreRegister + ((first >>> 9) & 7), low, mid, third);
    case 12:
    case 13:
      return pack(op.strImmediate + ((first >>> 11) & 1), low, mid, five << 2);
    case 14:
    case 15:
      return pack(op.strbImmediate + ((first >>> 11) & 1), low, mid, five);
    case 16:
    case 17:
      return pack(op.strhImmediate + ((first >>> 11) & 1), low, mid, five << 1);
    case 18:
    case 19:
      return pack(op.strImmediate + ((first >>> 11) & 1), (first >>> 8) & 7, 13, byte << 2);
    case 20:
      return pack(op.adr, (first >>> 8) & 7, 0, byte << 2);
    case 21:
      return pack(op.addSp, (first >>> 8) & 7, 0, byte << 2);
    case 22:
    case 23:
      return miscellaneous(first);
    case 24:
      return pack(op.stm, 0, (first >>> 8) & 7, byte);
    case 25:
      return pack(op.ldm, 0, (first >>> 8) & 7, byte);
    case 26:
    case 27:
      return conditional(first, index, count);
    default: {
      const distance = ((first << 21) >> 21) + 1;
      const target = index + 1 + distance;
      if (distance === -1) return op.spin;
      const near = target >= 0 && target < count;
      return (near ? op.branch : op.branchFar) | (distance << 8);
    }
  }
}

/** Special data instructions, BX and BLX (A5.2.3). */
function special(first: number): number {
  const d = (first & 7) | ((first >>> 4) & 8);
  const m = (first >>> 3) & 15;
  switch ((first >>> 8) & 3) {
    case 0:
      return pack(d === 13 || d === 15 || m === 15 ? op.addAny : op.addHigh, d, m, 0);
    case 1:
      return pack(op.cmpHigh, d, m, 0);
    case 2:
      return pack(d === 13 || d === 15 || m === 15 ? op.movAny : op.movHigh, d, m, 0);
    default:
      return pack((first & 0x80) === 0 ? op.bx : op.blx, 0, m, 0);
  }
}

/** Miscellaneous 16-bit instructions (A5.2.5). */
function miscellaneous(first: number): number {
  const low = first & 7;
  const mid = (first >>> 3) & 7;
  const byte = first & 0xff;
  switch ((first >>> 8) & 15) {
    case 0x0: {
      const distance = (first & 0x7f) << 2;
      return pack(op.moveSp, 0, 0, (first & 0x80) === 0 ? distance : -distance);
    }
    case 0x2:
      return pack(op.sxth + ((first >>> 6) & 3), low, mid, 0);
    case 0x4:
      return pack(op.push, 0, 0, byte);
    case 0x5:
      return pack(op.push, 0, 0, byte | 0x4000);
    case 0x6:
      return cps(first);
    case 0xa:
      if (((first >>> 6) & 3) === 2) return op.undefined;
      return pack([op.rev, op.rev16, op.rev, op.revsh][(first >>> 6) & 3] ?? 0, low, mid, 0);
    case 0xc:
      return pack(op.pop, 0, 0, byte);
    case 0xd:
      return pack(op.popPc, 0, 0, byte);
    case 0xe:
      return pack(op.bkpt, 0, 0, byte);
    case 0xf:
      return hint(first);
    default:
      return op.undefined;
  }
}

/** CPS (B4.2.1). Bit 1 is PRIMASK; it does nothing if that is not among what is to be changed, as the others are not there. */
function cps(first: number): number {
  if ((first & 0xffe0) !== 0xb660) return op.undefined;
  return (first & 2) === 0 ? op.nop : pack(op.cps, 0, 0, (first >>> 4) & 1);
}

/** Hints (A5.2.5); those that are not allocated do nothing. With a mask it is IT, which ARMv6-M has not. */
function hint(first: number): number {
  if ((first & 15) !== 0) return op.undefined;
  switch ((first >>> 4) & 15) {
    case 2:
      return op.wfe;
    case 3:
      return op.wfi;
    case 4:
      return op.sev;
    default:
      return op.nop;
  }
}

/** Conditional branch, UDF, SVC (A5.2.6). */
function conditional(first: number, index: number, count: number): number {
  const condition = (first >>> 8) & 15;
  if (condition === 14) return op.undefined;
  if (condition === 15) return pack(op.svc, 0, 0, first & 0xff);
  const distance = ((first << 24) >> 24) + 1;
  const target = index + 1 + distance;
  if (target >= 0 && target < count) return (op.branchIf + condition) | (distance << 8);
  return pack(op.branchIfFar, condition, 0, distance);
}

/** 32 bits (A5.3): BL, MSR, MRS, the barriers, UDF. */
function wide(first: number, second: number, index: number, count: number): number {
  if (first >>> 11 !== 0x1e || (second & 0x8000) === 0) return op.undefinedWide;
  if ((second & 0x5000) === 0x5000) {
    const sign = (first >>> 10) & 1;
    const i1 = ~((second >>> 13) ^ sign) & 1;
    const i2 = ~((second >>> 11) ^ sign) & 1;
    const offset =
      (sign << 23) | (i1 << 22) | (i2 << 21) | ((first & 0x3ff) << 11) | (second & 0x7ff);
    // From behind the second half, where the program counter reads as.
    const distance = (offset << 8) >> 8;
    const target = index + 2 + distance;
    const near = target >= 0 && target < count;
    return (near ? op.branchLink : op.branchLinkFar) | (distance << 8);
  }
  if ((second & 0x5000) !== 0) return op.undefinedWide;
  const kind = (first >>> 4) & 0x7f;
  if ((kind & 0x7e) === 0x38) return special32(op.msr, 0, first & 15, second & 0xff);
  if ((kind & 0x7e) === 0x3e) return special32(op.mrs, (second >>> 8) & 15, 0, second & 0xff);
  if (kind === 0x3b && ((second >>> 4) & 15) >= 4 && ((second >>> 4) & 15) <= 6) return op.barrier;
  return op.undefinedWide;
}

/** MSR and MRS; with sp or pc they are UNPREDICTABLE, and UNDEFINED here. */
function special32(number: number, d: number, n: number, register: number): number {
  const general = (d | n) !== 13 && (d | n) !== 15;
  return general ? pack(number, d, n, register) : op.undefinedWide;
}
