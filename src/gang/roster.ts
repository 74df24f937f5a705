import { DfuError } from '../bytes/index.ts';
import type { BusDevice, BusEvent, UsbBus } from '../usb/index.ts';

/** What a unit sees of the bus: what is at its own ports. So no unit takes another one for its own when both come back. */
export class UnitBus implements UsbBus {
  /** Where it is, and where it has been. */
  readonly paths: Set<string>;
  readonly #roster: Roster;
  readonly #listeners = new Set<(event: BusEvent) => void>();

  constructor(roster: Roster, path: string) {
    this.#roster = roster;
    this.paths = new Set([path]);
  }

  async list(): Promise<BusDevice[]> {
    const devices = await this.#roster.list();
    return devices.filter(({ location }) => this.paths.has(location.path));
  }

  watch(listener: (event: BusEvent) => void): () => void {
    const own = (event: BusEvent): void => listener(event);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  /** It is the roster's. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  tell(event: BusEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** Whether anything is at its ports. */
  get isThere(): boolean {
    return this.#roster.devices.some(({ location }) => this.paths.has(location.path));
  }
}

/** Who is told of devices at ports that are no unit's. */
interface RosterListener {
  /** Also of those that are there at the beginning. */
  attached(device: BusDevice): void;
  detached(device: BusDevice): void;
}

/**
 * Who is where. One watch over the bus for all units; what is at the port of a unit that is worked on is told to that
 * unit alone, all else to the listener.
 */
export class Roster {
  readonly #bus: UsbBus;
  readonly #listener: RosterListener;
  readonly #present = new Map<string, BusDevice>();
  readonly #units = new Set<UnitBus>();
  #stop: () => void = () => {};
  #listing: Promise<BusDevice[]> | undefined;
  #next: Promise<BusDevice[]> | undefined;

  constructor(bus: UsbBus, listener: RosterListener) {
    this.#bus = bus;
    this.#listener = listener;
  }

  /** Tells of all that is there and of all that comes. Throws what `list` of the bus throws. */
  async open(): Promise<void> {
    this.#stop = this.#bus.watch((event) => this.#happened(event));
    for (const device of await this.list()) this.#arrived(device);
  }

  close(): void {
    this.#stop();
  }

  /** What is known to be there. */
  get devices(): readonly BusDevice[] {
    return [...this.#present.values()];
  }

  /** From now on what comes to its ports is the unit's. */
  enter(path: string): UnitBus {
    const unit = new UnitBus(this, path);
    this.#units.add(unit);
    return unit;
  }

  /** No more. */
  leave(unit: UnitBus): void {
    this.#units.delete(unit);
  }

  /** A device at a port that is nobody's is that unit's. */
  adopt(unit: UnitBus, device: BusDevice): void {
    unit.paths.add(device.location.path);
    unit.tell({ type: 'attached', device });
  }

  /** The unit that has this port, and is worked on. */
  ownerOf(path: string): UnitBus | undefined {
    return [...this.#units].find(({ paths }) => paths.has(path));
  }

  /** One question for all who ask at the same time; nobody gets an answer to a question from before. */
  list(): Promise<BusDevice[]> {
    if (this.#listing === undefined) return this.#ask();
    this.#next ??= this.#listing.then(
      () => this.#ask(),
      () => this.#ask(),
    );
    return this.#next;
  }

  #ask(): Promise<BusDevice[]> {
    this.#next = undefined;
    const listing = this.#bus.list().finally(() => {
      if (this.#listing === listing) this.#listing = undefined;
    });
    this.#listing = listing;
    return listing;
  }

  #happened(event: BusEvent): void {
    if (event.type === 'attached') this.#arrived(event.device);
    else this.#left(event);
  }

  #arrived(device: BusDevice): void {
    if (this.#present.has(device.id)) return;
    this.#present.set(device.id, device);
    const owner = this.ownerOf(device.location.path);
    if (owner === undefined) this.#listener.attached(device);
    else owner.tell({ type: 'attached', device });
  }

  #left(event: Extract<BusEvent, { type: 'detached' }>): void {
    const device = this.#present.get(event.id);
    this.#present.delete(event.id);
    if (device === undefined) return;
    const owner = this.ownerOf(device.location.path);
    if (owner === undefined) this.#listener.detached(device);
    else owner.tell(event);
  }
}

/** What the opening of a device may fail with though it works soon: udev, another one that looks into it. */
const passing: ReadonlySet<string> = new Set(['ACCESS', 'BUSY', 'IO', 'STALLED', 'TIMEOUT']);

/** Whether it is worth another look. */
export function isPassing(error: unknown): boolean {
  return DfuError.is(error) && passing.has(error.code);
}
