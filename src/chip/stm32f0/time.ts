/** Virtual time by the cycles of a core whose clock changes. */
interface ChipTime {
  /** Frequency of the core, in Hz. */
  readonly hertz: number;
  setHertz(hertz: number): void;
  /** Time since the start at that cycle, in ns. Not for cycles before the last change of the clock. */
  nsAt(cycle: number): number;
  /** The first cycle that is not before that time. */
  cycleAt(ns: number): number;
}

/** Cycles below one hundredth of a nanosecond are rounding. */
const ROUNDING_NS = 0.01;

/** Time that begins at 0 with cycle 0. */
export function createTime(cycles: () => number, firstHertz: number): ChipTime {
  let hertz = firstHertz;
  let nsPerCycle = 1e9 / hertz;
  let fromCycle = 0;
  let fromNs = 0;
  const nsAt = (cycle: number): number => fromNs + (cycle - fromCycle) * nsPerCycle;
  return {
    get hertz() {
      return hertz;
    },
    setHertz(next) {
      fromNs = nsAt(cycles());
      fromCycle = cycles();
      hertz = next;
      nsPerCycle = 1e9 / hertz;
    },
    nsAt,
    cycleAt: (ns) =>
      ns === Infinity
        ? Infinity
        : Math.max(fromCycle, fromCycle + Math.ceil((ns - fromNs - ROUNDING_NS) / nsPerCycle)),
  };
}
