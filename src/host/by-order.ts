import { DfuError } from '../bytes/index.ts';
import { formatUsbId } from '../usb/index.ts';
import type { BusDevice } from '../usb/index.ts';
import type { Arrivals } from './arrivals.ts';
import { UNKNOWN, printable } from './dfu-interface.ts';
import type { DfuInterface } from './dfu-interface.ts';
import type { HostListener } from './events.ts';
import { fitsPair, formatIdPair } from './selection.ts';
import type { IdPair } from './selection.ts';
import type { Search, Searches } from './whereabouts.ts';

/** A device that was found again in DFU mode. */
export interface InDfuMode {
  readonly device: BusDevice;
  /** Its DFU-mode interfaces, one an alternate. */
  readonly entries: readonly DfuInterface[];
}

interface OrderTerms {
  readonly arrivals: Arrivals;
  readonly searches: Searches;
  readonly search: Search;
  readonly dfuIds: IdPair | undefined;
  readonly onEvent?: HostListener | undefined;
}

/**
 * Who is who where places tell nothing: by the serial number, and else by the order of arrival. What is in DFU mode and has
 * come since the device in run-time mode left is that device, if it is the only one and nobody else can have left for it.
 */
export class ByOrder {
  readonly #terms: OrderTerms;
  readonly #candidates: InDfuMode[] = [];

  constructor(terms: OrderTerms) {
    this.#terms = terms;
  }

  /** What a device in DFU mode is: the one, one that may be it, or another, and then why. */
  finding({ device, entries }: InDfuMode): 'same' | 'next' | { readonly other: string } {
    const { arrivals, searches, search, dfuIds } = this.#terms;
    const [first] = entries;
    if (searches.isTaken(device.id)) return { other: 'which is another one' };
    const besides = searches.besides(search).map(({ serial }) => serial);
    const has = (serial: string): boolean =>
      serial !== UNKNOWN && entries.some((each) => each.serial === serial);
    // A number that another one has as well tells nothing.
    if (has(search.serial) && !besides.includes(search.serial)) return 'same';
    if (besides.some((serial) => serial !== search.serial && has(serial))) {
      return { other: `with the serial number of another one, "${printable(`${first?.serial}`)}"` };
    }
    if (!arrivals.cameAfter(device.id, search.deviceId)) {
      return { other: 'which came before the device had left' };
    }
    if (first !== undefined && !fitsPair(dfuIds, first)) {
      return { other: `which is not ${formatIdPair(dfuIds)}` };
    }
    return 'next';
  }

  add(candidate: InDfuMode): void {
    this.#candidates.push(candidate);
  }

  get hasAny(): boolean {
    return this.#there().length > 0;
  }

  /**
   * The one that it can only be, and a note that says how that is known; undefined if that is still open. Throws `AMBIGUOUS` for several, and, once it is late, if
   * others have left as well.
   */
  decided(isLate: boolean): InDfuMode | undefined {
    const there = this.#there();
    const [only, ...rivals] = there;
    if (only === undefined) return undefined;
    if (rivals.length > 0) throw rivalry(there);
    if (this.#mayBeOfOthers()) {
      if (isLate) throw severalLeft(only);
      return undefined;
    }
    this.#terms.onEvent?.({ type: 'note', message: orderNote(only) });
    return only;
  }

  #there(): InDfuMode[] {
    const { arrivals, searches } = this.#terms;
    return this.#candidates.filter(
      ({ device }) => !arrivals.hasLeft(device.id) && !searches.isTaken(device.id),
    );
  }

  /** Whether it may be what another device has become. */
  #mayBeOfOthers(): boolean {
    const { arrivals, searches, search } = this.#terms;
    const others = [...arrivals.gone].filter(
      (id) => id !== search.deviceId && !arrivals.hasCome(id) && !searches.isSettled(id),
    );
    return others.length > 0 || searches.besides(search).length > 0;
  }
}

/** A sentence for whoever wants to know how it was found. */
function orderNote({ device }: InDfuMode): string {
  const which = `[${formatUsbId(device.descriptor)}]`;
  return `${which} is taken for the device by the order of arrival: it is all that has come in DFU mode since the device left, and no serial number says more`;
}

const WHAT_TO_DO = 'unplug the others and flash one after the other';

function rivalry(there: readonly InDfuMode[]): DfuError {
  const lines = there.map(({ device, entries: [first] }) => {
    const serial = first === undefined ? UNKNOWN : printable(first.serial);
    return `\n  [${formatUsbId(device.descriptor)}] serial="${serial}"`;
  });
  const message = `several devices have come in DFU mode, and nothing says which of them is meant: ${WHAT_TO_DO}.${lines.join('')}`;
  return new DfuError('AMBIGUOUS', message, { remedies: ['ids', 'dfu-serial'] });
}

function severalLeft({ device }: InDfuMode): DfuError {
  const which = `[${formatUsbId(device.descriptor)}]`;
  const message = `${which} has come in DFU mode, and several devices had left that it may be: ${WHAT_TO_DO}`;
  return new DfuError('AMBIGUOUS', message, { remedies: ['ids', 'dfu-serial'] });
}
