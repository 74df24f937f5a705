import { describe, expect, test } from 'vitest';
import { bench, dfuse, idle, six, taken } from '../../test/support/host-bench.ts';
import {
  ScriptedBus,
  ScriptedBusDevice,
  dfuStandard,
  onClock,
  status,
} from '../../test/support/scripted-pipe.ts';
import type { Answer, DeviceWords, Line, StandardWords } from '../../test/support/scripted-pipe.ts';
import { DfuError } from '../bytes/index.ts';
import { VirtualClock } from '../usb/index.ts';
import { connect, download, downloadDfuSe, find, scan } from './index.ts';
import type { DfuInterface, DfuSession, TimeLimits } from './index.ts';

/* How long each patience of the host lasts, to the millisecond of a virtual clock. */

const busy = (pollMs: number): Line => ['GETSTATUS', status('dfuDNBUSY', { pollMs })];
const sending: Line = ['DNLOAD 0 4', 'ok'];

/** Downloads against the script: when it ended, and how. */
async function timed(
  script: readonly Line[],
  more: DeviceWords = {},
): Promise<{ ms: number; error: unknown }> {
  const { clock, session } = await bench(script, more);
  const work = onClock(clock, download(session, six));
  const error: unknown = await work.catch((reason: unknown) => reason);
  return { ms: clock.now(), error };
}

describe('one device', () => {
  test('no transfer takes more than five seconds', async () => {
    const { ms, error } = await timed([idle, ['DNLOAD 0 4', 'silent']]);
    expect(error).toMatchObject({ code: 'TIMEOUT' });
    expect(ms).toBe(5000);
  });

  test('a device that names no time is asked after 0, 1, 2 … 20 ms, and every 20 ms from then on', async () => {
    const script = [idle, sending, ...Array.from({ length: 24 }, () => busy(0)), taken];
    const { ms } = await timed([...script, ['DNLOAD 1 2', 'stall'], idle]);
    expect(ms).toBe((20 * 21) / 2 + 3 * 20);
  });

  test('behind a stalled question comes the pause that the device last asked for, of one second at most', async () => {
    const stall: Line = ['GETSTATUS', 'stall'];
    const end: Line[] = [taken, ['DNLOAD 1 2', 'stall'], idle];
    expect((await timed([idle, sending, busy(999), stall, ...end])).ms).toBe(2 * 999);
    expect((await timed([idle, sending, busy(7000), stall, ...end])).ms).toBe(7000 + 1000);
  });

  test('its own words about an error are waited for as long as a transfer may take, in all', async () => {
    const failed = status('dfuERROR', { bStatus: 8, iString: 5 });
    const { ms, error } = await timed([idle, sending, ['GETSTATUS', failed]], {
      standard: () => 'silent',
    });
    expect(error).toMatchObject({ code: 'DEVICE_STATUS' });
    expect(ms).toBe(5000);
  });

  test.each([
    ['2000 ms for it, it gets', 2000, 2020],
    ['more, it is left as it is', 2001, 20],
  ])('after Ctrl-C, a device that asks for %s', async (_, pollMs, ended) => {
    const stop = new AbortController();
    const script: Line[] = [
      idle,
      sending,
      busy(60_000),
      busy(pollMs),
      taken,
      ['ABORT', 'ok'],
      idle,
    ];
    const { clock, session, device } = await bench(script);
    clock.at(20, () => stop.abort());
    const work = onClock(clock, download(session, six, { signal: stop.signal }));
    await expect(work).rejects.toMatchObject({ code: 'ABORTED' });
    expect(clock.now()).toBe(ended);
    expect(device.rest).toHaveLength(ended === 20 ? 3 : 0);
  });
});

const words: StandardWords = {
  protocol: 2,
  serial: 'ABC',
  alternates: [{ name: 'Slot 0' }, { name: 'Slot 1' }],
};

describe('a bus', () => {
  test('a device that answers nothing holds a scan up for as long as a transfer may take', async () => {
    const clock = new VirtualClock();
    const device = new ScriptedBusDevice({ clock, standard: () => 'silent' });
    const { problems } = await onClock(clock, scan(new ScriptedBus(device), { clock }));
    expect(problems).toMatchObject([{ code: 'TIMEOUT' }]);
    expect(clock.now()).toBe(5000);
  });

  test('one that keeps its names to itself, for two such times', async () => {
    const clock = new VirtualClock();
    const names = Array.from({ length: 9 }, (_, at) => ({ name: `Slot ${at}` }));
    const honest = dfuStandard({ ...words, alternates: names });
    const standard = (request: Parameters<typeof honest>[0]): Answer =>
      request.wValue >> 8 === 3 ? 'silent' : honest(request);
    const device = new ScriptedBusDevice({ clock, standard });
    const { entries } = await onClock(clock, scan(new ScriptedBus(device), { clock }));
    expect(entries.map(({ name }) => name)).toEqual(names.map(() => 'UNKNOWN'));
    expect(clock.now()).toBe(10_000);
  });

  test('one that tells of nothing is looked at every second', async () => {
    const clock = new VirtualClock();
    const bus = new ScriptedBus();
    const device = new ScriptedBusDevice({ standard: dfuStandard(words) });
    clock.at(1001, () => bus.devices.push(device));
    await onClock(clock, find(bus, { clock, wait: true, anyAlternate: true }));
    expect(clock.now()).toBe(2000);
  });

  test('a device that has come and may not be opened is asked every 50 ms for two seconds', async () => {
    const clock = new VirtualClock();
    const old = new ScriptedBusDevice({
      id: 'run-time',
      standard: dfuStandard({ protocol: 1, alternates: [{}], serial: 'ABC' }),
      script: [
        ['GETSTATUS', 'stall'],
        ['DETACH 1000', 'ok'],
        ['GETSTATUS', 'stall'],
      ],
    });
    const bus = new ScriptedBus(old);
    const opened: number[] = [];
    const back = new ScriptedBusDevice({
      standard: dfuStandard(words),
      open: () => {
        opened.push(clock.now());
        throw new DfuError('ACCESS', 'udev never came');
      },
    });
    clock.at(100, () => {
      old.leave();
      bus.detach(old.id);
      bus.attach(back);
    });
    await expect(onClock(clock, connect(bus, { clock }))).rejects.toThrow('udev never came');
    expect(opened).toEqual(Array.from({ length: 41 }, (_, at) => 100 + at * 50));
  });
});

