import { beforeEach, describe, expect, test, vi } from 'vitest';
import { turn } from '../../test/support/same-thread.ts';
import { Device, DfuMode, RamDisk } from '../device/index.ts';
import { LoopbackBus } from '../link/loopback/index.ts';
import type { WebUsbDevice } from '../link/web-usb/index.ts';
import { VirtualClock } from '../usb/index.ts';
import { findDevices, flash } from './index.ts';
import { pipeBus } from './pipe-bus.ts';

let bus: LoopbackBus;
vi.mock('../link/node-usb/index.ts', () => ({
  nodeUsbBus: () => ({
    list: () => bus.list(),
    watch: (listener: () => void) => bus.watch(listener),
    close: () => Promise.resolve(),
  }),
}));

let clock: VirtualClock;
let disk: RamDisk;
const done = <T>(work: Promise<T>): Promise<T> => clock.run(work, turn);
const image = Uint8Array.from({ length: 100 }, (_, at) => at);

beforeEach(() => {
  clock = new VirtualClock();
  bus = new LoopbackBus(clock);
  disk = new RamDisk({ name: 'ram', sizeBytes: 1024 });
  const identity = { idVendor: 0x1209, idProduct: 0x7d02 };
  const functions = [new DfuMode({ media: [disk] })];
  bus.plug(new Device({ identity, configurations: [{ functions }] }));
});

/** As the npm package `usb` has a device: WebUSB's words, and where it is. */
const native = (address: number): WebUsbDevice =>
  ({ controlTransferIn: undefined, bus: '001', address, ports: [1] }) as unknown as WebUsbDevice;

describe('this machine’s own USB', () => {
  test('is where devices are looked for', async () => {
    expect(await done(findDevices({ clock }))).toMatchObject([{ id: '1209:7d02', path: '1-1' }]);
  });

  test('has the device that the package usb tells of', async () => {
    const [found] = await done(bus.list());
    const device = native(found?.location.address ?? 0);
    const { acknowledged } = await done(flash(device, image, { clock }));
    expect(acknowledged.bytes).toBe(100);
    expect(disk.content.subarray(0, 100)).toEqual(image);
  });

  test('has it no more once it has left', async () => {
    await expect(done(flash(native(99), image, { clock }))).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'the device that was handed over is not on the bus any more',
    });
  });
});

describe('a bus of one pipe', () => {
  test('lends it: what was claimed is released, and the pipe stays open', async () => {
    const [found] = await done(bus.list());
    if (found === undefined) throw new Error('nothing is there');
    const pipe = await done(found.open());
    const one = pipeBus(pipe);
    const told: string[] = [];
    const stop = one.watch((event) => told.push(event.type));
    const [listed] = await one.list();
    const lent = await listed?.open();
    if (lent === undefined) throw new Error('nothing is listed');
    await done(lent.claimInterface(0));
    await done(lent.selectAlternate(0, 0));
    await done(lent.releaseInterface(0));
    await done(lent.claimInterface(0));
    await done(lent.close());
    await done(pipe.claimInterface(0));
    const setup = { bmRequestType: 0x21, bRequest: 6, wValue: 0, wIndex: 0 };
    expect(await done(lent.controlOut(setup, new Uint8Array(0)))).toBe(0);
    expect(await done(lent.reset())).toBe('same');
    await done(pipe.close());
    await turn();
    expect([told, await one.list()]).toEqual([['detached'], []]);
    stop();
    await one.close();
  });
});
