/** SysTick (B3.3): a 24-bit counter that is not counted, but computed from the cycle when somebody asks. */
export interface SysTick {
  /** SYST_CSR bits 2 to 0: CLKSOURCE, TICKINT, ENABLE. */
  control: number;
  countFlag: boolean;
  reload: number;
  /** Its value at the cycle `since`. */
  value: number;
  since: number;
  /** Cycles of a tick, as of `since`. */
  tickCycles: number;
  /** Cycle at which it counts to 0 next; Infinity: it does not. */
  nextZero: number;
}

const enable = 1;
export const tickInterrupt = 2;
const processorClock = 4;

export function makeSysTick(): SysTick {
  return {
    control: 0,
    countFlag: false,
    reload: 0,
    value: 0,
    since: 0,
    tickCycles: 1,
    nextZero: Infinity,
  };
}

/** Ticks until it counts to 0, for the first time. */
function ticksToZero({ control, reload, value }: SysTick): number {
  if ((control & enable) === 0) return Infinity;
  if (value > 0) return value;
  return reload === 0 ? Infinity : reload + 1;
}

/** Brings `value` up to a cycle; whether it counted to 0 in between. */
export function advance(tick: SysTick, cycles: number): boolean {
  if ((tick.control & enable) === 0) {
    tick.since = cycles;
    return false;
  }
  const ticks = Math.floor((cycles - tick.since) / tick.tickCycles);
  if (ticks <= 0) return false;
  tick.since += ticks * tick.tickCycles;
  const first = ticksToZero(tick);
  if (ticks < first) {
    if (tick.value > 0) tick.value -= ticks;
    else if (tick.reload > 0) tick.value = tick.reload + 1 - ticks;
    return false;
  }
  const past = tick.reload === 0 ? 0 : (ticks - first) % (tick.reload + 1);
  tick.value = past === 0 ? 0 : tick.reload + 1 - past;
  tick.countFlag = true;
  plan(tick);
  return true;
}

function plan(tick: SysTick): void {
  tick.nextZero = tick.since + ticksToZero(tick) * tick.tickCycles;
}

/** Reading SYST_CSR clears COUNTFLAG. `advance` first. */
export function readControl(tick: SysTick): number {
  const flag = tick.countFlag ? 0x1_0000 : 0;
  tick.countFlag = false;
  return tick.control | flag;
}

/** `advance` first. */
export function writeControl(tick: SysTick, value: number, referenceCycles: number): void {
  tick.control = value & 7;
  tick.tickCycles = (value & processorClock) === 0 ? referenceCycles : 1;
  plan(tick);
}

/** Is used at the next reload only. `advance` first. */
export function writeReload(tick: SysTick, value: number): void {
  tick.reload = value & 0xff_ffff;
  plan(tick);
}

/** Whatever is written clears it, and COUNTFLAG; nothing pends, and the next tick reloads (B3.3.5). `advance` first. */
export function clearValue(tick: SysTick): void {
  tick.value = 0;
  tick.countFlag = false;
  plan(tick);
}
