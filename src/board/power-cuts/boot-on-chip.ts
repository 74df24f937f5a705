import type { Chip, ChipCause, ChipModel, ChipStop, CoreFault } from '../../chip/index.ts';
import { hexNumber } from '../../bytes/index.ts';
import type { Applications } from './applications.ts';
import type { ChipOperation, ForkedFlash } from './forked-flash.ts';

/** What boots. */
export interface BootMachine {
  readonly chip: ChipModel;
  readonly flash: ForkedFlash;
  readonly applications: Applications;
  /** A ROM of the user's instead of the model's own. */
  readonly rom?: Uint8Array | undefined;
  readonly uniqueId: Uint8Array;
  /** Of the chip's own time, how long a boot may take, in ns. */
  readonly withinNs: number;
  /** Flash operations in a boot. */
  readonly mostOperations: number;
  /** Called every few milliseconds of the chip's time; what it returns is waited for. */
  readonly breathe: () => void | Promise<void>;
}

/** How a boot ended. */
export interface ChipBoot {
  /**
   * `ok`: an application was entered. `fail`: the chip sleeps, or waits for a host at its port. `stopped`: it is lost in a
   * fault, a loop, resets or flash operations.
   */
  readonly outcome: 'ok' | 'fail' | 'stopped';
  /** How it ended, where nothing was entered. */
  readonly words: string | undefined;
  /** Number of the image that was entered. */
  readonly image: number | undefined;
  readonly instructions: number;
  /** Of the chip's time. */
  readonly ns: number;
  /** What the chip has and its model lacks, if the program wanted it. */
  readonly unmodelled: string | undefined;
}

/** How long the chip runs before somebody else gets the processor. */
const SLICE_NS = 2_000_000;

/** How long a bootloader may hold its pull-up without anybody coming, until it counts as waiting for a host. */
const HOST_NS = 5_000_000_000;

/** A branch to itself (ARMv6-M A6.7.10, T2 with -4), and how long one may last: a watchdog may be behind it. */
const SPIN = 0xe7fe;
const SPIN_NS = 10_000_000_000;

/** Resets that the chip may do itself within a boot: a bootloader needs one or two. */
const MOST_RESETS = 32;

class TooManyOperations extends Error {}

type LifeEnd =
  | { readonly outcome: 'ok'; readonly image: number }
  | { readonly outcome: 'fail' | 'stopped'; readonly words: string }
  | { readonly outcome: 'reset'; readonly cause: ChipCause };

/** What is counted over all lives of a boot. */
interface Tally {
  operations: number;
  instructions: number;
  ns: number;
  unmodelled: string | undefined;
}

/**
 * Boots a chip: from power-on, through the resets that it does itself, until it enters an application of which the first
 * instruction is not executed any more, or until it is clear that it never does. `watch` is called before each flash operation.
 */
export async function bootOnChip(
  machine: BootMachine,
  watch?: (operation: ChipOperation) => void,
): Promise<ChipBoot> {
  const { chip: model, flash } = machine;
  const tally: Tally = { operations: 0, instructions: 0, ns: 0, unmodelled: undefined };
  const ram = new Uint8Array(model.ram.sizeBytes);
  const retained = new Uint8Array(model.retainedBytes);
  let cause: ChipCause = 'power-on';
  flash.watch = (operation) => {
    tally.operations += 1;
    if (tally.operations > machine.mostOperations) throw new TooManyOperations();
    watch?.(operation);
  };
  try {
    for (let resets = 0; resets <= MOST_RESETS; resets += 1) {
      const chip = model.make({
        cause,
        ram,
        retained,
        outside: { flash, uart: () => {}, usbChanged: () => {}, pin: () => {}, warn: () => {} },
        rom: machine.rom,
        uniqueId: machine.uniqueId,
      });
      const end = await live(chip, machine, tally);
      tally.instructions += chip.core.instructions;
      tally.ns += chip.nowNs;
      if (end.outcome !== 'reset') return ended(end, tally);
      cause = end.cause;
    }
    return ended({ outcome: 'stopped', words: 'resets itself over and over' }, tally);
  } finally {
    flash.watch = undefined;
    flash.changed = undefined;
  }
}

function ended(
  end: Exclude<LifeEnd, { readonly outcome: 'reset' }>,
  { instructions, ns, unmodelled }: Tally,
): ChipBoot {
  const counts = { instructions, ns, unmodelled };
  if (end.outcome === 'ok') return { ...counts, outcome: 'ok', words: undefined, image: end.image };
  return { ...counts, outcome: end.outcome, words: end.words, image: undefined };
}

/** What is known of a life while it lasts. */
interface Life {
  readonly chip: Chip;
  readonly machine: BootMachine;
  readonly tally: Tally;
  /** When it has to be over, of its own time. */
  readonly endNs: number;
  entries: ReturnType<Applications['entries']>;
  /** Since when the pull-up is there. */
  pulledUpNs: number | undefined;
  /** A branch to itself, and since when it is at it. */
  spin: { readonly address: number; readonly sinceNs: number } | undefined;
  /** Why it executes nothing any more: it goes on to where its watchdog comes. */
  lost: CoreFault | undefined;
}

