import type { BootOperation } from '../boot/mcuboot/index.ts';
import { MemoryCounters, boot } from '../boot/mcuboot/index.ts';
import { DfuError } from '../bytes/index.ts';
import { largestSectorBytes } from '../flash/index.ts';
import type { Sector } from '../flash/index.ts';
import type { Depth, Draft, Place, Run, Spot } from './boot-run.ts';
import { finishedRun, joinedRun, pointOf, tailOf } from './boot-run.ts';
import type { LabDevice } from './device.ts';
import { ImageNames, runningImages } from './image-names.ts';
import type { ImageBytes, RunningImage } from './image-names.ts';
import { StateNames } from './state-names.ts';
import type { FlashState, Footprint, FootprintPart } from './traced-flash.ts';
import { TracedFlash, dependencies } from './traced-flash.ts';

// Boots of one device from many states, each operation done once. A boot that comes to a point where
// an earlier one was, with equal flash, equal memory and the same next operation, is that one from
// there on; a boot that finds equal all that an earlier one looked at does the same as that one.

interface Known {
  readonly run: Run;
  readonly spot: Spot;
  readonly counters: string;
  readonly needed: readonly number[];
  readonly changed: ReadonlySet<number>;
}

/** Boots of one device, remembered. */
export class BootRuns {
  /** Operations that were really done. */
  executed = 0;
  /** Boots that were really begun. */
  begun = 0;
  /** The images that were seen, in slots and running. */
  readonly images: ImageNames = new ImageNames();
  readonly #device: LabDevice;
  readonly #sectors: readonly Sector[];
  readonly #runs = new Map<string, Run>();
  /** Points of boots that are cut, and of the others. */
  readonly #cutPlaces = new Map<string, Place>();
  readonly #otherPlaces = new Map<string, Place>();
  readonly #known: Known[] = [];
  readonly #footprints = new Map<Run, Footprint>();
  readonly #states = new StateNames();
  /** Short names of what boots had in memory. */
  readonly #memories = new Map<string, number>();

  constructor(device: LabDevice) {
    this.#device = device;
    const { sectors, sizeBytes } = device.flash;
    this.#sectors = [...sectors.in(0, sizeBytes)];
  }

  /** The spot of a state with these counters. */
  spot(state: FlashState, counters: readonly number[]): Spot {
    return { state, counters, key: `${this.#states.nameOf(state)} ${counters.join(',')}` };
  }

  /** Boots from a spot, or tells what is known of that. */
  async boot(spot: Spot, depth: Depth): Promise<Run> {
    const found = this.#runs.get(spot.key);
    if (found !== undefined && found.depth <= depth) return found;
    const same = this.#recall(spot, depth);
    const run = await this.#bootOrRecall(spot, depth, same);
    this.#runs.set(spot.key, run);
    return run;
  }

  /**
   * A boot that is to be cut has operations of its own, though it is known how it ends: it runs as
   * long as a few sectors take, and may by then have come to a place that is known.
   */
  async #bootOrRecall(spot: Spot, depth: Depth, same: Run | undefined): Promise<Run> {
    if (same === undefined) {
      const run = await this.#execute(spot, depth);
      if (run === undefined) throw new Error('a boot without a limit has come to its end');
      return run;
    }
    if (depth === 2) return same;
    return (await this.#execute(spot, depth, 3 * this.#sectorOperations())) ?? same;
  }

