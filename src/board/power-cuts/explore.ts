import { DfuError } from '../../bytes/index.ts';
import type { ChipModel } from '../../chip/index.ts';
import { SectorMap, powerCutKinds } from '../../flash/index.ts';
import type { FlashGeometry, PowerCutKind } from '../../flash/index.ts';
import { Endings, countAll, isWorse, outcomeOf, pathOf, weight } from '../../lab/index.ts';
import type { CutCase, CutOutcome, CutProgress, Ending } from '../../lab/index.ts';
import { Applications } from './applications.ts';
import type { ApplicationImage, ApplicationPlace } from './applications.ts';
import { Boots } from './boots.ts';
import { chosenOperations } from './chosen.ts';
import type { CutChoice } from './chosen.ts';
import { ForkedFlash } from './forked-flash.ts';
import type { ChipOperation, FlashMoment } from './forked-flash.ts';
import type { ChipCutFinding, ChipCutOperation, ChipCutReport } from './report.ts';

/** A chip, and what is in its flash. */
export interface ChipDevice {
  readonly chip: ChipModel;
  readonly geometry: FlashGeometry;
  /** All of its flash, byte 0 first. */
  readonly contents: Uint8Array;
  /** Where applications may stand; what is entered there has been handed over to. */
  readonly applications: readonly ApplicationPlace[];
  /** Parts of flash by name, for people; default: the applications. */
  readonly areas?: readonly Omit<ApplicationPlace, 'headerBytes'>[] | undefined;
  /** A ROM of the user's instead of the model's own. */
  readonly rom?: Uint8Array | undefined;
  /** Unique number of the chip or of its flash, 8 bytes; default: zeros. */
  readonly uniqueId?: Uint8Array | undefined;
}

/** What to try. */
export interface ChipCutOptions extends CutChoice {
  /** Default: all three. */
  readonly kinds?: readonly PowerCutKind[] | undefined;
  /** Cut the boot after so many undisturbed ones; default 0. */
  readonly after?: number | undefined;
  /** Of the chip's own time, how long a boot may take until it counts as hanging, in ms; default 60 000. */
  readonly withinMs?: number | undefined;
  /** Most boots until the device must be at rest; default 8. */
  readonly mostBoots?: number | undefined;
  /** Called every few milliseconds of the chip's time; what it returns is waited for. `total` is 0 until it is known. */
  readonly onProgress?: ((progress: CutProgress) => void | Promise<void>) | undefined;
  /** Ends the exploration with `ABORTED` once it is true. */
  readonly signal?: { readonly aborted: boolean } | undefined;
}

/** Operations that one boot may do. */
const MOST_OPERATIONS = 100_000;

class Explorer {
  readonly #device: ChipDevice;
  readonly #options: ChipCutOptions;
  readonly #kinds: readonly PowerCutKind[];
  readonly #flash: ForkedFlash;
  readonly #applications: Applications;
  readonly #boots: Boots;
  readonly #endings: Endings<FlashMoment>;
  readonly #findings = new Map<string, ChipCutFinding>();
  #progress: CutProgress = { done: 0, total: 0 };

