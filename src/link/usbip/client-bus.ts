import { DfuError } from '../../bytes/index.ts';
import {
  ControlWire,
  LinkedPipe,
  PipeState,
  configureFirst,
  deviceDescriptor,
  limited,
  until,
} from '../../usb/index.ts';
import type {
  BusDevice,
  BusEvent,
  Clock,
  ControlPipe,
  DeviceDescriptor,
  OpenLimits,
  UsbBus,
} from '../../usb/index.ts';
import { importDevice, listDevices } from './client-connection.ts';
import type { Peer } from './client-connection.ts';
import { UsbipLink } from './client-link.ts';
import { ClientTransfers } from './client-transfers.ts';
import type { Connection } from './connection.ts';
import { USBIP_PORT, deviceIdOf, speedOf } from './protocol.ts';
import type { DeviceRecord } from './protocol.ts';

/** Which USB/IP server, and the clock for time-outs and polling. */
export interface UsbipBusOptions {
  readonly host: string;
  /** Default 3240. */
  readonly port?: number | undefined;
  readonly clock: Clock;
  /**
   * How often the server is asked what it has while the bus is watched, in ms; default 100. USB/IP has
   * no events.
   */
  readonly pollMs?: number | undefined;
}

const POLL_MS = 100;

/**
 * The devices of a USB/IP server, as a bus: no kernel module, no privileges. A listed device's
 * descriptor has what the protocol tells (ids, release, class); the one of an open pipe is complete.
 */
export function usbipBus(options: UsbipBusOptions): UsbBus {
  return new UsbipBus(options);
}

class UsbipBus implements UsbBus {
  readonly #peer: Peer;
  readonly #pollMs: number;
  readonly #listeners = new Set<(event: BusEvent) => void>();
  readonly #connections = new Set<Connection>();
  /** What was there when last looked, by what the server tells of it; undefined before. */
  #known: Map<string, BusDevice> | undefined;
  /** How often a device of which the server tells the same has left: each time it comes it is another. */
  readonly #departures = new Map<string, number>();
  /** Devices lost while a list may have been on its way, each with the number of its loss. */
  readonly #lostLately = new Map<string, number>();
  #losses = 0;
  #polling = false;
  #cancelPoll: () => void = () => {};

  constructor({ host, port = USBIP_PORT, clock, pollMs = POLL_MS }: UsbipBusOptions) {
    this.#peer = { host, port, clock };
    this.#pollMs = pollMs;
  }

