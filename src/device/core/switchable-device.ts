import { STALL } from '../../usb/index.ts';
import type {
  DataAnswer,
  DeviceBus,
  DeviceDescriptors,
  SetupAnswer,
  SetupPacket,
  UsbDevice,
  UsbSpeed,
} from '../../usb/index.ts';
import { checkRange } from './device-layout.ts';

/**
 * One end of a cable that is one device now and another one later: run-time and DFU mode. To the host
 * it is one device that leaves and comes back, or that is another one after a bus reset.
 */
export class SwitchableDevice implements UsbDevice {
  #current: UsbDevice;
  #bus: DeviceBus | undefined;
  /** How many times it has become another device: only the last one may speak. */
  #generation = 0;
  #attached = false;
  /** The host does not notice that another device attaches. */
  #quiet = false;
  /** How deep the link is inside a call; outside of one it must be told that time matters. */
  #inside = 0;
  #resetting = false;
  #atReset: UsbDevice | undefined;
  /** How long to stay away, from the next tick on, in ms. */
  #absentMs: number | undefined;
  #backMs: number | undefined;
  #now = 0;

  constructor(first: UsbDevice) {
    this.#current = first;
  }

  /** The device that it is now; while it is off the bus, the one that it will be. */
  get current(): UsbDevice {
    return this.#current;
  }

  get speed(): UsbSpeed {
    return this.#current.speed;
  }

  /**
   * Becomes that device by leaving the bus and coming back after `absentMs` (default 300, which hosts
   * notice). Throws `INVALID_ARGUMENT`.
   */
  replace(next: UsbDevice, absentMs = 300): void {
    checkRange('absentMs', absentMs, [0, 0x7fffffff]);
    this.#retire();
    this.#current = next;
    this.#atReset = undefined;
    // Outside of a call of the link the time known here is old: the next tick starts the absence.
    this.#absentMs = this.#inside === 0 ? absentMs : undefined;
    this.#backMs = this.#now + absentMs;
    if (this.#attached) {
      this.#attached = false;
      this.#bus?.detach();
    }
    if (this.#inside === 0) this.#bus?.wake?.();
  }

  /**
   * Becomes that device inside a bus reset, on the same connection: now, if called from within one
   * (as `onDetach` and `onLeave` are), else in the next one. The host reads the new descriptors.
   */
  replaceInReset(next: UsbDevice): void {
    this.#atReset = next;
    if (this.#resetting) this.#switchInReset();
  }

  connect(bus: DeviceBus): void {
    this.#bus = bus;
    this.#absentMs = undefined;
    this.#backMs = undefined;
    this.#enter(() => this.#plugIn());
  }

  disconnect(): void {
    this.#enter(() => this.#retire());
    this.#attached = false;
    this.#bus = undefined;
  }

  setup(packet: SetupPacket): SetupAnswer {
    if (!this.#attached) return STALL;
    return this.#enter(() => this.#current.setup(packet));
  }

  data(bytes: Uint8Array): DataAnswer {
    return this.#enter(() => this.#current.data(bytes));
  }

  done(): void {
    this.#enter(() => this.#current.done());
  }

  reset(): void {
    if (!this.#attached) return;
    this.#enter(() => {
      if (this.#atReset !== undefined) this.#switchInReset();
      const generation = this.#generation;
      this.#resetting = true;
      try {
        this.#current.reset();
      } finally {
        this.#resetting = false;
      }
      // A device that took over inside the reset has been reset, too.
      if (generation !== this.#generation && this.#attached) this.#current.reset();
    });
  }

  configure(value: number): boolean {
    return this.#attached && this.#enter(() => this.#current.configure(value));
  }

  selectAlternate(interfaceNumber: number, alternate: number): boolean {
    return (
      this.#attached && this.#enter(() => this.#current.selectAlternate(interfaceNumber, alternate))
    );
  }

  tick(nowMs: number): number {
    this.#now = nowMs;
    return this.#enter(() => {
      const due = this.#current.tick(nowMs);
      if (this.#absentMs !== undefined) this.#backMs = nowMs + this.#absentMs;
      this.#absentMs = undefined;
      if (this.#backMs === undefined || this.#bus === undefined) return due;
      if (nowMs < this.#backMs) return this.#backMs;
      this.#backMs = undefined;
      this.#plugIn();
      return this.#current.tick(nowMs);
    });
  }

  descriptors(): DeviceDescriptors {
    return this.#current.descriptors();
  }

  #enter<T>(call: () => T): T {
    this.#inside += 1;
    try {
      return call();
    } finally {
      this.#inside -= 1;
    }
  }

  /** The device that it was is off the cable and has nothing to say any more. */
  #retire(): void {
    this.#generation += 1;
    this.#current.disconnect();
  }

  #plugIn(): void {
    const generation = (this.#generation += 1);
    const speaks = (): boolean => generation === this.#generation;
    this.#current.connect({
      attach: () => {
        if (!speaks() || this.#attached) return;
        this.#attached = true;
        if (!this.#quiet) this.#bus?.attach();
      },
      detach: () => {
        if (!speaks() || !this.#attached) return;
        this.#attached = false;
        this.#bus?.detach();
      },
      resume: (answer) => {
        if (speaks()) this.#bus?.resume(answer);
      },
      log: (line) => this.#bus?.log(line),
      wake: () => this.#bus?.wake?.(),
    });
  }

  #switchInReset(): void {
    const next = this.#atReset;
    this.#atReset = undefined;
    if (next === undefined) return;
    this.#retire();
    this.#current = next;
    this.#attached = false;
    this.#quiet = true;
    this.#plugIn();
    this.#quiet = false;
    // It did not want to be seen at once: then the host sees the old one leave.
    if (!this.#attached) this.#bus?.detach();
  }
}
