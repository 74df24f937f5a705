import { describe, expect, test } from 'vitest';
import { DfuError } from '../../src/bytes/index.ts';
import { DFU_STATES } from '../../src/dfu/index.ts';
import {
  COMPATIBLE,
  Device,
  DfuSeMode,
  DfuSeRam,
  SwitchableDevice,
} from '../../src/device/index.ts';
import { findDevices, flash } from '../../src/flasher/index.ts';
import type { FlashDeviceOptions } from '../../src/flasher/index.ts';
import { outcomeOf } from '../../src/host/index.ts';
import { LoopbackBus } from '../../src/link/loopback/index.ts';
import { VirtualClock } from '../../src/usb/index.ts';
import type {
  BusEvent,
  CancelSignal,
  SetupPacket,
  UsbBus,
  UsbDevice,
} from '../../src/usb/index.ts';
import { MiniatureBoard } from '../support/miniature-board.ts';
import { turn } from '../support/same-thread.ts';

/* `flash` cancelled at each transfer, and at each moment in between: the device is left idle, and nothing is left behind. */

const image = Uint8Array.from({ length: 3000 }, (_, at) => (at * 7) ^ (at >> 8));
const all = { canDnload: true, canUpload: true, manifestationTolerant: true, willDetach: true };

/** A signal that counts who listens. */
class CountingSignal implements CancelSignal {
  aborted = false;
  readonly reason = undefined;
  readonly listeners = new Set<() => void>();
  addEventListener(_: 'abort', listener: () => void): void {
    this.listeners.add(listener);
  }
  removeEventListener(_: 'abort', listener: () => void): void {
    this.listeners.delete(listener);
  }
  abort(): void {
    this.aborted = true;
    for (const listener of this.listeners) listener();
  }
}

/** Tells of each transfer before the device gets it. */
function overheard(device: UsbDevice, hear: (packet: SetupPacket) => void): UsbDevice {
  return new Proxy(device, {
    get(target, key) {
      if (key === 'setup') {
        return (packet: SetupPacket) => {
          hear(packet);
          return target.setup(packet);
        };
      }
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
}

/** A bus that counts who watches. */
function watched(bus: UsbBus, watchers: Set<object>): UsbBus {
  return {
    list: () => bus.list(),
    close: () => bus.close(),
    watch(listener: (event: BusEvent) => void) {
      const stop = bus.watch(listener);
      watchers.add(stop);
      return () => {
        watchers.delete(stop);
        stop();
      };
    },
  };
}

interface Case {
  readonly device: () => UsbDevice;
  readonly options: FlashDeviceOptions;
}

function loaderOf(ms: number): UsbDevice {
  const functional = { wTransferSize: 1024 };
  const memory = new DfuSeRam({ layout: '@Flash /0x08000000/16*001Kg', eraseMs: ms });
  const identity = { idVendor: 0x0483, idProduct: 0xdf11, serial: 'ST' };
  const functions = [new DfuSeMode({ functional, memories: [memory] })];
  return new SwitchableDevice(new Device({ identity, configurations: [{ functions }] }));
}

const board = (starts?: 'loader'): UsbDevice =>
  new MiniatureBoard(all, 1024, COMPATIBLE, { starts }).device;

const cases: Readonly<Record<string, Case>> = {
  'plain DFU, read back': {
    device: () => board('loader'),
    options: { alternate: 1, verify: true },
  },
  'plain DFU, what differs': {
    device: () => board('loader'),
    options: { alternate: 1, changedOnly: true },
  },
  'from run-time mode': { device: () => board(), options: { alternate: 1 } },
  'and back to it': {
    device: () => board('loader'),
    options: { alternate: 1, detach: true, waitAppMs: 5000 },
  },
  'DfuSe, read back': { device: () => loaderOf(5), options: { address: 0x08000000, verify: true } },
  'DfuSe, what differs': {
    device: () => loaderOf(5),
    options: { address: 0x08000000, changedOnly: true, verify: true },
  },
};

interface Run {
  /** Transfers that the device saw, and how long it took, in ms. */
  readonly transfers: number;
  readonly ms: number;
  readonly error: unknown;
  /** The state that the device is in, if it is in DFU mode. */
  readonly state: string | undefined;
}

/** Cancels at that transfer, or at that time. */
async function run({ device, options }: Case, when: { at?: number; ms?: number }): Promise<Run> {
  const clock = new VirtualClock();
  const signal = new CountingSignal();
  const watchers = new Set<object>();
  let transfers = -Infinity;
  const cable = new LoopbackBus(clock);
  cable.plug(
    overheard(device(), () => {
      if (transfers === when.at) signal.abort();
      transfers += 1;
    }),
  );
  const bus = watched(cable, watchers);
  const done = <T>(work: Promise<T>): Promise<T> => clock.run(work, turn);
  const [found] = await done(findDevices({ bus, clock }));
  if (found === undefined) throw new Error('no device');
  transfers = 0;
  const startMs = clock.now();
  if (when.ms !== undefined) clock.at(startMs + when.ms, () => signal.abort());
  let error: unknown;
  try {
    await done(flash(found, image, { ...options, clock, signal }));
  } catch (thrown) {
    error = thrown;
  }
  const [sent, ms] = [transfers, clock.now() - startMs];
  transfers = -Infinity;
  expect({ listeners: signal.listeners.size, watchers: watchers.size }).toEqual({
    listeners: 0,
    watchers: 0,
  });
  return { transfers: sent, ms, error, state: await stateOf(bus, done) };
}

async function stateOf(
  bus: UsbBus,
  done: <T>(work: Promise<T>) => Promise<T>,
): Promise<string | undefined> {
  // One that is just going to its other mode.
  for (let rounds = 0; rounds < 20 && (await bus.list()).length === 0; rounds += 1) await turn();
  const [device] = await bus.list();
  if (device === undefined) return undefined;
  const pipe = await done(device.open());
  try {
    await pipe.claimInterface(0);
    const setup = { bmRequestType: 0xa1, bRequest: 3, wValue: 0, wIndex: 0 };
    const [, , , , state = 0] = await done(pipe.controlIn(setup, 6));
    return DFU_STATES[state];
  } catch (error) {
    if (DfuError.is(error, 'DISCONNECTED')) return undefined;
    throw error;
  } finally {
    await pipe.close();
  }
}

function judge(where: string, { error, state }: Run): void {
  const isCancelled = DfuError.is(error, 'ABORTED');
  if (error !== undefined && !isCancelled) throw error;
  const outcome = isCancelled ? outcomeOf(error) : 'unchanged';
  expect(`${where}: ${outcome}`).toMatch(/: (unchanged|partly-written|unconfirmed)$/);
  expect(`${where}: in ${state}`).toMatch(/: in (undefined|appIDLE|appDETACH|dfuIDLE)$/);
}

describe.each(Object.entries(cases))('%s', (_, each) => {
  test('cancelled at each transfer', async () => {
    const { transfers } = await run(each, {});
    expect(transfers).toBeGreaterThan(10);
    for (let at = 0; at < transfers; at += 1) judge(`transfer ${at}`, await run(each, { at }));
  });

  test('cancelled at each moment', async () => {
    const { ms: whole } = await run(each, {});
    expect(whole).toBeGreaterThan(5);
    for (let ms = 0; ms < Math.min(whole, 120); ms += 1) {
      judge(`${ms} ms`, await run(each, { ms }));
    }
  });
});
