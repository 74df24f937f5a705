import type { UsbBus } from '../usb/index.ts';

/**
 * Whether a path says which device is meant. On a bus that has to be asked (a browser's) it does not: the same port is
 * another path with each attachment.
 */
export function tellsPlaces(bus: UsbBus): boolean {
  return bus.request === undefined;
}

/** A search for a device that was asked into DFU mode. */
export interface Search {
  /** Id of the device as it was in run-time mode. */
  readonly deviceId: string;
  readonly serial: string;
}

/**
 * What the searches on one bus know of each other. Where places tell nothing, two that go on at once could each take the
 * other's device.
 */
export class Searches {
  static readonly #all = new WeakMap<UsbBus, Searches>();
  readonly #running = new Set<Search>();
  /** Ids of devices in DFU mode that have been found: each is somebody's. */
  readonly #taken = new Set<string>();
  /** Ids of devices in run-time mode that have been found again. */
  readonly #settled = new Set<string>();

  static on(bus: UsbBus): Searches {
    const known = Searches.#all.get(bus);
    if (known !== undefined) return known;
    const made = new Searches();
    Searches.#all.set(bus, made);
    return made;
  }

  /** A search goes on while that does, and what it answers has been found by it. */
  async during<T extends { readonly device: { readonly id: string } }>(
    search: Search,
    work: () => Promise<T>,
  ): Promise<T> {
    this.#running.add(search);
    try {
      const found = await work();
      this.#taken.add(found.device.id);
      this.#settled.add(search.deviceId);
      return found;
    } finally {
      this.#running.delete(search);
    }
  }

  /** Those that go on besides. */
  besides(search: Search): Search[] {
    return [...this.#running].filter((each) => each !== search);
  }

  isTaken(id: string): boolean {
    return this.#taken.has(id);
  }

  /** Whether that device, which has left, is known to have come back as another one. */
  isSettled(id: string): boolean {
    return this.#settled.has(id);
  }
}
