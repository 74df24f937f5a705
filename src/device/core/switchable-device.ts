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
import { checkNumber } from './check-number.ts';

/** What a switchable device is like besides what it becomes. */
export interface SwitchableDeviceOptions {
  /**
   * It has power of its own: without a cable it runs on as it is, and is reset when a host that has
   * seen it comes back. Default: each time the cable comes in, it is plugged in anew.
   */
  readonly selfPowered?: boolean | undefined;
}

const NO_DESCRIPTORS: DeviceDescriptors = {
  device: new Uint8Array(0),
  configurations: [],
  configurationValue: 0,
};

/**
 * One end of a cable that is one device now and another one later: run-time and DFU mode. To the host
 * it is one device that leaves and comes back, or that is another one after a bus reset: what happens
 * inside a reset no host sees, as it is with a chip that restarts faster than a hub notices.
 */
export class SwitchableDevice implements UsbDevice {
  readonly #selfPowered: boolean;
  #current: UsbDevice | undefined;
  #bus: DeviceBus | undefined;
  /** How many times it has become another device: only the last one may speak. */
  #generation = 0;
  /** What the device behind says: pulled up or not. */
  #pullUp = false;
  /** What the bus was told last. */
  #shown = false;
  /** Whether a host has seen the device behind. */
  #wasShown = false;
  /** How deep the link is inside a call; outside of one it must be told that time matters. */
  #inside = 0;
  #resetting = false;
  /** Another device was put here inside the reset that goes on. */
  #tookOver = false;
  #atReset: UsbDevice | undefined;
  /** How long to stay away, from the next tick on, in ms. */
  #absentMs: number | undefined;
  #backMs: number | undefined;
  #now = 0;

  /** Left out: there is no device behind it yet. */
  constructor(first?: UsbDevice, { selfPowered = false }: SwitchableDeviceOptions = {}) {
    this.#current = first;
    this.#selfPowered = selfPowered;
    if (selfPowered) this.#connect();
  }

  /** The device that it is now; while it is off the bus, the one that it will be. */
  get current(): UsbDevice | undefined {
    return this.#current;
  }

  /** Whether a host can see a device. */
  get attached(): boolean {
    return this.#shown;
  }

  get speed(): UsbSpeed {
    return this.#current?.speed ?? 'full';
  }

  /** Becomes that device, or none, at once: the host sees the old one leave and the new one come. */
  become(next: UsbDevice | undefined): void {
    this.#put(undefined);
    this.#current = next;
    if (this.#selfPowered || this.#bus !== undefined) this.#connect();
    if (next !== undefined) this.#bus?.wake?.();
  }

  /**
   * Becomes that device by leaving the bus and coming back after `absentMs` (default 300, which hosts
   * notice). Throws `INVALID_ARGUMENT`.
   */
  replace(next: UsbDevice, absentMs = 300): void {
    checkNumber('absentMs', absentMs, [0, 0x7fffffff]);
    this.#put(next);
    // Outside of a call of the link the time known here is old: the next tick starts the absence.
    this.#absentMs = this.#inside === 0 ? absentMs : undefined;
    this.#backMs = this.#now + absentMs;
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
    this.#enter(() => {
      if (!this.#selfPowered) {
        this.#absentMs = undefined;
        this.#backMs = undefined;
        this.#connect();
      } else if (this.#wasShown) this.#reset();
      else this.#show();
    });
  }

  disconnect(): void {
    if (!this.#selfPowered) this.#enter(() => this.#retire(this.#current));
    this.#bus = undefined;
    this.#show();
  }

  setup(packet: SetupPacket): SetupAnswer {
    return this.#enter(() => (this.#shown ? this.#current?.setup(packet) : undefined)) ?? STALL;
  }

  data(bytes: Uint8Array): DataAnswer {
    return this.#enter(() => this.#current?.data(bytes)) ?? STALL;
  }

  done(): void {
    this.#enter(() => this.#current?.done());
  }

  reset(): void {
    if (this.#shown) this.#enter(() => this.#reset());
  }

  configure(value: number): boolean {
    if (!this.#shown) return false;
    return this.#enter(() => this.#current?.configure(value)) ?? false;
  }

  selectAlternate(interfaceNumber: number, alternate: number): boolean {
    if (!this.#shown) return false;
    return this.#enter(() => this.#current?.selectAlternate(interfaceNumber, alternate)) ?? false;
  }

  tick(nowMs: number): number {
    this.#now = nowMs;
    return this.#enter(() => {
      const dueMs = this.#tickBehind(nowMs);
      if (this.#absentMs !== undefined) this.#backMs = nowMs + this.#absentMs;
      this.#absentMs = undefined;
      if (this.#backMs === undefined || this.#bus === undefined) return dueMs;
      if (nowMs < this.#backMs) return this.#backMs;
      this.#backMs = undefined;
      this.#connect();
      return this.#tickBehind(nowMs);
    });
  }

  descriptors(): DeviceDescriptors {
    return this.#current?.descriptors() ?? NO_DESCRIPTORS;
  }

  #enter<T>(call: () => T): T {
    this.#inside += 1;
    try {
      return call();
    } finally {
      this.#inside -= 1;
    }
  }

  /** A device that has ended meanwhile knows nothing of what its successor waits for. */
  #tickBehind(nowMs: number): number {
    for (let device = this.#current; device !== undefined; device = this.#current) {
      const dueMs = device.tick(nowMs);
      if (this.#current === device) return dueMs;
    }
    return Infinity;
  }

  /** The next one stands behind, not connected yet. */
  #put(next: UsbDevice | undefined): void {
    const before = this.#current;
    this.#current = next;
    this.#wasShown = false;
    this.#atReset = undefined;
    this.#absentMs = undefined;
    this.#backMs = undefined;
    this.#retire(before);
    this.#show();
  }

  /** The device that it was is off the cable and has nothing to say any more. */
  #retire(device: UsbDevice | undefined): void {
    this.#generation += 1;
    this.#pullUp = false;
    device?.disconnect();
  }

  #connect(): void {
    const generation = (this.#generation += 1);
    const speaks = (): boolean => generation === this.#generation;
    this.#current?.connect({
      attach: () => {
        if (speaks()) this.#pull(true);
      },
      detach: () => {
        if (speaks()) this.#pull(false);
      },
      resume: (answer) => {
        if (speaks()) this.#bus?.resume(answer);
      },
      log: (line) => this.#bus?.log(line),
      wake: () => this.#bus?.wake?.(),
    });
  }

  #reset(): void {
    if (this.#atReset !== undefined) this.#unseen(() => this.#switchInReset());
    this.#tookOver = false;
    this.#unseen(() => this.#current?.reset());
    // Whoever took over inside the reset has been reset, too.
    if (this.#tookOver && this.#shown) this.#current?.reset();
  }

  /** The bus is told afterwards what has come of it. */
  #unseen(call: () => void): void {
    this.#resetting = true;
    try {
      call();
    } finally {
      this.#resetting = false;
      this.#show();
    }
  }

  #switchInReset(): void {
    const next = this.#atReset;
    if (next === undefined) return;
    this.#put(next);
    this.#connect();
    this.#tookOver = true;
  }

  #pull(up: boolean): void {
    this.#pullUp = up;
    this.#show();
  }

  /** Tells the bus, unless nothing has changed or a reset hides what happens inside it. */
  #show(): void {
    const shown = this.#pullUp && this.#bus !== undefined;
    if (this.#resetting || this.#shown === shown) return;
    this.#shown = shown;
    if (shown) {
      this.#wasShown = true;
      this.#bus?.attach();
    } else this.#bus?.detach();
  }
}
