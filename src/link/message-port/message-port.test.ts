import { describe, expect, test } from 'vitest';
import { portPair } from '../../../test/support/port-pair.ts';
import { Say, ScriptedDevice } from '../../../test/support/scripted-device.ts';
import { onClock } from '../../../test/support/scripted-pipe.ts';
import { VirtualClock } from '../../usb/index.ts';
import type { BusEvent, ControlPipe, ControlRequest, UsbBus } from '../../usb/index.ts';
import { LoopbackBus } from '../loopback/index.ts';
import { portBus, serveBus } from './index.ts';

const vendor = (bmRequestType: number, bRequest: number, wValue = 0): ControlRequest => ({
  bmRequestType,
  bRequest,
  wValue,
  wIndex: 0,
});
const vendorIn = (bRequest: number): ControlRequest => vendor(0xc0, bRequest);
const vendorOut = (bRequest: number, wValue = 0): ControlRequest => vendor(0x40, bRequest, wValue);
const nothing = new Uint8Array(0);

function bench() {
  const clock = new VirtualClock();
  const own = new LoopbackBus(clock);
  const device = new ScriptedDevice();
  const [far, near] = portPair();
  const server = serveBus(own, far);
  const bus = portBus(near, { clock });
  const events: BusEvent[] = [];
  bus.watch((event) => events.push(event));
  const plug = own.plug(device);
  return { clock, own, device, far, near, server, bus, events, plug };
}

async function open(bus: UsbBus): Promise<ControlPipe> {
  const [found] = await bus.list();
  if (found === undefined) throw new Error('nothing on the bus');
  return found.open();
}

/** Lets everything that needs no time happen. */
const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

describe('a bus of another thread', () => {
  test('has the devices of the one that is lent, each as one object', async () => {
    const { own, bus, events } = bench();
    const [found, ...more] = await bus.list();
    const [there] = await own.list();
    expect(more).toEqual([]);
    const { id, location, speed, descriptor } = there ?? {};
    expect(found).toMatchObject({ id, location, speed, descriptor });
    expect(events).toEqual([{ type: 'attached', device: found }]);
    expect((await bus.list())[0]).toBe(found);
  });

  test('tells who comes and goes', async () => {
    const { bus, events, plug } = bench();
    const [first] = await bus.list();
    plug.unplug();
    await turn();
    expect(await bus.list()).toEqual([]);
    plug.replug();
    const [second] = await bus.list();
    expect(second?.id).not.toBe(first?.id);
    expect(events).toEqual([
      { type: 'attached', device: first },
      { type: 'detached', id: first?.id },
      { type: 'attached', device: second },
    ]);
    await expect(first?.open()).rejects.toMatchObject({ code: 'DISCONNECTED' });
  });

  test('stops telling whoever wants to hear no more', async () => {
    const { bus, own } = bench();
    const heard: BusEvent[] = [];
    const stop = bus.watch((event) => heard.push(event));
    stop();
    own.plug(new ScriptedDevice());
    expect(await bus.list()).toHaveLength(2);
    expect(heard).toEqual([]);
  });

  test('fails as the one that is lent does', async () => {
    const { own, bus } = bench();
    own.list = () => Promise.reject(new Error('out of order'));
    await expect(bus.list()).rejects.toMatchObject({
      code: 'IO',
      message: 'the bus has failed: Error: out of order',
    });
  });

  test('does not list what left while it was listed', async () => {
    const { own, bus, plug } = bench();
    await bus.list();
    const list = own.list.bind(own);
    own.list = async () => {
      const listed = await list();
      plug.unplug();
      return listed;
    };
    expect(await bus.list()).toEqual([]);
  });
});

