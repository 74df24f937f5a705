import { afterEach, describe, expect, test } from 'vitest';
import { STATUS, VirtualClock } from '../../usb/index.ts';
import type { BusDevice, BusEvent, ControlRequest, UsbBus } from '../../usb/index.ts';
import { Say, ScriptedDevice } from '../../../test/support/scripted-device.ts';
import { until } from '../../../test/support/sockets.ts';
import { UsbipServer, usbipBus } from './index.ts';

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

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function bench(): Promise<{
  clock: VirtualClock;
  server: UsbipServer;
  bus: UsbBus;
  device: ScriptedDevice;
  port: number;
}> {
  const clock = new VirtualClock();
  const server = new UsbipServer({ clock, port: 0 });
  closers.push(() => server.close());
  const { port } = await server.listen();
  const device = new ScriptedDevice();
  server.add(device);
  const bus = usbipBus({ host: '127.0.0.1', port, clock });
  closers.push(() => bus.close());
  return { clock, server, bus, device, port };
}

async function first(bus: UsbBus): Promise<BusDevice> {
  const [found] = await bus.list();
  if (found === undefined) throw new Error('nothing on the bus');
  return found;
}

describe('client and server', () => {
  test('list what is attached, with bus ids of their own', async () => {
    const { bus, server } = await bench();
    const other = new ScriptedDevice();
    other.speed = 'high';
    server.add(other, { busId: '3-4.2' });
    const absent = new ScriptedDevice();
    absent.attachOnConnect = false;
    server.add(absent);
    const found = await bus.list();
    expect(found.map(({ location, speed }) => [location.path, location.bus, speed])).toEqual([
      ['1-1', 1, 'full'],
      ['3-4.2', 3, 'high'],
    ]);
    expect(found[0]?.descriptor).toMatchObject({ idVendor: 0x1209, idProduct: 0x7d02 });
  });

  test('list a device of each speed, on a bus of any number', async () => {
    const { bus, server } = await bench();
    for (const [at, speed] of (['low', 'high', 'super'] as const).entries()) {
      const other = new ScriptedDevice();
      other.speed = speed;
      server.add(other, { busId: `40000-${at + 1}` });
    }
    const found = await bus.list();
    expect(found.map(({ speed }) => speed)).toEqual(['full', 'low', 'high', 'super']);
    // The device id of its URBs has 32 bits, the bus number in the upper 16.
    const pipe = await found[3]?.open();
    expect(await pipe?.controlOut(vendorOut(Say.memory), Uint8Array.of(1))).toBe(1);
  });

  test('carry data both ways, and configure the device once', async () => {
    const { bus, device } = await bench();
    const pipe = await (await first(bus)).open();
    expect(pipe.device.descriptor).toMatchObject({ iSerialNumber: 3, bcdUSB: 0x0200 });
    const block = Uint8Array.from({ length: 65535 }, (_, at) => at % 251);
    expect(await pipe.controlOut(vendorOut(Say.memory), block)).toBe(65535);
    expect(await pipe.controlIn(vendorIn(Say.memory), 65535)).toEqual(new Uint8Array(block));
    expect(await pipe.controlIn(vendorIn(Say.memory), 3)).toHaveLength(3);
    expect(await pipe.controlOut(vendorOut(Say.memory), nothing)).toBe(0);
    await pipe.close();
    await (await first(bus)).open();
    expect(device.log.filter((line) => line.startsWith('configuration'))).toHaveLength(1);
    expect(device.log).not.toContain('reset');
  });

  test('fail in three different ways', async () => {
    const { bus, clock, device, server } = await bench();
    const pipe = await (await first(bus)).open();
    await expect(pipe.controlIn(vendorIn(Say.stall), 1)).rejects.toMatchObject({ code: 'STALLED' });

    const setups: number[] = [];
    const setup = device.setup.bind(device);
    device.setup = (packet) => {
      setups.push(packet.bRequest);
      return setup(packet);
    };
    const late = pipe.controlIn(vendorIn(Say.hold), 4, { timeoutMs: 50 });
    await until(() => setups.includes(Say.hold));
    clock.advance(50);
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT' });
    // What was given up does not block what comes next, nor does its answer go anywhere.
    device.store = Uint8Array.of(5);
    const next = pipe.controlIn(vendorIn(Say.memory), 4);
    await until(() => setups.includes(Say.memory));
    device.release({ stage: 'in', data: Uint8Array.of(1) });
    expect(await next).toEqual(new Uint8Array([5]));

    const cut = pipe.controlIn(vendorIn(Say.hold), 4);
    await until(() => setups.filter((each) => each === Say.hold).length === 2);
    server.devices[0]?.unplug();
    await expect(cut).rejects.toMatchObject({ code: 'DISCONNECTED' });
    clock.advance(20);
    await pipe.gone;
    await expect(pipe.controlIn(vendorIn(Say.memory), 1)).rejects.toMatchObject({
      code: 'DISCONNECTED',
    });
    expect(clock.nextMs).toBe(Infinity);
  });

  test('hold a transfer until the device answers, or the caller cancels', async () => {
    const { bus, device } = await bench();
    const pipe = await (await first(bus)).open();
    const write = pipe.controlOut(vendorOut(Say.memory), Uint8Array.of(0xff, 1));
    await until(() => device.log.includes('data 2'));
    device.release(STATUS);
    expect(await write).toBe(2);
    const stop = new AbortController();
    const held = pipe.controlIn(vendorIn(Say.hold), 1, { signal: stop.signal });
    stop.abort();
    await expect(held).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await pipe.controlIn(vendorIn(Say.memory), 2)).toEqual(new Uint8Array([0xff, 1]));
  });

  test('let one importer have a device', async () => {
    const { bus, server } = await bench();
    const found = await first(bus);
    const pipe = await found.open();
    expect(server.devices[0]?.imported).toBe(true);
    await expect(found.open()).rejects.toMatchObject({ code: 'BUSY' });
    await pipe.close();
    await until(() => server.devices[0]?.imported === false);
    await (await found.open()).close();
  });

  test('claim and select alternates', async () => {
    const { bus } = await bench();
    const pipe = await (await first(bus)).open();
    await expect(pipe.selectAlternate(0, 1)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await pipe.claimInterface(0);
    await pipe.selectAlternate(0, 1);
    await expect(pipe.selectAlternate(0, 2)).rejects.toMatchObject({ code: 'STALLED' });
    await pipe.releaseInterface(0);
    await expect(pipe.selectAlternate(0, 1)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('reset: the device sees it, and gets its alternate back', async () => {
    const { bus, device } = await bench();
    const pipe = await (await first(bus)).open();
    await pipe.claimInterface(0);
    await pipe.selectAlternate(0, 1);
    device.log.length = 0;
    expect(await pipe.reset()).toBe('same');
    expect(device.log).toEqual(['reset', 'device 18', 'configuration 1', 'alternate 0 1']);
  });

  test('reset into another device (mode switch by reset)', async () => {
    const { bus, clock } = await bench();
    const events: BusEvent[] = [];
    bus.watch((event) => events.push(event));
    const found = await first(bus);
    const pipe = await found.open();
    await pipe.controlOut(vendorOut(Say.change, 0x1111), nothing);
    expect(await pipe.reset()).toBe('gone');
    await pipe.gone;
    expect(events).toEqual([{ type: 'detached', id: found.id }]);
    await until(() => {
      clock.advance(100);
      return events.length === 2;
    });
    const [, event] = events;
    if (event?.type !== 'attached') throw new Error('expected it to attach');
    expect(event.device.descriptor.idProduct).toBe(0x1111);
    expect(event.device.location.path).toBe('1-1');
    await event.device.open();
  });

  test('leave and come back (mode switch by detaching)', async () => {
    const { bus, clock, server } = await bench();
    const events: BusEvent[] = [];
    const stop = bus.watch((event) => events.push(event));
    const found = await first(bus);
    const pipe = await found.open();
    expect(await pipe.controlOut(vendorOut(Say.leave, 300), nothing)).toBe(0);
    expect(server.devices[0]?.attached).toBe(false);
    await expect(found.open()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await until(() => {
      clock.advance(20);
      return events.length === 2;
    });
    await pipe.gone;
    expect(clock.now()).toBeGreaterThanOrEqual(300);
    expect(events[0]).toEqual({ type: 'detached', id: found.id });
    const [, event] = events;
    if (event?.type !== 'attached') throw new Error('expected it to attach');
    expect(event.device.id).not.toBe(found.id);
    await expect(found.open()).rejects.toMatchObject({ code: 'DISCONNECTED' });
    await event.device.open();
    stop();
    await bus.close();
    await server.close();
    // Nothing is left behind, once the last sockets are closed.
    await until(() => clock.nextMs === Infinity);
  });

  test('tell of a server that goes and comes back', async () => {
    const { bus, clock, device, port, server } = await bench();
    const events: BusEvent[] = [];
    const found = await first(bus);
    bus.watch((event) => events.push(event));
    await server.close();
    await until(() => {
      clock.advance(100);
      return events.length === 1;
    });
    expect(events).toEqual([{ type: 'detached', id: found.id }]);
    const again = new UsbipServer({ clock, port });
    closers.push(() => again.close());
    again.add(device);
    await again.listen();
    await until(() => {
      clock.advance(100);
      return events.length === 2;
    });
    const [, event] = events;
    if (event?.type !== 'attached') throw new Error('expected it to attach');
    // The server tells the same of it as before, and yet it had gone: who waits for it takes it for news.
    expect(event.device.location).toEqual(found.location);
    expect(event.device.id).not.toBe(found.id);
    await expect(found.open()).rejects.toMatchObject({ code: 'DISCONNECTED' });
    await event.device.open();
  });

  test('say in a sentence that nobody answers', async () => {
    const { bus, port, server } = await bench();
    await server.close();
    await expect(bus.list()).rejects.toMatchObject({
      code: 'IO',
      message: `nobody answers at 127.0.0.1:${port}: is a USB/IP server running?`,
    });
  });

  test('refuse a second server on the same port', async () => {
    const { clock, port } = await bench();
    const second = new UsbipServer({ clock, port });
    await expect(second.listen()).rejects.toMatchObject({ code: 'BUSY' });
  });

  test('refuse bus ids that are taken or none', async () => {
    const { server } = await bench();
    expect(() => server.add(new ScriptedDevice(), { busId: '1-1' })).toThrow('1-1 is taken');
    for (const busId of ['', 'x', '1', `1-${'1'.repeat(30)}`, '99999-1', '1-1\n']) {
      expect(() => server.add(new ScriptedDevice(), { busId })).toThrow(
        'expected a bus and a port',
      );
    }
  });
});
