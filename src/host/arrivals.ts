import { until } from '../usb/index.ts';
import type { BusDevice, CancelSignal, Clock, UsbBus } from '../usb/index.ts';

/** The devices that come to a bus from now on, one after the other, each once. */
export class Arrivals {
  readonly #bus: UsbBus;
  readonly #clock: Clock;
  readonly #stop: () => void;
  /** Ids that are here; ids are never used twice. */
  readonly #known: Set<string>;
  readonly #left = new Set<string>();
  #queue: BusDevice[] = [];
  /** What happened when, by the order in which it was told. */
  readonly #came = new Map<string, number>();
  readonly #went = new Map<string, number>();
  #happened = 0;
  readonly #listeners = new Set<() => void>();

  /** `known` are the ids of devices that are no news. */
  constructor(bus: UsbBus, clock: Clock, known: readonly string[] = []) {
    this.#bus = bus;
    this.#clock = clock;
    this.#known = new Set(known);
    this.#stop = bus.watch((event) => {
      if (event.type === 'attached') this.#add(event.device);
      else this.#remove(event.id);
      for (const listener of this.#listeners) listener();
    });
  }

  #add(device: BusDevice): void {
    if (this.#known.has(device.id)) return;
    this.#known.add(device.id);
    this.#queue.push(device);
    this.#came.set(device.id, (this.#happened += 1));
  }

  #remove(id: string): void {
    this.#left.add(id);
    this.#went.set(id, (this.#happened += 1));
  }

  /** Adds what is there already on that port; on any, where ports say nothing. */
  async lookAround(path: string | undefined): Promise<void> {
    for (const device of await this.#bus.list()) {
      if (path === undefined || device.location.path === path) this.#add(device);
    }
  }

  /** These are no news either. */
  disregard(ids: Iterable<string>): void {
    for (const id of ids) {
      this.#known.add(id);
      this.#came.delete(id);
    }
    this.#queue = this.#queue.filter(({ id }) => this.#came.has(id));
  }

  /** Whether one has come after the other has left. */
  cameAfter(id: string, goneId: string): boolean {
    const [came, went] = [this.#came.get(id), this.#went.get(goneId)];
    return came !== undefined && went !== undefined && came > went;
  }

  /** Whether it came meanwhile, and was not there before. */
  hasCome(id: string): boolean {
    return this.#came.has(id);
  }

  /** Ids of all that have left. */
  get gone(): ReadonlySet<string> {
    return this.#left;
  }

  /** The next one; undefined if none has come by then. Throws `ABORTED`. */
  async next(deadlineMs: number, signal?: CancelSignal): Promise<BusDevice | undefined> {
    for (;;) {
      const device = this.#queue.shift();
      if (device === undefined) {
        if (!(await this.#event(deadlineMs, signal))) return undefined;
      } else if (!this.#left.has(device.id)) return device;
    }
  }

  /** Whether that device has left since. */
  hasLeft(id: string): boolean {
    return this.#left.has(id);
  }

  /** Waits so long; true as soon as that device has left. Throws `ABORTED`. */
  async detachedWithin(id: string, ms: number, signal?: CancelSignal): Promise<boolean> {
    const deadlineMs = this.#clock.now() + ms;
    while (!this.#left.has(id)) {
      if (!(await this.#event(deadlineMs, signal))) return false;
    }
    return true;
  }

  /** Whether some that have come have not been taken yet. */
  get waiting(): boolean {
    return this.#queue.some(({ id }) => !this.#left.has(id));
  }

  /** Waits so long, or until anything happens on the bus. Throws `ABORTED`. */
  async happening(ms: number, signal?: CancelSignal): Promise<void> {
    await this.#event(this.#clock.now() + ms, signal);
  }

  /** Waits for anything to happen on the bus; false if nothing has by then. */
  #event(deadlineMs: number, signal?: CancelSignal): Promise<boolean> {
    const ms = deadlineMs - this.#clock.now();
    return until(this.#clock, { ms, signal, late: () => false }, ({ resolve }) => {
      const happening = (): void => resolve(true);
      if (ms <= 0) resolve(false);
      this.#listeners.add(happening);
      return () => this.#listeners.delete(happening);
    });
  }

  close(): void {
    this.#stop();
  }
}
