import { describe, expect, test } from 'vitest';
import { DfuError } from '../bytes/index.ts';
import { encodeTrace, encodeTraceRecord } from './ndjson.ts';
import { isTrace, readTrace } from './read-ndjson.ts';
import { serialMask, serialsIn, traceSerialsMasked } from './serials.ts';
import { tracePayloadLeftOut } from './payload.ts';
import { traceHeader } from './trace.ts';
import type { ControlRecord, TraceRecord } from './trace.ts';
import { traceLines } from './words.ts';

const header = traceHeader({ tool: 'a test', about: { node: 'v20' } });
const first = encodeTrace(header, []);
const descriptor = Uint8Array.from(Buffer.from('12010002000000400912027d000101020301', 'hex'));
const location = { bus: 1, address: 5, path: '1-4.2' };
const device: TraceRecord = {
  type: 'device',
  device: 1,
  id: 'x',
  location,
  speed: 'full',
  descriptor,
};
const open: TraceRecord = { type: 'open', ms: 0, tookMs: 0.5, device: 1, pipe: 1 };

function control(more: Partial<ControlRecord>, wValue = 0): ControlRecord {
  const setup = { bmRequestType: 0xa1, bRequest: 3, wValue, wIndex: 0, wLength: 6 };
  return { type: 'control', ms: 1, tookMs: 2, pipe: 1, setup, end: 'ok', ...more };
}

/** A string descriptor's answer. */
function string(text: string, length = 255, index = 3): ControlRecord {
  const whole = Buffer.concat([Buffer.of(2 + 2 * text.length, 3), Buffer.from(text, 'utf16le')]);
  const setup = {
    bmRequestType: 0x80,
    bRequest: 6,
    wValue: 0x300 + index,
    wIndex: 0x409,
    wLength: length,
  };
  return control({ setup, data: Uint8Array.from(whole.subarray(0, length)) });
}

const everything: TraceRecord[] = [
  device,
  { type: 'list', ms: 0, tookMs: 1, devices: [1] },
  open,
  {
    type: 'claim',
    ms: 1,
    tookMs: 0,
    pipe: 1,
    interface: 0,
    error: { code: 'BUSY', message: 'held' },
  },
  { type: 'alternate', ms: 1, tookMs: 0, pipe: 1, interface: 0, alternate: 2 },
  control({ data: Uint8Array.of(0, 5, 0, 0, 4, 0) }),
  control({ end: 'failed', error: { code: 'IO', message: 'broken' } }),
  control({ leftOut: { bytes: 64, sha256: new Uint8Array(32).fill(7) } }),
  control({
    setup: { bmRequestType: 0x21, bRequest: 1, wValue: 0, wIndex: 0, wLength: 5 },
    data: Uint8Array.of(0x21, 0, 0, 0, 8),
    taken: 4,
  }),
  { type: 'reset', ms: 2, tookMs: 3, pipe: 1, port: 'gone' },
  { type: 'release', ms: 3, tookMs: 0, pipe: 1, interface: 0 },
  { type: 'close', ms: 3, tookMs: 0, pipe: 1 },
  { type: 'gone', ms: 3, pipe: 1 },
  { type: 'detached', ms: 3, device: 1 },
  { type: 'attached', ms: 9.123, device: 1 },
  { type: 'note', text: 'a word' },
  { type: 'enclosed', lines: first.trimEnd().split('\n') },
];

describe('a trace of NDJSON', () => {
  test('is read as it was written', () => {
    const text = encodeTrace(header, everything);
    expect(readTrace(text)).toEqual({ header, records: everything, torn: false });
    expect(readTrace(Buffer.from(text))).toEqual({ header, records: everything, torn: false });
    expect([isTrace(Buffer.from(text)), isTrace(Buffer.from('{}'))]).toEqual([true, false]);
    // As an editor of Windows leaves it.
    const marked = Buffer.from(`\uFEFF${text}`);
    expect([isTrace(marked), readTrace(marked).header]).toEqual([true, header]);
  });

  test('is told in words', () => {
    const lines = [...traceLines({ header, records: everything, torn: true })].join('\n');
    for (const words of [
      'claim interface 0: held',
      'select alternate 2 of interface 0',
      'OK, dfuDNBUSY, poll 5 ms',
      'failed: broken',
      '(64 bytes left out)',
      '21 00 00 00 08 (DfuSe: set-address 0x08000000) took 4',
      'reset the port: gone',
      'has left',
      'a trace of 1 lines is enclosed',
      'the last line is cut short',
    ]) {
      expect(lines).toContain(words);
    }
  });

  test.each([
    ['', /line 1: expected the first line of a dfukit trace/],
    ['{}\n', /line 1: expected the first line/],
    ['[1]\n', /line 1: expected the first line/],
    [first.replace('"version":1', '"version":2'), /expected version 1, got 2/],
    [first.replace('whole', 'half'), /line 1, payload: expected one of whole, left-out/],
    [`${first}{}\n`, /line 2, type: expected one of device, list/],
    [`${first}x\n{}`, /line 2: expected an object of JSON/],
    [`${first}[]\n`, /line 2: expected a record/],
    [first + encodeTraceRecord(open), /line 2: no record before it tells of device 1/],
    [first + encodeTraceRecord(control({})), /no record before it tells of pipe 1/],
    [
      first + encodeTraceRecord(device).replace('1201', '0101'),
      /line 2, descriptor: device descriptor.bLength/,
    ],
    [
      first + encodeTraceRecord(device).replace('"device":1', '"device":1,"more":2'),
      /unknown key "more"/,
    ],
    [
      encodeTrace(header, [device, open, control({})]).replace('a103000000000600', 'a1'),
      /line 4, setup: setup packet: 1 bytes of 8/,
    ],
  ])('that is none is refused: %j', (text, message) => {
    expect(() => readTrace(text)).toThrow(DfuError);
    expect(() => readTrace(text)).toThrow(message);
  });
});

