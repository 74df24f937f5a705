import { DfuError } from '../../bytes/index.ts';
import { HELD, STALL, StandardRequest } from '../../usb/index.ts';
import type {
  DataAnswer,
  DeviceBus,
  DeviceDescriptors,
  SetupAnswer,
  SetupPacket,
  UsbDevice,
  UsbSpeed,
} from '../../usb/index.ts';
import type { UsbController } from './usb-controller.ts';

/** What can be seen of a connector from outside. */
export type ConnectorState = 'attached' | 'detached' | 'configured';

const NO_DESCRIPTORS: DeviceDescriptors = {
  device: new Uint8Array(0),
  configurations: [],
  configurationValue: 0,
};

/**
 * The USB connector of a board: one device to the link for the board's whole life, whichever program
 * is behind it. A program that takes over leaves the bus and comes back as another device, except
 * inside a bus reset: then the host finds the new one where the old one was, as it does with a chip
 * that restarts faster than a hub notices.
 */
export class UsbConnector implements UsbDevice, UsbController {
  readonly speed: UsbSpeed = 'full';
  readonly #changed: (state: ConnectorState) => void;
  #link: DeviceBus | undefined;
  #device: UsbDevice | undefined;
  /** Whether somebody has pulled the cable out at the board's end. */
  #pulled = false;
  /** What the device behind says: pulled up or not. */
  #pullUp = false;
  /** What the link was told last. */
  #shown = false;
  /** Whether a host has seen this device before. */
  #wasShown = false;
  #inReset = false;
  #selecting: number | undefined;
  #onPlugged: ((plugged: boolean) => void) | undefined;
  #wasPlugged = false;

  constructor(changed: (state: ConnectorState) => void) {
    this.#changed = changed;
  }

  /** Whether a host can see a device. */
  get attached(): boolean {
    return this.#shown;
  }

  /** Whether the cable is in, at both ends. */
  get plugged(): boolean {
    return this.#link !== undefined && !this.#pulled;
  }

  present(device: UsbDevice): void {
    this.remove();
    this.#device = device;
    this.#wasShown = false;
    const isBehind = (): boolean => this.#device === device;
    device.connect({
      attach: () => {
        if (isBehind()) this.#pull(true);
      },
      detach: () => {
        if (isBehind()) this.#pull(false);
      },
      resume: (answer) => {
        if (isBehind()) this.#link?.resume(answer);
      },
      log: (line) => this.#link?.log(line),
      wake: () => this.#link?.wake?.(),
    });
    this.#link?.wake?.();
  }

  remove(): void {
    const device = this.#device;
    if (device === undefined) return;
    this.#device = undefined;
    this.#selecting = undefined;
    this.#pullUp = false;
    device.disconnect();
    this.#show();
  }

  onPlugged(listener: ((plugged: boolean) => void) | undefined): void {
    this.#onPlugged = listener;
  }

  /** Pulls the cable out at the board's end. */
  pull(): void {
    this.#pulled = true;
    this.#sensePower();
    this.#show();
  }

  /** Puts it in again. */
  insert(): void {
    if (!this.#pulled) return;
    this.#pulled = false;
    this.#plugIn();
  }

  connect(bus: DeviceBus): void {
    this.#link = bus;
    this.#plugIn();
  }

  disconnect(): void {
    this.#link = undefined;
    this.#sensePower();
    this.#show();
  }

  setup(packet: SetupPacket): SetupAnswer {
    const selects =
      packet.bmRequestType === 0 && packet.bRequest === StandardRequest.SET_CONFIGURATION;
    this.#selecting = selects ? packet.wValue : undefined;
    try {
      return this.#device?.setup(packet) ?? STALL;
    } catch (error) {
      return silence(error);
    }
  }

  data(bytes: Uint8Array): DataAnswer {
    try {
      return this.#device?.data(bytes) ?? STALL;
    } catch (error) {
      return silence(error);
    }
  }

  done(): void {
    const value = this.#selecting;
    this.#selecting = undefined;
    try {
      this.#device?.done();
    } catch (error) {
      silence(error);
    }
    if (value !== undefined && value !== 0 && this.#shown) this.#changed('configured');
  }

  reset(): void {
    const before = this.#device;
    this.#selecting = undefined;
    this.#inReset = true;
    try {
      before?.reset();
    } catch (error) {
      silence(error);
    } finally {
      this.#inReset = false;
    }
    const taken = this.#device !== before;
    if (taken && this.#shown && this.#pullUp) this.#changed('attached');
    else this.#show();
  }

  configure(value: number): boolean {
    const done = this.#device?.configure(value) ?? false;
    if (done && value !== 0) this.#changed('configured');
    return done;
  }

  selectAlternate(interfaceNumber: number, alternate: number): boolean {
    return this.#device?.selectAlternate(interfaceNumber, alternate) ?? false;
  }

  tick(nowMs: number): number {
    // A device that has ended meanwhile knows nothing of what its successor waits for.
    for (let device = this.#device; device !== undefined; device = this.#device) {
      try {
        const due = device.tick(nowMs);
        if (this.#device === device) return due;
      } catch (error) {
        silence(error);
      }
    }
    return Infinity;
  }

  descriptors(): DeviceDescriptors {
    return this.#device?.descriptors() ?? NO_DESCRIPTORS;
  }

  /** The board has power of its own: what was on the bus before is there still, and is reset. */
  #plugIn(): void {
    this.#sensePower();
    if (this.plugged && this.#wasShown) this.reset();
    else this.#show();
  }

  #sensePower(): void {
    if (this.#wasPlugged === this.plugged) return;
    this.#wasPlugged = this.plugged;
    this.#onPlugged?.(this.plugged);
  }

  #pull(up: boolean): void {
    this.#pullUp = up;
    this.#show();
  }

  /** Tells the link, unless nothing has changed or a reset hides what happens inside it. */
  #show(): void {
    const shown = this.#pullUp && this.plugged;
    if (this.#inReset || this.#shown === shown) return;
    this.#shown = shown;
    if (shown) {
      this.#wasShown = true;
      this.#changed('attached');
      this.#link?.attach();
    } else {
      this.#link?.detach();
      this.#changed('detached');
    }
  }
}

/** A device whose board loses its power in the middle of a call says nothing more. */
function silence(error: unknown): typeof HELD {
  if (DfuError.is(error, 'POWER_LOST')) return HELD;
  throw error;
}