describe('a control transfer', () => {
  test('carries data both ways, and leaves its caller’s bytes alone', async () => {
    const { bus, device } = bench();
    const pipe = await open(bus);
    const all = Uint8Array.of(9, 1, 2, 3, 9);
    const sent = all.subarray(1, 4);
    expect(await pipe.controlOut(vendorOut(Say.memory), sent)).toBe(3);
    expect(all).toHaveLength(5);
    expect(await pipe.controlIn(vendorIn(Say.memory), 64)).toEqual(Uint8Array.of(1, 2, 3));
    expect(await pipe.controlOut(vendorOut(Say.memory), nothing)).toBe(0);
    device.store = nothing;
    expect(await pipe.controlIn(vendorIn(Say.memory), 64)).toEqual(nothing);
  });

  test('takes no more of a large buffer along than its own bytes', async () => {
    const { bus, far } = bench();
    const pipe = await open(bus);
    await pipe.controlOut(vendorOut(Say.memory), new Uint8Array(0x10000).subarray(16, 32));
    const crossed = far.received.flatMap((message) => {
      const { bytes } = message as { bytes?: Uint8Array };
      return bytes === undefined ? [] : [bytes.buffer.byteLength];
    });
    expect(crossed).toEqual([16]);
  });

  test('refuses what no setup packet can say', async () => {
    const { bus } = bench();
    const pipe = await open(bus);
    await expect(pipe.controlIn(vendorIn(Say.memory), 65_536)).rejects.toThrow('got 65536');
  });

  test('fails in three different ways', async () => {
    const { bus, clock, plug } = bench();
    const pipe = await open(bus);
    await expect(pipe.controlIn(vendorIn(Say.stall), 1)).rejects.toMatchObject({
      code: 'STALLED',
      message: expect.stringContaining('the device refused request 0xc0 2') as string,
    });
    const late = pipe.controlIn(vendorIn(Say.hold), 1, { timeoutMs: 20 });
    await turn();
    clock.advance(20);
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT' });
    await turn();
    const cut = pipe.controlIn(vendorIn(Say.hold), 1);
    await turn();
    plug.unplug();
    await expect(cut).rejects.toMatchObject({ code: 'DISCONNECTED' });
    await pipe.gone;
    await expect(pipe.controlIn(vendorIn(Say.memory), 1)).rejects.toMatchObject({
      code: 'DISCONNECTED',
    });
    expect(clock.nextMs).toBe(Infinity);
  });

  test('ends in time where the other end says nothing at all', async () => {
    const { bus, clock, far } = bench();
    const pipe = await open(bus);
    far.peer = undefined;
    far.isClosed = true;
    const late = pipe.controlIn(vendorIn(Say.memory), 1, { timeoutMs: 20 });
    await expect(onClock(clock, late)).rejects.toMatchObject({ code: 'TIMEOUT' });
    const listed = bus.list();
    await expect(onClock(clock, listed)).rejects.toThrow('has not answered within 30000 ms');
  });

  test('can be cancelled, which the device’s end is told', async () => {
    const { bus, device } = bench();
    const pipe = await open(bus);
    const stop = new AbortController();
    const held = pipe.controlIn(vendorIn(Say.hold), 1, { signal: stop.signal });
    await turn();
    stop.abort();
    await expect(held).rejects.toMatchObject({ code: 'ABORTED' });
    await turn();
    device.release({ stage: 'in', data: Uint8Array.of(1) });
    device.store = Uint8Array.of(5);
    expect(await pipe.controlIn(vendorIn(Say.memory), 1)).toEqual(Uint8Array.of(5));
  });
});

