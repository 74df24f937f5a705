import {
  DfuError,
  Utf8Reader,
  amountShape,
  choiceShape,
  fromHex,
  listShape,
  madeShape,
  may,
  need,
  objectShape,
  parseJson,
  pathText,
  readShape,
  recordShape,
  textShape,
  usual,
  wholeShape,
} from '../bytes/index.ts';
import type { Shape, ShapePath, ShapePlace } from '../bytes/index.ts';
import { deviceDescriptor, setupPacket } from '../usb/index.ts';
import { TRACE_TYPE, TRACE_VERSION } from './ndjson.ts';
import type { Trace, TraceHeader, TraceRecord } from './trace.ts';

/** Longest line, in characters: a transfer has 65535 bytes at most, and an enclosed trace is many lines. */
const MOST_LINE = 256 * 1024 * 1024;
/** Most records: of a download of 1 GiB in blocks of 4 KiB there are half a million. */
const MOST_RECORDS = 4_000_000;
const MOST_MS = Number.MAX_SAFE_INTEGER;
const MOST_NUMBER = 0xffff_ffff;

const hex = (expected: string, mostBytes: number): Shape<Uint8Array> =>
  madeShape(textShape(expected, { pattern: /^(?:[0-9a-f]{2})*$/, most: 2 * mostBytes }), (text) =>
    fromHex(text),
  );

const ms = need(amountShape(0, MOST_MS, 'ms'), 'when it began');
const tookMs = need(amountShape(0, MOST_MS, 'ms'), 'how long it took');
const number = (about: string): { shape: Shape<number>; about: string; needed: true } =>
  need(wholeShape(1, MOST_NUMBER), about);
const problem = objectShape('an error', {
  code: need(textShape('a code', { most: 64 }), 'its code'),
  message: need(textShape('a sentence', { most: 65_536 }), 'its sentence'),
});
const error = may(problem, 'why it failed');
const byte = need(wholeShape(0, 255), 'a byte');
const pipe = number('the pipe');
const device = number('the device');

/** Bytes that an interface of the package takes apart, or an error that says where they stand. */
function decoded<T>(shape: Shape<Uint8Array>, decode: (bytes: Uint8Array) => T): Shape<T> {
  return madeShape(shape, (bytes, place) => {
    try {
      return decode(bytes);
    } catch (wrong) {
      if (!DfuError.is(wrong)) throw wrong;
      throw place.fault(place.path, wrong.message);
    }
  });
}

const setup = decoded(hex('the 8 bytes of a setup packet in hex', 8), (bytes) =>
  setupPacket.decode(bytes),
);

/** What is checked to be a device descriptor. */
const descriptor = decoded(hex('a device descriptor in hex', 255), (bytes) => {
  deviceDescriptor.decode(bytes);
  return bytes;
});

const location = objectShape('a place on the bus', {
  bus: need(wholeShape(0, 65_535), 'its bus'),
  address: need(wholeShape(0, 65_535), 'its address'),
  path: need(textShape('bus and ports', { most: 255 }), 'bus and ports'),
  station: may(textShape('a bus by name'), 'which bus'),
});

const shapes: Readonly<Record<TraceRecord['type'], Shape<object>>> = {
  device: objectShape('a device', {
    device,
    id: need(textShape('its id'), 'its id'),
    location: need(location, 'where it is'),
    speed: need(choiceShape(['low', 'full', 'high', 'super']), 'its speed'),
    descriptor: need(descriptor, 'its device descriptor'),
    mostTransferBytes: may(wholeShape(1, MOST_NUMBER), 'what its system carries at a time'),
  }),
  list: objectShape('a listing', {
    ms,
    tookMs,
    devices: need(listShape(wholeShape(1, MOST_NUMBER), { most: 65_536 }), 'what was there'),
    error,
  }),
  attached: objectShape('an arrival', { ms, device }),
  detached: objectShape('a departure', { ms, device }),
  open: objectShape('an opening', { ms, tookMs, device, pipe, error }),
  claim: objectShape('a claim', { ms, tookMs, pipe, interface: byte, error }),
  release: objectShape('a release', { ms, tookMs, pipe, interface: byte, error }),
  alternate: objectShape('an alternate', {
    ms,
    tookMs,
    pipe,
    interface: byte,
    alternate: byte,
    error,
  }),
  reset: objectShape('a reset', {
    ms,
    tookMs,
    pipe,
    port: may(choiceShape(['same', 'gone']), 'what came back'),
    error,
  }),
  close: objectShape('a closing', { ms, tookMs, pipe, error }),
  gone: objectShape('a departure', { ms, pipe }),
  control: objectShape('a control transfer', {
    ms,
    tookMs,
    pipe,
    setup: need(setup, 'its setup packet'),
    end: need(
      choiceShape(['ok', 'stall', 'timeout', 'gone', 'cancelled', 'failed']),
      'how it ended',
    ),
    data: may(hex('the bytes of the data stage in hex', 65_535), 'its data stage'),
    leftOut: may(
      objectShape('what was left out', {
        bytes: need(wholeShape(0, 65_535), 'how many bytes'),
        sha256: may(hex('a SHA-256 in hex', 32), 'their SHA-256'),
      }),
      'instead of the data stage',
    ),
    taken: may(wholeShape(0, 65_535), 'how many bytes the device took'),
    error,
  }),
  note: objectShape('a note', { text: need(textShape('a sentence', { most: 65_536 }), 'it') }),
  enclosed: objectShape('a trace', {
    lines: need(
      listShape(textShape('a line', { most: MOST_LINE }), { most: MOST_RECORDS }),
      'its lines',
    ),
  }),
};