describe('limits phase by phase', () => {
  async function ended(
    script: readonly Line[],
    limits: TimeLimits,
    work: (session: DfuSession) => Promise<unknown>,
    entry?: DfuInterface,
  ): Promise<{ ms: number; error: unknown; result: unknown }> {
    const { clock, session } = await bench(script, {}, entry, limits);
    let [error, result]: [unknown, unknown] = [undefined, undefined];
    try {
      result = await onClock(clock, work(session));
    } catch (reason) {
      error = reason;
    }
    return { ms: clock.now(), error, result };
  }

  const send = (session: DfuSession): Promise<unknown> => download(session, six);

  test('transfer', async () => {
    const { ms, error } = await ended([idle, ['DNLOAD 0 4', 'silent']], { transferMs: 700 }, send);
    expect([ms, error]).toEqual([
      700,
      expect.objectContaining({ code: 'TIMEOUT', remedies: ['transfer-time'] }),
    ]);
  });

  test('busy', async () => {
    const script = [idle, sending, busy(600), busy(600)];
    const { ms, error } = await ended(script, { busyMs: 1000 }, send);
    expect([ms, error]).toEqual([
      600,
      expect.objectContaining({ code: 'TIMEOUT', remedies: ['busy-limit'] }),
    ]);
  });

  test('departure dfu-util/no-second-more: manifest: as long as it says, and its end is no failure', async () => {
    const sync: Line = ['GETSTATUS', status('dfuMANIFEST-SYNC', { pollMs: 600 })];
    const last: Line[] = [['DNLOAD 1 2', 'ok'], taken, ['DNLOAD 2 0', 'ok'], sync, sync];
    const script = [idle, sending, taken, ...last];
    const { ms, result } = await ended(script, { manifestMs: 1000, busyMs: 1 }, send);
    expect(result).toMatchObject({ ending: 'unconfirmed' });
    expect(ms).toBe(600);
  });

  test('manifest: one that does it before it answers has as long', async () => {
    const last: Line[] = [
      ['DNLOAD 1 2', 'ok'],
      taken,
      ['DNLOAD 2 0', 'ok'],
      ['GETSTATUS', 'silent'],
    ];
    const script = [idle, sending, taken, ...last];
    const { ms, result } = await ended(script, { manifestMs: 20_000 }, send);
    expect(result).toMatchObject({ ending: 'unconfirmed' });
    expect(ms).toBe(20_000 + 3000);
  });

  test.each([
    ['a sector', false, 'DNLOAD 0 5', 60_000],
    ['a sector', false, 'DNLOAD 0 5', 800],
    ['everything', true, 'DNLOAD 0 1', 800],
  ])('erase of %s: as long as it says (%s, %s, %i ms)', async (_, massErase, request, eraseMs) => {
    const script: Line[] = [idle, [request, 'ok'], ['GETSTATUS', 'silent']];
    const elements = [{ address: 0x08000000, data: six }];
    const erase = (session: DfuSession): Promise<unknown> =>
      downloadDfuSe(session, elements, { massErase, force: true });
    const { ms, error } = await ended(script, { eraseMs, transferMs: 2000 }, erase, dfuse);
    expect(error).toMatchObject({ code: 'TIMEOUT', remedies: ['erase-time'] });
    expect(ms).toBe(eraseMs);
  });

  test('descriptors, of a bus that is looked through and of a device that comes back', async () => {
    const clock = new VirtualClock();
    const device = new ScriptedBusDevice({ clock, standard: () => 'silent' });
    const limits = { descriptorMs: 300, transferMs: 9000 };
    const bus = new ScriptedBus(device);
    await expect(onClock(clock, find(bus, { clock, limits }))).rejects.toMatchObject({
      code: 'NOT_FOUND',
      remedies: ['descriptor-time'],
    });
    expect(clock.now()).toBe(300);
  });

  test('return', async () => {
    const clock = new VirtualClock();
    const old = new ScriptedBusDevice({
      standard: dfuStandard({ protocol: 1, alternates: [{}], serial: 'ABC' }),
      script: [
        ['GETSTATUS', 'stall'],
        ['DETACH 1000', 'ok'],
        ['GETSTATUS', 'stall'],
      ],
    });
    const work = connect(new ScriptedBus(old), { clock, limits: { returnMs: 2500 } });
    await expect(onClock(clock, work)).rejects.toMatchObject({
      code: 'TIMEOUT',
      remedies: ['return-time'],
      message: expect.stringContaining('within 2500 ms') as string,
    });
    expect(clock.now()).toBe(2500);
  });
});