  async list(): Promise<BusDevice[]> {
    const lossesBefore = this.#losses;
    const records = await listDevices(this.#peer);
    return this.#look(records.filter((record) => !this.#wasLost(record, lossesBefore)));
  }

  watch(listener: (event: BusEvent) => void): () => void {
    const own = (event: BusEvent): void => listener(event);
    this.#listeners.add(own);
    if (!this.#polling) void this.#poll();
    return () => {
      this.#listeners.delete(own);
      if (this.#listeners.size === 0) this.#cancelPoll();
    };
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    this.#cancelPoll();
    const connections = [...this.#connections];
    for (const connection of connections) connection.finish('the bus is closed');
    await Promise.all(connections.map(({ closed }) => closed));
  }

  /** Asks again and again, as long as somebody wants to know. */
  async #poll(): Promise<void> {
    this.#polling = true;
    const { clock } = this.#peer;
    while (this.#listeners.size > 0) {
      try {
        await this.list();
      } catch (error) {
        if (!DfuError.is(error)) throw error;
        // The server has gone, and its devices with it; it may come back.
        this.#look([]);
      }
      if (this.#listeners.size === 0) break;
      await until<void>(clock, { ms: this.#pollMs, late: () => {} }, ({ resolve }) => {
        this.#cancelPoll = resolve;
        return undefined;
      });
    }
    this.#polling = false;
  }

  /** Compares what is there with what was, and tells of it. */
  #look(records: readonly DeviceRecord[]): BusDevice[] {
    const before = this.#known ?? new Map<string, BusDevice>();
    const isFirst = this.#known === undefined;
    const keys = new Set(records.map((record) => this.#keyOf(record)));
    const gone = [...before].filter(([key]) => !keys.has(key));
    for (const [key] of gone) this.#departed(key);
    const now = new Map<string, BusDevice>();
    for (const record of records) {
      const key = this.#keyOf(record);
      now.set(key, before.get(key) ?? this.#deviceOf(this.#idOf(record), record));
    }
    this.#known = now;
    for (const [, { id }] of gone) this.#tell({ type: 'detached', id });
    for (const [key, device] of now) {
      if (!isFirst && !before.has(key)) this.#tell({ type: 'attached', device });
    }
    return [...now.values()];
  }

  #departed(key: string): void {
    this.#departures.set(key, (this.#departures.get(key) ?? 0) + 1);
  }

  #tell(event: BusEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** An import that ends without being given back: the device has left. */
  #lost(key: string, id: string): void {
    const here = this.#known?.get(key);
    // It was missed before, and what is there now has come since.
    if (here !== undefined && here.id !== id) return;
    this.#losses += 1;
    this.#lostLately.set(key, this.#losses);
    if (this.#known?.delete(key) !== true) return;
    this.#departed(key);
    this.#tell({ type: 'detached', id });
  }

  /** A list that was asked for before the loss does not know of it. */
  #wasLost(record: DeviceRecord, lossesBefore: number): boolean {
    const key = this.#keyOf(record);
    const loss = this.#lostLately.get(key);
    if (loss === undefined) return false;
    if (loss > lossesBefore) return true;
    this.#lostLately.delete(key);
    return false;
  }

  /** Servers number devices by their ports: one that went and came back is told apart by that it went. */
  #idOf(record: DeviceRecord): string {
    const key = this.#keyOf(record);
    const departures = this.#departures.get(key);
    return departures === undefined ? key : `${key}:${departures}`;
  }

  /** A device that became another within a reset keeps its number, but not its ids. */
  #keyOf({
    busId,
    deviceNumber,
    idVendor,
    idProduct,
    bcdDevice,
    bDeviceClass,
  }: DeviceRecord): string {
    const { host, port } = this.#peer;
    const kind = [idVendor, idProduct, bcdDevice, bDeviceClass]
      .map((value) => value.toString(16))
      .join(':');
    return `usbip:${host}:${port}:${busId}:${deviceNumber}:${kind}`;
  }

  #deviceOf(id: string, record: DeviceRecord): BusDevice {
    const device: BusDevice = {
      id,
      location: { bus: record.busNumber, address: record.deviceNumber, path: record.busId },
      speed: speedOf(record.speed),
      descriptor: descriptorOf(record),
      open: (limits) => this.#open(device, limits),
    };
    return device;
  }

  async #open(listed: BusDevice, limits: OpenLimits = {}): Promise<ControlPipe> {
    const { clock } = this.#peer;
    const startMs = clock.now();
    const { totalMs = Infinity } = limits;
    const peer = { ...this.#peer, operationMs: totalMs };
    const { connection, record } = await importDevice(peer, listed.location.path);
    // From now on, so that closing the bus ends also what is being opened.
    this.#connections.add(connection);
    connection.onEnd(() => this.#connections.delete(connection));
    try {
      if (this.#idOf(record) !== listed.id) {
        const message = `${listed.location.path}: another device is there now`;
        throw new DfuError('DISCONNECTED', message);
      }
      const deviceId = deviceIdOf(record.busNumber, record.deviceNumber);
      const transfers = new ClientTransfers(connection, deviceId);
      const wire = new ControlWire(transfers, clock, limits.timeoutMs);
      const state = new PipeState();
      connection.onEnd(() => state.leave());
      const leftMs = totalMs - (clock.now() - startMs);
      const soon = limited(wire, clock, { ...limits, totalMs: leftMs });
      const identity = await state.identify(soon);
      if (record.bConfigurationValue === 0) await configureFirst(soon, identity);
      const device = { ...listed, descriptor: deviceDescriptor.decode(identity.device) };
      const link = new UsbipLink({ connection, transfers, wire, state });
      connection.onEnd(() => {
        if (link.hasLeft) this.#lost(this.#keyOf(record), listed.id);
      });
      return new LinkedPipe({ device, link, wire, state });
    } catch (error) {
      connection.fail('not opened');
      throw error;
    }
  }
}

/** The device descriptor as far as a record tells it. */
function descriptorOf(record: DeviceRecord): DeviceDescriptor {
  const { idVendor, idProduct, bcdDevice, bNumConfigurations } = record;
  const { bDeviceClass, bDeviceSubClass, bDeviceProtocol } = record;
  return {
    bcdUSB: 0x0200,
    bDeviceClass,
    bDeviceSubClass,
    bDeviceProtocol,
    bMaxPacketSize0: 64,
    idVendor,
    idProduct,
    bcdDevice,
    iManufacturer: 0,
    iProduct: 0,
    iSerialNumber: 0,
    bNumConfigurations,
  };
}