describe('pipes', () => {
  test('of one device share it: an interface is one’s', async () => {
    const { bus } = bench();
    const [one, other] = [await open(bus), await open(bus)];
    await one.claimInterface(0);
    await expect(other.claimInterface(0)).rejects.toMatchObject({ code: 'BUSY' });
    await expect(other.selectAlternate(0, 1)).rejects.toThrow('must be claimed');
    await one.selectAlternate(0, 1);
    await expect(one.selectAlternate(0, 2)).rejects.toMatchObject({ code: 'STALLED' });
    await one.close();
    await one.gone;
    await other.claimInterface(0);
    await other.releaseInterface(0);
    await expect(one.controlIn(vendorIn(Say.memory), 1)).rejects.toMatchObject({
      code: 'DISCONNECTED',
    });
    expect(await other.controlIn(vendorIn(Say.memory), 1)).toHaveLength(0);
  });

  test('go on through a reset that changes nothing', async () => {
    const { bus, device } = bench();
    const pipe = await open(bus);
    await pipe.claimInterface(0);
    await pipe.selectAlternate(0, 1);
    device.log.length = 0;
    expect(await pipe.reset()).toBe('same');
    expect(device.log).toContain('alternate 0 1');
    expect(await pipe.controlIn(vendorIn(Say.memory), 1)).toHaveLength(0);
  });

  test('end with a reset that makes another device of it', async () => {
    const { bus } = bench();
    const pipe = await open(bus);
    await pipe.controlOut(vendorOut(Say.change, 0x1111), nothing);
    expect(await pipe.reset()).toBe('gone');
    await pipe.gone;
    const [found] = await bus.list();
    expect(found?.descriptor.idProduct).toBe(0x1111);
    expect(await pipe.reset()).toBe('gone');
    await pipe.close();
  });

  test('are closed when nobody waits for them any more', async () => {
    const { own, bus } = bench();
    const [found] = await bus.list();
    const [there] = await own.list();
    const stop = new AbortController();
    const opening = found?.open({ signal: stop.signal });
    await Promise.resolve();
    stop.abort();
    await expect(opening).rejects.toMatchObject({ code: 'ABORTED' });
    await turn();
    // What the abandoned one might hold is free.
    const other = await there?.open();
    await other?.claimInterface(0);
  });
});

describe('the end', () => {
  test('of the loan takes everything along', async () => {
    const { own, server, bus, events, far, near } = bench();
    const pipe = await open(bus);
    await pipe.claimInterface(0);
    const held = pipe.controlIn(vendorIn(Say.hold), 1);
    await turn();
    await server.close();
    await server.gone;
    await expect(held).rejects.toMatchObject({ code: 'DISCONNECTED' });
    await pipe.gone;
    expect(events.map(({ type }) => type)).toEqual(['attached', 'detached']);
    await expect(bus.list()).rejects.toThrow('the other end of the port has closed the bus');
    expect([far.listening, near.listening]).toEqual([0, 0]);
    // The bus itself goes on, and nobody holds anything there.
    await (await open(own)).claimInterface(0);
  });

  test('from here closes what was open there', async () => {
    const { own, bus, server, events, far, near } = bench();
    const pipe = await open(bus);
    await pipe.claimInterface(0);
    await bus.close();
    await server.gone;
    await pipe.gone;
    expect(events).toHaveLength(1);
    expect([far.listening, near.listening]).toEqual([0, 0]);
    await expect(bus.list()).rejects.toThrow('the bus is closed');
    await (await open(own)).claimInterface(0);
  });

  test('of the port is that of every device', async () => {
    const { bus, server, near, events } = bench();
    const pipe = await open(bus);
    near.close();
    await pipe.gone;
    await server.gone;
    expect(events.map(({ type }) => type)).toEqual(['attached', 'detached']);
    await expect(bus.list()).rejects.toThrow('the port of the bus was closed');
  });

  test('comes, too, when the port takes nothing', async () => {
    const { bus, near } = bench();
    const pipe = await open(bus);
    near.peer = undefined;
    await expect(pipe.controlIn(vendorIn(Say.memory), 1)).rejects.toMatchObject({
      code: 'DISCONNECTED',
    });
    await expect(bus.list()).rejects.toThrow('takes nothing any more');
  });
});

