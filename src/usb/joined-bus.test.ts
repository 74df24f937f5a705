import { expect, test } from 'vitest';
import { DfuError } from '../bytes/index.ts';
import { ScriptedBus, ScriptedBusDevice } from '../../test/support/scripted-pipe.ts';
import { joinedBus } from './index.ts';
import type { BusEvent, UsbBus } from './index.ts';

const two = (): readonly [ScriptedBus, ScriptedBus] => [
  new ScriptedBus(new ScriptedBusDevice()),
  new ScriptedBus(new ScriptedBusDevice()),
];

const joined = (left: UsbBus, right: UsbBus, told: string[] = []): UsbBus =>
  joinedBus(
    [
      { station: 'left', bus: left },
      { station: 'right', bus: right },
    ],
    {
      onTrouble: (station, error) =>
        told.push(`${station}: ${error instanceof Error ? error.message : 'well'}`),
    },
  );

test('the same port of two buses is two places, and a device stays the same object', async () => {
  const bus = joined(...two());
  const devices = await bus.list();
  expect(devices.map(({ id, location }) => [id, location.path, location.station])).toEqual([
    ['left#device-1', 'left/1-4.2', 'left'],
    ['right#device-1', 'right/1-4.2', 'right'],
  ]);
  expect((await bus.list())[1]).toBe(devices[1]);
});

test('an open pipe is of the device by its name on the joined bus, and carries transfers', async () => {
  const [, device] = await joined(...two()).list();
  const pipe = await device?.open();
  expect(pipe?.device.id).toBe('right#device-1');
  await pipe?.claimInterface(0);
  await pipe?.selectAlternate(0, 1);
  expect(await pipe?.reset()).toBe('same');
  await pipe?.releaseInterface(0);
  await pipe?.close();
});

test('what comes and goes is told by the same names, until nobody listens', async () => {
  const [left, right] = two();
  const bus = joined(left, right);
  const [device] = await bus.list();
  const events: BusEvent[] = [];
  const stop = bus.watch((event) => events.push(event));
  const old = left.devices[0];
  left.detach('device-1');
  if (old !== undefined) left.attach(old);
  expect(events).toEqual([
    { type: 'detached', id: 'left#device-1' },
    { type: 'attached', device },
  ]);
  stop();
  expect([left.listeners, right.listeners]).toEqual([0, 0]);
});

test('a bus that cannot be reached is told once and costs the others nothing; it may come later', async () => {
  const [left, right] = two();
  const told: string[] = [];
  const well = right.list.bind(right);
  right.list = () => Promise.reject(new DfuError('IO', 'nobody answers'));
  const bus = joined(left, right, told);
  expect(await bus.list()).toHaveLength(1);
  // It does not answer at all now: nobody waits for it.
  right.list = () => new Promise(() => {});
  expect(await bus.list()).toHaveLength(1);
  expect(told).toEqual(['right: nobody answers']);

  const other: string[] = [];
  const later = joined(left, right, other);
  right.list = () => Promise.reject(new DfuError('IO', 'nobody answers'));
  await later.list();
  right.list = well;
  await later.list();
  expect(await later.list()).toHaveLength(2);
  expect(other).toEqual(['right: nobody answers', 'right: well']);
});

test('where no bus answers, the first says why', async () => {
  const [left, right] = two();
  left.list = () => Promise.reject(new DfuError('IO', 'left is dark'));
  right.list = () => Promise.reject(new DfuError('IO', 'right is dark'));
  const bus = joined(left, right);
  await expect(bus.list()).rejects.toThrow('left is dark');
  await expect(bus.list()).rejects.toThrow('left is dark');
});

test('one bus alone stays as it is', () => {
  const [left] = two();
  expect(joinedBus([{ station: 'left', bus: left }])).toBe(left);
});

test('one that has to be asked makes a bus that has to be, and its devices have their names', async () => {
  const [left, right] = two();
  expect(joined(left, right)).toHaveProperty('request', undefined);
  const asked: unknown[] = [];
  const asking: UsbBus = Object.assign(right, {
    request: (filters: unknown) => {
      asked.push(filters);
      return Promise.resolve(asked.length === 1 ? right.devices[0] : undefined);
    },
  });
  const bus = joined(left, asking);
  const [, device] = await bus.list();
  expect(await bus.request?.([{ vendorId: 0x1209 }])).toBe(device);
  expect(await bus.request?.([])).toBeUndefined();
  expect(asked).toEqual([[{ vendorId: 0x1209 }], []]);
});
