import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { DfuError, hexNumber, viewOf } from '../../bytes/index.ts';
import type { Clock, UsbDevice } from '../../usb/index.ts';
import { Connection } from './connection.ts';
import { ExportedDevice } from './exported-device.ts';
import {
  BUS_ID_BYTES,
  Operation,
  OperationStatus,
  USBIP_PORT,
  USBIP_VERSION,
  busIdField,
  deviceRecord,
  encodeOperation,
  interfaceRecord,
  operationHeader,
} from './protocol.ts';

/** How a {@link UsbipServer} is set up. */
export interface UsbipServerOptions {
  /** What devices and time-outs live by: `timerClock(globalThis)`. */
  readonly clock: Clock;
  /** Address to listen at; default 127.0.0.1: USB/IP knows no password. */
  readonly host?: string | undefined;
  /** Default 3240; 0 takes a free one. */
  readonly port?: number | undefined;
  /** Most connections at a time; further ones are closed at once. Default 64. */
  readonly maxConnections?: number | undefined;
  /** How long a peer may take to say what it wants, in ms; default 5000. */
  readonly handshakeMs?: number | undefined;
  /** Who comes and goes, what devices say, what peers do wrong. */
  readonly log?: ((line: string) => void) | undefined;
}

/** How a device is exported. */
export interface AddOptions {
  /** Bus and port, e.g. `3-4.2`; default: `1-1`, `1-2` and so on. */
  readonly busId?: string | undefined;
}

const DEFAULT_CONNECTIONS = 64;
const HANDSHAKE_MS = 5000;
/** Device numbers go round; USB/IP has 16 bits for them. */
const MOST_DEVICE_NUMBERS = 0xffff;

/** A USB/IP server: devices in software that any USB/IP client can import. */
export class UsbipServer {
  readonly #options: UsbipServerOptions;
  readonly #devices = new Map<string, ExportedDevice>();
  readonly #connections = new Set<Connection>();
  /** Also those of connections that are ending, with a last answer on its way. */
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #deviceNumbers = 0;

  constructor(options: UsbipServerOptions) {
    this.#options = options;
  }

  /** The exported devices, attached or not. */
  get devices(): ExportedDevice[] {
    return [...this.#devices.values()];
  }

  /** Exports a device and plugs it in. Throws `BUSY` if the bus id is taken. */
  add(device: UsbDevice, options: AddOptions = {}): ExportedDevice {
    const busId = options.busId ?? this.#freeBusId();
    if (this.#devices.has(busId)) throw new DfuError('BUSY', `bus id ${busId} is taken`);
    const exported = new ExportedDevice(device, {
      busId,
      clock: this.#options.clock,
      deviceNumber: () => (this.#deviceNumbers = (this.#deviceNumbers % MOST_DEVICE_NUMBERS) + 1),
      log: (line) => this.#log(line),
      removed: () => this.#devices.delete(busId),
    });
    this.#devices.set(busId, exported);
    return exported;
  }

  /** Starts to listen; answers where. Throws `BUSY`, `ACCESS` or `IO`. */
  listen(): Promise<{ host: string; port: number }> {
    const { host = '127.0.0.1', port = USBIP_PORT, maxConnections } = this.#options;
    if (this.#server !== undefined) {
      return Promise.reject(new DfuError('BUSY', 'the USB/IP server listens already'));
    }
    const server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    server.maxConnections = maxConnections ?? DEFAULT_CONNECTIONS;
    server.on('drop', (peer) => {
      this.#log(`${peer?.remoteAddress ?? 'a peer'}: refused, too many connections`);
    });
    this.#server = server;
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        this.#server = undefined;
        reject(listenError(error, `${host}:${port}`));
      });
      server.listen(port, host, () => {
        server.removeAllListeners('error');
        // E.g. no file descriptors left for a connection: it is the peer's loss.
        server.on('error', (error) => this.#log(`listening: ${error.message}`));
        const address = server.address() as AddressInfo;
        resolve({ host: address.address, port: address.port });
      });
    });
  }

