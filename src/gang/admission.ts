import { DfuError } from '../bytes/index.ts';
import { otherDevice, suffixFits } from '../host/index.ts';
import type { DfuInterface, Selection, SendPlan } from '../host/index.ts';
import { formatUsbId } from '../usb/index.ts';
import type { BusDevice } from '../usb/index.ts';
import type { GangEvent } from './unit.ts';

/** A device that is meant. */
export interface Candidate {
  readonly device: BusDevice;
  readonly entry: DfuInterface;
  readonly selection: Selection;
}

/** Which devices are meant, and by what the file is for. */
interface AdmissionTerms {
  readonly which: readonly Selection[];
  readonly plan: SendPlan;
  /** Take devices whatever their kind. */
  readonly anyKind: boolean;
  readonly tell: (event: GangEvent) => void;
}

/**
 * Which of the devices that match get the file: not those that it is not for, and all of one kind where nobody
 * has said which are meant.
 */
export class Admission {
  readonly #terms: AdmissionTerms;
  /** Found before it is known that all are of one kind. */
  #held: Candidate[] | undefined;
  #kind: string | undefined;

  constructor(terms: AdmissionTerms) {
    this.#terms = terms;
    this.#held = this.#needsKind ? [] : undefined;
  }

  /** Some are held until `decide`. */
  get isUndecided(): boolean {
    return this.#held !== undefined;
  }

  /** Nobody has said which devices are meant. */
  get #needsKind(): boolean {
    const { which, plan, anyKind } = this.#terms;
    if (anyKind || plan.suffix !== undefined) return false;
    return which.some(({ ids, runtime, dfu, runtimeSerial, dfuSerial, path }) =>
      [ids, runtime, dfu, runtimeSerial, dfuSerial, path].every((each) => each === undefined),
    );
  }

  /** Whether it may be taken at once; it is held until `decide`, or left alone. */
  mayTake(candidate: Candidate): boolean {
    const { plan, anyKind } = this.#terms;
    const { entry, selection } = candidate;
    const { ids, runtime } = selection;
    const { suffix } = plan;
    const isOther = suffix !== undefined && !suffixFits(suffix, entry);
    if (isOther && (ids ?? runtime) === undefined && !anyKind) {
      this.leaveAlone(entry, 'the file is for another device, by its suffix');
      return false;
    }
    const other = otherDevice(plan, entry);
    if (other !== undefined && (ids ?? runtime) === undefined && !anyKind) {
      this.leaveAlone(entry, other);
      return false;
    }
    this.#held?.push(candidate);
    return this.#held === undefined;
  }

  /** Those that were held, once all that are there at the beginning are known. Throws `AMBIGUOUS`. */
  decide(): readonly Candidate[] {
    const held = this.#held ?? [];
    this.#held = undefined;
    const kinds = new Set(held.map(({ entry }) => formatUsbId(entry)));
    if (kinds.size > 1) {
      const message = `devices of several kinds are there (${[...kinds].join(', ')}), and nobody says which are meant`;
      throw new DfuError('AMBIGUOUS', message, { remedies: ['ids'] });
    }
    return held;
  }

  /** Whether it is of the kind of the first; another is left alone. */
  isOfKind(entry: DfuInterface): boolean {
    const kind = formatUsbId(entry);
    if (this.#kind !== undefined && this.#kind !== kind) {
      this.leaveAlone(entry, `it is ${kind}, the first was ${this.#kind}: say which are meant`);
      return false;
    }
    if (this.#needsKind) this.#kind = kind;
    return true;
  }

  leaveAlone({ location }: DfuInterface, message: string): void {
    this.#terms.tell({ type: 'left-alone', path: location.path, message });
  }
}
