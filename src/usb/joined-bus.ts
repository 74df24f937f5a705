import type {
  BusDevice,
  BusEvent,
  ControlPipe,
  DeviceFilter,
  OpenLimits,
  PortLocation,
  UsbBus,
} from './control-pipe.ts';

/** A bus of several, and what its user calls it. */
export interface NamedBus {
  /** Told in front of each path, `usbip://10.0.0.2/1-4`; no two may be the same. */
  readonly station: string;
  readonly bus: UsbBus;
}

/** What a joined bus goes by. */
export interface JoinedBusOptions {
  /**
   * Called when a bus cannot be listed, with why, and with undefined when it can be again. Without it nobody hears of
   * it as long as any other bus answers.
   */
  readonly onTrouble?: ((station: string, error: unknown) => void) | undefined;
}

/**
 * Several buses as one. Paths and ids of devices have their station in front and stay unique; `location.station` says
 * which it is. A bus that cannot be listed is told and left out, and is asked again beside the others, which do not
 * wait for it; `list` throws only where no bus answers. One bus alone stays as it is. If one of them has to be asked
 * (`request`), paths are no identity on all of them.
 */
export function joinedBus(buses: readonly NamedBus[], options: JoinedBusOptions = {}): UsbBus {
  const [only, ...more] = buses;
  if (only !== undefined && more.length === 0) return only.bus;
  return new JoinedBus(buses, options);
}

class JoinedBus implements UsbBus {
  readonly request?: (filters: readonly DeviceFilter[]) => Promise<BusDevice | undefined>;
  readonly #members: readonly Member[];

  constructor(buses: readonly NamedBus[], options: JoinedBusOptions) {
    this.#members = buses.map((each) => new Member(each, options));
    // A page has one USB to ask for.
    const asking = this.#members.find((member) => member.asks);
    if (asking !== undefined) this.request = (filters) => asking.request(filters);
  }

  async list(): Promise<BusDevice[]> {
    const lists = await Promise.all(this.#members.map((member) => member.list()));
    if (this.#members.length > 0 && this.#members.every(({ failed }) => failed)) {
      const again = await Promise.all(this.#members.map((member) => member.settled()));
      if (this.#members.every(({ failed }) => failed)) throw this.#members[0]?.error;
      return again.flat();
    }
    return lists.flat();
  }

  watch(listener: (event: BusEvent) => void): () => void {
    const stops = this.#members.map((member) => member.watch(listener));
    return () => {
      for (const stop of stops) stop();
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.close()));
  }
}

/** One of the buses, and whether it answered last. */
class Member {
  failed = false;
  error: unknown;
  readonly #bus: UsbBus;
  readonly #station: string;
  readonly #options: JoinedBusOptions;
  /** The same device is the same object, each time it is listed. */
  readonly #devices = new WeakMap<BusDevice, BusDevice>();
  #again: Promise<BusDevice[]> | undefined;

  constructor({ station, bus }: NamedBus, options: JoinedBusOptions) {
    this.#bus = bus;
    this.#station = station;
    this.#options = options;
  }

  /** What is there. A bus that failed is asked again beside, and until it answers nothing is there. */
  list(): Promise<BusDevice[]> {
    if (!this.failed) return this.#ask();
    void this.settled();
    return Promise.resolve([]);
  }

  /** The same, waiting for a bus that failed. */
  settled(): Promise<BusDevice[]> {
    this.#again ??= this.#ask().finally(() => {
      this.#again = undefined;
    });
    return this.#again;
  }

  async #ask(): Promise<BusDevice[]> {
    try {
      const devices = await this.#bus.list();
      if (this.failed) this.#options.onTrouble?.(this.#station, undefined);
      this.failed = false;
      return devices.map((device) => this.#named(device));
    } catch (error) {
      if (!this.failed) this.#options.onTrouble?.(this.#station, error);
      this.failed = true;
      this.error = error;
      return [];
    }
  }

  /** Whether it has to be asked. */
  get asks(): boolean {
    return this.#bus.request !== undefined;
  }

  async request(filters: readonly DeviceFilter[]): Promise<BusDevice | undefined> {
    const device = await this.#bus.request?.(filters);
    return device === undefined ? undefined : this.#named(device);
  }

  watch(listener: (event: BusEvent) => void): () => void {
    return this.#bus.watch((event) => {
      if (event.type === 'attached') {
        listener({ type: 'attached', device: this.#named(event.device) });
      } else listener({ type: 'detached', id: this.#idOf(event.id) });
    });
  }

  close(): Promise<void> {
    return this.#bus.close();
  }

  #idOf(id: string): string {
    return `${this.#station}#${id}`;
  }

  #named(device: BusDevice): BusDevice {
    const known = this.#devices.get(device);
    if (known !== undefined) return known;
    const named = underStation(device, this.#idOf(device.id), this.#station);
    this.#devices.set(device, named);
    return named;
  }
}

function underStation(device: BusDevice, id: string, station: string): BusDevice {
  const location: PortLocation = {
    ...device.location,
    path: `${station}/${device.location.path}`,
    station,
  };
  const { speed, descriptor, mostTransferBytes } = device;
  const own: BusDevice = {
    id,
    location,
    speed,
    ...(mostTransferBytes === undefined ? {} : { mostTransferBytes }),
    descriptor,
    open: async (limits?: OpenLimits) => pipeOf(await device.open(limits), own),
  };
  return own;
}

/** The pipe of a device by its other name; what is known of it only now it is that is open is taken over. */
function pipeOf(pipe: ControlPipe, named: BusDevice): ControlPipe {
  const opened = pipe.device;
  return {
    device: { ...named, descriptor: opened.descriptor, speed: opened.speed },
    controlIn: (request, length, options) => pipe.controlIn(request, length, options),
    controlOut: (request, data, options) => pipe.controlOut(request, data, options),
    claimInterface: (interfaceNumber) => pipe.claimInterface(interfaceNumber),
    releaseInterface: (interfaceNumber) => pipe.releaseInterface(interfaceNumber),
    selectAlternate: (interfaceNumber, alternate) =>
      pipe.selectAlternate(interfaceNumber, alternate),
    reset: () => pipe.reset(),
    close: () => pipe.close(),
    gone: pipe.gone,
  };
}
