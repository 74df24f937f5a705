import { hexNumber } from '../../bytes/index.ts';
import { fetchFromBus, forgetAddress, memoryAt } from './access.ts';
import { type Bus, BusFault } from './bus.ts';
import type { Core, CoreStop } from './core.ts';
import {
  enterException,
  exceptionReturn,
  raiseFault,
  reset,
  supervisorCall,
} from './exceptions.ts';
import {
  batch,
  breakpoint,
  elsewhere,
  exchange,
  exchangeLinked,
  execute,
  type Left,
  supervisor,
  undefinedOne,
} from './execute.ts';
import { guard } from './guard.ts';
import { executionPriority, nmi, takeable, wakes } from './priorities.ts';
import { mainStack, processStack, setMainStack, setProcessStack } from './special.ts';
import { Stops } from './stops.ts';
import {
  type Code,
  codeAt,
  codeOf,
  controlOf,
  type CoreState,
  makeState,
  mapMemories,
  packXpsr,
  setControl,
  unpackFlags,
} from './state.ts';
import { pendInterrupts, pendSystem, tickNow } from './system-control.ts';
import { tickInterrupt } from './systick.ts';
import { train } from './training.ts';
import { type CoreVariant, cortexM0Plus } from './variant.ts';

/** Cycles of one go: the engine counts them in small integers. */
const longest = 0x2000_0000;

/** A core on a bus. A Cortex-M0+ unless told otherwise; a single property may be told alone. */
export function createCore(bus: Bus, variant: Partial<CoreVariant> = {}): Core {
  train();
  const s = makeState(bus, { ...cortexM0Plus, ...variant });
  const changed = (address: number) => forgetAddress(s, address, 2);
  s.breakpoints = new Stops(changed);
  s.exits = new Stops(changed);
  return {
    readRegister: (n) => (s.R[n & 15] as number) >>> 0,
    writeRegister(n, value) {
      s.R[n & 15] = n === 15 ? value & ~1 : n === 13 ? value & ~3 : value;
      if (n !== 15) return;
      // Somebody who debugs sends it elsewhere.
      s.sleeping = 0;
      s.locked = false;
    },
    get xpsr() {
      return packXpsr(s) >>> 0;
    },
    set xpsr(value) {
      unpackFlags(s, value);
      s.thumb = (value >>> 24) & 1;
    },
    get msp() {
      return mainStack(s) >>> 0;
    },
    set msp(value) {
      setMainStack(s, value);
    },
    get psp() {
      return processStack(s) >>> 0;
    },
    set psp(value) {
      setProcessStack(s, value);
    },
    get primask() {
      return s.primask;
    },
    set primask(value) {
      s.primask = value & 1;
      s.attention = true;
    },
    get control() {
      return controlOf(s);
    },
    set control(value) {
      setControl(s, value);
    },
    get cycles() {
      return s.cycles;
    },
    get instructions() {
      return s.instructions + s.steps;
    },
    get fault() {
      return s.fault;
    },
    reset: (vectorTable) => reset(s, vectorTable),
    run: (untilCycles) => run(s, untilCycles),
    yield() {
      s.yielded = true;
      s.attention = true;
    },
    sleepUntil(cycles) {
      if (cycles > s.cycles) {
        s.skipped += cycles - s.cycles;
        s.cycles = cycles;
        s.attention = true;
      }
      tickNow(s);
    },
    get nextTick() {
      return (s.systick.control & tickInterrupt) === 0 ? Infinity : s.systick.nextZero;
    },
    setInterrupt(line, level) {
      const bit = 1 << line;
      if (((s.levels & bit) !== 0) === level) return;
      if (level) {
        s.levels |= bit;
        pendInterrupts(s, bit);
      } else s.levels &= ~bit;
    },
    pendNmi: () => pendSystem(s, nmi),
    event() {
      s.eventRegister = 1;
      s.attention = true;
    },
    written: (address, lengthBytes) => forgetAddress(s, address, lengthBytes),
    remapped() {
      mapMemories(s);
      s.attention = true;
    },
    breakpoints: s.breakpoints,
    exits: s.exits,
    get debugging() {
      return s.debugging;
    },
    set debugging(on) {
      s.debugging = on;
    },
  };
}

function run(s: CoreState, untilCycles: number): CoreStop {
  s.yielded = false;
  for (;;) {
    const stop = lookUp(s);
    if (stop !== undefined) return stop;
    if (s.yielded || s.cycles >= untilCycles) return 'cycles';
    const nextTick = (s.systick.control & tickInterrupt) === 0 ? Infinity : s.systick.nextZero;
    const cycles = Math.min(untilCycles, nextTick) - s.cycles;
    const came = go(s, Math.max(1, Math.min(Math.ceil(cycles), longest)));
    if (came !== undefined) return came;
  }
}