  /** Operations of the work on one sector, or some more. */
  #sectorOperations(): number {
    const { flash, config } = this.#device;
    return 4 + 2 * Math.ceil(largestSectorBytes(flash.geometry) / (config.copyChunkBytes ?? 1024));
  }

  /** A boot that saw the same, transferred to this spot. */
  #recall(spot: Spot, depth: Depth): Run | undefined {
    const counters = spot.counters.join(',');
    const found = this.#known.find(
      (each) =>
        // a boot that is to be cut must run once, to have points
        (depth === 2 || each.run.depth <= 1) &&
        each.counters === counters &&
        this.#sameSectors(each.spot.state, spot.state, each.needed),
    );
    if (found === undefined) return undefined;
    const { run, changed } = found;
    // what it wrote, around it what is here: nearly all of both is the same, and shared
    const flash = new TracedFlash(this.#device.flash.geometry, run.next.state);
    const other = this.#sectors.filter(
      ({ index }) => !changed.has(index) && !this.#sameSector(run.next.state, spot.state, index),
    );
    flash.adopt(
      spot.state,
      other.map(({ index }) => index),
    );
    const next = this.spot(flash.state(), run.next.counters);
    // where the primary slot is not validated, nobody has looked at the whole image
    const slots = run.images?.map(({ slot }) => slot) ?? [];
    const images = this.#running({ outcome: run.outcome, slots }, next.state);
    return { ...run, depth, points: [], tail: undefined, same: true, images, next };
  }

  #running(
    result: Parameters<typeof runningImages>[2],
    { storage }: FlashState,
  ): readonly RunningImage[] | undefined {
    const flash = readerOf(storage);
    return runningImages(this.images, { config: this.#device.config, flash }, result);
  }

  /** Boots; undefined if that took more operations than `most`. */
  async #execute(spot: Spot, depth: Depth, most = Infinity): Promise<Run | undefined> {
    const { config, judge, flash: original } = this.#device;
    const flash = new TracedFlash(original.geometry, spot.state);
    const counters = new MemoryCounters(spot.counters);
    const draft: Draft = { points: [], names: [], done: undefined };
    let joined: Place | undefined;
    this.begun += 1;
    const result = await boot({
      flash,
      config,
      judge,
      counters,
      onOperation: (operation, memory) => {
        joined = this.#join(draft, depth, {
          operation,
          flash,
          counters: counters.values,
          memory: memory?.text(),
        });
        if (joined !== undefined || draft.points.length >= most) throw enough;
        this.executed += 1;
        draft.points.push(
          pointOf(operation, depth, () => this.spot(flash.state(), [...counters.values])),
        );
      },
    });
    if (joined === undefined && draft.points.length >= most) {
      const places = depth === 2 ? this.#otherPlaces : this.#cutPlaces;
      for (const name of draft.names) places.delete(name);
      return undefined;
    }
    const tail = tailOf(joined);
    const next = this.spot(flash.state(), [...counters.values]);
    const run =
      tail === undefined
        ? finishedRun(draft, {
            depth,
            result,
            images: this.#running(result, next.state),
            next,
          })
        : joinedRun(draft, depth, tail);
    draft.done = run;
    this.#remember(run, spot, flash.footprint());
    return run;
  }

  /** What a boot that has ended depended on; short ones are sooner done again than found again. */
  #remember(run: Run, spot: Spot, own: Footprint): void {
    this.#footprints.set(run, own);
    if (run.tail !== undefined && run.points.length <= this.#sectorOperations()) return;
    const parts: FootprintPart[] = [{ footprint: own, from: 0 }];
    for (let { tail } = run; tail !== undefined; { tail } = tail.run) {
      const footprint = this.#footprints.get(tail.run);
      // a boot that was not done itself has no places to join
      if (footprint === undefined) return;
      parts.push({ footprint, from: tail.index });
    }
    this.#known.push({ run, spot, counters: spot.counters.join(','), ...dependencies(parts) });
  }

  /** Sums tell at once that sectors differ; only their bytes tell that they do not. */
  #sameSectors(one: FlashState, other: FlashState, sectors: readonly number[]): boolean {
    return (
      sectors.every((sector) => sameSums(one, other, sector)) &&
      sectors.every((sector) => this.#sameBytes(one, other, sector))
    );
  }

  #sameSector(one: FlashState, other: FlashState, sector: number): boolean {
    return sameSums(one, other, sector) && this.#sameBytes(one, other, sector);
  }

  #sameBytes(one: FlashState, other: FlashState, sector: number): boolean {
    const { offsetBytes = 0, sizeBytes } = this.#sectors[sector] ?? {};
    return other.storage.holdsSame(one.storage, offsetBytes, sizeBytes);
  }

  /** The point of an earlier boot that this one has come to; notes this point otherwise. */
  #join(
    draft: Draft,
    depth: Depth,
    { operation, flash, counters, memory }: Moment,
  ): Place | undefined {
    if (memory === undefined) return undefined;
    const { kind, area, offsetBytes, lengthBytes } = operation;
    const id = this.#memories.get(memory) ?? this.#memories.size;
    this.#memories.set(memory, id);
    const where = `${kind} ${area} ${offsetBytes} ${lengthBytes}`;
    const name = `${flash.key} ${counters.join(',')} ${where} ${id}`;
    const found =
      this.#cutPlaces.get(name) ?? (depth === 2 ? this.#otherPlaces.get(name) : undefined);
    if (found?.run.done !== undefined) return flash.holds(found.contents) ? found : undefined;
    const places = depth === 2 ? this.#otherPlaces : this.#cutPlaces;
    places.set(name, { run: draft, index: draft.points.length, contents: flash.contents() });
    draft.names.push(name);
    return undefined;
  }
}

/** Reads what a flash holds, without a trace. */
function readerOf(storage: FlashState['storage']): ImageBytes {
  return {
    read(offsetBytes, lengthBytes) {
      const bytes = new Uint8Array(lengthBytes);
      storage.read(offsetBytes, bytes, lengthBytes);
      return bytes;
    },
  };
}

/** Ends a boot that is known from here on, or takes too long: one for all, as making errors takes time. */
const enough = new DfuError('POWER_LOST', 'this boot was watched long enough');

interface Moment {
  readonly operation: BootOperation;
  readonly flash: TracedFlash;
  readonly counters: readonly number[];
  readonly memory: string | undefined;
}

function sameSums(one: FlashState, other: FlashState, sector: number): boolean {
  const at = 2 * sector;
  return one.sums[at] === other.sums[at] && one.sums[at + 1] === other.sums[at + 1];
}