describe('nonsense', () => {
  test.each([
    { usb: 'dance' },
    { usb: 'ask', id: -1, verb: 'list' },
    { usb: 'ask', id: 1, verb: 'dance', of: 1 },
    { usb: 'ask', id: 1, verb: 'open', of: 7 },
    { usb: 'ask', id: 1, verb: 'open', of: 'x'.repeat(5000) },
    { usb: 'ask', id: 1, verb: 'open', of: 'x', numbers: [Number.NaN] },
    { usb: 'ask', id: 1, verb: 'in', of: 1, numbers: 'many' },
    { usb: 'ask', id: 1, verb: 'in', of: 1, numbers: [256, 0, 0, 0, 0, 0] },
    { usb: 'ask', id: 1, verb: 'in', of: 1, numbers: [0xc0, 1, 0, 0, 0x10000, 0] },
    { usb: 'ask', id: 1, verb: 'out', of: 1, numbers: [0x40, 1, 0, 0, 0, 5], bytes: 'none' },
    {
      usb: 'ask',
      id: 1,
      verb: 'out',
      of: 1,
      numbers: [0x40, 1, 0, 0, 1, 5],
      bytes: new Uint8Array(new SharedArrayBuffer(1)),
    },
    { usb: 'ask', id: 1, verb: 'claim', of: 1, numbers: [-1] },
  ])('from whoever uses the bus ends the loan, %#', async (message) => {
    const { far, near, server } = bench();
    far.deliver('message', { data: message });
    await server.gone;
    await turn();
    expect(near.received).toContainEqual({ usb: 'bye' });
  });

  test.each([
    { usb: 'dance' },
    { usb: 'attached', device: null },
    { usb: 'attached', device: { id: 'x', speed: 'warp' } },
    { usb: 'detached', device: 5 },
    { usb: 'answer', id: 2, devices: 'all' },
    { usb: 'answer', id: 2, devices: Array.from({ length: 2000 }) },
    { usb: 'failed', id: 2, code: 'STALLED', message: 7 },
  ])('from whoever lends the bus ends it, %#', async (message) => {
    const { far, near, bus } = bench();
    await bus.list();
    far.peer = undefined;
    const listed = bus.list();
    near.deliver('message', { data: message });
    await expect(listed).rejects.toMatchObject({ code: 'PROTOCOL' });
    await expect(bus.list()).rejects.toMatchObject({ code: 'PROTOCOL' });
  });

  test.each([
    { bytes: new Uint8Array(3) },
    { bytes: 7 },
    {},
    { bytes: new Uint8Array(new SharedArrayBuffer(1)) },
  ])('as the answer to a transfer is no answer, %#', async (answer) => {
    const { far, near, bus } = bench();
    const pipe = await open(bus);
    far.peer = undefined;
    const read = pipe.controlIn(vendorIn(Say.memory), 2);
    near.deliver('message', { data: { usb: 'answer', id: 3, ...answer } });
    await expect(read).rejects.toMatchObject({ code: 'PROTOCOL' });
    await pipe.gone;
  });

  test('of others is none of its business', async () => {
    const { far, near, bus } = bench();
    for (const message of [undefined, null, 5, 'usb', {}, { usb: 7 }]) {
      far.deliver('message', { data: message });
      near.deliver('message', { data: message });
    }
    expect(await bus.list()).toHaveLength(1);
  });

  test('takes no more pipes and questions than there may be', async () => {
    const { bus } = bench();
    const [found] = await bus.list();
    for (let count = 0; count < 64; count += 1) await found?.open();
    await expect(found?.open()).rejects.toMatchObject({ code: 'BUSY' });
    const asked = Array.from({ length: 300 }, () => bus.list());
    const ends = await Promise.allSettled(asked);
    expect(ends.filter(({ status }) => status === 'rejected')).toHaveLength(44);
  });
});

test('goes over a real channel', async () => {
  const { clock, own, device } = bench();
  const { port1, port2 } = new MessageChannel();
  const server = serveBus(own, port1);
  const bus = portBus(port2, { clock });
  const pipe = await open(bus);
  device.store = new Uint8Array(4096).fill(7);
  expect(await pipe.controlIn(vendorIn(Say.memory), 4096)).toEqual(device.store);
  port2.close();
  await Promise.all([server.gone, pipe.gone]);
  await expect(bus.list()).rejects.toThrow('the port of the bus was closed');
});