/** What comes between two instructions: resets, exceptions, sleep. */
function lookUp(s: CoreState): CoreStop | undefined {
  if (s.resetRequested) return 'reset-request';
  if (s.cycles >= s.systick.nextZero) tickNow(s);
  if (s.locked && !leavesLockUp(s)) return 'locked-up';
  if (s.sleeping !== 0 && !awakes(s)) return 'sleeping';
  for (let number = takeable(s); number !== 0; number = takeable(s)) {
    enterException(s, number);
    if (s.locked) return 'locked-up';
  }
  s.attention = false;
  return undefined;
}

/** NMI ends a lock-up of a lower priority (B1.5.15). */
function leavesLockUp(s: CoreState): boolean {
  if (s.fault?.unmodelled === true || (s.systemPending & (1 << nmi)) === 0) return false;
  if (executionPriority(s) <= -2) return false;
  s.locked = false;
  return true;
}

function awakes(s: CoreState): boolean {
  if (s.sleeping === 1 ? !wakes(s) : s.eventRegister === 0 && takeable(s) === 0) return false;
  if (s.sleeping === 2) s.eventRegister = 0;
  s.sleeping = 0;
  return true;
}

/** Executes, and does what the engine leaves to others. */
function go(s: CoreState, cycles: number): CoreStop | undefined {
  if (s.thumb === 0) {
    s.cycles++;
    s.instructions++;
    raiseFault(s, 'EPSR.T is 0: a branch to an even address');
    return undefined;
  }
  try {
    const code = codeOfNext(s);
    if (typeof code === 'string') return code;
    return after(s, execute(s, code, cycles), code);
  } catch (error) {
    // What could not be fetched counts, too.
    s.instructions += Math.max(1, s.steps);
    s.steps = 0;
    if (!(error instanceof BusFault)) throw error;
    raiseFault(s, error.message, error.unmodelled);
    return undefined;
  }
}

function codeOfNext(s: CoreState): Code | CoreStop {
  const pc = (s.R[15] as number) >>> 0;
  const memory = memoryAt(s, pc);
  if (s.guarded) guard(s, pc, 'execute');
  if (memory?.executable === true) {
    const code = codeAt(memory, pc);
    // What is decoded knows what privileged code may execute.
    return s.guarded && s.unprivileged !== 0 && s.ipsr === 0 ? alone(pc, code) : code;
  }
  if (s.breakpoints.has(pc)) return 'breakpoint';
  if (s.exits.has(pc)) return 'exit';
  s.cycles++;
  return fetchFromBus(s, pc);
}

function after(s: CoreState, left: Left, code: Code): CoreStop | undefined {
  switch (left) {
    case batch:
    case elsewhere:
      return undefined;
    case exchange:
      if (s.ipsr !== 0 && s.target >>> 28 === 15) exceptionReturn(s, s.target);
      else branchTo(s, s.target);
      return undefined;
    case exchangeLinked:
      branchTo(s, s.target);
      return undefined;
    case supervisor:
      supervisorCall(s);
      return undefined;
    case breakpoint:
      if (s.debugging) return 'bkpt';
      raiseFault(s, 'BKPT, and nobody debugs');
      return undefined;
    case undefinedOne:
      raiseFault(s, undefinedWords(s, code));
      return undefined;
    default:
      return atStop(s, code);
  }
}

/** Place in the memory of the next instruction. */
function placeOf(s: CoreState, { start, first }: Code): number {
  return first + (((s.R[15] as number) - start) >>> 1);
}

function undefinedWords(s: CoreState, code: Code): string {
  const word = code.memory.u16[placeOf(s, code)] ?? 0;
  return `UNDEFINED instruction ${hexNumber(word, 4)}`;
}

/** The instruction at an address by itself. */
function alone(pc: number, code: Code): Code {
  const at = code.first + ((pc - code.start) >>> 1);
  return codeOf(pc, code.memory.u16.slice(at, at + 2));
}

/** A table may be shared by memories: there is a stop at this place of one of them. */
function atStop(s: CoreState, code: Code): CoreStop | undefined {
  const pc = (s.R[15] as number) >>> 0;
  if (s.breakpoints.has(pc)) return 'breakpoint';
  if (s.exits.has(pc)) return 'exit';
  if (s.guarded) guard(s, pc, 'execute');
  const one = alone(pc, code);
  return after(s, execute(s, one, 1), one);
}

/** The lowest bit of where it goes becomes EPSR.T (A4.2.2). */
function branchTo(s: CoreState, target: number): void {
  s.R[15] = target & ~1;
  s.thumb = target & 1;
}
