// In the page of a test: the buses of boards that run in the test, and one that asks a person, as a browser's does.
import { portBus } from 'dfukit/link/message-port';
import type { MessagePortLike } from 'dfukit/link/message-port';
import type { BusDevice, BusEvent, DeviceFilter, UsbBus } from 'dfukit/usb';

type Listener = (event: unknown) => void;

/** A message port whose other end is in the test. */
class TestPort implements MessagePortLike {
  readonly #id: number;
  readonly #listeners = new Set<Listener>();

  constructor(id: number) {
    this.#id = id;
  }

  postMessage(message: unknown): void {
    void toTest(this.#id, JSON.stringify(message, packed));
  }

  addEventListener(type: string, listener: Listener): void {
    if (type === 'message') this.#listeners.add(listener);
  }

  removeEventListener(_: string, listener: Listener): void {
    this.#listeners.delete(listener);
  }

  hear(message: string): void {
    const data: unknown = JSON.parse(message, unpacked);
    for (const listener of this.#listeners) listener({ data });
  }
}

/** What JSON has no words for: bytes, and what is left out of a list. */
function packed(_: string, value: unknown): unknown {
  if (value === undefined) return { leftOut: true };
  return value instanceof Uint8Array ? { bytes64: btoa(String.fromCharCode(...value)) } : value;
}

function unpacked(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('leftOut' in value || !('bytes64' in value)) return 'leftOut' in value ? undefined : value;
  return Uint8Array.from(atob(String(value.bytes64)), (letter) => letter.codePointAt(0) ?? 0);
}

declare global {
  /** The test's. */
  function toTest(port: number, message: string): Promise<void>;
}

const ports = new Map<number, TestPort>();

function bus(id: number): UsbBus {
  const port = new TestPort(id);
  ports.set(id, port);
  return portBus(port);
}

const fits = ({ descriptor }: BusDevice, { vendorId, productId }: DeviceFilter): boolean =>
  (vendorId === undefined || descriptor.idVendor === vendorId) &&
  (productId === undefined || descriptor.idProduct === productId);

/** What a browser remembers of a device that has a serial number. */
const kindOf = ({ descriptor }: BusDevice): string =>
  `${descriptor.idVendor}:${descriptor.idProduct}`;

/** Lists what a person has pointed at, also when it comes again, and nothing else. */
class AskingBus implements UsbBus {
  readonly #bus: UsbBus;
  readonly #allowed = new Set<string>();
  readonly #listeners = new Set<(event: BusEvent) => void>();
  /** What it was asked for, each time. */
  readonly asked: (readonly DeviceFilter[])[] = [];
  /** The person closes the browser's list without a choice. */
  choosesNone = false;

  constructor(inner: UsbBus) {
    this.#bus = inner;
  }

  async request(filters: readonly DeviceFilter[]): Promise<BusDevice | undefined> {
    if (!navigator.userActivation.isActive) throw new Error('asked without a click');
    this.asked.push(filters);
    if (this.choosesNone) return undefined;
    const all = await this.#bus.list();
    const found = all.find(
      (device) => filters.length === 0 || filters.some((filter) => fits(device, filter)),
    );
    if (found === undefined || this.#allowed.has(kindOf(found))) return found;
    this.#allowed.add(kindOf(found));
    for (const listener of this.#listeners) listener({ type: 'attached', device: found });
    return found;
  }

  async list(): Promise<BusDevice[]> {
    return (await this.#bus.list()).filter((device) => this.#allowed.has(kindOf(device)));
  }

  watch(listener: (event: BusEvent) => void): () => void {
    const own = (event: BusEvent): void => listener(event);
    this.#listeners.add(own);
    const stop = this.#bus.watch((event) => {
      if (event.type === 'detached' || this.#allowed.has(kindOf(event.device))) own(event);
    });
    return () => {
      this.#listeners.delete(own);
      stop();
    };
  }

  close(): Promise<void> {
    return this.#bus.close();
  }
}

const bridge = {
  bus,
  asking: (id: number): AskingBus => new AskingBus(bus(id)),
  fromTest: (id: number, message: string): void => ports.get(id)?.hear(message),
};
Object.assign(globalThis, { bridge });