const header: Shape<TraceHeader> = objectShape('the first line of a trace', {
  tool: need(textShape('a program with its version'), 'what wrote it'),
  started: may(textShape('a time', { pattern: /^[0-9T:.Z+-]{1,40}$/ }), 'when its times are 0'),
  payload: usual(choiceShape(['whole', 'left-out']), 'whether firmware is in it', 'whole'),
  serials: usual(choiceShape(['whole', 'masked']), 'whether serial numbers are', 'whole'),
  polls: usual(choiceShape(['exact', 'free']), 'how a replay takes it', 'exact'),
  about: may(
    recordShape(
      'names and values',
      { keys: /^[\w .-]{1,64}$/, words: 'a name', most: 256 },
      textShape('a text', { most: 65_536 }),
    ),
    'versions and the like',
  ),
});

/** Where in a file something stands, for what is thrown about it. */
function placeOf(line: number): ShapePlace {
  const fault = (path: ShapePath, words: string): DfuError => {
    const where = path.length === 0 ? '' : `, ${pathText(path)}`;
    return new DfuError('MALFORMED', `trace, line ${line}${where}: ${words}`);
  };
  return { path: [], fault };
}

function readHeader(first: unknown): TraceHeader {
  const place = placeOf(1);
  const words = 'expected the first line of a dfukit trace';
  if (typeof first !== 'object' || first === null || Array.isArray(first)) {
    throw place.fault([], words);
  }
  const { type, version, ...rest } = first as Readonly<Record<string, unknown>>;
  if (type !== TRACE_TYPE) throw place.fault([], words);
  if (version !== TRACE_VERSION) {
    const message = `trace: expected version ${TRACE_VERSION}, got ${JSON.stringify(version)}; read it with the dfukit that wrote it`;
    throw new DfuError('UNSUPPORTED', message);
  }
  return readShape(header, rest, place);
}

function readRecord(value: unknown, line: number): TraceRecord {
  const place = placeOf(line);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw place.fault([], 'expected a record, an object');
  }
  const { type, ...rest } = value as Readonly<Record<string, unknown>>;
  const known = Object.keys(shapes) as TraceRecord['type'][];
  const name = readShape(choiceShape(known), type, { ...place, path: ['type'] });
  return { type: name, ...readShape(shapes[name], rest, place) } as TraceRecord;
}

/** A line as JSON; undefined if it is none. */
function parsed(line: string): { readonly value: unknown } | undefined {
  try {
    return { value: parseJson(line) };
  } catch {
    return undefined;
  }
}

/**
 * Reads a trace of NDJSON. A last line that is cut short is left out, and told. Throws `MALFORMED` with the line
 * where it is no such trace or its records do not fit together, `UNSUPPORTED` for another version.
 */
export function readTrace(file: Uint8Array | string): Trace {
  const text = typeof file === 'string' ? file : new Utf8Reader().read(file);
  const ends = text.endsWith('\n');
  const lines = text.split('\n');
  if (ends) lines.pop();
  if (lines.length > MOST_RECORDS) {
    throw new DfuError('MALFORMED', `trace: expected at most ${MOST_RECORDS} lines`);
  }
  const [first = '', ...rest] = lines;
  const records: TraceRecord[] = [];
  const known = new References();
  const head = readHeader(parsed(first)?.value);
  let torn = false;
  for (const [at, line] of rest.entries()) {
    const found = parsed(line);
    const isLast = at === rest.length - 1;
    if (found === undefined && isLast && !ends) torn = true;
    else if (found === undefined) throw placeOf(at + 2).fault([], 'expected an object of JSON');
    else {
      const record = readRecord(found.value, at + 2);
      known.check(record, at + 2);
      records.push(record);
    }
  }
  return { header: head, records, torn };
}

/** Devices and pipes that have been told of. */
class References {
  readonly #devices = new Set<number>();
  readonly #pipes = new Set<number>();

  /** Throws `MALFORMED` for what means a device or a pipe that nothing has told of. */
  check(record: TraceRecord, line: number): void {
    const missing = (what: string): DfuError =>
      placeOf(line).fault([], `no record before it tells of ${what}`) as DfuError;
    if (record.type === 'device') this.#devices.add(record.device);
    else if (record.type === 'list') {
      const stranger = record.devices.find((each) => !this.#devices.has(each));
      if (stranger !== undefined) throw missing(`device ${stranger}`);
    } else if ('device' in record && !this.#devices.has(record.device)) {
      throw missing(`device ${record.device}`);
    }
    if (record.type === 'open') this.#pipes.add(record.pipe);
    else if ('pipe' in record && !this.#pipes.has(record.pipe)) {
      throw missing(`pipe ${record.pipe}`);
    }
  }
}

/** Whether a file begins as a trace of NDJSON does. */
export function isTrace(file: Uint8Array): boolean {
  const start = new Utf8Reader().read(file.subarray(0, 64));
  return start.replace(/^\uFEFF/, '').startsWith(`{"type":"${TRACE_TYPE}"`);
}
