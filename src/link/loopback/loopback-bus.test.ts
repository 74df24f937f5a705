import { describe, expect, test } from 'vitest';
import { STATUS, VirtualClock } from '../../usb/index.ts';
import type { BusEvent, ControlPipe, ControlRequest } from '../../usb/index.ts';
import { Say, ScriptedDevice } from '../../../test/support/scripted-device.ts';
import { LoopbackBus } from './index.ts';
import type { LoopbackOptions } from './index.ts';

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
const nothing = new Uint8Array(0);

interface Bench {
  readonly clock: VirtualClock;
  readonly bus: LoopbackBus;
  readonly device: ScriptedDevice;
  readonly events: BusEvent[];
  readonly plug: ReturnType<LoopbackBus['plug']>;
}

function bench(options?: LoopbackOptions): Bench {
  const clock = new VirtualClock();
  const bus = new LoopbackBus(clock, options);
  const device = new ScriptedDevice();
  const events: BusEvent[] = [];
  bus.watch((event) => events.push(event));
  const plug = bus.plug(device);
  return { clock, bus, device, events, plug };
}

async function open(bus: LoopbackBus): Promise<ControlPipe> {
  const [found] = await bus.list();
  if (found === undefined) throw new Error('nothing on the bus');
  return found.open();
}

describe('enumeration', () => {
  test('resets, addresses and configures a device, and tells of it once', async () => {
    const { bus, device, events } = bench();
    const [found, ...more] = await bus.list();
    expect(more).toEqual([]);
    expect(found).toMatchObject({
      speed: 'full',
      location: { bus: 1, address: 1, path: '1-1' },
      descriptor: { idVendor: 0x1209, idProduct: 0x7d02 },
    });
    expect(device.log).toEqual([
      'connect',
      'reset',
      'device 64',
      'reset',
      'address 1',
      'device 18',
      'configuration 1',
    ]);
    expect(events).toEqual([{ type: 'attached', device: found }]);
  });

  test('in the manner of Linux, resets come in pairs', async () => {
    const { bus, device } = bench({ manner: 'linux' });
    await bus.list();
    expect(device.log.slice(0, 7)).toEqual([
      'connect',
      'reset',
      'reset',
      'device 64',
      'reset',
      'reset',
      'address 1',
    ]);
  });

  test('waits for a device to settle if told so', async () => {
    const { bus, clock, device } = bench({ debounceMs: 100 });
    const listed = bus.list();
    await Promise.resolve();
    expect(device.log).toEqual(['connect']);
    clock.advance(100);
    expect(await listed).toHaveLength(1);
  });

  test('gives several devices ports and addresses of their own', async () => {
    const { bus } = bench();
    bus.plug(new ScriptedDevice(), { port: '4.2' });
    bus.plug(new ScriptedDevice());
    expect(() => bus.plug(new ScriptedDevice(), { port: '4.2' })).toThrow('port 1-4.2 is taken');
    const found = await bus.list();
    expect(found.map(({ location }) => location.path)).toEqual(['1-1', '1-4.2', '1-2']);
    expect(new Set(found.map(({ location }) => location.address)).size).toBe(3);
  });

  test('leaves out a device that does not answer, after three tries', async () => {
    const clock = new VirtualClock();
    const lines: string[] = [];
    const bus = new LoopbackBus(clock, { log: (line) => lines.push(line) });
    const device = new ScriptedDevice();
    device.setup = () => ({ stage: 'stall' });
    bus.plug(device);
    expect(await bus.list()).toEqual([]);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain('1-1: not enumerated, try 1: the device refused request 0x80 6');
  });
});

describe('a bus', () => {
  test('has 127 devices at most, each with an address of its own', async () => {
    const bus = new LoopbackBus(new VirtualClock());
    for (let count = 0; count < 127; count += 1) bus.plug(new ScriptedDevice());
    expect(() => bus.plug(new ScriptedDevice())).toThrow('expected at most 127 devices');
    const found = await bus.list();
    expect(new Set(found.map(({ location }) => location.address)).size).toBe(127);
    expect(found.every(({ location: { address } }) => address >= 1 && address <= 127)).toBe(true);
  });

  test('gives no address again while it is in use', async () => {
    const bus = new LoopbackBus(new VirtualClock());
    const stays = new ScriptedDevice();
    bus.plug(stays);
    const comesAndGoes = bus.plug(new ScriptedDevice());
    const addresses: number[] = [];
    for (let times = 0; times < 127; times += 1) {
      const found = await bus.list();
      addresses.push(found.find(({ location }) => location.path === '1-2')?.location.address ?? 0);
      comesAndGoes.unplug();
      comesAndGoes.replug();
    }
    expect(addresses).not.toContain(1);
    expect(new Set(addresses).size).toBe(126);
  });

  test('lists a device that refuses its configuration, as Linux does', async () => {
    const lines: string[] = [];
    const bus = new LoopbackBus(new VirtualClock(), { log: (line) => lines.push(line) });
    const device = new ScriptedDevice();
    const well = device.setup.bind(device);
    device.setup = (packet) => (packet.bRequest === 9 ? { stage: 'stall' } : well(packet));
    bus.plug(device);
    expect(await bus.list()).toHaveLength(1);
    expect(lines).toEqual(['1-1: configuration 1 refused']);
  });
});

