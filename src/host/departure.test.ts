import { expect, test } from 'vitest';
import { end, idle, six, sixSent } from '../../test/support/host-bench.ts';
import {
  ScriptedBus,
  ScriptedBusDevice,
  dfuStandard,
  onClock,
  status,
} from '../../test/support/scripted-pipe.ts';
import type { Line } from '../../test/support/scripted-pipe.ts';
import { DfuError, fromHex } from '../bytes/index.ts';
import { VirtualClock } from '../usb/index.ts';
import { flashFile } from './index.ts';
import type { HostEvent, SendEnding } from './index.ts';

/* Whether a device that has gone has left is looked after on its bus. */

const functional = fromHex('09210b000104001001');
const loader = dfuStandard({ protocol: 2, alternates: [{ functional }] });
const application = dfuStandard({ protocol: 1, alternates: [{ functional }] });
const script: Line[] = [...sixSent, end, ['GETSTATUS', status('dfuMANIFEST', { pollMs: 20 })]];

interface Flashed {
  readonly ending: SendEnding;
  readonly notes: readonly string[];
  readonly ms: number;
}

/** Something happens to the bus while the device manifests, or later. */
async function flashed(happens: (bus: ScriptedBus, clock: VirtualClock) => void): Promise<Flashed> {
  const clock = new VirtualClock();
  const lines: Line[] = [...script, ['GETSTATUS', 'gone']];
  const device = new ScriptedBusDevice({ clock, standard: loader, script: lines });
  const bus = new ScriptedBus(device);
  const notes: string[] = [];
  const onEvent = (event: HostEvent): void => {
    if (event.type === 'note') notes.push(event.message);
  };
  clock.at(10, () => happens(bus, clock));
  const ending = await onClock(clock, flashFile(bus, six, { clock, onEvent }));
  return { ending, notes, ms: clock.now() };
}

const another = (id: string, standard: typeof loader): ScriptedBusDevice =>
  new ScriptedBusDevice({ id, standard });

test('one that is not there any more has left, after a second for it to come back', async () => {
  const { ending, notes, ms } = await flashed((bus) => bus.detach('device-1'));
  expect([ending.ending, notes, ms]).toEqual(['left', [], 1020]);
});

test('one that comes back in run-time mode has, as soon as it is there', async () => {
  const { ending, ms } = await flashed((bus, clock) => {
    bus.detach('device-1');
    clock.at(400, () => bus.attach(another('application', application)));
  });
  expect([ending.ending, ms]).toEqual(['left', 420]);
});

test('one that is still there in DFU mode is given five seconds, and has not', async () => {
  const { ending, notes, ms } = await flashed(() => {});
  expect(ending).toMatchObject({ ending: 'unconfirmed', bytes: 6, finalState: 'dfuMANIFEST' });
  expect(notes).toEqual(['the device has gone, and is there in DFU mode']);
  expect(ms).toBe(5020);
});

test('a loader that waits at each start before it goes on has not failed', async () => {
  const { ending, ms } = await flashed((bus, clock) => {
    bus.detach('device-1');
    clock.at(100, () => bus.attach(another('loader', loader)));
    clock.at(3000, () => bus.detach('loader'));
  });
  expect(ending.ending).toBe('left');
  expect(ms).toBe(3020);
});

test('one that came anew and that somebody else holds is its application', async () => {
  const { ending, notes, ms } = await flashed((bus, clock) => {
    bus.detach('device-1');
    const held = new ScriptedBusDevice({
      id: 'again',
      open: () => {
        throw new DfuError('ACCESS', 'not for you');
      },
    });
    clock.at(100, () =>
      bus.attach(Object.assign(held, { location: { ...held.location, address: 6 } })),
    );
  });
  expect([ending.ending, notes, ms]).toEqual(['left', [], 1020]);
});

test('a bus that answers no more leaves it open', async () => {
  const { ending, notes, ms } = await flashed((bus) => {
    bus.list = () => Promise.reject(new DfuError('IO', 'nobody answers'));
  });
  expect(ending.ending).toBe('unconfirmed');
  expect(notes).toEqual(['whether the device has left is not known: nobody answers']);
  expect(ms).toBe(1020);
});

test('what the device has said itself is not looked after', async () => {
  const clock = new VirtualClock();
  const lines: Line[] = [...script, idle];
  const device = new ScriptedBusDevice({ clock, standard: loader, script: lines });
  const { ending } = await onClock(clock, flashFile(new ScriptedBus(device), six, { clock }));
  expect([ending, clock.now()]).toEqual(['manifested', 20]);
});
