import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../usb/index.ts';
import type { BusEvent, ControlPipe, ControlRequest } from '../../usb/index.ts';
import { FakeNative, FakeUsb } from '../../../test/support/fake-native-usb.ts';
import { Say } from '../../../test/support/scripted-device.ts';
import { nodeUsbBus } from './index.ts';

const nothing = new Uint8Array(0);

const vendorIn = (bRequest: number): ControlRequest => ({
  bmRequestType: 0xc0,
  bRequest,
  wValue: 0,
  wIndex: 0,
});
const vendorOut = (bRequest: number, wValue = 0): ControlRequest => ({
  bmRequestType: 0x40,
  bRequest,
  wValue,
  wIndex: 0,
});

interface Bench {
  readonly clock: VirtualClock;
  readonly usb: FakeUsb;
  readonly native: FakeNative;
  readonly bus: ReturnType<typeof nodeUsbBus>;
}

function bench(): Bench {
  const clock = new VirtualClock();
  const usb = new FakeUsb();
  const native = new FakeNative(clock);
  usb.devices.push(native);
  return { clock, usb, native, bus: nodeUsbBus({ clock, load: () => Promise.resolve({ usb }) }) };
}

async function open({ bus }: Bench): Promise<ControlPipe> {
  const [found] = await bus.list();
  if (found === undefined) throw new Error('nothing on the bus');
  return found.open();
}

