import type { AccessSize } from './bus.ts';
import { readMpu, writeMpu } from './mpu.ts';
import { firstInterrupt, pendSv, mostUrgent, nmi, svCall, sysTick } from './priorities.ts';
import { type CoreState, guardAnew } from './state.ts';
import {
  advance,
  clearValue,
  readControl,
  tickInterrupt,
  writeControl,
  writeReload,
} from './systick.ts';

/** SysTick as of now; its exception pends if it has counted to 0. */
export function tickNow(s: CoreState): void {
  if (!advance(s.systick, s.cycles)) return;
  if ((s.systick.control & tickInterrupt) === 0) return;
  pendSystem(s, sysTick);
}

/** A new exception that pends is an event, if SEVONPEND says so (B1.5.18). */
export function pendSystem(s: CoreState, number: number): void {
  if ((s.systemPending & (1 << number)) !== 0) return;
  s.systemPending |= 1 << number;
  if ((s.scr & 0x10) !== 0) s.eventRegister = 1;
  s.attention = true;
}

export function pendInterrupts(s: CoreState, bits: number): void {
  const fresh = bits & ~s.pending & linesOf(s);
  if (fresh === 0) return;
  s.pending |= fresh;
  if ((s.scr & 0x10) !== 0) s.eventRegister = 1;
  s.attention = true;
}

function linesOf(s: CoreState): number {
  return s.variant.lines >= 32 ? -1 : (1 << s.variant.lines) - 1;
}

function pendState(s: CoreState): number {
  const urgent = mostUrgent(s);
  const { systemPending } = s;
  return (
    (((systemPending >>> nmi) & 1) << 31) |
    (((systemPending >>> pendSv) & 1) << 28) |
    (((systemPending >>> sysTick) & 1) << 26) |
    (s.pending === 0 ? 0 : 1 << 22) |
    (urgent << 12) |
    s.ipsr
  );
}

function priorityWord(s: CoreState, first: number): number {
  let word = 0;
  for (let n = 3; n >= 0; n--) word = (word << 8) | ((s.priorities[first + n] as number) << 6);
  return word;
}

function setPriorityWord(s: CoreState, first: number, value: number): void {
  for (let n = 0; n < 4; n++) s.priorities[first + n] = (value >>> (8 * n + 6)) & 3;
  s.attention = true;
}

/** Reads a register of the System Control Space (B3.2.2). Others read 0: they are of the debugger. */
export function readSystem(s: CoreState, address: number, size: AccessSize): number {
  const value = readWord(s, address & ~3);
  if (size === 4) return value;
  return (value >>> ((address & 3) * 8)) & (size === 2 ? 0xffff : 0xff);
}

function readWord(s: CoreState, address: number): number {
  const register = address & 0xfff;
  switch (register) {
    case 0x010:
      tickNow(s);
      return readControl(s.systick);
    case 0x014:
      return s.systick.reload;
    case 0x018:
      tickNow(s);
      return s.systick.value;
    case 0x01c:
      return s.variant.systickCalibration | 0;
    case 0x100:
    case 0x180:
      return s.enabled;
    case 0x200:
    case 0x280:
      return s.pending;
    case 0xd00:
      return s.variant.cpuid | 0;
    case 0xd04:
      tickNow(s);
      return pendState(s);
    case 0xd08:
      return s.variant.vtorMask === 0 ? 0 : s.vtor;
    case 0xd0c:
      return 0xfa05_0000 | 0;
    case 0xd10:
      return s.scr;
    case 0xd14:
      // CCR: STKALIGN and UNALIGN_TRP always are (B3.2.8).
      return 0x208;
    case 0xd1c:
      return (s.priorities[svCall] as number) << 30;
    case 0xd20:
      return ((s.priorities[pendSv] as number) << 22) | ((s.priorities[sysTick] as number) << 30);
    case 0xd90:
    case 0xd94:
    case 0xd98:
    case 0xd9c:
    case 0xda0:
      return readMpu(s.mpu, register);
    default:
      if (register >= 0x400 && register < 0x420)
        return priorityWord(s, firstInterrupt + (register - 0x400));
      return 0;
  }
}

/** Writes a register of the System Control Space. A narrow value stands on all lanes, as the core puts it on its bus. */
export function writeSystem(s: CoreState, address: number, size: AccessSize, value: number): void {
  const narrow = size === 1 ? (value & 0xff) * 0x0101_0101 : (value & 0xffff) * 0x0001_0001;
  writeWord(s, address & 0xffc, size === 4 ? value | 0 : narrow | 0);
}

function writeWord(s: CoreState, register: number, value: number): void {
  switch (register) {
    case 0x010:
      tickNow(s);
      writeControl(s.systick, value, s.variant.systickReference());
      s.attention = true;
      return;
    case 0x014:
      tickNow(s);
      writeReload(s.systick, value);
      s.attention = true;
      return;
    case 0x018:
      tickNow(s);
      clearValue(s.systick);
      s.attention = true;
      return;
    case 0x100:
      s.enabled |= value & linesOf(s);
      s.attention = true;
      return;
    case 0x180:
      s.enabled &= ~value;
      return;
    case 0x200:
      pendInterrupts(s, value);
      return;
    case 0x280:
      // A line that is up keeps it pending, unless its handler runs.
      s.pending &= ~value | (s.levels & ~s.active);
      return;
    case 0xd04:
      writePendState(s, value);
      return;
    case 0xd08:
      s.vtor = value & s.variant.vtorMask;
      return;
    case 0xd0c:
      if (value >>> 16 !== 0x05fa) return;
      if ((value & 4) !== 0) {
        s.resetRequested = true;
        s.attention = true;
      }
      return;
    case 0xd10:
      s.scr = value & 0x16;
      return;
    case 0xd1c:
      s.priorities[svCall] = value >>> 30;
      s.attention = true;
      return;
    case 0xd20:
      s.priorities[pendSv] = (value >>> 22) & 3;
      s.priorities[sysTick] = value >>> 30;
      s.attention = true;
      return;
    case 0xd94:
    case 0xd98:
    case 0xd9c:
    case 0xda0:
      writeMpu(s.mpu, register, value);
      guardAnew(s);
      return;
    default:
      if (register >= 0x400 && register < 0x420)
        setPriorityWord(s, firstInterrupt + (register - 0x400), value);
  }
}

/** ICSR (B3.2.4). */
function writePendState(s: CoreState, value: number): void {
  if ((value & 0x8000_0000) !== 0) pendSystem(s, nmi);
  if ((value & 0x1000_0000) !== 0) pendSystem(s, pendSv);
  else if ((value & 0x0800_0000) !== 0) s.systemPending &= ~(1 << pendSv);
  if ((value & 0x0400_0000) !== 0) pendSystem(s, sysTick);
  else if ((value & 0x0200_0000) !== 0) {
    tickNow(s);
    s.systemPending &= ~(1 << sysTick);
  }
}
