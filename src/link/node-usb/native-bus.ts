import { DfuError } from '../../bytes/index.ts';
import { timerClock, webUsbDescriptor } from '../../usb/index.ts';
import type { BusDevice, BusEvent, Clock, PortLocation, UsbBus } from '../../usb/index.ts';
import { nativeError, nativeErrorCode, noPackage, noUsb } from './native-errors.ts';
import { openNative } from './native-link.ts';
import type { NativeDevice, NativeUsb, NativeUsbEvent, NativeUsbModule } from './native-usb.ts';

/** How the machine's own USB is used. */
export interface NodeUsbOptions {
  /** For polling; default: real time. */
  readonly clock?: Clock | undefined;
  /** How often to look for devices while watched, in ms, besides the system's events; default 500. */
  readonly pollMs?: number | undefined;
  /** Loads the package; default: `import('usb')`. */
  readonly load?: (() => Promise<NativeUsbModule>) | undefined;
  /** Which system this is, as Node names it; default: `process.platform`. */
  readonly platform?: string | undefined;
}

const POLL_MS = 500;

/** What WinUSB carries at a time at full speed and below; at high speed it is 64 KiB. */
const WINUSB_BYTES = 4096;

/**
 * The machine's own USB as a bus. A listed device's descriptor has what the system tells without
 * opening it; the one of an open pipe is complete.
 */
export function nodeUsbBus(options: NodeUsbOptions = {}): UsbBus {
  return new NativeBus(options);
}

interface Present {
  readonly device: BusDevice;
  readonly native: NativeDevice;
}

class NativeBus implements UsbBus {
  readonly #clock: Clock;
  readonly #pollMs: number;
  readonly #load: () => Promise<NativeUsbModule>;
  readonly #platform: string;
  readonly #listeners = new Set<(event: BusEvent) => void>();
  #usb: Promise<NativeUsb> | undefined;
  /** What was there when last looked; undefined before. */
  #known: Map<string, Present> | undefined;
  #stopWatching: (() => void) | undefined;
  /** How often the system has told of something. */
  #changes = 0;

  constructor({
    clock,
    pollMs = POLL_MS,
    load = loadPackage,
    platform = process.platform,
  }: NodeUsbOptions) {
    this.#platform = platform;
    this.#clock = clock ?? timerClock(globalThis);
    this.#pollMs = pollMs;
    this.#load = load;
  }

  async list(): Promise<BusDevice[]> {
    const usb = await this.#package();
    let found: readonly NativeDevice[];
    let before: number;
    try {
      // What came or went while the system answered may be missing from its answer.
      do {
        before = this.#changes;
        found = await usb.getDevices();
      } while (before !== this.#changes);
    } catch (error) {
      // Without /sys/bus/usb the package rejects where it could answer an empty list.
      if (nativeErrorCode(error) === 'NO_USB') throw noUsb(error);
      throw nativeError(error, 'looking for USB devices');
    }
    return this.#look(found);
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

  #stop(): void {
    this.#stopWatching?.();
    this.#stopWatching = undefined;
  }

  #package(): Promise<NativeUsb> {
    this.#usb ??= this.#load().then(
      ({ usb }) => usb,
      (error: unknown) => {
        this.#usb = undefined;
        throw noPackage(error);
      },
    );
    return this.#usb;
  }

  /**
   * The system's events, and a look now and then: where no udev runs there are no events, and the
   * package registers for them some time after it was asked to.
   */
  #startWatching(): () => void {
    let stopped = false;
    let listening = false;
    let cancel = (): void => {};
    let unlisten = (): void => {};
    const listen = async (): Promise<void> => {
      const usb = await this.#package();
      if (stopped) return;
      const connect = ({ device }: NativeUsbEvent): void => {
        this.#changes += 1;
        this.#appeared(device);
      };
      const disconnect = ({ device }: NativeUsbEvent): void => {
        this.#changes += 1;
        this.#vanished(idOf(device));
      };
      usb.addEventListener('connect', connect);
      usb.addEventListener('disconnect', disconnect);
      unlisten = () => {
        usb.removeEventListener('connect', connect);
        usb.removeEventListener('disconnect', disconnect);
      };
      listening = true;
    };
    const poll = async (): Promise<void> => {
      try {
        await this.list();
        // Not before a list has gone well: where there is no USB, the package lets the rejection of
        // its own list, made when a listener is added, end the process.
        if (!listening) await listen();
      } catch (error) {
        // No USB now; it may come. Whoever lists is told.
        if (!DfuError.is(error)) throw error;
      }
      if (!stopped) cancel = this.#clock.at(this.#clock.now() + this.#pollMs, () => void poll());
    };
    void poll();
    return () => {
      stopped = true;
      cancel();
      unlisten();
    };
  }

  #look(found: readonly NativeDevice[]): BusDevice[] {
    const first = this.#known === undefined;
    const known = (this.#known ??= new Map());
    const ids = new Set(found.map(idOf));
    for (const id of known.keys()) if (!ids.has(id)) this.#vanished(id);
    for (const native of found) {
      if (first) known.set(idOf(native), this.#presentOf(native));
      else this.#appeared(native);
    }
    return [...known.values()].map(({ device }) => device);
  }

  #appeared(native: NativeDevice): void {
    const id = idOf(native);
    const known = (this.#known ??= new Map());
    if (known.has(id)) return;
    const present = this.#presentOf(native);
    known.set(id, present);
    for (const listener of this.#listeners) listener({ type: 'attached', device: present.device });
  }

  #vanished(id: string): void {
    if (this.#known?.delete(id) !== true) return;
    for (const listener of this.#listeners) listener({ type: 'detached', id });
  }

  #presentOf(native: NativeDevice): Present {
    const id = idOf(native);
    const speed = native.speed === 'superPlus' ? 'super' : (native.speed ?? 'full');
    const isBound = this.#platform === 'win32' && (speed === 'full' || speed === 'low');
    const device: BusDevice = {
      id,
      location: locationOf(native),
      speed,
      ...(isBound ? { mostTransferBytes: WINUSB_BYTES } : {}),
      descriptor: webUsbDescriptor(native),
      open: (limits) =>
        openNative(native, device, {
          clock: this.#clock,
          limits,
          left: (gone) =>
            this.watch((event) => {
              if (event.type === 'detached' && event.id === id) gone();
            }),
        }),
    };
    return { device, native };
  }
}

/** The address changes with each attachment. */
function idOf({ bus, address, ports, vendorId, productId }: NativeDevice): string {
  return `usb:${bus}-${ports.join('.')}:${address}:${vendorId.toString(16)}:${productId.toString(16)}`;
}

/** `1-4.2` as Linux and dfu-util have it; a root hub has no ports and is `1-0`. */
function locationOf({ bus, address, ports }: NativeDevice): PortLocation {
  const number = /^\d+$/.test(bus) ? Number(bus) : 0;
  const name = /^\d+$/.test(bus) ? String(number) : bus;
  return { bus: number, address, path: `${name}-${ports.length === 0 ? '0' : ports.join('.')}` };
}

async function loadPackage(): Promise<NativeUsbModule> {
  // So a bundler takes it for what need not be there.
  try {
    // How its types go together with a browser's is no matter here.
    const loaded: unknown = await import('usb');
    return loaded as NativeUsbModule;
  } catch (error) {
    throw noPackage(error);
  }
}
