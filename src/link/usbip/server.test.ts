import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { fromHex } from '../../bytes/index.ts';
import { VirtualClock } from '../../usb/index.ts';
import type { SetupPacket } from '../../usb/index.ts';
import { Say, ScriptedDevice } from '../../../test/support/scripted-device.ts';
import { RawPeer, until } from '../../../test/support/sockets.ts';
import { UsbipServer } from './index.ts';
import type { ExportedDevice, UsbipServerOptions } from './index.ts';
import {
  BUS_ID_BYTES,
  deviceRecord,
  encodeUnlink,
  operationHeader,
  submitCommand,
  submitReply,
  unlinkReply,
} from './protocol.ts';
import type { SubmitCommand, SubmitReply } from './protocol.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

interface Bench {
  readonly clock: VirtualClock;
  readonly server: UsbipServer;
  readonly device: ScriptedDevice;
  readonly exported: ExportedDevice;
  readonly port: number;
  readonly log: string[];
}

async function bench(options: Partial<UsbipServerOptions> = {}): Promise<Bench> {
  const clock = new VirtualClock();
  const log: string[] = [];
  const server = new UsbipServer({ clock, port: 0, log: (line) => log.push(line), ...options });
  closers.push(() => server.close());
  const { port } = await server.listen();
  const device = new ScriptedDevice();
  const exported = server.add(device);
  return { clock, server, device, exported, port, log };
}

async function dial({ port }: Bench): Promise<RawPeer> {
  const peer = await RawPeer.connect(port);
  closers.push(() => {
    peer.socket.destroy();
  });
  return peer;
}

const importOf = (busId: string): Uint8Array => {
  const bytes = new Uint8Array(8 + BUS_ID_BYTES);
  bytes.set(fromHex('0111800300000000'));
  bytes.set(Buffer.from(busId, 'latin1'), 8);
  return bytes;
};

/** A peer that has imported the device. */
async function importer(all: Bench): Promise<RawPeer> {
  const peer = await dial(all);
  peer.send(importOf('1-1'));
  const reply = await peer.take(8 + 312);
  expect(operationHeader.decode(reply)).toEqual({ version: 0x0111, code: 3, status: 0 });
  expect(deviceRecord.decode(reply, 8)).toMatchObject({ busId: '1-1', idProduct: 0x7d02 });
  return peer;
}

const vendorIn = (bRequest: number, wLength: number): SetupPacket => ({
  bmRequestType: 0xc0,
  bRequest,
  wValue: 0,
  wIndex: 0,
  wLength,
});
const vendorOut = (bRequest: number, wLength: number, wValue = 0): SetupPacket => ({
  bmRequestType: 0x40,
  bRequest,
  wValue,
  wIndex: 0,
  wLength,
});

function submit(
  all: Bench,
  sequence: number,
  setup: SetupPacket,
  changes: Partial<SubmitCommand> = {},
): Uint8Array {
  return submitCommand.encode({
    command: 1,
    sequence,
    deviceId: all.exported.deviceId,
    direction: setup.bmRequestType >> 7,
    endpoint: 0,
    flags: 0,
    length: setup.wLength,
    startFrame: 0,
    packets: 0xffffffff,
    interval: 0,
    setup,
    ...changes,
  });
}

async function replyOf(peer: RawPeer): Promise<SubmitReply> {
  return submitReply.decode(await peer.take(48));
}

describe('the first phase', () => {
  test('answers the device list, byte for byte, and closes', async () => {
    const all = await bench();
    const peer = await dial(all);
    peer.send(fromHex('0111800500000000'));
    const bytes = await peer.end();
    expect(bytes).toHaveLength(8 + 4 + 312 + 4);
    expect(bytes.slice(0, 12)).toEqual(fromHex('011100050000000000000001'));
    expect(bytes.slice(12 + 256, 12 + 256 + 4)).toEqual(fromHex('312d3100'));
    // bus 1, device 1, full speed; ids, release, class; configuration 0 of 1, 1 interface.
    expect(bytes.slice(12 + 288)).toEqual(
      fromHex('00000001 00000001 00000002 1209 7d02 0100 000000 00 01 01 ff0102 00'),
    );
  });

  test.each([
    ['is not there', '1-9', 4],
    ['has a name without end', 'x'.repeat(32), 4],
  ])('refuses a device that %s', async (_, busId, status) => {
    const peer = await dial(await bench());
    peer.send(importOf(busId));
    expect(operationHeader.decode(await peer.end())).toMatchObject({ code: 3, status });
  });

  test('refuses a device that another has, and one that is off the bus', async () => {
    const all = await bench();
    await importer(all);
    const second = await dial(all);
    second.send(importOf('1-1'));
    expect(operationHeader.decode(await second.end())).toMatchObject({ code: 3, status: 2 });
    all.exported.unplug();
    const third = await dial(all);
    third.send(importOf('1-1'));
    expect(operationHeader.decode(await third.end())).toMatchObject({ code: 3, status: 4 });
  });
});

