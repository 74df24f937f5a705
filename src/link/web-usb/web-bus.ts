import { DfuError } from '../../bytes/index.ts';
import { timerClock, webUsbDescriptor } from '../../usb/index.ts';
import type { BusDevice, BusEvent, Clock, DeviceFilter, UsbBus } from '../../usb/index.ts';
import { cannotAsk, noClick, webError } from './web-errors.ts';
import { openWeb } from './web-link.ts';
import { browserUsb, isOnWindows, mayAsk, missing } from './web-support.ts';
import type { WebUsb, WebUsbDevice, WebUsbEvent } from './web-usb-device.ts';
import { within } from './within.ts';

/** How the browser's USB is used. */
export interface WebUsbOptions {
  /** Where the devices are; default: the browser's own, `navigator.usb`. */
  readonly usb?: WebUsb | undefined;
  /** For time-outs and polling; default: real time. */
  readonly clock?: Clock | undefined;
  /** How often to look for devices while watched, in ms, besides the browser's events; default 500. */
  readonly pollMs?: number | undefined;
}

/** The browser's devices as a bus. */
export interface WebUsbBus extends UsbBus {
  request(filters: readonly DeviceFilter[]): Promise<BusDevice | undefined>;
  /** That device, also if the browser does not list it. */
  deviceOf(web: WebUsbDevice): BusDevice;
}

const POLL_MS = 500;

/** The longest control transfer of WinUSB at full speed, in bytes; a browser does not say which speed a device has. */
const WINUSB_BYTES = 4096;

/**
 * The devices that a page may use, as a bus. A browser tells of a device that comes only if the page had
 * it before; what `request` gets is told at once, and what the page gets past this bus is found by looking. Where a device is plugged in,
 * a browser does not say: its path is a number that is new with each attachment. What the page may use already is listed
 * without asking; `request` asks a person for another.
 *
 * Without options it is the same bus each time, the page's own, and closing it does nothing: where paths say nothing, several
 * searches for devices must know of each other.
 *
 * Throws `NO_USB` where there is no WebUSB, and says whether that is for the browser or for the page (`webUsbSupport`).
 */
export function webUsbBus(options?: WebUsbOptions): WebUsbBus {
  const usb = options?.usb ?? browserUsb();
  if (usb === undefined) throw missing();
  return options === undefined ? pageBus(usb) : new WebBus(usb, options);
}

const pages = new WeakMap<WebUsb, WebUsbBus>();

function pageBus(usb: WebUsb): WebUsbBus {
  const known = pages.get(usb);
  if (known !== undefined) return known;
  const made = new PageBus(usb, {});
  pages.set(usb, made);
  return made;
}

class WebBus implements WebUsbBus {
  readonly #usb: WebUsb;
  readonly #clock: Clock;
  readonly #pollMs: number;
  readonly #listeners = new Set<(event: BusEvent) => void>();
  /** Each device that was seen; the browser's object is the same as long as it is attached. */
  readonly #devices = new WeakMap<WebUsbDevice, BusDevice>();
  readonly #open = new Set<WebUsbDevice>();
  /** Those that the page has handed over: they are there until the browser says that they are not. */
  readonly #handed = new Set<WebUsbDevice>();
  /** What was there when last looked. */
  readonly #known = new Map<WebUsbDevice, BusDevice>();
  #count = 0;
  /** How often the browser has told of something. */
  #changes = 0;
  #stopWatching: (() => void) | undefined;

  constructor(usb: WebUsb, { clock, pollMs = POLL_MS }: WebUsbOptions) {
    this.#usb = usb;
    this.#clock = clock ?? timerClock(globalThis);
    this.#pollMs = pollMs;
  }

