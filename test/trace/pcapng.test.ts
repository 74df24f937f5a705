import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toHex } from '../../src/bytes/index.ts';
import { scan } from '../../src/host/index.ts';
import { isIn } from '../../src/usb/index.ts';
import { encodePcapng } from '../../src/trace/index.ts';
import type { ControlRecord, TraceRecord } from '../../src/trace/index.ts';
import { need } from '../support/needs.ts';
import {
  dfuseDevice,
  flashDfuSe,
  flashMiniature,
  miniature,
  recorded,
} from '../support/recorded.ts';
import type { Recorded } from '../support/recorded.ts';
import { missingTshark } from './tshark.ts';

/*
 * Wireshark's own dissector is the judge of what is written for it.
 */

const folder = mkdtempSync(join(tmpdir(), 'dfukit-pcapng-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(name: string, { trace }: Recorded<unknown>): string {
  const path = join(folder, name);
  writeFileSync(path, encodePcapng(trace.header, trace.records));
  return path;
}

/** Wireshark asks a device's own class what its requests mean; of DFU's devices it has to be told. */
const asDfu = ['0x12097d00', '0x12097d02', '0x0483df11'].flatMap((product) => [
  '-d',
  `usb.product==${product},usbdfu`,
]);

/** One row a packet, with these fields. DFU's dissector (4.0) calls an empty block and what was stalled malformed. */
function rows(
  path: string,
  fields: readonly string[],
  filter = '',
  as: readonly string[] = asDfu,
): string[][] {
  const args = ['-r', path, ...as, '-T', 'fields', '-E', 'separator=|', '-E', 'occurrence=f'];
  const wanted = fields.flatMap((field) => ['-e', field]);
  const only = filter === '' ? [] : ['-Y', filter];
  const said = execFileSync('tshark', [...args, ...wanted, ...only], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 1 << 28,
  });
  return said
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('|'));
}

/** What is on the wire: transfers and the choice of alternates, and in front of each device what it is. */
function onWire(records: readonly TraceRecord[]): TraceRecord[] {
  return records.filter(({ type }) => ['control', 'alternate', 'device'].includes(type));
}

function controls(records: readonly TraceRecord[]): ControlRecord[] {
  return records.filter((record) => record.type === 'control');
}

const SETUP = ['usb.bmRequestType', 'usb.setup.bRequest', 'usb.setup.wLength'] as const;