/** Lets promises have their turn. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

describe('listing', () => {
  test('tells port path, speed and what the device is, without opening it', async () => {
    const { bus, native } = bench();
    expect(await bus.list()).toMatchObject([
      {
        location: { bus: 1, address: 5, path: '1-4.2' },
        speed: 'full',
        descriptor: { idVendor: 0x1209, bcdUSB: 0x0210, bcdDevice: 0x0123 },
      },
    ]);
    expect(native.log).toEqual([]);
  });

  test.each([
    ['win32', 4096],
    ['linux', undefined],
  ])('on %s a transfer at full speed has at most so many bytes: %s', async (platform, most) => {
    const { clock, usb } = bench();
    const bus = nodeUsbBus({ clock, platform, load: () => Promise.resolve({ usb }) });
    expect((await bus.list())[0]?.mostTransferBytes).toBe(most);
  });

  test('without /sys/bus/usb says that there is no USB, and what to do', async () => {
    const { bus, usb } = bench();
    usb.failure = '/sys/bus/usb/devices/ not found';
    await expect(bus.list()).rejects.toMatchObject({
      code: 'NO_USB',
      message: expect.stringMatching(/^this machine has no USB: .*over USB\/IP$/) as string,
    });
  });

  test('without the package says how to install it', async () => {
    const bus = nodeUsbBus({ load: () => Promise.reject(new Error("Cannot find package 'usb'")) });
    await expect(bus.list()).rejects.toMatchObject({
      code: 'NO_USB',
      message: expect.stringContaining('npm install usb') as string,
    });
  });
});

describe('opening', () => {
  test('reads the raw descriptors and configures what is not configured', async () => {
    const all = bench();
    const pipe = await open(all);
    expect(pipe.device.descriptor).toMatchObject({ iSerialNumber: 3, bcdUSB: 0x0200 });
    expect(all.native.log).toEqual(['open']);
    expect(all.native.scripted.log).toContain('device 18');
  });

  test('without permission prints the udev line', async () => {
    const all = bench();
    all.native.failures.set('open', 'failed to open device: Permission denied (os error 13)');
    await expect(open(all)).rejects.toMatchObject({
      code: 'ACCESS',
      message: expect.stringContaining(
        'SUBSYSTEM=="usb", ATTR{idVendor}=="1209", ATTR{idProduct}=="7d02"',
      ) as string,
    });
  });

  test('twice in one process is refused', async () => {
    const all = bench();
    await open(all);
    await expect(open(all)).rejects.toMatchObject({ code: 'BUSY' });
  });

  test('of a device that does not answer leaves nothing open', async () => {
    const all = bench();
    all.native.failures.set('transfer', 'endpoint stalled');
    await expect(open(all)).rejects.toMatchObject({ code: 'STALLED' });
    expect(all.native.log).toEqual(['open', 'claim 0', 'release 0', 'close']);
    expect(all.clock.nextMs).toBe(Infinity);
  });
});

describe('a control transfer', () => {
  test('carries data both ways, and none at all', async () => {
    const all = bench();
    const pipe = await open(all);
    expect(await pipe.controlOut(vendorOut(Say.memory), Uint8Array.of(1, 2))).toBe(2);
    expect(await pipe.controlIn(vendorIn(Say.memory), 64)).toEqual(Uint8Array.of(1, 2));
    expect(await pipe.controlOut(vendorOut(Say.memory), nothing)).toBe(0);
  });

  test('fails in three different ways', async () => {
    const all = bench();
    const pipe = await open(all);
    await expect(pipe.controlIn(vendorIn(Say.stall), 1)).rejects.toMatchObject({ code: 'STALLED' });

    const late = pipe.controlIn(vendorIn(Say.hold), 1, { timeoutMs: 40 });
    await settle();
    all.clock.advance(40);
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT' });

    const cut = pipe.controlIn(vendorIn(Say.hold), 1);
    await settle();
    all.native.port.unplug();
    await expect(cut).rejects.toMatchObject({ code: 'DISCONNECTED' });
    await pipe.gone;
  });

  test('that breaks is a disconnection if the device leaves right after', async () => {
    const all = bench();
    const pipe = await open(all);
    await settle();
    all.native.failures.set('transfer', 'hardware fault or protocol violation');
    const cut = pipe.controlIn(vendorIn(Say.memory), 1);
    await settle();
    all.usb.listeners.get('disconnect')?.({ device: all.native });
    await expect(cut).rejects.toMatchObject({ code: 'DISCONNECTED' });
  });

  test('that breaks while the device stays is a broken protocol', async () => {
    const all = bench();
    const pipe = await open(all);
    all.native.failures.set('transfer', 'hardware fault or protocol violation');
    const broken = pipe.controlIn(vendorIn(Say.memory), 1);
    await settle();
    all.clock.advance(200);
    await expect(broken).rejects.toMatchObject({ code: 'PROTOCOL' });
  });

  test('can be given up', async () => {
    const all = bench();
    const pipe = await open(all);
    const stop = new AbortController();
    const held = pipe.controlIn(vendorIn(Say.hold), 1, { signal: stop.signal });
    stop.abort();
    await expect(held).rejects.toMatchObject({ code: 'ABORTED' });
    const late = pipe.controlIn(vendorIn(Say.memory), 1, { signal: stop.signal });
    await expect(late).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

describe('interfaces', () => {
  test.each([
    ['interface is busy', 'BUSY'],
    ['failed to claim interface: Resource busy (os error 16)', 'BUSY'],
    ['Operation not permitted (os error 1)', 'ACCESS'],
    ['method not implemented', 'UNSUPPORTED'],
    ['claimInterface error: interface not found', 'NOT_FOUND'],
    ['something new', 'IO'],
  ])('claimed in vain: %s', async (message, code) => {
    const all = bench();
    const pipe = await open(all);
    all.native.failures.set('claim', message);
    await expect(pipe.claimInterface(0)).rejects.toMatchObject({ code });
  });

  test('always send SET_INTERFACE, and are released before the device is closed', async () => {
    const all = bench();
    const pipe = await open(all);
    await expect(pipe.selectAlternate(0, 1)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await pipe.claimInterface(0);
    await pipe.selectAlternate(0, 0);
    await pipe.close();
    await pipe.gone;
    expect(all.native.log).toEqual(['open', 'claim 0', 'alternate 0 0', 'release 0', 'close']);
    expect(all.clock.nextMs).toBe(Infinity);
  });
});

describe('a device that has left', () => {
  test('is let go of all the same: its file stays open as long as an interface is claimed', async () => {
    const all = bench();
    const pipe = await open(all);
    await settle();
    await pipe.claimInterface(0);
    all.usb.listeners.get('disconnect')?.({ device: all.native });
    await pipe.gone;
    all.native.log.length = 0;
    all.native.failures.set('release', 'No such device (os error 19)');
    await pipe.releaseInterface(0);
    await pipe.close();
    expect(all.native.log).toEqual(['release 0', 'close']);
    expect(await pipe.reset()).toBe('gone');
  });

  test('is known by what its operations say', async () => {
    const all = bench();
    const pipe = await open(all);
    all.native.failures.set('claim', 'device disconnected');
    await expect(pipe.claimInterface(0)).rejects.toMatchObject({ code: 'DISCONNECTED' });
    await pipe.gone;
    expect(all.clock.nextMs).toBe(Infinity);
  });
});

describe('a reset', () => {
  test('of a device that stays gives up the interfaces for it, and takes them again', async () => {
    const all = bench();
    const pipe = await open(all);
    await pipe.claimInterface(0);
    await pipe.selectAlternate(0, 1);
    all.native.log.length = 0;
    expect(await pipe.reset()).toBe('same');
    expect(all.native.log).toEqual(['release 0', 'reset', 'claim 0', 'alternate 0 1']);
  });

  test.each([
    ['brings other descriptors', (native: FakeNative) => (native.scripted.alternates = 1)],
    [
      'loses the device',
      (native: FakeNative) => native.failures.set('reset', 'No such device (os error 19)'),
    ],
  ])('that %s', async (_, prepare) => {
    const all = bench();
    const pipe = await open(all);
    prepare(all.native);
    expect(await pipe.reset()).toBe('gone');
    await pipe.gone;
    expect(all.native.log.at(-1)).toBe('close');
  });

  test('where the system has none says so, and the pipe goes on', async () => {
    const all = bench();
    const pipe = await open(all);
    all.native.failures.set('reset', 'operation not supported on this platform');
    await expect(pipe.reset()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(await pipe.controlIn(vendorIn(Say.memory), 1)).toHaveLength(0);
  });

  test('that the system refuses leaves the interfaces as they were', async () => {
    const all = bench();
    const pipe = await open(all);
    await pipe.claimInterface(0);
    await pipe.selectAlternate(0, 1);
    all.native.log.length = 0;
    all.native.failures.set('reset', 'operation not supported on this platform');
    await expect(pipe.reset()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(all.native.log).toEqual(['release 0', 'reset', 'claim 0', 'alternate 0 1']);
    await pipe.selectAlternate(0, 0);
  });

  test('after which an interface cannot be claimed again ends the pipe, and leaves nothing held', async () => {
    const all = bench();
    const pipe = await open(all);
    await pipe.claimInterface(0);
    all.native.log.length = 0;
    all.native.failures.set('claim', 'interface is busy');
    expect(await pipe.reset()).toBe('gone');
    await pipe.gone;
    expect(all.native.log).toEqual(['release 0', 'reset', 'claim 0', 'release 0', 'close']);
  });
});

describe('watching', () => {
  test('tells of the system’s events, once each', async () => {
    const all = bench();
    const events: BusEvent[] = [];
    const stop = all.bus.watch((event) => events.push(event));
    await settle();
    expect(events).toEqual([]);
    const other = new FakeNative(all.clock);
    other.address = 6;
    all.usb.devices = [other];
    all.usb.listeners.get('disconnect')?.({ device: all.native });
    all.usb.listeners.get('connect')?.({ device: other });
    all.clock.advance(500);
    await settle();
    expect(events.map(({ type }) => type)).toEqual(['detached', 'attached']);
    stop();
    expect(all.usb.listeners.size).toBe(0);
    expect(all.clock.nextMs).toBe(Infinity);
  });

  test('of a device that comes while the system is asked tells once, and not that it left', async () => {
    const all = bench();
    const events: BusEvent[] = [];
    all.bus.watch((event) => events.push(event));
    await settle();
    const other = new FakeNative(all.clock);
    other.address = 6;
    const { devices } = all.usb;
    all.usb.getDevices = () => {
      const before = [...devices];
      if (!devices.includes(other)) {
        devices.push(other);
        all.usb.listeners.get('connect')?.({ device: other });
      }
      return Promise.resolve(before);
    };
    expect(await all.bus.list()).toHaveLength(2);
    expect(events.map(({ type }) => type)).toEqual(['attached']);
  });

  test('adds no listener where there is no USB, since the package would end the process', async () => {
    const all = bench();
    const events: BusEvent[] = [];
    all.usb.failure = 'getDevices error: /sys/bus/usb/devices/ not found (errno 2)';
    all.bus.watch((event) => events.push(event));
    await settle();
    expect(all.usb.listeners.size).toBe(0);
    all.usb.failure = undefined;
    all.clock.advance(500);
    await settle();
    expect(all.usb.listeners.size).toBe(2);
    await all.bus.close();
  });

  test('looks for itself where the system has no events', async () => {
    const all = bench();
    const events: BusEvent[] = [];
    all.bus.watch((event) => events.push(event));
    const pipe = await open(all);
    await settle();
    all.usb.devices = [];
    all.clock.advance(500);
    await settle();
    expect(events).toEqual([{ type: 'detached', id: pipe.device.id }]);
    await pipe.gone;
    await expect(pipe.controlIn(vendorIn(Say.memory), 1)).rejects.toMatchObject({
      code: 'DISCONNECTED',
    });
    await all.bus.close();
    expect(all.clock.nextMs).toBe(Infinity);
  });
});