describe('serial numbers', () => {
  const serial = 'A1B2C3D4E5F6';

  test('are masked in their descriptor, in parts of it and wherever else they stand', () => {
    const raw = Uint8Array.from(Buffer.from(serial, 'hex'));
    const records = [
      device,
      open,
      string(serial),
      string(serial, 8),
      string(`Board ${serial}`, 255, 4),
      control({ data: Uint8Array.from([9, ...raw, 9]) }),
      control({ data: Uint8Array.from(Buffer.from(serial.toLowerCase())) }),
      control({ end: 'failed', error: { code: 'IO', message: `no ${serial}` } }),
      { type: 'note', text: `${Buffer.from(serial).toString('hex')} and ${serial.toLowerCase()}` },
      {
        type: 'enclosed',
        lines: encodeTrace(header, [device, open, string('INSIDE-77')])
          .trimEnd()
          .split('\n'),
      },
    ] satisfies TraceRecord[];
    const about = traceHeader({ tool: 'a test', about: { command: `-S ${serial}` } });
    const masked = traceSerialsMasked({ header: about, records, torn: false });
    const text = encodeTrace(masked.header, masked.records);
    expect(serialsIn(records)).toEqual([serial]);
    const forms = [serial, 'INSIDE-77'].flatMap((each) => [
      each,
      Buffer.from(each).toString('hex'),
      Buffer.from(each, 'utf16le').toString('hex'),
    ]);
    for (const form of forms) expect(text.toLowerCase()).not.toContain(form.toLowerCase());
    const [, , whole, part] = masked.records as ControlRecord[];
    expect(Buffer.from(whole?.data?.subarray(2) ?? []).toString('utf16le')).toBe('XXXXXXXXXXX1');
    expect(Buffer.from(part?.data?.subarray(2) ?? []).toString('utf16le')).toBe('XXX');
    expect(masked.header).toMatchObject({
      serials: 'masked',
      about: { command: '-S XXXXXXXXXXX1' },
    });
    expect(readTrace(text).records.length).toBe(records.length);
  });

  test('of a GD32 stand there in single bytes', () => {
    const setup = { bmRequestType: 0x80, bRequest: 6, wValue: 0x303, wIndex: 0x409, wLength: 255 };
    const odd = control({ setup, data: Uint8Array.of(6, 3, 0x33, 0x43, 0x42, 0x4a) });
    const masked = traceSerialsMasked({ header, records: [device, open, odd], torn: false });
    const [, , answer] = masked.records as ControlRecord[];
    expect(Buffer.from(answer?.data ?? []).toString('latin1')).toBe('\u0006\u0003XXX1');
  });

  test('that are short are masked in their descriptor alone', () => {
    const mask = serialMask(['7']);
    expect(mask.text('77')).toBe('77');
  });
});

test('payload is left out, commands and states are not', () => {
  const dnload = (wValue: number, data: Uint8Array): ControlRecord =>
    control({
      setup: { bmRequestType: 0x21, bRequest: 1, wValue, wIndex: 0, wLength: data.length },
      data,
    });
  const vendor = control({
    setup: { bmRequestType: 0xc0, bRequest: 9, wValue: 0, wIndex: 0, wLength: 8 },
    data: new Uint8Array(8),
  });
  const command = dnload(0, Uint8Array.of(0x41, 0, 0, 0, 8));
  const state = control({ data: new Uint8Array(6) });
  const records = [
    device,
    open,
    command,
    dnload(2, new Uint8Array(64)),
    dnload(3, Uint8Array.of(1)),
    vendor,
    state,
  ];
  const { header: bare, records: kept } = tracePayloadLeftOut({ header, records, torn: false });
  expect(bare.payload).toBe('left-out');
  expect(kept.slice(2)).toMatchObject([
    command,
    { leftOut: { bytes: 64, sha256: { length: 32 } } },
    { leftOut: { bytes: 1 } },
    { leftOut: { bytes: 8 } },
    state,
  ]);
  expect(kept[3]).not.toHaveProperty('data');
  expect(kept[4]).not.toHaveProperty('leftOut.sha256');
});