/** Sets breakpoints at the first instructions of the applications that stand there now. */
function watchEntries(life: Life): void {
  const { applications } = life.machine;
  const { breakpoints } = life.chip.core;
  breakpoints.clear();
  life.entries = applications.entries();
  for (const address of life.entries.keys()) breakpoints.add(address);
}

/** One life of the chip, from one reset to the next. */
async function live(chip: Chip, machine: BootMachine, tally: Tally): Promise<LifeEnd> {
  const { flash, applications } = machine;
  const endNs = machine.withinNs - tally.ns;
  const life: Life = {
    chip,
    machine,
    tally,
    endNs,
    entries: new Map(),
    pulledUpNs: undefined,
    spin: undefined,
    lost: undefined,
  };
  watchEntries(life);
  flash.changed = (offsetBytes, lengthBytes) => {
    if (applications.concerns(offsetBytes, lengthBytes)) watchEntries(life);
  };
  let untilNs = SLICE_NS;
  for (;;) {
    const stop = runOn(chip, Math.min(untilNs, endNs));
    await machine.breathe();
    if (stop === undefined) {
      const words = `goes on with flash after ${machine.mostOperations} operations`;
      return { outcome: 'stopped', words };
    }
    const end = endOf(life, stop);
    if (end !== undefined) return end;
    untilNs = stop.why === 'idle' ? Math.max(stop.nextNs, chip.nowNs) : chip.nowNs + SLICE_NS;
    if (life.lost !== undefined) untilNs = endNs;
  }
}

/** Undefined: it does more operations than it may. */
function runOn(chip: Chip, untilNs: number): ChipStop | undefined {
  try {
    return chip.run(untilNs);
  } catch (error) {
    if (error instanceof TooManyOperations) return undefined;
    throw error;
  }
}

/** What a stop comes to; undefined: it goes on. */
function endOf(life: Life, stop: ChipStop): LifeEnd | undefined {
  const { tally } = life;
  switch (stop.why) {
    case 'reset':
      return { outcome: 'reset', cause: stop.cause };
    case 'jump':
      return { outcome: 'fail', words: `enters the loader at ${hexNumber(stop.address, 8)}` };
    case 'breakpoint':
      return entered(life);
    case 'fault':
      if (stop.fault.unmodelled) tally.unmodelled = stop.fault.words;
      if (stop.fault.unmodelled || life.lost !== undefined) return faulted(stop.fault);
      life.lost = stop.fault;
      return undefined;
    case 'idle':
      return slept(life, stop.nextNs);
    case 'outside':
    case 'time':
      break;
  }
  return late(life);
}

function entered({ chip, machine, entries }: Life): LifeEnd | undefined {
  const address = chip.core.readRegister(15);
  const table = entries.get(address);
  if (table !== undefined) {
    return { outcome: 'ok', image: machine.applications.imageAt(table.place) };
  }
  // nobody has set this one any more
  chip.core.breakpoints.delete(address);
  return undefined;
}

function faulted({ pc, words }: CoreFault): LifeEnd {
  return { outcome: 'stopped', words: `fault at ${hexNumber(pc, 8)}: ${words}` };
}

/** It sleeps, and does nothing by itself before that. */
function slept(life: Life, nextNs: number): LifeEnd | undefined {
  if (nextNs < life.endNs) return late(life);
  const { chip } = life;
  if (chip.core.fault !== undefined) return faulted(chip.core.fault);
  const words = chip.usb.pulledUp ? 'waits for a host at USB' : 'sleeps for ever';
  return { outcome: 'fail', words };
}

/** Whether it has gone on for too long. */
function late(life: Life): LifeEnd | undefined {
  const { chip, endNs, machine } = life;
  const { core, nowNs } = chip;
  life.pulledUpNs = chip.usb.pulledUp ? (life.pulledUpNs ?? nowNs) : undefined;
  const hostEnd = life.pulledUpNs === undefined ? Infinity : life.pulledUpNs + HOST_NS;
  if (nowNs >= Math.min(endNs, hostEnd) && life.pulledUpNs !== undefined) {
    return { outcome: 'fail', words: 'waits for a host at USB' };
  }
  const spins = spinning(life);
  if (nowNs < endNs && !spins) return undefined;
  if (core.fault !== undefined) return faulted(core.fault);
  const at = hexNumber(core.readRegister(15), 8);
  const words = spins
    ? `loops for ever at ${at}`
    : `is still busy after ${machine.withinNs / 1e9} s, at ${at}`;
  return { outcome: 'stopped', words };
}

/** Whether it has been at one branch to itself for longer than any watchdog waits. */
function spinning(life: Life): boolean {
  const { chip } = life;
  const address = chip.core.readRegister(15);
  const [low = 0, high = 0] = chip.peek(address, 2) ?? [];
  const isSpin = low + 256 * high === SPIN;
  if (!isSpin || life.spin?.address !== address) {
    life.spin = isSpin ? { address, sinceNs: chip.nowNs } : undefined;
  }
  return life.spin !== undefined && chip.nowNs - life.spin.sinceNs >= SPIN_NS;
}