describe('a trace as pcapng', () => {
  let plain: Recorded<unknown>;
  let dfuse: Recorded<unknown>;

  beforeAll(async () => {
    plain = await recorded(miniature(), flashMiniature);
    dfuse = await recorded(dfuseDevice(), flashDfuSe);
  });

  test('has two packets a transfer, of which none is malformed', (context) => {
    need(context, missingTshark());
    for (const [name, one] of [
      ['plain.pcapng', plain],
      ['dfuse.pcapng', dfuse],
    ] as const) {
      const path = fileOf(name, one);
      const packets = rows(path, ['usb.urb_type', 'usb.urb_id', 'usb.device_address']);
      expect(packets.length).toBe(2 * onWire(one.trace.records).length);
      expect(packets.filter(([type]) => type === "'S'" || type === 'S').length).toBe(
        packets.length / 2,
      );
      expect(rows(path, ['frame.number'], '_ws.malformed', [])).toEqual([]);
      const doubts = rows(
        path,
        ['frame.number', '_ws.expert.message'],
        '_ws.expert && !frame.comment',
        [],
      );
      expect(doubts).toEqual([]);
    }
  });

  test('has each setup packet as it was sent', (context) => {
    need(context, missingTshark());
    const path = fileOf('setup.pcapng', plain);
    const submitted = rows(path, SETUP, 'usb.urb_type == 83');
    const setups = onWire(plain.trace.records).map((record) => {
      if (record.type === 'device') return [0x80, 6, 18];
      if (record.type === 'alternate') return [1, 11, 0];
      const { setup } = record as ControlRecord;
      return [setup.bmRequestType, setup.bRequest, setup.wLength];
    });
    const hex = (value = 0): string => `0x${value.toString(16).padStart(2, '0')}`;
    // DFU's own dissector has its own fields for what follows bmRequestType.
    const isDfu = (type: unknown): boolean => type === 0x21 || type === 0xa1;
    expect(submitted).toEqual(
      setups.map(([type, request, length]) =>
        isDfu(type) ? [hex(type), '', ''] : [hex(type), String(request), String(length)],
      ),
    );
    const dfu = rows(
      path,
      ['usbdfu.command', 'usbdfu.length'],
      'usbdfu.command && usb.urb_type == 83',
    );
    expect(dfu).toEqual(
      setups
        .filter(([type]) => isDfu(type))
        .map(([, request, length]) => [String(request), String(length)]),
    );
    // Without a word about it they are class requests like any other.
    const plainly = execFileSync(
      'tshark',
      [
        '-r',
        path,
        '-T',
        'fields',
        ...SETUP.flatMap((field) => ['-e', field]),
        '-Y',
        'usb.setup.bRequest',
      ],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    );
    expect(
      plainly
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split('\t')),
    ).toEqual(
      setups.map(([type, request, length]) => [hex(type), String(request), String(length)]),
    );
  });

  test('shows descriptors, states and the bytes of the firmware', (context) => {
    need(context, missingTshark());
    const path = fileOf('meaning.pcapng', plain);
    const vendors = rows(path, ['usb.idVendor'], 'usb.idVendor').flat();
    const strings = rows(path, ['usb.bString'], 'usb.bString').flat();
    expect(new Set(vendors)).toEqual(new Set(['0x1209']));
    expect(strings).toContain('KEYSTONE');
    const classes = rows(path, ['usb.bInterfaceClass'], 'usb.bInterfaceClass').flat();
    expect(new Set(classes)).toEqual(new Set(['0xfe']));
    expect(rows(path, ['usbdfu.descriptor.wTransferSize'], 'usbdfu.descriptor').flat()).toContain(
      '64',
    );
    const states = rows(path, ['usbdfu.state'], 'usbdfu.state').flat();
    const answered = controls(plain.trace.records).filter(
      ({ setup, end }) => setup.bmRequestType === 0xa1 && setup.bRequest === 3 && end === 'ok',
    );
    expect(states).toEqual(answered.map(({ data }) => String(data?.[4])));
  });

  test('has the data stages byte for byte', (context) => {
    need(context, missingTshark());
    for (const [name, one] of [
      ['plain-data.pcapng', plain],
      ['dfuse-data.pcapng', dfuse],
    ] as const) {
      const path = fileOf(name, one);
      const raw = JSON.parse(
        execFileSync('tshark', ['-r', path, '-T', 'json', '-x'], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
          maxBuffer: 1 << 28,
        }),
      ) as readonly {
        readonly _source: { readonly layers: { readonly frame_raw: readonly [string] } };
      }[];
      const bytes = raw.map(({ _source }) => _source.layers.frame_raw[0].slice(128));
      const expected = onWire(one.trace.records).flatMap((record) => {
        if (record.type === 'device') return ['', toHex(record.descriptor)];
        if (record.type !== 'control') return ['', ''];
        const data = toHex(record.data ?? new Uint8Array(0));
        return isIn(record.setup) ? ['', data] : [data, ''];
      });
      expect(bytes).toEqual(expected);
    }
  });

  test('says how transfers ended as Linux does', (context) => {
    need(context, missingTshark());
    const path = fileOf('ends.pcapng', plain);
    const status = rows(path, ['usb.urb_status'], 'usb.urb_type == 67').flat();
    const codes = { ok: 0, stall: -32, timeout: -2, gone: -108, cancelled: -104, failed: -71 };
    const expected = onWire(plain.trace.records).map((record) =>
      record.type === 'control' ? String(codes[record.end]) : '0',
    );
    expect(status).toEqual(expected);
  });

  test('has stalls, time-outs and departures', async (context) => {
    need(context, missingTshark());
    const setup = { bmRequestType: 0xa1, bRequest: 3, wValue: 0, wIndex: 0, wLength: 6 };
    const looked = await recorded(miniature(), (bus, clock) => scan(bus, { clock }));
    const ends = ['stall', 'timeout', 'gone', 'cancelled', 'failed'] as const;
    const more = ends.map((end, at) => {
      return { type: 'control', ms: 100 + at, tookMs: 0.5, pipe: 1, setup, end } as const;
    });
    const path = join(folder, 'failed.pcapng');
    const { header, records } = looked.trace;
    writeFileSync(path, encodePcapng(header, [...records, ...more]));
    const failed = rows(
      path,
      ['usb.urb_status', 'frame.time_epoch'],
      'usb.urb_status < 0 && usb.urb_type == 67',
    );
    expect(failed.slice(-5).map(([status]) => status)).toEqual([
      '-32',
      '-2',
      '-108',
      '-104',
      '-71',
    ]);
    expect(rows(path, ['frame.number'], '_ws.malformed', [])).toEqual([]);
    // 2026-11-30T12:00:00Z, and 104.5 ms.
    expect(Number(failed.at(-1)?.[1])).toBeCloseTo(Date.UTC(2026, 10, 30, 12) / 1000 + 0.1045, 6);
  });
});