  constructor(device: ChipDevice, options: ChipCutOptions) {
    const { chip, geometry, contents, applications: places, rom, uniqueId } = device;
    this.#device = device;
    this.#options = options;
    this.#kinds = options.kinds ?? powerCutKinds;
    this.#flash = new ForkedFlash(contents, geometry.erasedValue);
    this.#applications = new Applications({
      places,
      flash: { address: chip.flashAddress, bytes: this.#flash.bytes },
      ram: { baseAddress: chip.ram.address, sizeBytes: chip.ram.sizeBytes },
      erasedValue: geometry.erasedValue,
    });
    this.#boots = new Boots({
      chip,
      flash: this.#flash,
      applications: this.#applications,
      rom,
      uniqueId: uniqueId ?? new Uint8Array(8),
      withinNs: (options.withinMs ?? 60_000) * 1e6,
      mostOperations: MOST_OPERATIONS,
      breathe: () => this.#breathe(),
    });
    this.#endings = new Endings(this.#boots, options.mostBoots ?? 8);
  }

  async explore(): Promise<ChipCutReport> {
    this.#applications.seeAll();
    const start = await this.#start();
    const operations: ChipOperation[] = [];
    const first = await this.#boots.run(start, (operation) => operations.push(operation));
    if (first.chip.unmodelled !== undefined) {
      const words = `${first.chip.unmodelled}; without it nothing can be said of this bootloader`;
      throw new DfuError('UNSUPPORTED', `power cuts: ${words}`);
    }
    const reference = await this.#reference(start);
    const wanted = chosenOperations(operations.length, this.#options);
    // what boots nothing has nothing to lose
    const chosen = reference.rest !== undefined && reference.rest.outcome !== 'ok' ? [] : wanted;
    const cases = await this.#cutAll({ start, operations, chosen, reference });
    const images = this.#applications.images();
    const { boots, instructions, ns } = this.#boots;
    const findings = [...this.#findings.values()].toSorted(shorter);
    return {
      operations: operations.map((each, number) => this.#described(each, number)),
      undisturbed: named(
        { ...pathOf(reference), outcome: outcomeOf(reference, reference) },
        images,
      ),
      cases: cases.map((each) => named(each, images)),
      pairs: [],
      counts: countAll(cases, []),
      kinds: this.#kinds,
      complete: chosen.length === operations.length,
      findings: findings.map((each) => named(each, images)),
      images,
      executed: { boots, instructions, timeMs: ns / 1e6 },
    };
  }

  /** The flash before the boot that is cut. */
  async #start(): Promise<FlashMoment> {
    let start = this.#flash.moment();
    for (let boot = 0; boot < (this.#options.after ?? 0); boot += 1) {
      const { chip, next } = await this.#boots.boot(start);
      this.#applications.know(chip.image);
      if (next.key === start.key) break;
      start = next;
    }
    return start;
  }

  /** Where it goes without a cut: what runs on that way is right. */
  async #reference(start: FlashMoment): Promise<Ending> {
    let at = start;
    for (let boot = 0; boot < (this.#options.mostBoots ?? 8); boot += 1) {
      const { chip, next } = await this.#boots.boot(at);
      this.#applications.know(chip.image);
      if (next.key === at.key) break;
      at = next;
    }
    return this.#endings.of(start);
  }

  async #cutAll({
    start,
    operations,
    chosen,
    reference,
  }: {
    readonly start: FlashMoment;
    readonly operations: readonly ChipOperation[];
    readonly chosen: readonly number[];
    readonly reference: Ending;
  }): Promise<CutCase[]> {
    const cases: CutCase[] = [];
    const wanted = new Set(chosen);
    const total = chosen.length * this.#kinds.length;
    let before = start;
    for (const [number, operation] of operations.entries()) {
      for (const kind of wanted.has(number) ? this.#kinds : []) {
        this.#progress = { done: cases.length, total };
        await this.#breathe();
        this.#flash.load(before);
        this.#flash.tear(operation, kind);
        const ending = await this.#endings.of(this.#flash.moment());
        const outcome = this.#judge(ending, reference, { operation: number, kind });
        cases.push({ operation: number, kind, outcome, ...pathOf(ending) });
      }
      this.#flash.load(before);
      this.#flash.redo(operation);
      before = this.#flash.moment();
    }
    this.#progress = { done: total, total };
    await this.#breathe();
    return cases;
  }

  async #breathe(): Promise<void> {
    await this.#options.onProgress?.(this.#progress);
    if (this.#options.signal?.aborted === true) {
      throw new DfuError('ABORTED', 'power cuts: stopped before all were tried');
    }
  }

  /** The outcome of a case; what is worse than without a cut is kept, in its simplest form. */
  #judge(ending: Ending, reference: Ending, cut: ChipCutFinding['cuts'][number]): CutOutcome {
    const outcome = outcomeOf(ending, reference);
    if (!isWorse(outcome, outcomeOf(reference, reference))) return outcome;
    const way = pathOf(ending);
    // each mixture is another image, and all of them are one finding
    const steps = way.path.map((step) => (this.#applications.isMixture(step) ? 'mixture' : step));
    const name = `${outcome} ${steps.join(',')}`;
    const known = this.#findings.get(name);
    const cases = (known?.cases ?? 0) + 1;
    const isSimpler = known === undefined || weight([cut]) < weight(known.cuts);
    this.#findings.set(
      name,
      isSimpler || known === undefined
        ? { outcome, ...way, cases, cuts: [cut] }
        : { ...known, cases },
    );
    return outcome;
  }

  #described({ type, offsetBytes, lengthBytes }: ChipOperation, number: number): ChipCutOperation {
    const { chip, geometry, areas, applications } = this.#device;
    const address = chip.flashAddress + offsetBytes;
    const area = (areas ?? applications).find(
      (each) => address >= each.address && address < each.address + each.sizeBytes,
    );
    return {
      number,
      kind: type === 'erase' ? 'erase' : 'write',
      area: area?.name ?? 'flash',
      offsetBytes: area === undefined ? offsetBytes : address - area.address,
      address,
      lengthBytes,
      sector: new SectorMap(geometry).at(offsetBytes).index,
    };
  }
}

/** The simplest first, and of equal ones the earliest. */
function shorter(one: ChipCutFinding, other: ChipCutFinding): number {
  const first = ({ cuts }: ChipCutFinding): number => cuts[0]?.operation ?? 0;
  return weight(one.cuts) - weight(other.cuts) || first(one) - first(other);
}

/** With its images by their names: only now is it clear which of them have one version. */
function named<T extends Pick<CutCase, 'path' | 'atRest'>>(
  found: T,
  images: readonly ApplicationImage[],
): T {
  const words = (step: string): string =>
    /^\d+$/.test(step) ? (images[Number(step)]?.name ?? step) : step;
  return { ...found, path: found.path.map(words), atRest: found.atRest.map(words) };
}

/**
 * Cuts the power at flash operations of the next boot of a chip, which executes its own bootloader: cleanly in front of
 * each and within it. Boots after each cut until nothing changes any more, by the same machine code.
 *
 * The boot itself is executed once; each cut is made of its recording. A boot begins at power-on, and all that it depends
 * on is in flash, so that no flash is booted twice. The work grows with the number of cuts.
 *
 * @throws `DfuError` `ABORTED` if the signal says so; `UNSUPPORTED` where the program wants what the chip's model lacks;
 *   `OUT_OF_RANGE` for an application outside of flash; `INVALID_ARGUMENT` for none, and for `every` and `sample` that
 *   are no counts, or both.
 */
export async function exploreChipCuts(
  device: ChipDevice,
  options: ChipCutOptions = {},
): Promise<ChipCutReport> {
  if (device.applications.length === 0) {
    const words = 'expected a place where an application may stand, got none';
    throw new DfuError('INVALID_ARGUMENT', `power cuts: ${words}`);
  }
  return new Explorer(device, options).explore();
}
