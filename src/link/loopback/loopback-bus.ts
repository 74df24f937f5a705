import { DfuError } from '../../bytes/index.ts';
import type { BusDevice, BusEvent, Clock, UsbBus, UsbDevice } from '../../usb/index.ts';
import { LoopbackPort } from './loopback-port.ts';

/** How the host at the loopback behaves. */
export interface LoopbackOptions {
  /** Bus number in paths; default 1. */
  readonly bus?: number | undefined;
  /**
   * `linux` does as Linux does: bus resets come in pairs, and releasing an interface selects its
   * alternate 0. `plain` (default) resets once and leaves alternates alone.
   */
  readonly manner?: 'plain' | 'linux' | undefined;
  /**
   * How long a device must stay attached before it is spoken to, in ms. USB 2.0 §7.1.7.3 wants 100;
   * the default here is 0.
   */
  readonly debounceMs?: number | undefined;
  /** What host and devices have to say, line by line. */
  readonly log?: ((line: string) => void) | undefined;
}

/** Where a device is plugged in. */
export interface PlugOptions {
  /** Port path behind the bus number, e.g. `4.2`; default: the lowest free port. */
  readonly port?: string | undefined;
}

/** A device's place on the bus. The cable may be pulled and put back. */
export interface LoopbackPlug {
  /** As in `BusDevice.location.path`. */
  readonly path: string;
  /** Pulls the cable: the device loses bus and power. No effect if it is out. */
  unplug(): void;
  /** Puts the cable back into the same port. No effect if it is in. */
  replug(): void;
}

/** Most devices on a bus: an address has seven bits, and 0 is taken (USB 2.0 §9.4.6). */
const MOST_DEVICES = 127;

/** A USB host in memory, with as many ports as there are devices. */
export class LoopbackBus implements UsbBus {
  readonly #clock: Clock;
  readonly #options: LoopbackOptions;
  readonly #ports = new Map<string, LoopbackPort>();
  readonly #listeners = new Set<(event: BusEvent) => void>();
  #lastAddress = 0;
  #attachments = 0;

  constructor(clock: Clock, options: LoopbackOptions = {}) {
    this.#clock = clock;
    this.#options = options;
  }

  /** Plugs a device in. Throws `BUSY` if the port is taken, `OUT_OF_RANGE` beyond 127 devices. */
  plug(device: UsbDevice, options: PlugOptions = {}): LoopbackPlug {
    const bus = this.#options.bus ?? 1;
    const path = `${bus}-${options.port ?? this.#freePort(bus)}`;
    if (this.#ports.has(path)) throw new DfuError('BUSY', `loopback: port ${path} is taken`);
    if (this.#ports.size === MOST_DEVICES) {
      throw new DfuError('OUT_OF_RANGE', `loopback: expected at most ${MOST_DEVICES} devices`);
    }
    const port = new LoopbackPort(device, {
      bus,
      path,
      clock: this.#clock,
      debounceMs: this.#options.debounceMs ?? 0,
      linux: this.#options.manner === 'linux',
      log: this.#options.log ?? (() => {}),
      address: () => this.#nextAddress(),
      number: () => (this.#attachments += 1),
      tell: (event) => {
        for (const listener of this.#listeners) listener(event);
      },
    });
    this.#ports.set(path, port);
    port.plug();
    return { path, unplug: () => port.unplug(), replug: () => port.plug() };
  }

  /** The devices that are there; waits for the ones that are being enumerated. */
  async list(): Promise<BusDevice[]> {
    const ports = [...this.#ports.values()];
    await Promise.all(ports.map((port) => port.settled()));
    return ports.flatMap((port) => port.device ?? []);
  }

  watch(listener: (event: BusEvent) => void): () => void {
    // An own function for each call: the same listener may watch twice.
    const own = (event: BusEvent): void => listener(event);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  /** Pulls every cable. */
  close(): Promise<void> {
    for (const port of this.#ports.values()) port.unplug();
    this.#ports.clear();
    this.#listeners.clear();
    return Promise.resolve();
  }

  #freePort(bus: number): string {
    let port = 1;
    while (this.#ports.has(`${bus}-${port}`)) port += 1;
    return String(port);
  }

  /** Goes round, so that an address is not used again at once. */
  #nextAddress(): number {
    const used = new Set([...this.#ports.values()].map((port) => port.device?.location.address));
    do this.#lastAddress = (this.#lastAddress % MOST_DEVICES) + 1;
    while (used.has(this.#lastAddress));
    return this.#lastAddress;
  }
}