describe('URBs', () => {
  test('carry data both ways, however the stream is cut', async () => {
    const all = await bench();
    const peer = await importer(all);
    const stream = Buffer.concat([
      submit(all, 7, vendorOut(Say.memory, 3)),
      Uint8Array.of(1, 2, 3),
      submit(all, 8, vendorIn(Say.memory, 64)),
    ]);
    for (const byte of stream) {
      peer.send(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await replyOf(peer)).toMatchObject({
      command: 3,
      sequence: 7,
      deviceId: 0,
      direction: 0,
      endpoint: 0,
      status: 0,
      actualLength: 3,
      packets: 0xffffffff,
    });
    expect(await replyOf(peer)).toMatchObject({ sequence: 8, status: 0, actualLength: 3 });
    expect(await peer.take(3)).toEqual(Uint8Array.of(1, 2, 3));
  });

  test.each<[string, SetupPacket, Partial<SubmitCommand>, number]>([
    ['stalled', vendorIn(Say.stall, 8), {}, -32],
    ['to another endpoint', vendorIn(Say.memory, 8), { endpoint: 1 }, -32],
    ['that goes two ways', vendorIn(Say.memory, 8), { direction: 0, length: 0 }, -71],
    ['with data that nobody announced', vendorIn(Say.memory, 0), { length: 8 }, -71],
    ['with less data than announced', vendorOut(Say.memory, 8), { length: 0 }, -71],
  ])('%s get their status', async (_, setup, changes, status) => {
    const all = await bench();
    const peer = await importer(all);
    peer.send(submit(all, 1, setup, changes));
    expect(await replyOf(peer)).toMatchObject({ sequence: 1, status, actualLength: 0 });
    expect(all.exported.imported).toBe(true);
  });

  test('with less room than wLength get as much, and are told so', async () => {
    const all = await bench();
    all.device.store = Uint8Array.of(1, 2, 3, 4);
    const peer = await importer(all);
    peer.send(submit(all, 1, vendorIn(Say.memory, 64), { length: 2 }));
    expect(await replyOf(peer)).toMatchObject({ status: -75, actualLength: 2 });
    expect(await peer.take(2)).toEqual(Uint8Array.of(1, 2));
  });

  test('that are held can be unlinked; those answered cannot', async () => {
    const all = await bench();
    const peer = await importer(all);
    peer.send(submit(all, 1, vendorIn(Say.hold, 8)));
    peer.send(submit(all, 2, vendorIn(Say.memory, 8)));
    peer.send(encodeUnlink(3, all.exported.deviceId, 1));
    expect(await replyOf(peer)).toMatchObject({ sequence: 2, status: 0 });
    expect(unlinkReply.decode(await peer.take(48))).toMatchObject({
      command: 4,
      sequence: 3,
      status: -104,
    });
    peer.send(encodeUnlink(4, all.exported.deviceId, 2));
    expect(unlinkReply.decode(await peer.take(48))).toMatchObject({ sequence: 4, status: 0 });
    all.device.release({ stage: 'in', data: Uint8Array.of(1) });
    peer.send(submit(all, 5, vendorIn(Say.memory, 8)));
    expect(await replyOf(peer)).toMatchObject({ sequence: 5 });
  });

  test('reveal a port reset, and new descriptors come on the same connection', async () => {
    const all = await bench();
    const peer = await importer(all);
    const get = (wLength: number): SetupPacket => ({
      ...vendorIn(6, wLength),
      bmRequestType: 0x80,
      wValue: 0x0100,
    });
    peer.send(submit(all, 1, vendorOut(Say.change, 0, 0x1111)));
    peer.send(submit(all, 2, get(18)));
    peer.send(submit(all, 3, get(64)));
    await replyOf(peer);
    await replyOf(peer);
    expect((await peer.take(18)).slice(10, 12)).toEqual(fromHex('027d'));
    expect(await replyOf(peer)).toMatchObject({ sequence: 3, actualLength: 18 });
    expect((await peer.take(18)).slice(10, 12)).toEqual(fromHex('1111'));
    expect(all.device.log.filter((line) => line === 'reset')).toHaveLength(1);
  });

  test('end 20 ms after the device has left, its last status sent before', async () => {
    const all = await bench();
    const peer = await importer(all);
    const before = all.exported.deviceId;
    peer.send(submit(all, 1, vendorOut(Say.leave, 0, 300)));
    expect(await replyOf(peer)).toMatchObject({ sequence: 1, status: 0 });
    expect(all.exported.imported).toBe(false);
    peer.send(submit(all, 2, vendorIn(Say.memory, 8), { deviceId: before }));
    expect(await replyOf(peer)).toMatchObject({ sequence: 2, status: -108 });
    all.clock.advance(19);
    await new Promise((resolve) => setImmediate(resolve));
    expect(peer.closed).toBe(false);
    all.clock.advance(1);
    expect(await peer.end()).toHaveLength(0);
    all.clock.advance(279);
    expect(all.exported.importStatus()).toBe(4);
    all.clock.advance(1);
    expect(all.exported.deviceId).not.toBe(before);
    await importer(all);
  });

  test('of a peer that vanishes are given up', async () => {
    const all = await bench();
    const peer = await importer(all);
    peer.send(submit(all, 1, vendorIn(Say.hold, 8)));
    peer.send(submit(all, 2, vendorIn(Say.memory, 8)));
    peer.socket.resetAndDestroy();
    await until(() => !all.exported.imported);
    const next = await importer(all);
    next.send(submit(all, 1, vendorIn(Say.memory, 8)));
    expect(await replyOf(next)).toMatchObject({ status: 0 });
  });
});

describe('a hostile peer', () => {
  /** Bytes of the device list, once nothing is left of the peer: the server still serves. */
  async function listed(all: Bench): Promise<number> {
    await until(() => !all.exported.imported);
    const peer = await dial(all);
    peer.send(fromHex('0111800500000000'));
    return (await peer.end()).length;
  }
  const whole = 8 + 4 + 312 + 4;

  test('of another version is told so', async () => {
    const all = await bench();
    const peer = await dial(all);
    peer.send(fromHex('0100800500000000'));
    expect(await peer.end()).toEqual(fromHex('0111000500000005'));
    expect(all.log.at(-1)).toContain('version: expected 0x111, got 0x100');
    expect(await listed(all)).toBe(whole);
  });

  test.each([
    ['an operation that there is not', '0111800700000000'],
    ['a reply for a request', '0111000500000000'],
    ['a web request', Buffer.from('GET / HTTP/1.1\r\n\r\n').toString('hex')],
  ])('with %s is cut off', async (_, bytes) => {
    const all = await bench();
    const peer = await dial(all);
    peer.send(fromHex(bytes));
    await peer.end();
    expect(await listed(all)).toBe(whole);
  });

  test.each([
    ['nothing', ''],
    ['half a header', '01118003'],
    ['half an import', '0111800300000000312d'],
  ])('that says %s is cut off in time', async (_, bytes) => {
    const all = await bench();
    const peer = await dial(all);
    peer.send(fromHex(bytes));
    await until(() => all.clock.nextMs === 5000);
    all.clock.advance(4999);
    expect(peer.closed).toBe(false);
    all.clock.advance(1);
    expect(await peer.end()).toHaveLength(0);
    expect(await listed(all)).toBe(whole);
  });

  test.each<[string, Partial<SubmitCommand>]>([
    ['an absurd length', { length: 0xffffffff }],
    ['a length just too great', { length: 65536, direction: 0 }],
    ['another device', { deviceId: 0x20002 }],
    ['isochronous packets', { packets: 1000 }],
    ['a command that there is not', { command: 9 }],
  ])('with %s is cut off', async (_, changes) => {
    const all = await bench();
    const peer = await importer(all);
    peer.send(submit(all, 1, vendorIn(Say.memory, 8), changes));
    await peer.end();
    expect(await listed(all)).toBe(whole);
  });

  test('that uses a number twice is cut off', async () => {
    const all = await bench();
    const peer = await importer(all);
    peer.send(submit(all, 1, vendorIn(Say.hold, 8)));
    peer.send(submit(all, 1, vendorIn(Say.hold, 8)));
    await peer.end();
    expect(await listed(all)).toBe(whole);
  });

  test.each([
    ['transfers', 8, 65],
    ['bytes', 65535, 17],
  ])('with too many %s under way is cut off', async (_, wLength, count) => {
    const all = await bench();
    const peer = await importer(all);
    for (let at = 0; at < count; at += 1) {
      peer.send(submit(all, at, vendorIn(Say.hold, wLength)));
    }
    await peer.end();
    expect(all.log.at(-1)).toContain('too much at once');
    expect(await listed(all)).toBe(whole);
  });

  test('that does not take its answers is not read from, and gets them all when it does', async () => {
    const all = await bench();
    all.device.store = new Uint8Array(65535);
    const peer = await importer(all);
    let served = 0;
    const setup = all.device.setup.bind(all.device);
    all.device.setup = (packet) => {
      served += 1;
      return setup(packet);
    };
    const count = 1500;
    const answerBytes = 48 + 65535;
    peer.keep = false;
    peer.receivedBytes = 0;
    peer.socket.pause();
    for (let at = 0; at < count; at += 1) {
      peer.send(submit(all, at, vendorIn(Say.memory, 65535)));
    }
    // It stops by itself, long before all 94 MiB are on their way.
    for (let last = -1, same = 0; same < 200; same = served === last ? same + 1 : 0) {
      last = served;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(served).toBeGreaterThan(0);
    expect(served * answerBytes).toBeLessThan(24 * 1024 * 1024);
    peer.socket.resume();
    await until(() => peer.receivedBytes === count * answerBytes);
    expect(served).toBe(count);
    expect(all.exported.imported).toBe(true);
  });

  test('that never takes its answers is cut off in time', async () => {
    const all = await bench();
    all.device.store = new Uint8Array(65535);
    const peer = await importer(all);
    peer.socket.pause();
    for (let at = 0; at < 1500; at += 1) {
      peer.send(submit(all, at, vendorIn(Say.memory, 65535)));
    }
    await until(() => all.clock.nextMs === 30_000);
    all.clock.advance(30_000);
    expect(all.exported.imported).toBe(false);
    expect(all.log.at(-1)).toContain('has not taken its answers');
    expect(await listed(all)).toBe(whole);
  });

  test('with many connections gets only so many', async () => {
    const all = await bench({ maxConnections: 4 });
    const peers: RawPeer[] = [];
    for (let at = 0; at < 12; at += 1) peers.push(await dial(all));
    await until(() => peers.filter(({ closed }) => closed).length === 8);
    for (const { socket } of peers) socket.destroy();
    await until(() => all.clock.nextMs === Infinity);
    expect(await listed(all)).toBe(whole);
  });

  test('with random bytes in either phase harms nobody', async () => {
    const all = await bench();
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.uint8Array({ maxLength: 400 }), async (deep, bytes) => {
        const peer = deep ? await importer(all) : await dial(all);
        peer.send(bytes);
        peer.socket.end();
        await peer.end();
        await until(() => !all.exported.imported);
      }),
      { numRuns: 60 },
    );
    expect(await listed(all)).toBe(whole);
  });

  test('that hits a defect of the device loses its connection, and no more', async () => {
    const all = await bench();
    const peer = await importer(all);
    const setup = all.device.setup.bind(all.device);
    all.device.setup = () => {
      throw new TypeError('a defect');
    };
    peer.send(submit(all, 1, vendorIn(Say.memory, 8)));
    await peer.end();
    expect(all.log.at(-1)).toContain('defect: TypeError: a defect');
    all.device.setup = setup;
    expect(await listed(all)).toBe(whole);
    const next = await importer(all);
    next.send(submit(all, 1, vendorIn(Say.memory, 8)));
    expect(await replyOf(next)).toMatchObject({ status: 0 });
  });
});
