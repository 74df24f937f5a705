import { expect, test } from 'vitest';
import { ScriptedBus, ScriptedBusDevice } from '../../test/support/scripted-pipe.ts';
import { VirtualClock } from '../usb/index.ts';
import { tracedBus } from './index.ts';
import type { TraceRecord } from './index.ts';

test('a bus that has to be asked is asked by way of its trace, which tells of the device', async () => {
  const clock = new VirtualClock();
  const inner = new ScriptedBus(new ScriptedBusDevice());
  expect(tracedBus(inner, clock, () => {})).toHaveProperty('request', undefined);
  let chosen = inner.devices[0];
  const records: TraceRecord[] = [];
  const asking = Object.assign(inner, { request: () => Promise.resolve(chosen) });
  const bus = tracedBus(asking, clock, (record) => records.push(record));
  const device = await bus.request?.([]);
  expect(records.map(({ type }) => type)).toEqual(['device']);
  expect(await bus.list()).toEqual([device]);
  const pipe = await device?.open();
  await pipe?.close();
  expect(records.map(({ type }) => type)).toContain('open');
  chosen = undefined;
  expect(await bus.request?.([])).toBeUndefined();
});
