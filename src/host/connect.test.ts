import { describe, expect, test } from 'vitest';
import { DfuError, fromHex } from '../bytes/index.ts';
import {
  ConnectBench,
  needsReset,
  runtimeWords,
  willDetach,
} from '../../test/support/connect-bench.ts';
import { ScriptedBusDevice, dfuStandard, onClock } from '../../test/support/scripted-pipe.ts';
import type { Answer, DeviceWords, StandardWords } from '../../test/support/scripted-pipe.ts';
import { enterDfuMode, find, parseDeviceIds, scan } from './index.ts';
import type { ConnectOptions, DfuSession } from './index.ts';

const dfuWords: StandardWords = {
  protocol: 2,
  serial: 'ABC',
  alternates: [{ name: 'Slot 0', functional: willDetach }, { name: 'Slot 1' }],
};

function runtimeDevice(answer: Answer = 'ok', more: DeviceWords = {}): ScriptedBusDevice {
  return new ScriptedBusDevice({
    id: 'run-time',
    descriptor: { idProduct: 0x7d00 },
    standard: dfuStandard(runtimeWords),
    script: [
      ['GETSTATUS', 'stall'],
      ['DETACH 255', answer],
    ],
    ...more,
  });
}

function dfuDevice(more: DeviceWords = {}): ScriptedBusDevice {
  return new ScriptedBusDevice({ id: 'dfu', standard: dfuStandard(dfuWords), ...more });
}

function connected(
  bench: ConnectBench,
  options: Partial<ConnectOptions> = {},
): Promise<DfuSession> {
  return bench.connected({ selection: { alternate: 1 }, ...options });
}

describe('from run-time to DFU mode', () => {
  test('departure dfu-util/waits-for-the-device: goes on as soon as it is back, with another id', async () => {
    const old = runtimeDevice();
    const parts = new ConnectBench(old);
    parts.exchange(old, [dfuDevice()], [20, 320]);
    const session = await connected(parts);
    expect(session.interface).toMatchObject({ mode: 'dfu', alternate: 1, deviceId: 'dfu' });
    expect(parts.clock.now()).toBe(320);
    expect(parts.events.map(({ type }) => type)).toEqual([
      'selected',
      'detaching',
      'returned',
      'selected',
    ]);
    expect(parts.events[2]).toMatchObject({ afterMs: 320 });
    expect(parts.bus.listeners).toBe(0);
  });

  test('of several alternates there one has to be named', async () => {
    const old = runtimeDevice();
    const parts = new ConnectBench(old);
    parts.exchange(old, [dfuDevice()], [20, 320]);
    await expect(connected(parts, { selection: {} })).rejects.toMatchObject({
      code: 'AMBIGUOUS',
      message: expect.stringMatching(
        /^More than one DFU interface matches: say which alternate/,
      ) as string,
      remedies: ['alternate'],
    });
  });

  test.each<Answer>(['stall', 'gone', 'broken', 'silent'])(
    'DETACH may end with %s if the device comes back',
    async (answer) => {
      const old = runtimeDevice(answer);
      const parts = new ConnectBench(old);
      parts.exchange(old, [dfuDevice()], [1, 100]);
      expect((await connected(parts)).interface.mode).toBe('dfu');
    },
  );

  test('bitWillDetach 0: resets the port, and finds what came back inside the reset', async () => {
    const parts = new ConnectBench();
    const old = runtimeDevice('ok', {
      standard: dfuStandard({ ...runtimeWords, alternates: [{ functional: needsReset }] }),
      reset: () => {
        parts.bus.detach('run-time');
        parts.bus.attach(dfuDevice());
        return 'gone';
      },
    });
    parts.bus.attach(old);
    expect((await connected(parts)).interface.mode).toBe('dfu');
    expect(parts.clock.now()).toBe(0);
    expect(old.log).toContain('reset');
  });

  test('bitWillDetach 1: no reset', async () => {
    const old = runtimeDevice();
    const parts = new ConnectBench(old);
    parts.exchange(old, [dfuDevice()], [20, 320]);
    await connected(parts);
    expect(old.log).not.toContain('reset');
  });

  test('on another port it is known by its serial number', async () => {
    const old = runtimeDevice();
    const parts = new ConnectBench(old);
    const stranger = dfuDevice({
      id: 'stranger',
      path: '1-1',
      standard: dfuStandard({ ...dfuWords, serial: 'XYZ' }),
    });
    parts.exchange(old, [stranger], [20, 100]);
    parts.clock.at(500, () => parts.bus.attach(dfuDevice({ path: '1-9' })));
    const session = await connected(parts);
    expect(session.interface.location.path).toBe('1-9');
  });

  test('a device that may not be opened at once is asked again', async () => {
    const old = runtimeDevice();
    const parts = new ConnectBench(old);
    const open = (): void => {
      if (parts.clock.now() < 700) throw new DfuError('ACCESS', 'udev is not there yet');
    };
    parts.exchange(old, [dfuDevice({ open })], [20, 320]);
    await connected(parts);
    expect(parts.clock.now()).toBeGreaterThanOrEqual(700);
    expect(parts.clock.now()).toBeLessThan(800);
  });

  test('a device that does not come back is given up, and it is said what came', async () => {
    const old = runtimeDevice('stall');
    const parts = new ConnectBench(old);
    parts.exchange(old, [runtimeDevice('stall', { id: 'again' })], [20, 320]);
    await expect(connected(parts)).rejects.toMatchObject({
      code: 'TIMEOUT',
      message:
        '[1209:7d00] at 1-4.2 did not come back in DFU mode within 10000 ms; it did not accept DFU_DETACH; seen since: [1209:7d00] at 1-4.2 in run-time mode',
    });
    expect(parts.clock.now()).toBe(10_000);
    expect(parts.bus.listeners).toBe(0);
  });

  test('a bus that tells nothing is looked at once more at the end', async () => {
    const old = runtimeDevice();
    const parts = new ConnectBench(old);
    parts.clock.at(50, () => {
      old.leave();
      parts.bus.devices.splice(0, 1, dfuDevice());
    });
    const session = await connected(parts, { returnMs: 2000 });
    expect(session.interface.mode).toBe('dfu');
    expect(parts.clock.now()).toBe(2000);
  });

  test('waiting for it can be cancelled', async () => {
    const old = runtimeDevice();
    const parts = new ConnectBench(old);
    const stop = new AbortController();
    parts.clock.at(500, () => stop.abort());
    await expect(connected(parts, { signal: stop.signal })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    expect(parts.clock.now()).toBe(500);
    expect(parts.bus.listeners).toBe(0);
  });

  test('an alternate that DFU mode does not have is not found', async () => {
    const old = runtimeDevice();
    const parts = new ConnectBench(old);
    parts.exchange(old, [dfuDevice()], [20, 320]);
    await expect(connected(parts, { selection: { alternate: 'Slot 7' } })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('name="Slot 1"') as string,
    });
  });

  test('uses wValue 1000 where the device names no time', async () => {
    const functional = fromHex('092109000040001001');
    const old = runtimeDevice('ok', {
      standard: dfuStandard({ ...runtimeWords, alternates: [{ functional }] }),
      script: [
        ['GETSTATUS', 'stall'],
        ['DETACH 1000', 'ok'],
      ],
    });
    const parts = new ConnectBench(old);
    parts.exchange(old, [dfuDevice()], [20, 320]);
    await connected(parts);
    expect(old.rest).toEqual([]);
  });

  test('says what it found', async () => {
    const old = runtimeDevice();
    const parts = new ConnectBench(old);
    parts.exchange(old, [dfuDevice()], [20, 320]);
    const { clock, bus } = parts;
    const work = async (): Promise<unknown> => {
      const { entries, devices } = await scan(bus, { clock });
      const [entry] = entries;
      const device = devices.get(entry?.deviceId ?? '');
      if (entry === undefined || device === undefined) throw new Error('nothing found');
      return enterDfuMode(bus, device, entry, { clock });
    };
    expect(await onClock(clock, work())).toMatchObject({
      device: { id: 'dfu' },
      entries: [{ alternate: 0 }, { alternate: 1 }],
    });
  });
});

