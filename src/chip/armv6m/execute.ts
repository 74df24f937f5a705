import { decodeAt, load, store } from './access.ts';
import { loadMultiple, pop, push, storeMultiple } from './multiple.ts';
import { passes, readSpecial, writeSpecial } from './special.ts';
import type { Code, CoreState } from './state.ts';

/** Why `execute` came back; pc then stands in R[15]. */
export type Left = number;
/** The cycles are used up, or something wants attention. */
export const batch: Left = 0;
/** pc is outside of that part. */
export const elsewhere: Left = 1;
/** pc is to be `CoreState.target`, by the rules of BX; R[15] is the address of the instruction. */
export const exchange: Left = 2;
/** The same by the rules of BLX, which never is the end of an exception. */
export const exchangeLinked: Left = 7;
/** BKPT; pc is at it. */
export const breakpoint: Left = 3;
/** SVC; pc is at it. */
export const supervisor: Left = 4;
/** UNDEFINED; pc is at it. */
export const undefinedOne: Left = 5;
/** pc is at a breakpoint or an exit. */
const stopped: Left = 6;

/**
 * Executes what stands in one part of a memory from R[15] on, for about that many cycles. A fault of the bus is thrown out of it; R[15] then is
 * the address of the instruction, and nothing of it has been done.
 */
