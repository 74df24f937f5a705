import type { BootOperation } from '../boot/mcuboot/index.ts';
import { placeOf } from '../boot/mcuboot/index.ts';
import { DfuError } from '../bytes/index.ts';
import { powerCutKinds } from '../flash/index.ts';
import type { PowerCutKind } from '../flash/index.ts';
import type { Run, Spot } from './boot-run.ts';
import { BootRuns } from './boot-runs.ts';
import type { CutCase, CutFinding, CutOperation, CutReport, OutcomeCounts } from './cut-report.ts';
import { addCounts, countAll, noCounts, pathOf, sumFrom, weight } from './cut-report.ts';
import type { LabDevice } from './device.ts';
import { dumpOf } from './device.ts';
import { Endings, isWorse, outcomeOf, stepWords } from './endings.ts';
import type { CutOutcome, Ending } from './endings.ts';
import { tear } from './tear.ts';
import { TracedFlash } from './traced-flash.ts';

/** How far an exploration is. */
export interface CutProgress {
  readonly done: number;
  readonly total: number;
}

/** What to try. */
export interface CutOptions {
  /** Default: all three. */
  readonly kinds?: readonly PowerCutKind[] | undefined;
  /** Also cut the boot after each cut, at each of its operations; default true. */
  readonly twice?: boolean | undefined;
  /** Most boots until the device must be at rest; default 8. */
  readonly mostBoots?: number | undefined;
  /** Called before each case; what it returns is waited for. */
  readonly onProgress?: ((progress: CutProgress) => void | Promise<void>) | undefined;
  /** Ends the exploration with `ABORTED` once it is true. */
  readonly signal?: { readonly aborted: boolean } | undefined;
}

class Explorer {
  readonly #device: LabDevice;
  readonly #runs: BootRuns;
  readonly #endings: Endings<Spot>;
  readonly #kinds: readonly PowerCutKind[];
  readonly #options: CutOptions;
  readonly #findings = new Map<string, CutFinding>();
  /** By run that was cut: outcomes of the cuts at each of its own points. */
  readonly #tallies = new Map<Run, OutcomeCounts[]>();
  #operations: readonly CutOperation[] = [];
  #reference: Ending | undefined;
  #alike = 0;

  constructor(device: LabDevice, options: CutOptions) {
    this.#device = device;
    this.#options = options;
    this.#kinds = options.kinds ?? powerCutKinds;
    this.#runs = new BootRuns(device);
    this.#endings = new Endings(this.#runs, options.mostBoots ?? 8);
  }

