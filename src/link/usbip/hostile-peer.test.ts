import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex } from '../../bytes/index.ts';
import { Say } from '../../../test/support/scripted-device.ts';
import { until } from '../../../test/support/sockets.ts';
import type { RawPeer } from '../../../test/support/sockets.ts';
import {
  bench,
  dial,
  importer,
  replyOf,
  submit,
  vendorIn,
} from '../../../test/support/usbip-peer.ts';
import type { Bench } from '../../../test/support/usbip-peer.ts';
import type { SubmitCommand } from './protocol.ts';

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
