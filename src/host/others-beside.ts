import { DfuError } from '../bytes/index.ts';
import type { Clock, UsbBus } from '../usb/index.ts';
import { Arrivals } from './arrivals.ts';
import type { DfuInterface } from './dfu-interface.ts';
import { tellsPlaces } from './whereabouts.ts';

/** Ids of the devices that are there beside one that is open; none where the bus does not tell. */
export async function othersBeside(
  bus: UsbBus,
  { deviceId }: Pick<DfuInterface, 'deviceId'>,
): Promise<ReadonlySet<string>> {
  try {
    const ids = (await bus.list()).map(({ id }) => id);
    return new Set(ids.filter((id) => id !== deviceId));
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    return new Set();
  }
}

/** What is there beside a device that is being worked on, and, where places tell nothing, what comes and goes meanwhile. */
export class Beside {
  readonly #bus: UsbBus;
  readonly #dfu: Pick<DfuInterface, 'deviceId'>;
  readonly #arrivals: Arrivals | undefined;
  #ids: ReadonlySet<string> = new Set();

  constructor(bus: UsbBus, clock: Clock, dfu: Pick<DfuInterface, 'deviceId'>) {
    this.#bus = bus;
    this.#dfu = dfu;
    this.#arrivals = tellsPlaces(bus) ? undefined : new Arrivals(bus, clock, [dfu.deviceId]);
  }

  /** Looks what is there now. */
  async look(): Promise<void> {
    this.#ids = await othersBeside(this.#bus, this.#dfu);
    this.#arrivals?.disregard(this.#ids);
  }

  /** Ids of the devices that were there before: none of them is it. */
  get ids(): ReadonlySet<string> {
    return this.#ids;
  }

  /** Whether that device may be it by the order of arrival: it has come since the one that was worked on left. */
  isNext(id: string): boolean {
    return this.#arrivals?.cameAfter(id, this.#dfu.deviceId) === true;
  }

  close(): void {
    this.#arrivals?.close();
  }
}
