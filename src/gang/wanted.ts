import { DfuError } from '../bytes/index.ts';
import { mayMatch, select } from '../host/index.ts';
import type { DfuInterface, Selection } from '../host/index.ts';
import { formatUsbId } from '../usb/index.ts';
import type { BusDevice } from '../usb/index.ts';
import type { UnitResult } from './unit.ts';

/** An interface that is meant, and by which selection. */
interface Chosen {
  readonly entry: DfuInterface;
  readonly selection: Selection;
}

/** Which devices are asked for, and what of that was never found, or was there only at first. */
export class Wanted {
  readonly #which: readonly Selection[];
  readonly #found = new Set<Selection>();
  /** Those that left before they were units. */
  readonly #lost = new Set<BusDevice>();

  constructor(which: readonly Selection[]) {
    this.#which = which;
  }

  /** Whether a device may be meant, by what a bus knows of it. */
  mayBe(device: BusDevice): boolean {
    return this.#which.some((each) => mayMatch(each, device));
  }

  /** The interface of a device that is meant; undefined: none is. */
  chosen(entries: readonly DfuInterface[]): Chosen | undefined {
    for (const selection of this.#which) {
      const [entry] = select(entries, selection);
      if (entry !== undefined) return { entry, selection };
    }
    return undefined;
  }

  found(selection: Selection): void {
    this.#found.add(selection);
  }

  /** One that is meant has left before it could be a unit. */
  lost(device: BusDevice): void {
    this.#lost.add(device);
  }

  /** What was asked for and got nothing, an error each. */
  missing(results: readonly UnitResult[]): DfuError[] {
    const gone = [...this.#lost].filter(
      ({ location }) => !results.some(({ path }) => path === location.path),
    );
    const absent = this.#which.filter(
      (selection) =>
        !this.#found.has(selection) &&
        ![...this.#lost].some((device) => mayMatch(selection, device)),
    );
    return [...gone.map(leftEarly), ...absent.map(notThere)];
  }
}

function leftEarly({ descriptor, location }: BusDevice): DfuError {
  const where = `[${formatUsbId(descriptor)}] at ${location.path}`;
  const words = 'it left before it could be looked into, and got nothing';
  return new DfuError('DISCONNECTED', `${where}: ${words}`);
}

function notThere({ runtimeSerial, dfuSerial, path }: Selection): DfuError {
  const name = [runtimeSerial ?? dfuSerial, path].find((each) => each !== undefined);
  const what = name === undefined ? 'no DFU device' : `no DFU device "${name}"`;
  return new DfuError('NOT_FOUND', `${what} is there that matches`);
}
