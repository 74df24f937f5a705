import { UNKNOWN } from '../host/index.ts';
import type { DfuInterface } from '../host/index.ts';
import type { BusDevice, Clock } from '../usb/index.ts';
import type { GangUnit, UnitResult } from './unit.ts';

/** A unit that has ended, at the port where it was last. */
interface Berth {
  readonly unit: GangUnit;
  readonly serials: ReadonlySet<string>;
  readonly outcome: UnitResult['outcome'];
  /** What is there of it now: its attachment, or none. */
  deviceId: string | undefined;
  /** When it ended, or when it last left. */
  sinceMs: number;
}

/** What `Ports` is told of a unit that has ended. */
interface EndedUnit {
  readonly unit: GangUnit;
  readonly paths: ReadonlySet<string>;
  readonly serials: ReadonlySet<string>;
  /** What is at its ports now. */
  readonly devices: readonly BusDevice[];
  readonly outcome: UnitResult['outcome'];
}

/** One that failed and is back sooner has started anew by itself: nobody has pulled it, in ms. */
const RESTART_MS = 2000;

/** Remembers which boards have been worked on, so that one that starts its new firmware is no new unit. */
export class Ports {
  readonly #clock: Clock;
  readonly #settleMs: number;
  readonly #berths = new Map<string, Berth>();
  /** By serial number, where a unit with it ended last. */
  readonly #bySerial = new Map<string, Berth>();

  constructor(clock: Clock, settleMs: number) {
    this.#clock = clock;
    this.#settleMs = settleMs;
  }

  ended({ unit, paths, serials, devices, outcome }: EndedUnit): void {
    const [device] = devices;
    const sinceMs = this.#clock.now();
    const berth: Berth = { unit, serials, outcome, deviceId: device?.id, sinceMs };
    for (const path of paths) this.#berths.set(path, berth);
    for (const serial of serials) this.#bySerial.set(serial, berth);
  }

  left({ id, location }: BusDevice): void {
    const berth = this.#berths.get(location.path);
    if (berth?.deviceId !== id) return;
    berth.deviceId = undefined;
    berth.sinceMs = this.#clock.now();
  }

  /** Whether a unit with that serial number has ended. */
  knows(serial: string): boolean {
    return this.#bySerial.has(serial);
  }

  /** Whether it is at its port still. */
  isThere(serial: string): boolean {
    return this.#bySerial.get(serial)?.deviceId !== undefined;
  }

  /** Why a device that has come is a unit that has been worked on, in words; undefined if it is another. */
  isOwn(device: BusDevice, { serial, mode }: DfuInterface): string | undefined {
    const here = this.#berths.get(device.location.path);
    const known = serial === UNKNOWN ? undefined : this.#bySerial.get(serial);
    if (known !== undefined && (known.deviceId === undefined || known.deviceId === device.id)) {
      return this.#isAgain(known, device);
    }
    if (here === undefined || here.deviceId !== undefined) return undefined;
    const isAnother = serial !== UNKNOWN && here.serials.size > 0 && mode === here.unit.mode;
    if (isAnother || this.#clock.now() - here.sinceMs >= this.#settleMs) return undefined;
    here.deviceId = device.id;
    return `it came within ${this.#settleMs} ms behind ${here.unit.unit} at the same port and is taken for it; another one is to be plugged in anew`;
  }

  /** The same serial number: done, it stays so; failed, it is tried again once it was away for a while. */
  #isAgain(known: Berth, device: BusDevice): string | undefined {
    const { unit, outcome } = known;
    const isFailed = outcome === 'unchanged' || outcome === 'partly-written';
    const isSoon = this.#clock.now() - known.sinceMs < Math.min(this.#settleMs, RESTART_MS);
    if (isFailed && !isSoon && known.deviceId !== device.id) return undefined;
    known.deviceId = device.id;
    this.#berths.set(device.location.path, known);
    return isFailed ? `${unit.unit} is back` : `${unit.unit} has been done`;
  }
}