  async list(): Promise<BusDevice[]> {
    let found: readonly WebUsbDevice[];
    let before: number;
    // What came or went while the browser answered may be missing from its answer.
    do {
      before = this.#changes;
      found = await this.#listed();
    } while (before !== this.#changes);
    for (const web of this.#known.keys()) {
      if (!found.includes(web) && !this.#handed.has(web)) this.#vanished(web);
    }
    for (const web of found) this.#appeared(web);
    return [...this.#known.values()];
  }

  async #listed(): Promise<readonly WebUsbDevice[]> {
    const what = 'looking for USB devices';
    try {
      return await within({ clock: this.#clock }, what, () => this.#usb.getDevices());
    } catch (error) {
      throw webError(error, 'list', what);
    }
  }

  // Nothing may be awaited before the browser is asked: it goes by the click that is being handled.
  async request(filters: readonly DeviceFilter[]): Promise<BusDevice | undefined> {
    if (this.#usb.requestDevice === undefined) throw cannotAsk();
    const mayAskNow = mayAsk();
    try {
      const web = await this.#usb.requestDevice({ filters: [...filters] });
      this.#changes += 1;
      this.#appeared(web);
      return this.#of(web);
    } catch (error) {
      // What a browser says if the person has chosen none.
      if (error instanceof Error && error.name === 'NotFoundError') return undefined;
      const meant = webError(error, 'request', 'asking for a USB device');
      throw meant.code === 'ACCESS' && !mayAskNow ? noClick(error) : meant;
    }
  }

  watch(listener: (event: BusEvent) => void): () => void {
    const own = (event: BusEvent): void => listener(event);
    this.#listeners.add(own);
    this.#stopWatching ??= this.#startWatching();
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size === 0) this.#stop();
    };
  }

  close(): Promise<void> {
    this.#listeners.clear();
    this.#stop();
    return Promise.resolve();
  }

  deviceOf(web: WebUsbDevice): BusDevice {
    this.#handed.add(web);
    this.#appeared(web);
    return this.#of(web);
  }

  #of(web: WebUsbDevice): BusDevice {
    const known = this.#devices.get(web);
    if (known !== undefined) return known;
    const device = this.#made(web);
    this.#devices.set(web, device);
    return device;
  }

  #stop(): void {
    this.#stopWatching?.();
    this.#stopWatching = undefined;
  }

  #startWatching(): () => void {
    let stopped = false;
    let cancel = (): void => {};
    const connect = ({ device }: WebUsbEvent): void => {
      this.#changes += 1;
      this.#appeared(device);
    };
    const disconnect = ({ device }: WebUsbEvent): void => {
      this.#changes += 1;
      this.#vanished(device);
    };
    this.#usb.addEventListener('connect', connect);
    this.#usb.addEventListener('disconnect', disconnect);
    const poll = async (): Promise<void> => {
      try {
        await this.list();
      } catch (error) {
        // Whoever lists is told.
        if (!DfuError.is(error)) throw error;
      }
      if (!stopped) cancel = this.#clock.at(this.#clock.now() + this.#pollMs, () => void poll());
    };
    void poll();
    return () => {
      stopped = true;
      cancel();
      this.#usb.removeEventListener('connect', connect);
      this.#usb.removeEventListener('disconnect', disconnect);
    };
  }

  #appeared(web: WebUsbDevice): void {
    if (this.#known.has(web)) return;
    const device = this.#of(web);
    this.#known.set(web, device);
    for (const listener of this.#listeners) listener({ type: 'attached', device });
  }

  #vanished(web: WebUsbDevice): void {
    const device = this.#known.get(web);
    if (device === undefined) return;
    this.#known.delete(web);
    this.#handed.delete(web);
    for (const listener of this.#listeners) listener({ type: 'detached', id: device.id });
  }

  #made(web: WebUsbDevice): BusDevice {
    this.#count += 1;
    const address = this.#count;
    const device: BusDevice = {
      id: `web:${address}`,
      location: { bus: 0, address, path: `web-${address}` },
      speed: 'full',
      descriptor: webUsbDescriptor(web),
      ...(isOnWindows() ? { mostTransferBytes: WINUSB_BYTES } : {}),
      open: async (limits) => {
        const { path } = device.location;
        if (this.#open.has(web)) {
          throw new DfuError('BUSY', `${path}: this page has it open already`);
        }
        this.#open.add(web);
        const closed = (): void => void this.#open.delete(web);
        try {
          const left = (gone: () => void): (() => void) =>
            this.watch((event) => {
              if (event.type === 'detached' && event.id === device.id) gone();
            });
          return await openWeb(web, device, { clock: this.#clock, limits, left, closed });
        } catch (error) {
          closed();
          throw error;
        }
      },
    };
    return device;
  }
}

/** Several use it, and whoever is done stops what he has begun. */
class PageBus extends WebBus {
  override close(): Promise<void> {
    return Promise.resolve();
  }
}
