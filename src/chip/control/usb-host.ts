import type { UsbPort } from '../usb-port.ts';
import { ControlHost } from './control-host.ts';
import type { ControlWork } from './control-host.ts';
import { lookAt } from './look.ts';
import type { SeenDescriptors } from './look.ts';
import { setConfiguration, setInterface } from './standard-requests.ts';

/** What the host's end of the cable tells. */
export interface UsbHostListener {
  /** A device has pulled the data line up, and this is what it says of itself. */
  attached(descriptors: SeenDescriptors): void;
  /** The device that was attached has let go, or the cable is out. */
  detached(): void;
  /** A line for whoever watches: what is wrong with a device. */
  log(line: string): void;
}

/** From the pull-up to the first reset (USB 2.0 §7.1.7.3, TATTDB): a device may prepare itself until then. */
const DEBOUNCE_NS = 100e6;
/** How long a device may take to say what it is, in the chip's time; a host gives up after about as long. */
const LOOK_NS = 5e9;

/**
 * The host's end of the cable at a chip's USB port. When a device has come and stayed it is reset, given an address and asked for its
 * descriptors; only then is it told of, for a link may have to say what it is before anything is asked. `step` does what is
 * due; `changed` is to be called when the chip says so.
 */
export class UsbHost {
  readonly #port: UsbPort;
  readonly #listener: UsbHostListener;
  readonly #control: ControlHost;
  #vbus = false;
  #present = false;
  #isAttached = false;
  /** When the device that has come is reset and asked; undefined: it has been, or there is none. 0: from the next step on. */
  #resetAtNs: number | undefined;
  /** When it is given up that a device says what it is; undefined: nobody is being asked. */
  #lookUntilNs: number | undefined;
  #looking = false;

  constructor(port: UsbPort, listener: UsbHostListener) {
    this.#port = port;
    this.#listener = listener;
    this.#control = new ControlHost(port, (line) => listener.log(line));
  }

  /** Whether a device has been told of, and is still there. */
  get isAttached(): boolean {
    return this.#isAttached;
  }

  /** Whether a transfer is under way. */
  get busy(): boolean {
    return this.#control.busy;
  }

  /** bConfigurationValue that the device has, 0: it is not configured, or there is none. */
  get configurationValue(): number {
    return this.#control.configurationValue;
  }

  /** Puts the cable in or pulls it out. */
  setVbus(on: boolean): void {
    this.#vbus = on;
    this.#port.setVbus(on);
    this.changed();
  }

  /** Bus reset: transfers under way are lost. */
  reset(): void {
    if (this.#isAttached) this.#control.reset();
  }

  /** Begins a transfer; one that has not ended is cancelled. */
  submit(work: ControlWork): void {
    if (this.#isAttached) this.#control.submit(work);
    else work.ended({ end: 'lost' });
  }

  /** Gives the transfer up that is under way; the device is told nothing, as on a real bus. */
  cancel(): void {
    if (this.#isAttached) this.#control.cancel();
  }

  /** SET_CONFIGURATION, for a link whose host side sees to that itself; what is submitted later comes behind it. */
  configure(value: number): void {
    this.#tell(setConfiguration(value));
  }

  /** SET_INTERFACE, likewise. */
  selectAlternate(interfaceNumber: number, alternate: number): void {
    this.#tell(setInterface(interfaceNumber, alternate));
  }

  /** Something changed at the port. */
  changed(): void {
    this.#control.changed();
    const present = this.#vbus && this.#port.pulledUp;
    if (present === this.#present) return;
    this.#present = present;
    if (present) this.#came();
    else this.#went();
  }

  /** Does what is due at that time of the chip; the answer is when it is to be called again, Infinity: when something changes. */
  step(nowNs: number): number {
    if (this.#resetAtNs !== undefined) {
      this.#resetAtNs ||= nowNs + DEBOUNCE_NS;
      if (nowNs < this.#resetAtNs) return this.#resetAtNs;
      this.#ask();
    }
    if (this.#looking && nowNs >= (this.#lookUntilNs ??= nowNs + LOOK_NS)) this.#giveUp();
    const dueNs = this.#control.step(nowNs);
    return this.#looking ? Math.min(dueNs, this.#lookUntilNs ?? Infinity) : dueNs;
  }

  #tell(setup: Uint8Array): void {
    if (this.#isAttached) this.#control.ask({ setup, ended: () => {} });
  }

  #came(): void {
    this.#control.lose();
    this.#resetAtNs = 0;
  }

  #ask(): void {
    this.#resetAtNs = undefined;
    this.#looking = true;
    this.#lookUntilNs = undefined;
    this.#control.reset();
    lookAt(this.#control, (seen) => {
      if (!this.#looking) return;
      this.#looking = false;
      if (typeof seen === 'string') {
        this.#listener.log(`usb: the device cannot be enumerated: ${seen}`);
        return;
      }
      this.#isAttached = true;
      this.#listener.attached(seen);
    });
  }

  #giveUp(): void {
    this.#looking = false;
    this.#control.lose();
    const words = `it has not said what it is within ${LOOK_NS / 1e9} s of its own time`;
    this.#listener.log(`usb: the device cannot be enumerated: ${words}`);
  }

  #went(): void {
    this.#resetAtNs = undefined;
    this.#looking = false;
    const wasAttached = this.#isAttached;
    this.#isAttached = false;
    this.#control.lose();
    if (wasAttached) this.#listener.detached();
  }
}
