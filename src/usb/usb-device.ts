import type { Clock } from './clock.ts';
import type { SetupPacket } from './setup.ts';

/** Low 1.5 Mb/s, full 12, high 480, super 5000. */
export type UsbSpeed = 'low' | 'full' | 'high' | 'super';

/**
 * What a device says to the eight bytes of a SETUP (USB 2.0 §8.5.3):
 * - `in`: there is a data stage, and these bytes are it (never more than wLength); they are the
 *   device's and hold until the next call, so that whoever keeps them copies them;
 * - `out`: send the data stage of wLength bytes, then ask `data`;
 * - `status`: no data stage; acknowledged;
 * - `stall`: refused;
 * - `held`: not decided yet (NAK on the wire); `DeviceBus.resume` brings the answer, unless the
 *   transfer is given up before.
 */
export type SetupAnswer =
  | { readonly stage: 'in'; readonly data: Uint8Array }
  | { readonly stage: 'out' }
  | { readonly stage: 'status' }
  | { readonly stage: 'stall' }
  | { readonly stage: 'held' };

/** What a device says to the data stage of a control-out. */
export type DataAnswer = Exclude<SetupAnswer, { stage: 'in' | 'out' }>;

/** The answers that carry nothing, made once. */
export const OUT: { readonly stage: 'out' } = { stage: 'out' };
export const STATUS: { readonly stage: 'status' } = { stage: 'status' };
export const STALL: { readonly stage: 'stall' } = { stage: 'stall' };
export const HELD: { readonly stage: 'held' } = { stage: 'held' };

/** What a link gives to the device at its end: the device's only way to speak up by itself. */
export interface DeviceBus {
  /** The device pulls the data line up: it wants to be enumerated. */
  attach(): void;
  /** The device lets go of the data line: to the host it is gone. */
  detach(): void;
  /** The answer to a transfer that was `held`. Ignored if that transfer has ended meanwhile. */
  resume(answer: SetupAnswer): void;
  /** A line for whoever watches the link. */
  log(line: string): void;
  /** Something outside of the link's calls changed what the device waits for: tick it now. */
  wake?(): void;
}

/**
 * One end of the cable, in software: all that a link needs of it. It never knows which link carries
 * it. Everything is synchronous; the link calls one thing at a time, in this order for a transfer:
 * `tick`, `setup`, for `out` then `data`, then `done` when the status stage has ended. A new `setup`
 * without `done` means that the host gave the transfer up (USB 2.0 §5.5.5).
 */
export interface UsbDevice {
  readonly speed: UsbSpeed;
  /** Plugs the cable in. The device calls `bus.attach` now or later, as it likes. */
  connect(bus: DeviceBus): void;
  /** Pulls the cable out: no bus, no power from it. */
  disconnect(): void;
  setup(packet: SetupPacket): SetupAnswer;
  /** The data stage of a control-out, whole. The bytes belong to the caller again afterwards. */
  data(bytes: Uint8Array): DataAnswer;
  /** The status stage has ended: the host has seen the answer. */
  done(): void;
  /** Bus reset (USB 2.0 §9.1.1.3): address 0, not configured. */
  reset(): void;
  /** SET_CONFIGURATION, for links whose host side handles it itself. False: no such value. */
  configure(value: number): boolean;
  /** SET_INTERFACE, likewise. False: no such interface or alternate. */
  selectAlternate(interfaceNumber: number, alternate: number): boolean;
  /**
   * Time has reached `nowMs`. The answer is when to call again at the latest, in ms on the same
   * clock; `Infinity` if the device waits for nothing.
   */
  tick(nowMs: number): number;
  /** What the device would answer now, for links that must say it before any request. */
  descriptors(): DeviceDescriptors;
}

/** The descriptors of a device as bytes. */
export interface DeviceDescriptors {
  readonly device: Uint8Array;
  readonly configurations: readonly Uint8Array[];
  /** bConfigurationValue of the current one, 0 if not configured. */
  readonly configurationValue: number;
}

/** Keeps a device's `tick` going on a clock: one timer, armed again after each call of `now`. */
export class DeviceTicker {
  readonly #device: Pick<UsbDevice, 'tick'>;
  readonly #clock: Clock;
  #cancel: (() => void) | undefined;
  #dueMs = Infinity;

  constructor(device: Pick<UsbDevice, 'tick'>, clock: Clock) {
    this.#device = device;
    this.#clock = clock;
  }

  /** Ticks the device now and arms the timer for when it wants the next tick. */
  now(): void {
    const due = this.#device.tick(this.#clock.now());
    if (due === this.#dueMs) return;
    this.stop();
    if (due === Infinity) return;
    this.#dueMs = due;
    this.#cancel = this.#clock.at(due, () => {
      this.#dueMs = Infinity;
      this.now();
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#dueMs = Infinity;
  }
}