describe('finding', () => {
  test('waits for a device if told to', async () => {
    const parts = new ConnectBench();
    parts.clock.at(4321, () => parts.bus.attach(dfuDevice()));
    const session = await connected(parts, { wait: true });
    expect(session.interface.alternate).toBe(1);
    expect(parts.clock.now()).toBe(4321);
    expect(parts.events.filter(({ type }) => type === 'waiting')).toHaveLength(1);
    expect(parts.bus.listeners).toBe(0);
  });

  test('does not wait where there are too many', async () => {
    const parts = new ConnectBench(dfuDevice());
    await expect(connected(parts, { wait: true, selection: {} })).rejects.toMatchObject({
      code: 'AMBIGUOUS',
    });
  });

  test('any alternate will do if told so, any device will not', async () => {
    const { clock, bus } = new ConnectBench(dfuDevice());
    const found = await onClock(clock, find(bus, { clock, anyAlternate: true }));
    expect(found.interface.alternate).toBe(0);
    bus.attach(dfuDevice({ id: 'second', path: '1-1' }));
    await expect(onClock(clock, find(bus, { clock, anyAlternate: true }))).rejects.toMatchObject({
      code: 'AMBIGUOUS',
    });
  });
});

describe('the suffix of a file', () => {
  const suffix = { idVendor: 0x1209, idProduct: 0x7d02, bcdDevice: 0x9999, bcdDFU: 0x0100 };

  test('must fit the device in either mode; bcdDevice is the firmware’s', async () => {
    expect((await connected(new ConnectBench(dfuDevice()), { suffix })).interface.idProduct).toBe(
      0x7d02,
    );
    const old = runtimeDevice();
    const parts = new ConnectBench(old);
    parts.exchange(old, [dfuDevice()], [20, 320]);
    await connected(parts, { suffix: { ...suffix, idProduct: 0x7d00 } });
  });

  test('refuses another device, unless forced', async () => {
    const other = { ...suffix, idProduct: 0x0001 };
    await expect(connected(new ConnectBench(dfuDevice()), { suffix: other })).rejects.toMatchObject(
      {
        code: 'REFUSED',
        message: expect.stringContaining('it is for 1209:0001, the device is 1209:7d02') as string,
      },
    );
    await connected(new ConnectBench(dfuDevice()), { suffix: other, force: true });
    await connected(new ConnectBench(dfuDevice()), { suffix: { ...other, idProduct: 0xffff } });
  });

  test('chooses between devices where the selection names no ids', async () => {
    const other = { id: 'other', path: '1-1', descriptor: { idProduct: 0x0001 } };
    const both = (): ConnectBench => new ConnectBench(dfuDevice(other), dfuDevice());
    expect((await connected(both(), { suffix })).interface.deviceId).toBe('dfu');
    const selection = { alternate: 1, ...parseDeviceIds(',1209:0001') };
    await expect(connected(both(), { suffix, selection })).rejects.toMatchObject({
      code: 'REFUSED',
    });
  });
});
