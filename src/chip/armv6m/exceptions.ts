import { hexNumber } from '../../bytes/index.ts';
import { load, loadAnyhow, store } from './access.ts';
import { BusFault } from './bus.ts';
import { resetMpu } from './mpu.ts';
import {
  executionPriority,
  firstInterrupt,
  hardFault,
  mostUrgent,
  nmi,
  priorityOf,
  svCall,
  takeable,
} from './priorities.ts';
import {
  type CoreState,
  flagC,
  flagN,
  flagV,
  flagZ,
  guardAnew,
  packXpsr,
  selectStack,
  unpackFlags,
} from './state.ts';
import { tickNow } from './system-control.ts';

function activate(s: CoreState, number: number): void {
  s.ipsr = number;
  if (number >= firstInterrupt) {
    const bit = 1 << (number - firstInterrupt);
    s.active |= bit;
    s.pending &= ~bit;
  } else {
    s.systemActive |= 1 << number;
    s.systemPending &= ~(1 << number);
  }
  s.eventRegister = 1;
  s.attention = true;
}

function deactivate(s: CoreState, number: number): void {
  if (number >= firstInterrupt) {
    const bit = 1 << (number - firstInterrupt);
    s.active &= ~bit;
    // A line that is still up pends again.
    s.pending |= s.levels & bit;
  } else s.systemActive &= ~(1 << number);
  s.attention = true;
}

function isActive(s: CoreState, number: number): boolean {
  return number >= firstInterrupt
    ? (s.active & (1 << (number - firstInterrupt))) !== 0
    : (s.systemActive & (1 << number)) !== 0;
}

/** Lock-up (B1.5.15): nothing is executed any more, and pc reads 0xfffffffe. */
function lockUp(s: CoreState): void {
  s.locked = true;
  s.R[15] = -2;
  s.attention = true;
}

/** Calls a part of an exception's way that reads or writes memory; what the bus refuses comes back. */
function refused(work: () => void): BusFault | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof BusFault) return error;
    throw error;
  }
}

/** Saves eight words on the current stack (B1.5.6, PushStack). */
function pushFrame(s: CoreState, returnAddress: number): void {
  const { R } = s;
  const sp = R[13] as number;
  const frame = (sp - 0x20) & ~4;
  const xpsr = packXpsr(s) | ((sp & 4) << 7);
  R[13] = frame;
  for (let n = 0; n < 4; n++) store(s, frame + 4 * n, 4, R[n] as number);
  store(s, frame + 16, 4, R[12] as number);
  store(s, frame + 20, 4, R[14] as number);
  store(s, frame + 24, 4, returnAddress);
  store(s, frame + 28, 4, xpsr);
}

/** Goes to an exception's handler (B1.5.6, ExceptionTaken). */
function goTo(s: CoreState, number: number, returnValue: number): void {
  const { R } = s;
  activate(s, number);
  s.spsel = 0;
  selectStack(s, 0);
  R[14] = returnValue;
  const error = refused(() => {
    const vector = loadAnyhow(s, s.vtor + 4 * number, 4);
    R[15] = vector & ~1;
    s.thumb = vector & 1;
  });
  if (error === undefined) return;
  note(s, `vector of exception ${number}: ${error.message}`, error.unmodelled);
  // A vector that cannot be read is a HardFault; that of HardFault or NMI ends all (B1.5.15).
  if (number === hardFault || number === nmi || executionPriority(s) < 0) lockUp(s);
  else {
    deactivate(s, number);
    goTo(s, hardFault, returnValue);
  }
}

/** EXC_RETURN for where it is now (B1.5.8). */
function returnValueOf(s: CoreState): number {
  if (s.ipsr !== 0) return 0xffff_fff1 | 0;
  return s.spsel === 0 ? 0xffff_fff9 | 0 : 0xffff_fffd | 0;
}

/**
 * Takes an exception (B1.5.6). Whether its frame could be saved. What pends while it is saved, and is more urgent, is
 * taken in its place, on the same frame (late arrival, B1.5.11).
 */
export function enterException(s: CoreState, number: number): boolean {
  const returnValue = returnValueOf(s);
  s.cycles += s.variant.exceptionCycles;
  const error = refused(() => pushFrame(s, s.R[15] as number));
  if (error !== undefined) {
    note(s, `stacking for exception ${number}: ${error.message}`, error.unmodelled);
    if (number === hardFault || number === nmi || error.unmodelled) lockUp(s);
    else goTo(s, hardFault, returnValue);
    return false;
  }
  if (s.cycles >= s.systick.nextZero) tickNow(s);
  const late = mostUrgent(s);
  if (late !== 0 && priorityOf(s, late) < priorityOf(s, number)) {
    // Of those that pend already nothing else is to be noted.
    if (number < firstInterrupt) s.systemPending |= 1 << number;
    goTo(s, late, returnValue);
  } else goTo(s, number, returnValue);
  return true;
}

/** Keeps the first fault, for people. */
function note(s: CoreState, words: string, unmodelled: boolean): void {
  s.fault ??= {
    words,
    pc: (s.R[15] as number) >>> 0,
    lr: (s.R[14] as number) >>> 0,
    xpsr: packXpsr(s) >>> 0,
    frame: undefined,
    unmodelled,
  };
}

/** What an instruction did is a fault; pc is its address. */
export function raiseFault(s: CoreState, words: string, unmodelled = false): void {
  const isFirst = s.fault === undefined;
  note(s, words, unmodelled);
  if (unmodelled || executionPriority(s) < 0) {
    lockUp(s);
    return;
  }
  const isStacked = enterException(s, hardFault);
  if (!isFirst || s.fault === undefined || !isStacked) return;
  const at = (s.R[14] === (0xffff_fffd | 0) ? s.otherSp : s.R[13]) as number;
  const frame: number[] = [];
  const error = refused(() => {
    for (let n = 0; n < 8; n++) frame.push(load(s, at + 4 * n, 4) >>> 0);
  });
  if (error === undefined) s.fault = { ...s.fault, frame };
}

