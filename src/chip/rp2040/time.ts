/** Something that happens at a time of the chip's. */
interface Alarm {
  /** When, in virtual ns since the chip's start; Infinity: not. */
  readonly atNs: number;
  readonly set: (atNs: number) => void;
}

/** The chip's time, counted from its core's cycles, whose length follows the clock that the core is given. */
export interface ChipTime {
  readonly nowNs: number;
  /** The next alarm of all. */
  readonly nextNs: number;
  /** The first cycle that is not before that time; Infinity for never. */
  readonly cyclesAt: (ns: number) => number;
  /** When that cycle is. */
  readonly nsAt: (cycle: number) => number;
  /** The core runs at that frequency from now on. */
  readonly setFrequency: (hertz: number) => void;
  readonly alarm: (fire: () => void) => Alarm;
  /** Lets everything happen that is due. */
  readonly ring: () => void;
}

interface TimeOrder {
  readonly cycles: () => number;
  readonly hertz: number;
  /** Called when something may have to happen earlier than was known. */
  readonly sooner: () => void;
}

/** Parts of a cycle that are rounding: after a week a double still tells hundredths of one. */
const EPSILON_CYCLES = 0.02;

export function createTime({ cycles, hertz, sooner }: TimeOrder): ChipTime {
  const alarms: { atNs: number; readonly fire: () => void }[] = [];
  let startCycles = 0;
  let startNs = 0;
  let cycleNs = 1e9 / hertz;
  let nextNs = Number.POSITIVE_INFINITY;

  const nsAt = (cycle: number): number => startNs + (cycle - startCycles) * cycleNs;
  const now = (): number => nsAt(cycles());
  const findNext = (): void => {
    nextNs = Number.POSITIVE_INFINITY;
    for (const { atNs } of alarms) if (atNs < nextNs) nextNs = atNs;
  };

  return {
    get nowNs() {
      return now();
    },
    get nextNs() {
      return nextNs;
    },
    cyclesAt: (ns) =>
      ns === Number.POSITIVE_INFINITY
        ? ns
        : startCycles + Math.max(0, Math.ceil((ns - startNs) / cycleNs - EPSILON_CYCLES)),
    nsAt,
    setFrequency: (next) => {
      const nowNs = now();
      startCycles = cycles();
      startNs = nowNs;
      cycleNs = 1e9 / next;
      sooner();
    },
    alarm: (fire) => {
      const alarm = { atNs: Number.POSITIVE_INFINITY, fire };
      alarms.push(alarm);
      return {
        get atNs() {
          return alarm.atNs;
        },
        set: (atNs) => {
          const earlier = atNs < nextNs;
          alarm.atNs = atNs;
          findNext();
          if (earlier) sooner();
        },
      };
    },
    ring: () => {
      const nowNs = now() + 2 * EPSILON_CYCLES * cycleNs;
      for (;;) {
        const due = nextNs <= nowNs ? alarms.find(({ atNs }) => atNs === nextNs) : undefined;
        if (due === undefined) return;
        due.atNs = Number.POSITIVE_INFINITY;
        findNext();
        due.fire();
      }
    },
  };
}