  /** Ends every connection, stops listening, unplugs every device. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const stopped = new Promise<void>((resolve) => {
      if (server === undefined) resolve();
      else server.close(() => resolve());
    });
    for (const connection of this.#connections) connection.fail('the server closes');
    for (const socket of this.#sockets) socket.destroy();
    for (const device of this.#devices.values()) device.remove();
    await stopped;
  }

  #accept(socket: Socket): void {
    const { clock, handshakeMs = HANDSHAKE_MS } = this.#options;
    const peer = `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    const connection = new Connection(socket, clock);
    this.#connections.add(connection);
    const cancel = clock.at(clock.now() + handshakeMs, () =>
      connection.fail(`said nothing that makes sense within ${handshakeMs} ms`),
    );
    connection.onEnd((reason) => {
      cancel();
      this.#connections.delete(connection);
      this.#log(`${peer}: ${reason}`);
    });
    connection.reader.start(operationHeader.size, (part) =>
      this.#operation(connection, part, cancel),
    );
  }

  #operation(connection: Connection, part: Uint8Array, known: () => void): number {
    const { version, code } = operationHeader.decode(part);
    if (version !== USBIP_VERSION) {
      const got = hexNumber(version);
      connection.send(encodeOperation(code & 0x7fff, OperationStatus.error));
      connection.finish(`version: expected ${hexNumber(USBIP_VERSION)}, got ${got}`);
      return 0;
    }
    if (code === Operation.requestDeviceList) {
      connection.send(this.#deviceList());
      connection.finish('has got the device list');
      return 0;
    }
    if (code === Operation.requestImport) {
      connection.reader.start(BUS_ID_BYTES, (busId) => {
        known();
        return this.#import(connection, busIdField.read(viewOf(busId), 0, 'busid'));
      });
      return BUS_ID_BYTES;
    }
    connection.fail(`operation: expected 0x8005 or 0x8003, got ${hexNumber(code)}`);
    return 0;
  }

  #deviceList(): Uint8Array {
    const attached = this.devices.filter((device) => device.attached);
    const count = Buffer.alloc(4);
    count.writeUInt32BE(attached.length);
    const parts: Uint8Array[] = [count];
    for (const device of attached) {
      parts.push(deviceRecord.encode(device.record()));
      for (const each of device.interfaces()) {
        parts.push(interfaceRecord.encode({ ...each, padding: 0 }));
      }
    }
    return encodeOperation(Operation.replyDeviceList, OperationStatus.ok, Buffer.concat(parts));
  }

  /** Answers an import; on success URBs follow on the same connection. */
  #import(connection: Connection, busId: string): number {
    const device = this.#devices.get(busId);
    const status = device?.importStatus() ?? OperationStatus.noDevice;
    if (device === undefined || status !== OperationStatus.ok) {
      connection.send(encodeOperation(Operation.replyImport, status));
      const why = status === OperationStatus.busy ? 'is imported by another' : 'is not there';
      connection.finish(`${JSON.stringify(busId)} ${why}`);
      return 0;
    }
    const record = deviceRecord.encode(device.record());
    connection.send(encodeOperation(Operation.replyImport, OperationStatus.ok, record));
    return device.lend(connection);
  }

  #freeBusId(): string {
    let port = 1;
    while (this.#devices.has(`1-${port}`)) port += 1;
    return `1-${port}`;
  }

  #log(line: string): void {
    this.#options.log?.(line);
  }
}

function listenError(error: NodeJS.ErrnoException, where: string): DfuError {
  const cause = { cause: error };
  if (error.code === 'EADDRINUSE') {
    const message = `${where} is in use: is another USB/IP server running?`;
    return new DfuError('BUSY', message, cause);
  }
  if (error.code === 'EACCES') {
    return new DfuError('ACCESS', `may not listen at ${where}: ${error.message}`, cause);
  }
  return new DfuError('IO', `cannot listen at ${where}: ${error.message}`, cause);
}