/** SVC: its exception is taken at once; where it cannot be, it is a HardFault (A6.7.68). pc is the address of the instruction. */
export function supervisorCall(s: CoreState): void {
  if ((s.priorities[svCall] as number) >= executionPriority(s)) {
    raiseFault(s, 'SVC at a priority at which SVCall cannot be taken');
    return;
  }
  s.R[15] = (s.R[15] as number) + 2;
  enterException(s, svCall);
}

function returnIsBad(s: CoreState, value: number): string | undefined {
  if ((value & 0x0fff_fff0) !== 0x0fff_fff0) return 'EXC_RETURN has a 0 among bits 27 to 4';
  if (!isActive(s, s.ipsr)) return `return from exception ${s.ipsr}, which is not active`;
  const nested = countBits(s.systemActive) + countBits(s.active);
  switch (value & 15) {
    case 1:
      return nested === 1 ? 'return to a handler, and none is active' : undefined;
    case 9:
    case 13:
      return nested === 1 ? undefined : 'return to thread mode, and a handler is active';
    default:
      return 'an EXC_RETURN that there is not';
  }
}

function countBits(value: number): number {
  let count = 0;
  for (let bits = value; bits !== 0; bits &= bits - 1) count++;
  return count;
}

/**
 * Returns from an exception (B1.5.8, ExceptionReturn); pc is the address of the instruction. Whether something else pends
 * is asked before anything is restored: then the next handler starts on the same frame.
 */
export function exceptionReturn(s: CoreState, value: number): void {
  const bad = returnIsBad(s, value);
  if (bad !== undefined) {
    raiseFault(s, `${bad} (${hexNumber(value >>> 0)})`);
    return;
  }
  const returning = s.ipsr;
  deactivate(s, returning);
  const next = takeable(s);
  if (next !== 0) {
    // Tail-chaining: nothing is restored, nothing saved (B1.5.12).
    s.cycles += 6;
    goTo(s, next, value | 0xf000_0000);
    return;
  }
  s.cycles += s.variant.exceptionCycles - 2;
  const toThread = (value & 8) !== 0;
  const process = (value & 4) >>> 2;
  s.ipsr = 0;
  s.spsel = process;
  selectStack(s, process);
  s.eventRegister = 1;
  const failure = popFrame(s, toThread);
  if (failure === undefined) {
    if (toThread && (s.scr & 2) !== 0) s.sleeping = 1;
    return;
  }
  note(s, failure.words, failure.unmodelled);
  // A frame of the main stack that cannot be read ends all; else HardFault starts on what could not be restored.
  if (failure.unmodelled || (failure.refused && process === 0)) lockUp(s);
  else goTo(s, hardFault, value | 0xf000_0000);
}

interface FailedReturn {
  readonly words: string;
  /** The bus refused. */
  readonly refused: boolean;
  readonly unmodelled: boolean;
}

/** Restores eight words (B1.5.8, PopStack). IPSR must be of the mode that it returns to. */
function popFrame(s: CoreState, toThread: boolean): FailedReturn | undefined {
  const { R } = s;
  const frame = R[13] as number;
  const words = new Int32Array(8);
  const error = refused(() => {
    for (let n = 0; n < 8; n++) words[n] = load(s, frame + 4 * n, 4);
  });
  if (error !== undefined)
    return { words: `unstacking: ${error.message}`, refused: true, unmodelled: error.unmodelled };
  const xpsr = words[7] as number;
  if (((xpsr & 0x3f) === 0) !== toThread)
    return { words: 'unstacking: IPSR is of another mode', refused: false, unmodelled: false };
  R.set(words.subarray(0, 4));
  R[12] = words[4] as number;
  R[14] = words[5] as number;
  R[15] = (words[6] as number) & ~1;
  R[13] = (frame + 0x20) | ((xpsr >>> 7) & 4);
  unpackFlags(s, xpsr);
  s.thumb = (xpsr >>> 24) & 1;
  s.ipsr = xpsr & 0x3f;
  return undefined;
}

/** Reset (B1.5.5). */
export function reset(s: CoreState, vectorTable: number): void {
  const { R } = s;
  R.fill(0);
  R[flagN] = 0;
  R[flagZ] = 1;
  R[flagC] = 0;
  R[flagV] = 0;
  R[14] = -1;
  Object.assign(s, {
    otherSp: 0,
    processStack: 0,
    thumb: 1,
    ipsr: 0,
    primask: 0,
    unprivileged: 0,
    spsel: 0,
    cycles: 0,
    instructions: 0,
    fault: undefined,
    locked: false,
    sleeping: 0,
    eventRegister: 0,
    resetRequested: false,
    pending: 0,
    enabled: 0,
    active: 0,
    systemPending: 0,
    systemActive: 0,
    vtor: vectorTable | 0,
    scr: 0,
  });
  resetMpu(s.mpu);
  guardAnew(s);
  s.pending = s.levels;
  s.priorities.fill(0);
  Object.assign(s.systick, {
    control: 0,
    countFlag: false,
    reload: 0,
    value: 0,
    since: 0,
    tickCycles: 1,
    nextZero: Infinity,
  });
  const error = refused(() => {
    R[13] = loadAnyhow(s, vectorTable, 4) & ~3;
    const entry = loadAnyhow(s, vectorTable + 4, 4);
    R[15] = entry & ~1;
    s.thumb = entry & 1;
  });
  if (error === undefined) return;
  note(s, `reset: ${error.message}`, error.unmodelled);
  lockUp(s);
}
