import { toHex, DfuError, hexNumber } from '../bytes/index.ts';
import {
  DFU_STATES,
  DFU_STATUSES,
  DfuRequest,
  decodeDfuSeCommand,
  dfuRequestName,
  statusAnswer,
} from '../dfu/index.ts';
import {
  DescriptorType,
  RequestType,
  StandardRequest,
  formatUsbId,
  deviceDescriptor,
  isIn,
} from '../usb/index.ts';
import type { SetupPacket } from '../usb/index.ts';
import type { ControlRecord, DeviceRecord, Trace, TraceRecord } from './trace.ts';

/** Bits 6..5 of bmRequestType. */
const TYPE_MASK = 0x60;

/** Standard, class or vendor (USB 2.0 table 9-2). */
export function requestType({ bmRequestType }: Pick<SetupPacket, 'bmRequestType'>): number {
  return bmRequestType & TYPE_MASK;
}

/** Whether a request is one of DFU's: a class request to an interface. */
export function isDfuRequest({ bmRequestType, bRequest }: SetupPacket): boolean {
  return (bmRequestType & 0x7f) === 0x21 && dfuRequestName(bRequest) !== undefined;
}

/** Whether a standard request only asks what a device is, so that its order means nothing. */
export function isStandardRead(setup: SetupPacket): boolean {
  return isIn(setup) && requestType(setup) === RequestType.standard;
}

const standardNames = Object.entries(StandardRequest);
const descriptorNames = Object.entries(DescriptorType);

function nameOf(names: readonly (readonly [string, number])[], value: number): string | undefined {
  return names.find(([, each]) => each === value)?.[0];
}

/** A request in words: `GET_DESCRIPTOR string 3, 255 bytes`, `DFU_DNLOAD block 0, 64 bytes`. */
export function requestWords(setup: SetupPacket): string {
  const { bmRequestType, bRequest, wValue, wIndex, wLength } = setup;
  if (isDfuRequest(setup)) return dfuWords(setup);
  const standard =
    requestType(setup) === RequestType.standard ? nameOf(standardNames, bRequest) : undefined;
  const length = wLength === 0 && !isIn(setup) ? '' : `, ${wLength} bytes`;
  if (standard === 'GET_DESCRIPTOR') {
    const type = nameOf(descriptorNames, wValue >> 8) ?? hexNumber(wValue >> 8, 2);
    return `${standard} ${type} ${wValue & 0xff}${length}`;
  }
  const where = `${hexNumber(wValue)}, ${hexNumber(wIndex)}`;
  const name = standard ?? `request ${hexNumber(bmRequestType, 2)} ${bRequest}`;
  return `${name} ${where}${length}`;
}

function dfuWords({ bRequest, wValue, wLength }: SetupPacket): string {
  const name = `DFU_${dfuRequestName(bRequest) ?? bRequest}`;
  if (bRequest === DfuRequest.DETACH) return `${name} ${wValue} ms`;
  const isBlock = bRequest === DfuRequest.DNLOAD || bRequest === DfuRequest.UPLOAD;
  return isBlock ? `${name} block ${wValue}, ${wLength} bytes` : name;
}

/** Bytes that a line shows. */
const MOST_SHOWN = 16;

function bytesWords(bytes: Uint8Array): string {
  const shown = toHex(bytes.subarray(0, MOST_SHOWN)).replace(/../g, '$& ').trimEnd();
  return bytes.length > MOST_SHOWN ? `${shown} … (${bytes.length})` : shown;
}

/**
 * What came of a transfer, in words: `OK, dfuDNLOAD-IDLE, poll 0 ms`; a state, a status and a command of DfuSe by their names,
 * other bytes as they are.
 */
export function answerWords(
  record: Omit<ControlRecord, 'type' | 'pipe' | 'ms' | 'tookMs'>,
): string {
  const { setup, end, data, leftOut, taken, error } = record;
  if (end !== 'ok') return error === undefined ? end.toUpperCase() : `failed: ${error.message}`;
  const took = taken === undefined ? '' : `took ${taken}`;
  if (leftOut !== undefined) return `${took} (${leftOut.bytes} bytes left out)`.trim();
  if (isDfuRequest(setup) && data !== undefined) {
    if (setup.bRequest === DfuRequest.GETSTATUS && data.length === statusAnswer.size) {
      const { bStatus, bwPollTimeout, bState, iString } = statusAnswer.decode(data);
      const told = iString === 0 ? '' : `, string ${iString}`;
      return `${statusName(bStatus)}, ${stateName(bState)}, poll ${bwPollTimeout} ms${told}`;
    }
    if (setup.bRequest === DfuRequest.GETSTATE) return stateName(data[0] ?? 0xff);
    const command = commandWords(setup, data);
    if (command !== undefined) return `${command} ${took}`.trim();
  }
  return `${data === undefined ? 'ok' : bytesWords(data)} ${took}`.trim();
}

