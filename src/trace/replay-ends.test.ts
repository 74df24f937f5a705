import { describe, expect, test } from 'vitest';
import { VirtualClock, sleep } from '../usb/index.ts';
import type { BusEvent, ControlPipe, SetupPacket } from '../usb/index.ts';
import {
  ScriptedBus,
  ScriptedBusDevice,
  onClock,
  status,
} from '../../test/support/scripted-pipe.ts';
import {
  encodePcapng,
  encodeTrace,
  readTrace,
  replayBus,
  traceHeader,
  tracedBus,
} from './index.ts';
import type { ControlRecord, ReplayBus, TraceRecord } from './index.ts';

const header = traceHeader({ tool: 'a test' });
const descriptor = Uint8Array.from(Buffer.from('12010002000000400912027d000101020301', 'hex'));
const GETSTATUS: SetupPacket = {
  bmRequestType: 0xa1,
  bRequest: 3,
  wValue: 0,
  wIndex: 0,
  wLength: 6,
};

function device(number: number, path = '1-1'): TraceRecord {
  const location = { bus: 1, address: number, path };
  return { type: 'device', device: number, id: `d${number}`, location, speed: 'full', descriptor };
}

const before: TraceRecord[] = [
  device(1),
  { type: 'list', ms: 0, tookMs: 0, devices: [1] },
  { type: 'open', ms: 0, tookMs: 0, device: 1, pipe: 1 },
];

function control(more: Partial<ControlRecord>): ControlRecord {
  return { type: 'control', ms: 10, tookMs: 5, pipe: 1, setup: GETSTATUS, end: 'ok', ...more };
}

interface Played {
  readonly clock: VirtualClock;
  readonly bus: ReplayBus;
  readonly pipe: ControlPipe;
}

/** Plays records, with the first device open. */
async function played(...records: readonly TraceRecord[]): Promise<Played> {
  const clock = new VirtualClock();
  const trace = { header, records: [...before, ...records], torn: false };
  const bus = replayBus(trace, { clock });
  const [first] = await bus.list();
  if (first === undefined) throw new Error('nothing there');
  return { clock, bus, pipe: await first.open() };
}

describe('a transfer of a replay', () => {
  test.each([
    ['stall', {}, 'STALLED', 5],
    ['timeout', {}, 'TIMEOUT', 1000],
    ['gone', {}, 'DISCONNECTED', 5],
    ['failed', { error: { code: 'BUSY', message: 'held' } }, 'BUSY', 5],
    ['failed', { error: { code: 'nonsense', message: 'odd' } }, 'IO', 5],
  ] as const)('ends as it did: %s %j', async (end, more, code, afterMs) => {
    const { clock, pipe, bus } = await played(control({ end, ...more }));
    const work = onClock(clock, pipe.controlIn(GETSTATUS, 6, { timeoutMs: 1000 }));
    await expect(work).rejects.toMatchObject({ code });
    expect(clock.now()).toBe(afterMs);
    expect(bus.departure).toBeUndefined();
    expect((await bus.list()).length).toBe(end === 'gone' ? 0 : 1);
  });

  test('brings what it brought, and takes what was taken', async () => {
    const setup = { bmRequestType: 0x21, bRequest: 1, wValue: 0, wIndex: 0, wLength: 4 };
    const data = Uint8Array.of(1, 2, 3, 4);
    const { clock, pipe, bus } = await played(
      control({ data: status('dfuIDLE') }),
      control({ ms: 20, setup, data, taken: 3 }),
    );
    expect(await onClock(clock, pipe.controlIn(GETSTATUS, 6))).toEqual(status('dfuIDLE'));
    expect(bus.rest).toEqual(['DFU_DNLOAD block 0, 4 bytes']);
    expect(await onClock(clock, pipe.controlOut(setup, data))).toBe(3);
    expect(bus.rest).toEqual([]);
  });

  test('that was left out is told, and what departs has departed', async () => {
    const upload = { bmRequestType: 0xa1, bRequest: 2, wValue: 0, wIndex: 0, wLength: 64 };
    const { clock, pipe, bus } = await played(
      control({ setup: upload, leftOut: { bytes: 64 } }),
      control({ ms: 20 }),
    );
    const asked = onClock(clock, pipe.controlIn(upload, 64));
    await expect(asked).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(pipe.controlIn(upload, 64)).rejects.toMatchObject({ code: 'REPLAY' });
    await expect(pipe.controlIn(GETSTATUS, 6)).rejects.toBe(bus.departure);
    await expect(pipe.reset()).rejects.toBe(bus.departure);
    const strange = { bmRequestType: 0x80, bRequest: 6, wValue: 0xff00, wIndex: 0 };
    await expect(pipe.controlIn(strange, 8)).rejects.toThrow(/GET_DESCRIPTOR 0xff 0, 8 bytes/);
  });

  test('that somebody gave up is answered by nobody', async () => {
    const { clock, pipe } = await played(control({ end: 'cancelled' }));
    const giving = new AbortController();
    const work = pipe.controlIn(GETSTATUS, 6, { signal: giving.signal });
    const gives = sleep(clock, 100).then(() => giving.abort());
    await expect(onClock(clock, work)).rejects.toMatchObject({ code: 'ABORTED' });
    await gives;
  });
});

