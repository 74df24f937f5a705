import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../bytes/index.ts';
import type { SetupPacket } from '../../usb/index.ts';
import { Say } from '../../../test/support/scripted-device.ts';
import { until } from '../../../test/support/sockets.ts';
import {
  bench,
  dial,
  importOf,
  importer,
  replyOf,
  submit,
  vendorIn,
  vendorOut,
} from '../../../test/support/usbip-peer.ts';
import type { Bench } from '../../../test/support/usbip-peer.ts';
import { encodeUnlink, operationHeader, unlinkReply } from './protocol.ts';
import type { SubmitCommand } from './protocol.ts';

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

  const get = (wLength: number): SetupPacket => ({
    ...vendorIn(6, wLength),
    bmRequestType: 0x80,
    wValue: 0x0100,
  });
  const resets = ({ device }: Bench): number =>
    device.log.filter((line) => line === 'reset').length;

  test('reveal a port reset, and new descriptors come on the same connection', async () => {
    const all = await bench();
    const peer = await importer(all);
    const idProduct = async (): Promise<string> => {
      await replyOf(peer);
      return toHex((await peer.take(18)).slice(10, 12));
    };
    peer.send(submit(all, 1, vendorOut(Say.change, 0, 0x1111)));
    await replyOf(peer);
    // As Linux does it: 64 bytes, another reset of the port, then the whole descriptor.
    peer.send(submit(all, 2, get(64)));
    expect(await idProduct()).toBe('027d');
    all.clock.advance(120);
    peer.send(submit(all, 3, get(18)));
    expect(await idProduct()).toBe('1111');
    expect(resets(all)).toBe(1);
  });

  test.each([
    ['64 bytes, and the whole at once', [64, 18], 0],
    ['64 bytes, and after a while something else', [64, 9], 120],
    ['64 bytes, something else, and after a while the whole', [64, 9, 18], 120],
    ['64 bytes again and again', [64, 64, 64], 120],
    ['the whole, and after a while the whole', [18, 18], 120],
  ])(
    'of a program that asks for the device descriptor reset nothing: %s',
    async (_, lengths, ms) => {
      const all = await bench();
      const peer = await importer(all);
      for (const [at, wLength] of lengths.entries()) {
        peer.send(submit(all, at + 1, get(wLength)));
        await replyOf(peer);
        await peer.take(Math.min(18, wLength));
        all.clock.advance(ms);
      }
      expect(resets(all)).toBe(0);
    },
  );

  test('ask for a reset as a hub is asked for one', async () => {
    const all = await bench();
    const peer = await importer(all);
    const setup = { bmRequestType: 0x23, bRequest: 3, wValue: 4, wIndex: 1, wLength: 0 };
    peer.send(submit(all, 1, setup));
    expect(await replyOf(peer)).toMatchObject({ sequence: 1, status: 0 });
    expect(resets(all)).toBe(1);
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
