import { DfuError, hexNumber } from '../bytes/index.ts';
import { readFunctionalDescriptor } from '../dfu/index.ts';
import type { FunctionalDescriptor } from '../dfu/index.ts';
import { DescriptorType } from '../usb/index.ts';
import type { InterfaceSetting, RawDescriptor } from '../usb/index.ts';
import { endsReading } from './descriptor-reader.ts';
import type { DescriptorReader } from './descriptor-reader.ts';
import { Notes } from './notes.ts';

/** Where a device says nothing about itself: the least that works with all of them. */
const guessed: FunctionalDescriptor = {
  bmAttributes: {
    canDnload: true,
    canUpload: true,
    manifestationTolerant: false,
    willDetach: false,
    accelerated: false,
  },
  wDetachTimeOut: 1000,
  wTransferSize: 64,
  bcdDFUVersion: 0x0100,
};

/** wTransferSize 0: one packet of endpoint 0, which every device takes. */
const SIZE_FOR_ZERO = 64;
/** wTransferSize 0xffff is a field that nobody filled in; 4096 is what Linux sends such devices. */
const SIZE_FOR_UNSET = 4096;

/** Broken functional descriptors that are looked at in one place before it is given up. */
const MOST_BROKEN = 16;

/** What was found in one place, and what was wrong before it. */
interface Look {
  readonly found: FunctionalDescriptor | undefined;
  readonly problems: readonly string[];
}

/** A functional descriptor, and what a person should know about it. */
interface FoundFunctional {
  readonly functional: FunctionalDescriptor;
  readonly isGuess: boolean;
  readonly notes: readonly string[];
}

/** Where else a setting's functional descriptor may be: each place is looked at once. */
interface FunctionalPlaces {
  readonly settings: readonly InterfaceSetting[];
  /** In front of the first interface. */
  readonly extra: readonly RawDescriptor[];
}

/**
 * The functional descriptor of a setting: behind it, behind another of the same interface (most devices
 * write it once), behind another DFU interface, in front of them all, or by a request of its own. HID
 * uses the same type number, so it is looked for in no other interface.
 */
export class FunctionalFinder {
  readonly #reader: DescriptorReader;
  readonly #places: FunctionalPlaces;
  readonly #ofInterface = new Map<number, Look>();
  #anywhere: Look | undefined;
  #asked: Look | undefined;

  constructor(reader: DescriptorReader, places: FunctionalPlaces) {
    this.#reader = reader;
    this.#places = places;
  }

  async find(setting: InterfaceSetting): Promise<FoundFunctional> {
    const notes = new Notes();
    for (const look of this.#looks(setting)) {
      const { found, problems } = await look();
      notes.addAll(problems);
      if (found === undefined) continue;
      const functional = repair(found, notes);
      return { functional, isGuess: false, notes: notes.all };
    }
    const taken = `DFU 1.0 and blocks of ${guessed.wTransferSize} bytes are taken`;
    notes.add(`the device has no DFU functional descriptor: ${taken}`);
    return { functional: guessed, isGuess: true, notes: notes.all };
  }

  #looks(setting: InterfaceSetting): readonly (() => Look | Promise<Look>)[] {
    return [
      () => lookThrough(setting.extra),
      () => this.#inInterface(setting.descriptor.bInterfaceNumber),
      () => this.#inAll(),
      () => this.#byRequest(),
    ];
  }

  #inInterface(number: number): Look {
    const known = this.#ofInterface.get(number);
    if (known !== undefined) return known;
    const { settings } = this.#places;
    const same = settings.filter((each) => each.descriptor.bInterfaceNumber === number);
    const look = lookThrough(same.flatMap(({ extra }) => extra));
    this.#ofInterface.set(number, look);
    return look;
  }

  #inAll(): Look {
    const { settings, extra } = this.#places;
    this.#anywhere ??= lookThrough([...settings.flatMap((each) => each.extra), ...extra]);
    return this.#anywhere;
  }

  async #byRequest(): Promise<Look> {
    this.#asked ??= await this.#ask();
    return this.#asked;
  }

  async #ask(): Promise<Look> {
    const type = DescriptorType.dfuFunctional;
    try {
      const bytes = await this.#reader.descriptor(type, 0, 9);
      return lookThrough([{ type, offsetBytes: 0, bytes }]);
    } catch (error) {
      if (!DfuError.is(error) || endsReading(error)) throw error;
      return { found: undefined, problems: [] };
    }
  }
}

function lookThrough(extra: readonly RawDescriptor[]): Look {
  const problems: string[] = [];
  for (const { bytes, type } of extra) {
    if (type !== DescriptorType.dfuFunctional) continue;
    try {
      return { found: readFunctionalDescriptor(bytes), problems };
    } catch (error) {
      if (!DfuError.is(error)) throw error;
      problems.push(error.message);
      if (problems.length === MOST_BROKEN) break;
    }
  }
  return { found: undefined, problems };
}

function repair(functional: FunctionalDescriptor, notes: Notes): FunctionalDescriptor {
  const { wTransferSize } = functional;
  if (wTransferSize !== 0 && wTransferSize !== 0xffff) return functional;
  const repaired = wTransferSize === 0 ? SIZE_FOR_ZERO : SIZE_FOR_UNSET;
  const wrong = `DFU functional descriptor.wTransferSize: ${hexNumber(wTransferSize)}`;
  notes.add(`${wrong} makes no sense, ${repaired} is taken`);
  return { ...functional, wTransferSize: repaired };
}