export function execute(s: CoreState, code: Code, cycles: number): Left {
  const { R, ram } = s;
  const { branchCycles } = s.variant;
  const { table, words } = code;
  const base = code.start | 0;
  const reach = code.length;
  const { u8: ram8, u16: ram16, u32: ram32, decoded: ramDecoded } = ram;
  const ramAt = ram.start | 0;
  const end = s.cycles + cycles;
  s.skipped = 0;
  let left = cycles;
  let i = (((R[15] as number) - base) | 0) >>> 1;
  let stop: Left = batch;
  let steps = 0;
  run: while (left > 0) {
    const w = table[i] as number;
    i++;
    left--;
    steps++;
    switch (w & 0xff) {
      case 0: {
        // not decoded yet
        decodeAt(s, code, i - 1);
        i--;
        left++;
        steps--;
        break;
      }
      case 1: {
        // the end of this part
        R[15] = base + i * 2 - 2;
        left++;
        steps--;
        stop = elsewhere;
        break run;
      }
      case 2: {
        // a breakpoint or an exit
        R[15] = base + i * 2 - 2;
        left++;
        steps--;
        stop = stopped;
        break run;
      }
      case 4: {
        // LSLS (immediate), 1 to 31
        const a = R[(w >>> 12) & 15] as number;
        const by = w >>> 16;
        const r = a << by;
        R[(w >>> 8) & 15] = r;
        R[16] = r;
        R[17] = r;
        R[18] = (a >>> (32 - by)) & 1;
        break;
      }
      case 5: {
        // MOVS (register): LSLS by 0
        const r = R[(w >>> 12) & 15] as number;
        R[(w >>> 8) & 15] = r;
        R[16] = r;
        R[17] = r;
        break;
      }
      case 6: {
        // LSRS (immediate), 1 to 32
        const a = R[(w >>> 12) & 15] as number;
        const by = w >>> 16;
        const r = by === 32 ? 0 : (a >>> by) | 0;
        R[(w >>> 8) & 15] = r;
        R[16] = r;
        R[17] = r;
        R[18] = (a >>> (by - 1)) & 1;
        break;
      }
      case 7: {
        // ASRS (immediate), 1 to 32
        const a = R[(w >>> 12) & 15] as number;
        const by = w >>> 16;
        const r = by === 32 ? a >> 31 : a >> by;
        R[(w >>> 8) & 15] = r;
        R[16] = r;
        R[17] = r;
        R[18] = (a >> (by - 1)) & 1;
        break;
      }
      case 8: {
        // ADDS (register)
        const a = R[(w >>> 12) & 15] as number;
        const b = R[w >>> 16] as number;
        const r = (a + b) | 0;
        R[(w >>> 8) & 15] = r;
        R[16] = r;
        R[17] = r;
        R[18] = r >>> 0 < a >>> 0 ? 1 : 0;
        R[19] = (a ^ r) & (b ^ r);
        break;
      }
      case 9: {
        // SUBS (register)
        const a = R[(w >>> 12) & 15] as number;
        const b = R[w >>> 16] as number;
        const r = (a - b) | 0;
        R[(w >>> 8) & 15] = r;
        R[16] = r;
        R[17] = r;
        R[18] = a >>> 0 >= b >>> 0 ? 1 : 0;
        R[19] = (a ^ b) & (a ^ r);
        break;
      }
      case 10: {
        // ADDS (immediate)
        const a = R[(w >>> 12) & 15] as number;
        const b = w >>> 16;
        const r = (a + b) | 0;
        R[(w >>> 8) & 15] = r;
        R[16] = r;
        R[17] = r;
        R[18] = r >>> 0 < a >>> 0 ? 1 : 0;
        R[19] = (a ^ r) & (b ^ r);
        break;
      }
      case 11: {
        // SUBS (immediate)
        const a = R[(w >>> 12) & 15] as number;
        const b = w >>> 16;
        const r = (a - b) | 0;
        R[(w >>> 8) & 15] = r;
        R[16] = r;
        R[17] = r;
        R[18] = a >>> 0 >= b >>> 0 ? 1 : 0;
        R[19] = (a ^ b) & (a ^ r);
        break;
      }
      case 12: {
        // MOVS (immediate)
        const r = w >>> 16;
        R[(w >>> 8) & 15] = r;
        R[16] = r;
        R[17] = r;
        break;
      }
      case 13: {
        // CMP (immediate)
        const a = R[(w >>> 12) & 15] as number;
        const b = w >>> 16;
        const r = (a - b) | 0;
        R[16] = r;
        R[17] = r;
        R[18] = a >>> 0 >= b >>> 0 ? 1 : 0;
        R[19] = (a ^ b) & (a ^ r);
        break;
      }
      case 14: {
        // ANDS
        const r = (R[(w >>> 8) & 15] as number) & (R[(w >>> 12) & 15] as number);
        R[(w >>> 8) & 15] = r;
        R[16] = r;
        R[17] = r;
        break;
      }
      case 15: {
        // EORS
        const r = (R[(w >>> 8) & 15] as number) ^ (R[(w >>> 12) & 15] as number);
        R[(w >>> 8) & 15] = r;
        R[16] = r;
        R[17] = r;
        break;
      }
      case 16: {
        // LSLS (register): by 0 leaves C, by more than 32 clears it
        const a = R[(w >>> 8) & 15] as number;
        const by = (R[(w >>> 12) & 15] as number) & 0xff;
        let r = a;
        if (by !== 0) {
          r = by < 32 ? a << by : 0;
          R[18] = by <= 32 ? (a >>> (32 - by)) & 1 : 0;
        }
        R[(w >>> 8) & 15] = r;
        R[16] = r;
        R[17] = r;
        break;
      }
      case 17: {
        // LSRS (register)
        const a = R[(w >>> 8) & 15] as number;
        const by = (R[(w >>> 12) & 15] as number) & 0xff;
        let r = a;
        if (by !== 0) {
          r = by < 32 ? (a >>> by) | 0 : 0;
          R[18] = by <= 32 ? (a >>> (by - 1)) & 1 : 0;
        }
        R[(w >>> 8) & 15] = r;
        R[16] = r;
        R[17] = r;
        break;
      }
      case 18: {
        // ASRS (register)
        const a = R[(w >>> 8) & 15] as number;
        const by = (R[(w >>> 12) & 15] as number) & 0xff;
        let r = a;
        if (by !== 0) {
          r = by < 32 ? a >> by : a >> 31;
          R[18] = by < 32 ? (a >> (by - 1)) & 1 : a >>> 31;
        }
        R[(w >>> 8) & 15] = r;
        R[16] = r;
        R[17] = r;
        break;
      }
      case 19: {
        // ADCS
        const a = R[(w >>> 8) & 15] as number;
        const b = R[(w >>> 12) & 15] as number;
        const r = (a + b + (R[18] as number)) | 0;
        R[(w >>> 8) & 15] = r;
        R[16] = r;
        R[17] = r;
        R[18] = ((a & b) | ((a | b) & ~r)) >>> 31;
        R[19] = (a ^ r) & (b ^ r);
        break;
      }
      case 20: {
        // SBCS
        const a = R[(w >>> 8) & 15] as number;
        const b = ~(R[(w >>> 12) & 15] as number);
        const r = (a + b + (R[18] as number)) | 0;
        R[(w >>> 8) & 15] = r;
        R[16] = r;
        R[17] = r;
        R[18] = ((a & b) | ((a | b) & ~r)) >>> 31;
        R[19] = (a ^ r) & (b ^ r);
        break;
      }
      case 21: {
        // RORS
        const a = R[(w >>> 8) & 15] as number;
        const by = (R[(w >>> 12) & 15] as number) & 0xff;
        let r = a;
        if (by !== 0) {
          r = (a >>> (by & 31)) | (a << (32 - (by & 31)));
          R[18] = r >>> 31;
        }
        R[(w >>> 8) & 15] = r;
        R[16] = r;
        R[17] = r;
        break;
      }
      case 22: {
        // TST
        const r = (R[(w >>> 8) & 15] as number) & (R[(w >>> 12) & 15] as number);
        R[16] = r;
        R[17] = r;
        break;
      }
      case 23: {
        // RSBS by 0
        const a = 0;
        const b = R[(w >>> 12) & 15] as number;
        const r = (a - b) | 0;
        R[(w >>> 8) & 15] = r;
        R[16] = r;
        R[17] = r;
        R[18] = a >>> 0 >= b >>> 0 ? 1 : 0;
        R[19] = (a ^ b) & (a ^ r);
        break;
      }
      case 24: {
        // CMP (register)
        const a = R[(w >>> 8) & 15] as number;
        const b = R[(w >>> 12) & 15] as number;
        const r = (a - b) | 0;
        R[16] = r;
        R[17] = r;
        R[18] = a >>> 0 >= b >>> 0 ? 1 : 0;
        R[19] = (a ^ b) & (a ^ r);
        break;
      }
      case 25: {
        // CMN
        const a = R[(w >>> 8) & 15] as number;
        const b = R[(w >>> 12) & 15] as number;
        const r = (a + b) | 0;
        R[16] = r;
        R[17] = r;
        R[18] = r >>> 0 < a >>> 0 ? 1 : 0;
        R[19] = (a ^ r) & (b ^ r);
        break;
      }
      case 26: {
        // ORRS
        const r = (R[(w >>> 8) & 15] as number) | (R[(w >>> 12) & 15] as number);
        R[(w >>> 8) & 15] = r;
        R[16] = r;
        R[17] = r;
        break;
      }
      case 27: {
        // MULS: C and V stay
        const r = Math.imul(R[(w >>> 8) & 15] as number, R[(w >>> 12) & 15] as number);
        R[(w >>> 8) & 15] = r;
        R[16] = r;
        R[17] = r;
        break;
      }
      case 28: {
        // BICS
        const r = (R[(w >>> 8) & 15] as number) & ~(R[(w >>> 12) & 15] as number);
        R[(w >>> 8) & 15] = r;
        R[16] = r;
        R[17] = r;
        break;
      }
      case 29: {
        // MVNS
        const r = ~(R[(w >>> 12) & 15] as number);
        R[(w >>> 8) & 15] = r;
        R[16] = r;
        R[17] = r;
        break;
      }
      case 30: {
        // ADD (register), no flags
        R[(w >>> 8) & 15] = (R[(w >>> 8) & 15] as number) + (R[(w >>> 12) & 15] as number);
        break;
      }
      case 31: {
        // ADD with sp or pc
        const pc = base + i * 2 + 2;
        const d = (w >>> 8) & 15;
        const n = (w >>> 12) & 15;
        const r = (d === 15 ? pc : (R[d] as number)) + (n === 15 ? pc : (R[n] as number));
        if (d === 15) {
          left -= branchCycles;
          i = ((r & ~1) - base) >> 1;
          if (((r & ~1) - base) >>> 0 >= reach) {
            R[15] = r & ~1;
            stop = elsewhere;
            break run;
          }
        } else R[d] = d === 13 ? r & ~3 : r;
        break;
      }
      case 32: {
        // MOV (register), no flags
        R[(w >>> 8) & 15] = R[(w >>> 12) & 15] as number;
        break;
      }
      case 33: {
        // MOV with sp or pc
        const d = (w >>> 8) & 15;
        const n = (w >>> 12) & 15;
        const r = n === 15 ? base + i * 2 + 2 : (R[n] as number);
        if (d === 15) {
          left -= branchCycles;
          i = ((r & ~1) - base) >> 1;
          if (((r & ~1) - base) >>> 0 >= reach) {
            R[15] = r & ~1;
            stop = elsewhere;
            break run;
          }
        } else R[d] = d === 13 ? r & ~3 : r;
        break;
      }
      case 34: {
        // CMP with high registers
        const pc = base + i * 2 + 2;
        const d = (w >>> 8) & 15;
        const n = (w >>> 12) & 15;
        const a = d === 15 ? pc : (R[d] as number);
        const b = n === 15 ? pc : (R[n] as number);
        const r = (a - b) | 0;
        R[16] = r;
        R[17] = r;
        R[18] = a >>> 0 >= b >>> 0 ? 1 : 0;
        R[19] = (a ^ b) & (a ^ r);
        break;
      }
      case 35: {
        // BX
        const n = (w >>> 12) & 15;
        const target = n === 15 ? base + i * 2 + 2 : (R[n] as number);
        left -= branchCycles;
        const offset = target - 1 - base;
        if ((offset & 1) === 0 && offset >>> 0 < reach) i = offset >> 1;
        else {
          R[15] = base + i * 2 - 2;
          s.target = target;
          stop = exchange;
          break run;
        }
        break;
      }
      case 36: {
        // BLX: reads its register before it writes lr
        const n = (w >>> 12) & 15;
        const target = n === 15 ? base + i * 2 + 2 : (R[n] as number);
        R[14] = (base + i * 2) | 1;
        left -= branchCycles;
        const offset = target - 1 - base;
        if ((offset & 1) === 0 && offset >>> 0 < reach) i = offset >> 1;
        else {
          R[15] = base + i * 2 - 2;
          s.target = target;
          stop = exchangeLinked;
          break run;
        }
        break;
      }
      case 37: {
        // LDR (literal)
        left--;
        const at = (((base + i * 2 + 2) & ~3) + (w >>> 16) - base) >>> 2;
        if (at < words.length) R[(w >>> 8) & 15] = words[at] as number;
        else {
          R[15] = base + i * 2 - 2;
          s.cycles = end - left;
          s.steps = steps;
          R[(w >>> 8) & 15] = load(s, ((base + i * 2 + 2) & ~3) + (w >>> 16), 4);
          if (s.attention) break run;
        }
        break;
      }
      case 38: {
        // STR (register)
        const address = ((R[(w >>> 12) & 15] as number) + (R[w >>> 16] as number)) | 0;
        const at = address - ramAt;
        const k = ((at >>> 2) | (at << 30)) >>> 0;
        left--;
        if (k < ram32.length && ramDecoded[k >>> 6] === 0) ram32[k] = R[(w >>> 8) & 15] as number;
        else {
          R[15] = base + i * 2 - 2;
          s.cycles = end - left;
          s.steps = steps;
          store(s, address, 4, R[(w >>> 8) & 15] as number);
          if (s.attention) break run;
        }
        break;
      }
      case 39: {
        // STRH (register)
        const address = ((R[(w >>> 12) & 15] as number) + (R[w >>> 16] as number)) | 0;
        const at = address - ramAt;
        const k = ((at >>> 1) | (at << 31)) >>> 0;
        left--;
        if (k < ram16.length && ramDecoded[k >>> 7] === 0) ram16[k] = R[(w >>> 8) & 15] as number;
        else {
          R[15] = base + i * 2 - 2;
          s.cycles = end - left;
          s.steps = steps;
          store(s, address, 2, R[(w >>> 8) & 15] as number);
          if (s.attention) break run;
        }
        break;
      }
      case 40: {
        // STRB (register)
        const address = ((R[(w >>> 12) & 15] as number) + (R[w >>> 16] as number)) | 0;
        const at = address - ramAt;
        const k = at >>> 0;
        left--;
        if (k < ram8.length && ramDecoded[k >>> 8] === 0) ram8[k] = R[(w >>> 8) & 15] as number;
        else {
          R[15] = base + i * 2 - 2;
          s.cycles = end - left;
          s.steps = steps;
          store(s, address, 1, R[(w >>> 8) & 15] as number);
          if (s.attention) break run;
        }
        break;
      }
      case 41: {
        // LDRSB
        const address = ((R[(w >>> 12) & 15] as number) + (R[w >>> 16] as number)) | 0;
        const at = address - ramAt;
        const k = at >>> 0;
        left--;
        if (k < ram8.length) R[(w >>> 8) & 15] = ((ram8[k] as number) << 24) >> 24;
        else {
          R[15] = base + i * 2 - 2;
          s.cycles = end - left;
          s.steps = steps;
          R[(w >>> 8) & 15] = (load(s, address, 1) << 24) >> 24;
          if (s.attention) break run;
        }
        break;
      }
      case 42: {
        // LDR (register)
        const address = ((R[(w >>> 12) & 15] as number) + (R[w >>> 16] as number)) | 0;
        const at = address - ramAt;
        const k = ((at >>> 2) | (at << 30)) >>> 0;
        left--;
        if (k < ram32.length) R[(w >>> 8) & 15] = ram32[k] as number;
        else {
          R[15] = base + i * 2 - 2;
          s.cycles = end - left;
          s.steps = steps;
          R[(w >>> 8) & 15] = load(s, address, 4);
          if (s.attention) break run;
        }
        break;
      }
      case 43: {
        // LDRH (register)
        const address = ((R[(w >>> 12) & 15] as number) + (R[w >>> 16] as number)) | 0;
        const at = address - ramAt;
        const k = ((at >>> 1) | (at << 31)) >>> 0;
        left--;
        if (k < ram16.length) R[(w >>> 8) & 15] = ram16[k] as number;
        else {
          R[15] = base + i * 2 - 2;
          s.cycles = end - left;
          s.steps = steps;
          R[(w >>> 8) & 15] = load(s, address, 2);
          if (s.attention) break run;
        }
        break;
      }
      case 44: {
        // LDRB (register)
        const address = ((R[(w >>> 12) & 15] as number) + (R[w >>> 16] as number)) | 0;
        const at = address - ramAt;
        const k = at >>> 0;
        left--;
        if (k < ram8.length) R[(w >>> 8) & 15] = ram8[k] as number;
        else {
          R[15] = base + i * 2 - 2;
          s.cycles = end - left;
          s.steps = steps;
          R[(w >>> 8) & 15] = load(s, address, 1);
          if (s.attention) break run;
        }
        break;
      }
      case 45: {
        // LDRSH
        const address = ((R[(w >>> 12) & 15] as number) + (R[w >>> 16] as number)) | 0;
        const at = address - ramAt;
        const k = ((at >>> 1) | (at << 31)) >>> 0;
        left--;
        if (k < ram16.length) R[(w >>> 8) & 15] = ((ram16[k] as number) << 16) >> 16;
        else {
          R[15] = base + i * 2 - 2;
          s.cycles = end - left;
          s.steps = steps;
          R[(w >>> 8) & 15] = (load(s, address, 2) << 16) >> 16;
          if (s.attention) break run;
        }
        break;
      }
      case 46: {
        // STR (immediate)
        const address = ((R[(w >>> 12) & 15] as number) + (w >>> 16)) | 0;
        const at = address - ramAt;
        const k = ((at >>> 2) | (at << 30)) >>> 0;
        left--;
        if (k < ram32.length && ramDecoded[k >>> 6] === 0) ram32[k] = R[(w >>> 8) & 15] as number;
        else {
          R[15] = base + i * 2 - 2;
          s.cycles = end - left;
          s.steps = steps;
          store(s, address, 4, R[(w >>> 8) & 15] as number);
          if (s.attention) break run;
        }
        break;
      }
      case 47: {
        // LDR (immediate)
        const address = ((R[(w >>> 12) & 15] as number) + (w >>> 16)) | 0;
        const at = address - ramAt;
        const k = ((at >>> 2) | (at << 30)) >>> 0;
        left--;
        if (k < ram32.length) R[(w >>> 8) & 15] = ram32[k] as number;
        else {
          R[15] = base + i * 2 - 2;
          s.cycles = end - left;
          s.steps = steps;
          R[(w >>> 8) & 15] = load(s, address, 4);
          if (s.attention) break run;
        }
        break;
      }
      case 48: {
        // STRB (immediate)
        const address = ((R[(w >>> 12) & 15] as number) + (w >>> 16)) | 0;
        const at = address - ramAt;
        const k = at >>> 0;
        left--;
        if (k < ram8.length && ramDecoded[k >>> 8] === 0) ram8[k] = R[(w >>> 8) & 15] as number;
        else {
          R[15] = base + i * 2 - 2;
          s.cycles = end - left;
          s.steps = steps;
          store(s, address, 1, R[(w >>> 8) & 15] as number);
          if (s.attention) break run;
        }
        break;
      }
      case 49: {
        // LDRB (immediate)
        const address = ((R[(w >>> 12) & 15] as number) + (w >>> 16)) | 0;
        const at = address - ramAt;
        const k = at >>> 0;
        left--;
        if (k < ram8.length) R[(w >>> 8) & 15] = ram8[k] as number;
        else {
          R[15] = base + i * 2 - 2;
          s.cycles = end - left;
          s.steps = steps;
          R[(w >>> 8) & 15] = load(s, address, 1);
          if (s.attention) break run;
        }
        break;
      }
      case 50: {
        // STRH (immediate)
        const address = ((R[(w >>> 12) & 15] as number) + (w >>> 16)) | 0;
        const at = address - ramAt;
        const k = ((at >>> 1) | (at << 31)) >>> 0;
        left--;
        if (k < ram16.length && ramDecoded[k >>> 7] === 0) ram16[k] = R[(w >>> 8) & 15] as number;
        else {
          R[15] = base + i * 2 - 2;
          s.cycles = end - left;
          s.steps = steps;
          store(s, address, 2, R[(w >>> 8) & 15] as number);
          if (s.attention) break run;
        }
        break;
      }
      case 51: {
        // LDRH (immediate)
        const address = ((R[(w >>> 12) & 15] as number) + (w >>> 16)) | 0;
        const at = address - ramAt;
        const k = ((at >>> 1) | (at << 31)) >>> 0;
        left--;
        if (k < ram16.length) R[(w >>> 8) & 15] = ram16[k] as number;
        else {
          R[15] = base + i * 2 - 2;
          s.cycles = end - left;
          s.steps = steps;
          R[(w >>> 8) & 15] = load(s, address, 2);
          if (s.attention) break run;
        }
        break;
      }
      case 52: {
        // ADR
        R[(w >>> 8) & 15] = ((base + i * 2 + 2) & ~3) + (w >>> 16);
        break;
      }
      case 53: {
        // ADD Rd, SP, #imm
        R[(w >>> 8) & 15] = (R[13] as number) + (w >>> 16);
        break;
      }
      case 54: {
        // ADD SP, SUB SP
        R[13] = (R[13] as number) + (w >> 16);
        break;
      }
      case 55: {
        // SXTH
        R[(w >>> 8) & 15] = ((R[(w >>> 12) & 15] as number) << 16) >> 16;
        break;
      }
      case 56: {
        // SXTB
        R[(w >>> 8) & 15] = ((R[(w >>> 12) & 15] as number) << 24) >> 24;
        break;
      }
      case 57: {
        // UXTH
        R[(w >>> 8) & 15] = (R[(w >>> 12) & 15] as number) & 0xffff;
        break;
      }
      case 58: {
        // UXTB
        R[(w >>> 8) & 15] = (R[(w >>> 12) & 15] as number) & 0xff;
        break;
      }
      case 59: {
        // PUSH
        R[15] = base + i * 2 - 2;
        s.cycles = end - left;
        s.steps = steps;
        left -= push(s, w >>> 16);
        if (s.attention) break run;
        break;
      }
      case 60: {
        // POP
        R[15] = base + i * 2 - 2;
        s.cycles = end - left;
        s.steps = steps;
        left -= pop(s, w >>> 16);
        if (s.attention) break run;
        break;
      }
      case 61: {
        // POP with pc
        R[15] = base + i * 2 - 2;
        s.cycles = end - left;
        s.steps = steps;
        left -= pop(s, (w >>> 16) | 0x8000) + branchCycles + 1;
        const offset = s.target - 1 - base;
        if ((offset & 1) === 0 && offset >>> 0 < reach) {
          i = offset >> 1;
          if (s.attention) break run;
        } else {
          stop = exchange;
          break run;
        }
        break;
      }
      case 62: {
        // STMIA
        R[15] = base + i * 2 - 2;
        s.cycles = end - left;
        s.steps = steps;
        left -= storeMultiple(s, (w >>> 12) & 15, w >>> 16);
        if (s.attention) break run;
        break;
      }
      case 63: {
        // LDMIA
        R[15] = base + i * 2 - 2;
        s.cycles = end - left;
        s.steps = steps;
        left -= loadMultiple(s, (w >>> 12) & 15, w >>> 16);
        if (s.attention) break run;
        break;
      }
      case 64: {
        // REV
        const a = R[(w >>> 12) & 15] as number;
        R[(w >>> 8) & 15] = (a << 24) | ((a & 0xff00) << 8) | ((a >>> 8) & 0xff00) | (a >>> 24);
        break;
      }
      case 65: {
        // REV16
        const a = R[(w >>> 12) & 15] as number;
        R[(w >>> 8) & 15] = ((a & 0x00ff_00ff) << 8) | ((a >>> 8) & 0x00ff_00ff);
        break;
      }
      case 66: {
        // REVSH
        const a = R[(w >>> 12) & 15] as number;
        R[(w >>> 8) & 15] = ((a << 24) >> 16) | ((a >>> 8) & 0xff);
        break;
      }
      case 67: {
        // CPS
        if (s.unprivileged === 0 || s.ipsr !== 0) s.primask = w >>> 16;
        if (s.primask === 0) break run;
        break;
      }
      case 68: {
        // BKPT
        R[15] = base + i * 2 - 2;
        stop = breakpoint;
        break run;
      }
      case 69:
        // NOP, YIELD, hints that are not allocated
        break;
      case 70: {
        // WFE
        left--;
        if (s.eventRegister !== 0) s.eventRegister = 0;
        else {
          s.sleeping = 2;
          break run;
        }
        break;
      }
      case 71: {
        // WFI
        left--;
        s.sleeping = 1;
        break run;
      }
      case 72: {
        // SEV
        s.eventRegister = 1;
        break;
      }
      case 73: {
        // BEQ
        if (R[17] === 0) {
          i += w >> 8;
          left -= branchCycles;
        }
        break;
      }
      case 74: {
        // BNE
        if (R[17] !== 0) {
          i += w >> 8;
          left -= branchCycles;
        }
        break;
      }
      case 75: {
        // BCS
        if (R[18] !== 0) {
          i += w >> 8;
          left -= branchCycles;
        }
        break;
      }
      case 76: {
        // BCC
        if (R[18] === 0) {
          i += w >> 8;
          left -= branchCycles;
        }
        break;
      }
      case 77: {
        // BMI
        if ((R[16] as number) < 0) {
          i += w >> 8;
          left -= branchCycles;
        }
        break;
      }
      case 78: {
        // BPL
        if ((R[16] as number) >= 0) {
          i += w >> 8;
          left -= branchCycles;
        }
        break;
      }
      case 79: {
        // BVS
        if ((R[19] as number) < 0) {
          i += w >> 8;
          left -= branchCycles;
        }
        break;
      }
      case 80: {
        // BVC
        if ((R[19] as number) >= 0) {
          i += w >> 8;
          left -= branchCycles;
        }
        break;
      }
      case 81: {
        // BHI
        if (R[18] !== 0 && R[17] !== 0) {
          i += w >> 8;
          left -= branchCycles;
        }
        break;
      }
      case 82: {
        // BLS
        if (R[18] === 0 || R[17] === 0) {
          i += w >> 8;
          left -= branchCycles;
        }
        break;
      }
      case 83: {
        // BGE
        if (((R[16] as number) ^ (R[19] as number)) >= 0) {
          i += w >> 8;
          left -= branchCycles;
        }
        break;
      }
      case 84: {
        // BLT
        if (((R[16] as number) ^ (R[19] as number)) < 0) {
          i += w >> 8;
          left -= branchCycles;
        }
        break;
      }
      case 85: {
        // BGT
        if (R[17] !== 0 && ((R[16] as number) ^ (R[19] as number)) >= 0) {
          i += w >> 8;
          left -= branchCycles;
        }
        break;
      }
      case 86: {
        // BLE
        if (R[17] === 0 || ((R[16] as number) ^ (R[19] as number)) < 0) {
          i += w >> 8;
          left -= branchCycles;
        }
        break;
      }
      case 87: {
        // B
        i += w >> 8;
        left -= branchCycles;
        break;
      }
      case 97: {
        // B to itself: only what comes from outside ends it, and that comes between two goes
        i--;
        left -= branchCycles;
        const more = left > 0 ? Math.ceil(left / (1 + branchCycles)) : 0;
        left -= more * (1 + branchCycles);
        steps += more;
        break;
      }
      case 88: {
        // BL
        i++;
        R[14] = (base + i * 2) | 1;
        i += w >> 8;
        left -= branchCycles + 1;
        break;
      }
      case 89: {
        // SVC
        R[15] = base + i * 2 - 2;
        stop = supervisor;
        break run;
      }
      case 90: {
        // MSR
        i++;
        left -= branchCycles + 1;
        writeSpecial(s, w >>> 16, R[(w >>> 12) & 15] as number);
        break run;
      }
      case 91: {
        // MRS
        i++;
        left -= branchCycles + 1;
        R[(w >>> 8) & 15] = readSpecial(s, w >>> 16);
        break;
      }
      case 92: {
        // DSB, DMB, ISB
        i++;
        left -= branchCycles + 1;
        break;
      }
      case 93: {
        // B out of this part
        left -= branchCycles;
        R[15] = base + i * 2 + (w >> 8) * 2;
        stop = elsewhere;
        break run;
      }
      case 94: {
        // BL out of this part
        i++;
        R[14] = (base + i * 2) | 1;
        left -= branchCycles + 1;
        R[15] = base + i * 2 + (w >> 8) * 2;
        stop = elsewhere;
        break run;
      }
      case 95: {
        // conditional branch out of this part
        if (passes(s, (w >>> 8) & 15)) {
          left -= branchCycles;
          R[15] = base + i * 2 + (w >> 16) * 2;
          stop = elsewhere;
          break run;
        }
        break;
      }
      default:
        // UNDEFINED
        R[15] = base + i * 2 - 2;
        stop = undefinedOne;
        break run;
    }
  }
  if (stop === batch) R[15] = base + i * 2;
  s.cycles = end - left + s.skipped;
  s.instructions += steps;
  s.steps = 0;
  return stop;
}