describe('a port of a replay', () => {
  test('brings the next device as long after the reset as it came', async () => {
    const { clock, pipe, bus } = await played(
      { type: 'claim', ms: 1, tookMs: 0, pipe: 1, interface: 0 },
      { type: 'alternate', ms: 2, tookMs: 1, pipe: 1, interface: 0, alternate: 1 },
      { type: 'reset', ms: 10, tookMs: 20, pipe: 1, port: 'gone' },
      device(2),
      { type: 'attached', ms: 110, device: 2 },
      {
        type: 'open',
        ms: 111,
        tookMs: 0,
        device: 2,
        pipe: 2,
        error: { code: 'ACCESS', message: 'no' },
      },
    );
    const events: string[] = [];
    const stop = bus.watch((event: BusEvent) => events.push(`${event.type} ${clock.now()}`));
    await pipe.claimInterface(0);
    await onClock(clock, pipe.selectAlternate(0, 1));
    expect(await onClock(clock, pipe.reset())).toBe('gone');
    await onClock(clock, sleep(clock, 200));
    expect(events).toEqual(['detached 21', 'attached 101']);
    const [next] = await bus.list();
    await expect(next?.open()).rejects.toMatchObject({ code: 'ACCESS' });
    stop();
    await bus.close();
    expect(await bus.list()).toEqual([]);
  });

  test('refuses what it refused', async () => {
    const held = { code: 'BUSY', message: 'held' };
    const { pipe, clock } = await played(
      { type: 'claim', ms: 1, tookMs: 0, pipe: 1, interface: 0, error: held },
      { type: 'claim', ms: 1, tookMs: 0, pipe: 1, interface: 0 },
      {
        type: 'alternate',
        ms: 2,
        tookMs: 0,
        pipe: 1,
        interface: 0,
        alternate: 1,
        error: { code: 'STALLED', message: 'no' },
      },
      { type: 'reset', ms: 3, tookMs: 0, pipe: 1, error: { code: 'UNSUPPORTED', message: 'none' } },
    );
    await expect(pipe.claimInterface(0)).rejects.toMatchObject({ code: 'BUSY' });
    await pipe.claimInterface(0);
    await expect(pipe.selectAlternate(0, 1)).rejects.toMatchObject({ code: 'STALLED' });
    await expect(onClock(clock, pipe.reset())).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  test('tells that the bus could not be asked', async () => {
    const clock = new VirtualClock();
    const error = { code: 'NO_USB', message: 'none here' };
    const records: TraceRecord[] = [{ type: 'list', ms: 0, tookMs: 0, devices: [], error }];
    const bus = replayBus({ header, records, torn: false }, { clock });
    await expect(bus.list()).rejects.toMatchObject({ code: 'NO_USB', message: 'none here' });
  });

  test('has a device that came while nobody watched, when it was seen', async () => {
    const { clock, pipe, bus } = await played(
      control({ setup: { ...GETSTATUS, bmRequestType: 0x21, bRequest: 0, wLength: 0 } }),
      { type: 'close', ms: 16, tookMs: 0, pipe: 1 },
      device(2),
      { type: 'list', ms: 60, tookMs: 0, devices: [2] },
    );
    await onClock(
      clock,
      pipe.controlOut({ ...GETSTATUS, bmRequestType: 0x21, bRequest: 0 }, new Uint8Array(0)),
    );
    expect((await bus.list()).map(({ location }) => location.address)).toEqual([1]);
    await onClock(clock, sleep(clock, 50));
    expect((await bus.list()).map(({ location }) => location.address)).toEqual([2]);
    await pipe.gone;
  });
});

describe('a traced bus', () => {
  test('tells what fails, what leaves and what comes, and passes all of it on', async () => {
    const clock = new VirtualClock();
    const script = [
      ['GETSTATUS', 'stall'],
      ['GETSTATUS', 'silent'],
      ['GETSTATE', 'broken'],
      ['CLRSTATUS', 'ok'],
      ['GETSTATUS', 'gone'],
    ] as const;
    const one = new ScriptedBusDevice({ clock, script, reset: () => 'same' });
    const inner = new ScriptedBus(one);
    const records: TraceRecord[] = [];
    const bus = tracedBus(inner, clock, (record) => records.push(record));
    const events: string[] = [];
    const stops = [1, 2].map(() => bus.watch(({ type }) => events.push(type)));
    const [listed] = await bus.list();
    const pipe = await listed?.open();
    if (pipe === undefined) throw new Error('nothing there');
    expect(pipe.device.id).toBe(one.id);
    await pipe.claimInterface(0);
    await pipe.selectAlternate(0, 1);
    await pipe.releaseInterface(0);
    expect(await pipe.reset()).toBe('same');
    await expect(pipe.controlIn(GETSTATUS, 6)).rejects.toMatchObject({ code: 'STALLED' });
    const silent = onClock(clock, pipe.controlIn(GETSTATUS, 6, { timeoutMs: 50 }));
    await expect(silent).rejects.toMatchObject({ code: 'TIMEOUT' });
    await expect(pipe.controlIn({ ...GETSTATUS, bRequest: 5 }, 1)).rejects.toMatchObject({
      code: 'IO',
    });
    await pipe.controlOut({ ...GETSTATUS, bmRequestType: 0x21, bRequest: 4 }, new Uint8Array(0));
    await expect(pipe.controlIn(GETSTATUS, 6)).rejects.toMatchObject({ code: 'DISCONNECTED' });
    await pipe.gone;
    inner.detach(one.id);
    inner.attach(new ScriptedBusDevice({ id: 'device-2' }));
    for (const stop of stops) stop();
    expect(inner.listeners).toBe(0);
    await pipe.close();
    await bus.close();
    expect(events).toEqual(['detached', 'detached', 'attached', 'attached']);
    const told = records.map((record) => ('end' in record ? record.end : record.type)).join(' ');
    expect(told).toBe(
      'device list open claim alternate release reset stall timeout failed ok gone gone detached device attached close',
    );
    expect(records.find((record) => 'end' in record && record.end === 'timeout')).toMatchObject({
      tookMs: 50,
      setup: GETSTATUS,
    });
    expect(readTrace(encodeTrace(header, records)).records).toEqual(records);
    // Two packets for each of five transfers, an alternate, and two devices; each of at least 96 bytes.
    expect(encodePcapng(header, records).length).toBeGreaterThan(16 * 96);
  });

  test('tells that it cannot be listed or opened', async () => {
    const clock = new VirtualClock();
    const records: TraceRecord[] = [];
    const open = (): void => {
      throw new Error('defect');
    };
    const inner = new ScriptedBus(new ScriptedBusDevice({ clock, open }));
    const bus = tracedBus(inner, clock, (record) => records.push(record));
    const [listed] = await bus.list();
    await expect(listed?.open()).rejects.toThrow('defect');
    expect(records.at(-1)).toMatchObject({ type: 'open', error: { code: 'INTERNAL' } });
  });
});