function stateName(bState: number): string {
  return DFU_STATES[bState] ?? `state ${bState}`;
}

function statusName(bStatus: number): string {
  return DFU_STATUSES[bStatus] ?? `status ${bStatus}`;
}

/** What block 0 of a DfuSe device may ask for; of plain DFU it may look the same. */
function commandWords({ bRequest, wValue }: SetupPacket, data: Uint8Array): string | undefined {
  if (bRequest !== DfuRequest.DNLOAD || wValue !== 0 || data.length > 5) return undefined;
  try {
    const asked = decodeDfuSeCommand(data);
    const where = 'address' in asked ? ` ${hexNumber(asked.address, 8)}` : '';
    return `${bytesWords(data)} (DfuSe: ${asked.command}${where})`;
  } catch (error) {
    if (DfuError.is(error)) return undefined;
    throw error;
  }
}

function placeWords({ location, descriptor }: DeviceRecord): string {
  return `${printable(location.path)} [${formatUsbId(deviceDescriptor.decode(descriptor))}]`;
}

/** Texts of a file as a terminal may show them. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}

/** A trace as lines to read: time in seconds, device, what was asked, what came of it and how long that took. */
export function* traceLines({ header, records, torn }: Trace): Generator<string> {
  const marks = [
    header.payload === 'left-out' ? ', payload left out' : '',
    header.serials === 'masked' ? ', serial numbers masked' : '',
  ].join('');
  yield printable(
    `${header.tool}${header.started === undefined ? '' : `, ${header.started}`}${marks}`,
  );
  for (const [name, value] of Object.entries(header.about ?? {}))
    yield printable(`${name}: ${value}`);
  const who = new Who();
  for (const record of records) {
    who.learn(record);
    const words = recordWords(record);
    if (words === undefined) continue;
    const place = who.of(record);
    const time = 'ms' in record ? (record.ms / 1000).toFixed(6).padStart(12) : ' '.repeat(12);
    yield printable(`${time}  ${place.padEnd(who.width)}  ${words}`.trimEnd());
  }
  if (torn) yield 'the last line is cut short, and left out';
}

/** Which device a record is about. */
class Who {
  readonly #devices = new Map<number, string>();
  readonly #pipes = new Map<number, number>();
  width = 0;

  learn(record: TraceRecord): void {
    if (record.type === 'device') {
      const words = placeWords(record);
      this.#devices.set(record.device, words);
      this.width = Math.max(this.width, words.length);
    }
    if (record.type === 'open') this.#pipes.set(record.pipe, record.device);
  }

  of(record: TraceRecord): string {
    if ('device' in record) return this.#devices.get(record.device) ?? '';
    if ('pipe' in record) return this.#devices.get(this.#pipes.get(record.pipe) ?? 0) ?? '';
    return '';
  }
}

function recordWords(record: TraceRecord): string | undefined {
  if (record.type === 'device') return undefined;
  if (record.type === 'note') return record.text;
  if (record.type === 'enclosed') return `a trace of ${record.lines.length} lines is enclosed`;
  if (record.type === 'control') {
    const took = record.tookMs < 0.0005 ? '' : `  (${record.tookMs.toFixed(3)} ms)`;
    return `${requestWords(record.setup).padEnd(REQUEST_WIDTH)} ${answerWords(record)}${took}`;
  }
  const failed = 'error' in record && record.error !== undefined;
  return `${actWords(record)}${failed ? `: ${record.error.message}` : ''}`;
}

/** Where answers stand. */
const REQUEST_WIDTH = 42;

type Act = Exclude<TraceRecord, { readonly type: 'device' | 'control' | 'note' | 'enclosed' }>;

function actWords(record: Act): string {
  switch (record.type) {
    case 'list': {
      const { length } = record.devices;
      return `${length} ${length === 1 ? 'device' : 'devices'} on the bus`;
    }
    case 'claim':
    case 'release':
      return `${record.type} interface ${record.interface}`;
    case 'alternate':
      return `select alternate ${record.alternate} of interface ${record.interface}`;
    case 'reset':
      return `reset the port${record.port === undefined ? '' : `: ${record.port}`}`;
    case 'gone':
      return 'has left';
    case 'attached':
    case 'detached':
    case 'open':
    case 'close':
      return record.type;
    default:
      return record satisfies never;
  }
}
