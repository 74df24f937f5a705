import { sameBytes } from '../bytes/index.ts';
import { deviceDescriptor } from '../usb/index.ts';
import type {
  BusDevice,
  BusEvent,
  Clock,
  ControlPipe,
  DeviceDescriptor,
  DeviceFilter,
  OpenLimits,
  UsbBus,
} from '../usb/index.ts';
import { TraceClock, faultOf } from './trace-clock.ts';
import type { TraceListener } from './trace-clock.ts';
import { TracedPipe } from './traced-pipe.ts';

interface Numbered {
  readonly number: number;
  descriptor: Uint8Array;
  traced: BusDevice;
  /** As the bus has it. */
  inner: BusDevice;
}

/**
 * The same bus, with everything told that happens on it: which devices there are, that they come and go, and
 * of each that is opened every claim, alternate, reset and control transfer, with what was sent and answered,
 * how it ended and how long it took on that clock. Keeps nothing but the devices that are there now.
 */
export function tracedBus(bus: UsbBus, clock: Clock, tell: TraceListener): UsbBus {
  return new TracedBus(bus, new TraceClock(clock), tell);
}

class TracedBus implements UsbBus {
  /** Where the bus asks; the device that a person points at is told of as one that was attached. */
  readonly request?: (filters: readonly DeviceFilter[]) => Promise<BusDevice | undefined>;
  readonly #bus: UsbBus;
  readonly #clock: TraceClock;
  readonly #tell: TraceListener;
  readonly #devices = new Map<string, Numbered>();
  readonly #listeners = new Set<(event: BusEvent) => void>();
  #stop: (() => void) | undefined;
  #lastDevice = 0;
  #lastPipe = 0;

  constructor(bus: UsbBus, clock: TraceClock, tell: TraceListener) {
    this.#bus = bus;
    this.#clock = clock;
    this.#tell = tell;
    if (bus.request === undefined) return;
    this.request = async (filters) => {
      const device = await bus.request?.(filters);
      return device === undefined ? undefined : this.#numbered(device).traced;
    };
  }

  async list(): Promise<BusDevice[]> {
    let found: Numbered[] = [];
    await this.#clock.timed(
      async () => {
        const before = [...this.#devices.keys()];
        const all = await this.#bus.list();
        this.#forget(before, new Set(all.map(({ id }) => id)));
        found = all.map((device) => this.#numbered(device));
      },
      (time, how) => {
        const devices = found.map(({ number }) => number);
        this.#tell({ type: 'list', ...time, devices, ...faultOf(how) });
      },
    );
    return found.map(({ traced }) => traced);
  }

  watch(listener: (event: BusEvent) => void): () => void {
    // An own function for each call: the same listener may watch twice.
    const own = (event: BusEvent): void => listener(event);
    this.#listeners.add(own);
    this.#stop ??= this.#bus.watch((event) => this.#happened(event));
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size > 0) return;
      this.#stop?.();
      this.#stop = undefined;
    };
  }

  close(): Promise<void> {
    return this.#bus.close();
  }

  /** What was there and is no more; what was attached while the bus was asked may not be in its answer. */
  #forget(before: readonly string[], present: ReadonlySet<string>): void {
    for (const id of before) if (!present.has(id)) this.#devices.delete(id);
  }

  #happened(event: BusEvent): void {
    const { ms } = this.#clock;
    if (event.type === 'attached') {
      const { number, traced } = this.#numbered(event.device);
      this.#tell({ type: 'attached', ms, device: number });
      this.#pass({ type: 'attached', device: traced });
      return;
    }
    const known = this.#devices.get(event.id);
    if (known !== undefined) this.#tell({ type: 'detached', ms, device: known.number });
    this.#devices.delete(event.id);
    this.#pass(event);
  }

  #pass(event: BusEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** The device under its number, which is told when it is new. */
  #numbered(device: BusDevice): Numbered {
    const known = this.#devices.get(device.id);
    if (known !== undefined) {
      if (known.inner === device) return known;
      known.inner = device;
      known.traced = this.#traced(device, known);
      return known;
    }
    this.#lastDevice += 1;
    const made = {
      number: this.#lastDevice,
      descriptor: deviceDescriptor.encode(device.descriptor),
      inner: device,
      traced: device,
    };
    made.traced = this.#traced(device, made);
    this.#devices.set(device.id, made);
    this.#describe(made);
    return made;
  }

  #describe({ number, inner, descriptor }: Numbered): void {
    const { id, location, speed, mostTransferBytes: most } = inner;
    const limit = most === undefined ? {} : { mostTransferBytes: most };
    this.#tell({ type: 'device', device: number, id, location, speed, descriptor, ...limit });
  }

  #traced(device: BusDevice, numbered: Numbered): BusDevice {
    const { id, location, speed, descriptor, mostTransferBytes } = device;
    const open = (limits?: OpenLimits): Promise<ControlPipe> =>
      this.#open(device, numbered, limits);
    const bound = mostTransferBytes === undefined ? {} : { mostTransferBytes };
    return { id, location, speed, descriptor, ...bound, open };
  }

  async #open(
    device: BusDevice,
    numbered: Numbered,
    limits: OpenLimits | undefined,
  ): Promise<ControlPipe> {
    const pipe = (this.#lastPipe += 1);
    const opened = await this.#clock.timed(
      () => device.open(limits),
      (time, how) =>
        this.#tell({ type: 'open', ...time, device: numbered.number, pipe, ...faultOf(how) }),
    );
    const descriptor = this.#read(opened.device.descriptor, numbered);
    const traced = { ...this.#traced(device, numbered), descriptor };
    return new TracedPipe(opened, { device: traced, pipe, clock: this.#clock, tell: this.#tell });
  }

  /** Some systems list what they think of a device, and only who opens it reads what it says. */
  #read(now: DeviceDescriptor, numbered: Numbered): DeviceDescriptor {
    const bytes = deviceDescriptor.encode(now);
    if (!sameBytes(bytes, numbered.descriptor)) {
      numbered.descriptor = bytes;
      this.#describe(numbered);
    }
    return now;
  }
}
