import { connect } from 'node:net';
import { DfuError, hexNumber, viewOf } from '../../bytes/index.ts';
import { until, wholeMs } from '../../usb/index.ts';
import type { Clock } from '../../usb/index.ts';
import { Connection } from './connection.ts';
import {
  BUS_ID_BYTES,
  Operation,
  OperationStatus,
  USBIP_VERSION,
  busIdField,
  deviceRecord,
  encodeOperation,
  interfaceRecord,
  operationHeader,
} from './protocol.ts';
import type { DeviceRecord } from './protocol.ts';

/** Where a USB/IP server is, and by which clock it is waited for. */
export interface Peer {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  /** Less time for a connection or an operation than usual, in ms. */
  readonly operationMs?: number | undefined;
}

/** How long a server may take for a connection or an operation, in ms. */
const OPERATION_MS = 5000;
/** Most devices that are read from a list; what says more is no sensible server. */
const MOST_DEVICES = 1024;

function limitOf({ operationMs = OPERATION_MS }: Peer): number {
  return Math.min(operationMs, OPERATION_MS);
}

/** Connects. Throws `IO` with a sentence if nobody answers. */
function dial(peer: Peer): Promise<Connection> {
  const { host, port, clock } = peer;
  const where = `${host}:${port}`;
  const ms = limitOf(peer);
  const late = (): never => {
    throw new DfuError('TIMEOUT', `no connection to ${where} in ${wholeMs(ms)}`);
  };
  return until<Connection>(clock, { ms, late }, ({ resolve, reject }) => {
    const socket = connect({ host, port, noDelay: true });
    const failed = (error: NodeJS.ErrnoException): void => reject(dialError(error, where));
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.removeListener('error', failed);
      resolve(new Connection(socket, clock));
    });
    return () => {
      if (socket.connecting) socket.destroy();
    };
  });
}

function dialError(error: NodeJS.ErrnoException, where: string): DfuError {
  const cause = { cause: error };
  if (error.code === 'ECONNREFUSED') {
    return new DfuError('IO', `nobody answers at ${where}: is a USB/IP server running?`, cause);
  }
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') {
    return new DfuError('IO', `${where}: there is no machine of that name`, cause);
  }
  // With several addresses the error says nothing itself.
  return new DfuError('IO', `${where}: ${error.message || String(error.code)}`, cause);
}

/** One operation: `converse` says what to read; the first of answer, end and time-out counts. */
function operate<T>(
  connection: Connection,
  peer: Peer,
  converse: (answer: (value: T) => void) => void,
): Promise<T> {
  const where = `${peer.host}:${peer.port}`;
  const ms = limitOf(peer);
  const late = (): never => {
    throw new DfuError('TIMEOUT', `${where}: no answer in ${wholeMs(ms)}`);
  };
  return until<T>(peer.clock, { ms, late }, ({ resolve, reject }) => {
    connection.onEnd((reason, cause) => {
      if (DfuError.is(cause)) reject(cause);
      else reject(new DfuError('PROTOCOL', `${where}: the connection ended: ${reason}`));
    });
    converse(resolve);
    return undefined;
  });
}

/** Throws `PROTOCOL` unless it is the reply to that request; answers its status. */
function replyStatus(part: Uint8Array, code: number): number {
  const header = operationHeader.decode(part);
  if (header.version !== USBIP_VERSION) {
    const got = hexNumber(header.version);
    throw new DfuError('PROTOCOL', `USB/IP version: expected 0x111, got ${got}`);
  }
  if (header.code !== code) {
    const got = hexNumber(header.code);
    throw new DfuError('PROTOCOL', `reply: expected ${hexNumber(code)}, got ${got}`);
  }
  return header.status;
}

/** Asks for the device list. */
export async function listDevices(peer: Peer): Promise<DeviceRecord[]> {
  const connection = await dial(peer);
  try {
    return await operate(connection, peer, (answer) => {
      const { reader } = connection;
      const records: DeviceRecord[] = [];
      let count = 0;
      const next = (): number => {
        if (records.length < count) {
          reader.start(deviceRecord.size, takeDevice);
          return deviceRecord.size;
        }
        answer(records);
        return 0;
      };
      const takeDevice = (part: Uint8Array): number => {
        const record = deviceRecord.decode(part);
        records.push(record);
        if (record.bNumInterfaces === 0) return next();
        const bytes = record.bNumInterfaces * interfaceRecord.size;
        reader.start(bytes, next);
        return bytes;
      };
      reader.start(operationHeader.size + 4, (part) => {
        const status = replyStatus(part, Operation.replyDeviceList);
        if (status !== OperationStatus.ok) {
          throw new DfuError('PROTOCOL', `device list: the server answers status ${status}`);
        }
        count = viewOf(part).getUint32(operationHeader.size);
        if (count > MOST_DEVICES) {
          throw new DfuError(
            'PROTOCOL',
            `device list: expected at most ${MOST_DEVICES} devices, got ${count}`,
          );
        }
        return next();
      });
      connection.send(encodeOperation(Operation.requestDeviceList, 0));
    });
  } finally {
    connection.fail('has got the device list');
  }
}

/** A device that was imported: what it was said to be, and the connection for its URBs. */
interface Imported {
  readonly connection: Connection;
  readonly record: DeviceRecord;
}

/** Imports a device. Throws `BUSY` if another has it, `NOT_FOUND` if it is not there. */
export async function importDevice(peer: Peer, busId: string): Promise<Imported> {
  const connection = await dial(peer);
  try {
    const record = await operate<DeviceRecord>(connection, peer, (answer) => {
      connection.reader.start(operationHeader.size, (part) => {
        const status = replyStatus(part, Operation.replyImport);
        if (status !== OperationStatus.ok) throw importError(busId, status);
        connection.reader.start(deviceRecord.size, (body) => {
          answer(deviceRecord.decode(body));
          return 0;
        });
        return deviceRecord.size;
      });
      const body = new Uint8Array(BUS_ID_BYTES);
      busIdField.write(viewOf(body), 0, busId, 'busid');
      connection.send(encodeOperation(Operation.requestImport, 0, body));
    });
    if (record.busId !== busId) {
      throw new DfuError('PROTOCOL', `import: expected bus id ${busId}, got ${record.busId}`);
    }
    return { connection, record };
  } catch (error) {
    connection.fail('not imported');
    throw error;
  }
}

function importError(busId: string, status: number): DfuError {
  switch (status) {
    case OperationStatus.busy:
    case OperationStatus.notAvailable:
      return new DfuError('BUSY', `USB/IP device ${busId} is in use by another client`);
    case OperationStatus.noDevice:
      return new DfuError('NOT_FOUND', `the USB/IP server has no device ${busId}`);
    default:
      return new DfuError('IO', `the USB/IP server cannot give ${busId}: status ${status}`);
  }
}