describe('a control transfer', () => {
  test('carries data both ways', async () => {
    const { bus } = bench();
    const pipe = await open(bus);
    expect(await pipe.controlOut(vendorOut(Say.memory), Uint8Array.of(1, 2, 3))).toBe(3);
    expect(await pipe.controlIn(vendorIn(Say.memory), 64)).toEqual(Uint8Array.of(1, 2, 3));
    expect(await pipe.controlOut(vendorOut(Say.memory), nothing)).toBe(0);
  });

  test('gives the host bytes of its own', async () => {
    const { bus, device } = bench();
    const pipe = await open(bus);
    device.store = Uint8Array.of(7);
    const answer = await pipe.controlIn(vendorIn(Say.memory), 1);
    device.store[0] = 8;
    expect(answer).toEqual(Uint8Array.of(7));
  });

  test('clips an answer that is too long', async () => {
    const { bus, device } = bench();
    const pipe = await open(bus);
    expect(await pipe.controlIn(vendorIn(Say.overlong), 5)).toHaveLength(5);
    device.store = new Uint8Array(20);
    expect(await pipe.controlIn(vendorIn(Say.memory), 6)).toHaveLength(6);
  });

  test('refuses a length that no wLength can say, and a wrong direction', async () => {
    const { bus } = bench();
    const pipe = await open(bus);
    await expect(pipe.controlIn(vendorIn(Say.memory), 65536)).rejects.toThrow('got 65536');
    await expect(pipe.controlIn(vendorOut(Say.memory), 1)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  test('fails in three different ways', async () => {
    const { bus, clock, plug } = bench();
    const pipe = await open(bus);
    await expect(pipe.controlIn(vendorIn(Say.stall), 1)).rejects.toMatchObject({ code: 'STALLED' });

    const late = pipe.controlIn(vendorIn(Say.hold), 1, { timeoutMs: 20 });
    clock.advance(19);
    const state = await Promise.race([late.then(() => 'over'), Promise.resolve('pending')]);
    expect(state).toBe('pending');
    clock.advance(1);
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT' });

    const cut = pipe.controlIn(vendorIn(Say.hold), 1);
    await Promise.resolve();
    plug.unplug();
    await expect(cut).rejects.toMatchObject({ code: 'DISCONNECTED' });
    await expect(pipe.controlIn(vendorIn(Say.memory), 1)).rejects.toMatchObject({
      code: 'DISCONNECTED',
    });
    expect(clock.nextMs).toBe(Infinity);
  });

  test('can be held, at either stage, and answered later', async () => {
    const { bus, clock, device } = bench();
    const pipe = await open(bus);
    const read = pipe.controlIn(vendorIn(Say.hold), 2);
    await Promise.resolve();
    device.release({ stage: 'in', data: Uint8Array.of(9, 9, 9) });
    expect(await read).toEqual(Uint8Array.of(9, 9));
    const write = pipe.controlOut(vendorOut(Say.memory), Uint8Array.of(0xff, 1));
    await Promise.resolve();
    device.release(STATUS);
    expect(await write).toBe(2);
    expect(clock.nextMs).toBe(Infinity);
  });

  test('can be cancelled; an answer that comes later goes nowhere', async () => {
    const { bus, device } = bench();
    const pipe = await open(bus);
    const stop = new AbortController();
    const held = pipe.controlIn(vendorIn(Say.hold), 1, { signal: stop.signal });
    await Promise.resolve();
    stop.abort();
    await expect(held).rejects.toMatchObject({ code: 'ABORTED' });
    device.release({ stage: 'in', data: Uint8Array.of(1) });
    device.store = Uint8Array.of(5);
    expect(await pipe.controlIn(vendorIn(Say.memory), 1)).toEqual(Uint8Array.of(5));
  });

  test('waits for the one before it', async () => {
    const { bus, device } = bench();
    const pipe = await open(bus);
    device.store = Uint8Array.of(5);
    const first = pipe.controlIn(vendorIn(Say.hold), 1);
    const second = pipe.controlIn(vendorIn(Say.memory), 1);
    await Promise.resolve();
    device.release({ stage: 'in', data: Uint8Array.of(1) });
    expect(await Promise.all([first, second])).toEqual([Uint8Array.of(1), Uint8Array.of(5)]);
  });
});

describe('interfaces', () => {
  test('are held by one pipe at a time, and freed when it closes', async () => {
    const { bus } = bench();
    const [one, other] = [await open(bus), await open(bus)];
    await one.claimInterface(0);
    await expect(other.claimInterface(0)).rejects.toMatchObject({ code: 'BUSY' });
    await one.close();
    await one.gone;
    await other.claimInterface(0);
    await expect(one.controlIn(vendorIn(Say.memory), 1)).rejects.toThrow('the pipe is closed');
  });

  test('select alternates that exist, once claimed', async () => {
    const { bus } = bench();
    const pipe = await open(bus);
    await expect(pipe.selectAlternate(0, 1)).rejects.toThrow('must be claimed');
    await pipe.claimInterface(0);
    await pipe.selectAlternate(0, 1);
    await expect(pipe.selectAlternate(0, 2)).rejects.toMatchObject({ code: 'STALLED' });
  });

  test.each([
    ['plain', ['alternate 0 1']],
    ['linux', ['alternate 0 1', 'alternate 0 0']],
  ] as const)('released in the manner %s', async (manner, expected) => {
    const { bus, device } = bench({ manner });
    const pipe = await open(bus);
    await pipe.claimInterface(0);
    await pipe.selectAlternate(0, 1);
    await pipe.releaseInterface(0);
    expect(device.log.filter((line) => line.startsWith('alternate'))).toEqual(expected);
  });
});

describe('a reset', () => {
  test('of a device that stays the same puts configuration and alternate back', async () => {
    const { bus, device, events } = bench();
    const pipe = await open(bus);
    await pipe.claimInterface(0);
    await pipe.selectAlternate(0, 1);
    device.log.length = 0;
    expect(await pipe.reset()).toBe('same');
    expect(device.log.filter((line) => !line.startsWith('address'))).toEqual([
      'reset',
      'device 64',
      'reset',
      'device 18',
      'configuration 1',
      'alternate 0 1',
    ]);
    expect(await pipe.controlIn(vendorIn(Say.memory), 1)).toHaveLength(0);
    expect(events).toHaveLength(1);
  });

  test('that brings other descriptors ends the attachment and starts a new one', async () => {
    const { bus, events } = bench();
    const pipe = await open(bus);
    await pipe.controlOut(vendorOut(Say.change, 0x1111), nothing);
    expect(await pipe.reset()).toBe('gone');
    await pipe.gone;
    const [found] = await bus.list();
    expect(found?.descriptor.idProduct).toBe(0x1111);
    expect(found?.location.path).toBe(pipe.device.location.path);
    expect(found?.id).not.toBe(pipe.device.id);
    expect(events.map(({ type }) => type)).toEqual(['attached', 'detached', 'attached']);
    expect(events[1]).toEqual({ type: 'detached', id: pipe.device.id });
    await expect(pipe.controlIn(vendorIn(Say.memory), 1)).rejects.toMatchObject({
      code: 'DISCONNECTED',
    });
    expect(await pipe.reset()).toBe('gone');
  });

  test('that a device leaves the bus in', async () => {
    const { bus, device } = bench();
    const pipe = await open(bus);
    device.reset = () => device.bus?.detach();
    expect(await pipe.reset()).toBe('gone');
    expect(await bus.list()).toEqual([]);
  });
});

describe('leaving', () => {
  test('after the status stage and coming back is the device clock’s business', async () => {
    const { bus, clock, events } = bench();
    const pipe = await open(bus);
    await pipe.controlOut(vendorOut(Say.leave, 300), nothing);
    await pipe.gone;
    expect(await bus.list()).toEqual([]);
    clock.advance(299);
    expect(await bus.list()).toEqual([]);
    clock.advance(1);
    const [found] = await bus.list();
    expect(found?.location.address).not.toBe(pipe.device.location.address);
    expect(events.map(({ type }) => type)).toEqual(['attached', 'detached', 'attached']);
  });

  test('before the status stage loses the transfer', async () => {
    const { bus } = bench();
    const pipe = await open(bus);
    await expect(pipe.controlOut(vendorOut(Say.vanish), nothing)).rejects.toMatchObject({
      code: 'DISCONNECTED',
    });
    await pipe.gone;
  });

  test('and coming back by hand', async () => {
    const { bus, device, events, plug } = bench();
    await bus.list();
    plug.unplug();
    plug.unplug();
    plug.replug();
    plug.replug();
    expect(await bus.list()).toHaveLength(1);
    expect(device.log.filter((line) => line.endsWith('connect'))).toEqual([
      'connect',
      'disconnect',
      'connect',
    ]);
    expect(events.map(({ type }) => type)).toEqual(['attached', 'detached', 'attached']);
  });

  test('in the middle of enumeration leaves nothing behind', async () => {
    const { bus, clock, device, plug } = bench();
    plug.unplug();
    expect(await bus.list()).toEqual([]);
    device.attachOnConnect = false;
    plug.replug();
    expect(await bus.list()).toEqual([]);
    expect(clock.nextMs).toBe(Infinity);
  });

  test('with the bus closed', async () => {
    const { bus, device, events } = bench();
    const pipe = await open(bus);
    await bus.close();
    await pipe.gone;
    expect(device.log.at(-1)).toBe('disconnect');
    expect(events.map(({ type }) => type)).toEqual(['attached', 'detached']);
    await expect(pipe.device.open()).rejects.toMatchObject({ code: 'DISCONNECTED' });
  });
});