  async explore(): Promise<CutReport> {
    const { flash, counters = [], config, judge } = this.#device;
    const state = TracedFlash.stateOf(flash.geometry, dumpOf(flash));
    const start = this.#runs.spot(
      state,
      config.images.map((_, n) => counters[n] ?? 0),
    );
    const hashed = judge.hashed;
    // what stands in the slots is known by name before anything runs
    this.#runs.images.seeSlots(this.#device);
    const first = await this.#runs.boot(start, 0);
    this.#operations = first.points.map(({ operation }, n) => this.#describe(operation, n));
    const reference = await this.#endings.of(start);
    this.#reference = reference;
    const { cases, firstRuns } = await this.#cutAll(first);
    const pairs = this.#pairs(firstRuns);
    const counts = countAll(cases, pairs);
    const findings = [...this.#findings.values()].map((each) => this.#named(each));
    findings.sort((one, other) => weight(one.cuts) - weight(other.cuts));
    return {
      operations: this.#operations,
      undisturbed: this.#named({
        ...pathOf(reference),
        outcome: outcomeOf(reference, reference),
      }),
      cases: cases.map((each) => this.#named(each)),
      pairs,
      counts,
      alike: this.#alike,
      findings,
      executedOperations: this.#runs.executed,
      hashedImages: judge.hashed - hashed,
    };
  }

  /** With its images in words: only now is it clear which of them have one version. */
  #named<T extends Pick<CutCase, 'path' | 'atRest'>>(found: T): T {
    const { images } = this.#runs;
    const path = found.path.map((step) => stepWords(step, images));
    return { ...found, path, atRest: found.atRest.map((number) => images.label(Number(number))) };
  }

  #describe({ kind, area, offsetBytes, lengthBytes }: BootOperation, number: number): CutOperation {
    const { flash, config } = this.#device;
    const at = placeOf(config, area).offsetBytes + offsetBytes;
    return { number, kind, area, offsetBytes, lengthBytes, sector: flash.sectors.at(at).index };
  }

  async #cutAll(first: Run): Promise<{ cases: CutCase[]; firstRuns: Run[][] }> {
    const cases: CutCase[] = [];
    const firstRuns: Run[][] = [];
    const tally: OutcomeCounts[] = [];
    this.#tallies.set(first, tally);
    const total = first.points.length * this.#kinds.length;
    for (const [operation, point] of first.points.entries()) {
      const counts = noCounts();
      const runs: Run[] = [];
      for (const kind of this.#kinds) {
        await this.#check({ done: cases.length, total });
        const spot = this.#cut(point, kind);
        if (this.#options.twice !== false)
          runs.push(await this.#cutAgain(spot, { operation, kind }));
        const ending = await this.#endings.of(spot);
        const outcome = this.#judge(ending, spot, [{ operation, kind }]);
        counts[outcome] += 1;
        cases.push({ operation, kind, outcome, ...pathOf(ending) });
      }
      tally.push(counts);
      firstRuns.push(runs);
      release(point);
    }
    await this.#check({ done: total, total });
    return { cases, firstRuns };
  }

  async #check(progress: CutProgress): Promise<void> {
    await this.#options.onProgress?.(progress);
    if (this.#options.signal?.aborted === true) {
      throw new DfuError('ABORTED', 'power cuts: stopped before all were tried');
    }
  }

  #cut({ operation, spot }: Run['points'][number], kind: PowerCutKind): Spot {
    if (spot === undefined) throw new Error('a point without its state cannot be cut');
    if (kind === 'clean') return spot;
    const { flash, config } = this.#device;
    const start = placeOf(config, operation.area).offsetBytes + operation.offsetBytes;
    const state = tear(flash.geometry, spot.state, { operation, start, kind });
    return this.#runs.spot(state, spot.counters);
  }

  /** Boots after a first cut and cuts that boot at each operation that it does itself. */
  async #cutAgain(spot: Spot, first: CutFinding['cuts'][number]): Promise<Run> {
    const run = await this.#runs.boot(spot, 1);
    if (this.#tallies.has(run) || run.same) return run;
    const tally: OutcomeCounts[] = [];
    this.#tallies.set(run, tally);
    for (const [operation, point] of run.points.entries()) {
      const counts = noCounts();
      for (const kind of this.#kinds) {
        const again = this.#cut(point, kind);
        const ending = await this.#endings.of(again);
        counts[this.#judge(ending, again, [first, { operation, kind }])] += 1;
      }
      tally.push(counts);
      release(point);
    }
    return run;
  }

  /** The outcome of a case; what is worse than without a cut is kept, in its simplest form. */
  #judge(ending: Ending, spot: Spot, cuts: CutFinding['cuts']): CutOutcome {
    const reference = this.#reference ?? ending;
    const outcome = outcomeOf(ending, reference);
    if (!isWorse(outcome, outcomeOf(reference, reference))) return outcome;
    const way = pathOf(ending);
    const name = `${outcome} ${way.path.join(',')} ${way.atRest.join(',')} ${this.#causeOf(cuts)}`;
    const known = this.#findings.get(name);
    if (known === undefined || weight(cuts) < weight(known.cuts)) {
      const cases = (known?.cases ?? 0) + 1;
      this.#findings.set(name, { outcome, ...way, cases, cuts, spot });
    } else known.cases += 1;
    return outcome;
  }

  /** What losses are told apart by: the area of one cut; with two, the operation of the first. */
  #causeOf([first, second]: CutFinding['cuts']): string {
    const operation = first === undefined ? undefined : this.#operations[first.operation];
    return second === undefined ? `${operation?.area}` : `${first?.operation}`;
  }

  /** Two cuts in a row, by the first one: those that were tried, and those of the boot that it became. */
  #pairs(firstRuns: readonly (readonly Run[])[]): OutcomeCounts[] {
    if (this.#options.twice === false) return [];
    const sums = new Map<Run, OutcomeCounts[]>();
    // a boot only ever joins one that was begun before it
    for (const [run, tally] of this.#tallies) sums.set(run, sumFrom(run, tally, sums));
    return firstRuns.map((runs) => {
      const all = noCounts();
      for (const run of runs) {
        const found = sums.get(run)?.[0];
        if (found === undefined) this.#alike += 1;
        else addCounts(all, found);
      }
      return all;
    });
  }
}

/** The state of a point is not needed once it was cut. */
function release(point: { spot: Spot | undefined }): void {
  point.spot = undefined;
}

/**
 * Cuts the power at each operation of the next boot, cleanly and within the operation, and then at each
 * operation of the boot after that; and boots after each cut until nothing changes any more.
 *
 * Nothing is done twice: the device is forked at each operation, and a boot that comes to a point where
 * an earlier one was is not gone on with. The operations done therefore grow with the number of
 * operations of the boot and not with its square. The device itself is not changed.
 *
 * @throws `DfuError` `ABORTED` if the signal says so.
 */
export function explorePowerCuts(device: LabDevice, options: CutOptions = {}): Promise<CutReport> {
  return new Explorer(device, options).explore();
}
