import { setMaxListeners } from 'node:events';
import type { Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { fromHex } from '../../bytes/index.ts';
import { VirtualClock } from '../../usb/index.ts';
import type { ControlPipe, UsbBus } from '../../usb/index.ts';
import { ScriptedDevice } from '../../../test/support/scripted-device.ts';
import { rawServer, until } from '../../../test/support/sockets.ts';
import type { RawPeer } from '../../../test/support/sockets.ts';
import { usbipBus } from './index.ts';
import {
  deviceRecord,
  encodeOperation,
  encodeSubmitReply,
  encodeUnlinkReply,
  submitCommand,
  unlinkCommand,
} from './protocol.ts';
import type { DeviceRecord } from './protocol.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const record: DeviceRecord = {
  path: '/sys/devices/x',
  busId: '1-1',
  busNumber: 1,
  deviceNumber: 2,
  speed: 3,
  idVendor: 0x1209,
  idProduct: 0x7d02,
  bcdDevice: 0x0100,
  bDeviceClass: 0,
  bDeviceSubClass: 0,
  bDeviceProtocol: 0,
  bConfigurationValue: 1,
  bNumConfigurations: 1,
  bNumInterfaces: 0,
};
const list = (count: number, ...records: DeviceRecord[]): Uint8Array => {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(count);
  return encodeOperation(
    5,
    0,
    Buffer.concat([head, ...records.map((each) => deviceRecord.encode(each))]),
  );
};

async function bench(
  greet: (peer: RawPeer) => void,
): Promise<{ bus: UsbBus; clock: VirtualClock; port: number; server: Server }> {
  const peers: RawPeer[] = [];
  const { port, server } = await rawServer((peer) => {
    peers.push(peer);
    greet(peer);
  });
  closers.push(() => {
    server.close();
    for (const { socket } of peers) socket.destroy();
  });
  const clock = new VirtualClock();
  const bus = usbipBus({ host: '127.0.0.1', port, clock });
  closers.push(() => bus.close());
  return { bus, clock, port, server };
}

/** Lists a device, and answers an import in a way of its own. */
async function refuse(peer: RawPeer, answer: Uint8Array): Promise<void> {
  const head = await peer.take(8);
  peer.send(head[3] === 0x05 ? list(1, record) : answer);
}

/** A server that lists and lends a device well, then answers as `answer` says. */
function lender(
  answer: (peer: RawPeer, sequence: number, bRequest: number) => void,
  unlinked: (peer: RawPeer, sequence: number) => void = () => {},
): (peer: RawPeer) => void {
  const device = new ScriptedDevice();
  return (peer) => void serve(peer).catch(() => {});

  async function serve(peer: RawPeer): Promise<void> {
    if ((await peer.take(8))[3] === 0x05) {
      peer.send(list(1, record));
      return;
    }
    await peer.take(32);
    peer.send(encodeOperation(3, 0, deviceRecord.encode(record)));
    for (;;) {
      const header = await peer.take(48);
      if (header[3] === 2) {
        unlinked(peer, unlinkCommand.decode(header).sequence);
        continue;
      }
      const { sequence, setup } = submitCommand.decode(header);
      if (setup.bmRequestType === 0x80) {
        const result = device.setup(setup);
        if (result.stage !== 'in') throw new Error('expected descriptors only');
        peer.send(encodeSubmitReply(sequence, 0, result.data.length, result.data));
      } else {
        if (setup.bmRequestType < 0x80) await peer.take(setup.wLength);
        answer(peer, sequence, setup.bRequest);
      }
    }
  }
}

async function open(bus: UsbBus): Promise<ControlPipe> {
  const [found] = await bus.list();
  if (found === undefined) throw new Error('nothing on the bus');
  return found.open();
}

const vendorIn = { bmRequestType: 0xc0, bRequest: 1, wValue: 0, wIndex: 0 };

describe('a hostile server', () => {
  test.each<[string, Uint8Array, string]>([
    ['another version', fromHex('010000050000000000000000'), 'expected 0x111, got 0x100'],
    ['another reply', fromHex('011100030000000000000000'), 'expected 0x5, got 0x3'],
    ['a failure', fromHex('011100050000000500000000'), 'status 5'],
    ['more devices than there can be', list(0xffffffff), 'at most 1024 devices, got 4294967295'],
  ])('that lists with %s', async (_, bytes, message) => {
    const { bus } = await bench((peer) => peer.send(bytes));
    await expect(bus.list()).rejects.toMatchObject({
      code: 'PROTOCOL',
      message: expect.stringContaining(message) as string,
    });
  });

  test('that closes in the middle of a list', async () => {
    const { bus } = await bench((peer) => {
      peer.socket.end(list(2, record));
    });
    await expect(bus.list()).rejects.toMatchObject({
      code: 'PROTOCOL',
      message: expect.stringContaining('closed by the peer') as string,
    });
  });

  test('that says nothing', async () => {
    const { bus, clock } = await bench(() => {});
    const listed = bus.list();
    let waiting = true;
    listed.catch(() => {
      waiting = false;
    });
    await until(() => {
      clock.advance(1000);
      return !waiting;
    });
    await expect(listed).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(clock.nextMs).toBe(Infinity);
  });

  test.each([
    [1, 'BUSY'],
    [2, 'BUSY'],
    [4, 'NOT_FOUND'],
    [5, 'IO'],
  ])('that refuses an import with status %i', async (status, code) => {
    const { bus } = await bench((peer) => {
      void refuse(peer, encodeOperation(3, status));
    });
    await expect(open(bus)).rejects.toMatchObject({ code });
  });

  test('that lends another device than asked for', async () => {
    const { bus } = await bench((peer) => {
      const other = deviceRecord.encode({ ...record, busId: '9-9' });
      void refuse(peer, encodeOperation(3, 0, other));
    });
    await expect(open(bus)).rejects.toThrow('expected bus id 1-1, got 9-9');
  });

  test.each<[string, (sequence: number) => Uint8Array, string]>([
    ['more data than asked for', (sequence) => encodeSubmitReply(sequence, 0, 9), 'PROTOCOL'],
    ['an absurd length', (sequence) => encodeSubmitReply(sequence, 0, 0xffffffff), 'PROTOCOL'],
    ['a number of its own', () => encodeSubmitReply(4711, 0, 0), 'PROTOCOL'],
    ['an unlink of its own', () => encodeUnlinkReply(4711, 0), 'PROTOCOL'],
    ['no reply at all', () => new Uint8Array(48).fill(0xff), 'PROTOCOL'],
  ])('that answers a transfer with %s loses us', async (_, answer, code) => {
    const { bus } = await bench(lender((peer, sequence) => peer.send(answer(sequence))));
    const pipe = await open(bus);
    await expect(pipe.controlIn(vendorIn, 8)).rejects.toMatchObject({ code });
    await pipe.gone;
  });

  test.each([
    [-2, 'DISCONNECTED'],
    [-19, 'DISCONNECTED'],
    [-32, 'STALLED'],
    [-71, 'PROTOCOL'],
    [-104, 'DISCONNECTED'],
    [-108, 'DISCONNECTED'],
    [-110, 'TIMEOUT'],
  ])('or an honest one, with status %i', async (status, code) => {
    const { bus } = await bench(
      lender((peer, sequence) => peer.send(encodeSubmitReply(sequence, status, 0))),
    );
    const pipe = await open(bus);
    await expect(pipe.controlIn(vendorIn, 8)).rejects.toMatchObject({ code });
    await expect(pipe.controlIn(vendorIn, 8)).rejects.toMatchObject({ code });
  });

  test('that answers what was given up is read on', async () => {
    let first: number | undefined;
    const { bus, clock } = await bench(
      lender(
        (peer, sequence) => {
          if (first === undefined) first = sequence;
          else peer.send(encodeSubmitReply(sequence, 0, 1, Uint8Array.of(7)));
        },
        (peer, sequence) => {
          // The answer crossed the unlink: it counts as answered.
          peer.send(encodeSubmitReply(first ?? 0, 0, 4, Uint8Array.of(1, 2, 3, 4)));
          peer.send(encodeUnlinkReply(sequence, 0));
        },
      ),
    );
    const pipe = await open(bus);
    const late = pipe.controlIn(vendorIn, 8, { timeoutMs: 10 });
    await until(() => first !== undefined);
    clock.advance(10);
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(await pipe.controlIn(vendorIn, 8)).toEqual(Uint8Array.of(7));
  });

  test('that is cut off within the data of an answer has gone, at once', async () => {
    const { bus, clock } = await bench(
      lender((peer, sequence) => {
        peer.socket.end(encodeSubmitReply(sequence, 0, 8, Uint8Array.of(1, 2, 3)));
      }),
    );
    const pipe = await open(bus);
    await expect(pipe.controlIn(vendorIn, 8)).rejects.toMatchObject({ code: 'DISCONNECTED' });
    expect(clock.now()).toBe(0);
  });

  test.each([
    [0, 4],
    [3, 3],
    [4, 4],
  ])('that acknowledges 4 bytes with actual_length %i has taken %i', async (actual, taken) => {
    const { bus } = await bench(
      lender((peer, sequence) => peer.send(encodeSubmitReply(sequence, 0, actual))),
    );
    const pipe = await open(bus);
    const request = { ...vendorIn, bmRequestType: 0x40 };
    expect(await pipe.controlOut(request, new Uint8Array(4))).toBe(taken);
  });

  test('hears of no unlink after a transfer that has ended', async () => {
    const unlinks: number[] = [];
    const { bus } = await bench(
      lender(
        (peer, sequence) => peer.send(encodeSubmitReply(sequence, 0, 1, Uint8Array.of(7))),
        (_, sequence) => unlinks.push(sequence),
      ),
    );
    const pipe = await open(bus);
    await pipe.controlIn(vendorIn, 8);
    expect(await pipe.controlIn(vendorIn, 8)).toEqual(Uint8Array.of(7));
    expect(unlinks).toEqual([]);
  });

  test('that confirms every unlink is given up never', async () => {
    const { bus } = await bench(
      lender(
        (peer, sequence, bRequest) => {
          if (bRequest === 2) peer.send(encodeSubmitReply(sequence, 0, 0));
        },
        (peer, sequence) => peer.send(encodeUnlinkReply(sequence, -104)),
      ),
    );
    const pipe = await open(bus);
    for (let times = 0; times < 70; times += 1) {
      const stop = new AbortController();
      const held = pipe.controlIn(vendorIn, 8, { signal: stop.signal });
      stop.abort();
      await expect(held).rejects.toMatchObject({ code: 'ABORTED' });
      await pipe.controlIn({ ...vendorIn, bRequest: 2 }, 8);
    }
  });

  test('that confirms no unlink is left in the end', async () => {
    const { bus, clock } = await bench(lender(() => {}));
    const pipe = await open(bus);
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    const many = Array.from({ length: 65 }, () =>
      pipe.controlIn(vendorIn, 8, { signal: stop.signal }),
    );
    const all = Promise.allSettled(many);
    stop.abort();
    expect((await all).every(({ status }) => status === 'rejected')).toBe(true);
    await pipe.gone;
    await until(() => clock.nextMs === Infinity);
  });
});
