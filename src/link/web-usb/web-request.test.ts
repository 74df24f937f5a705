import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeWebUsb } from '../../../test/support/fake-web-usb.ts';
import type { FakeWebDevice } from '../../../test/support/fake-web-usb.ts';
import { turn } from '../../../test/support/same-thread.ts';
import { ScriptedDevice } from '../../../test/support/scripted-device.ts';
import { VirtualClock } from '../../usb/index.ts';
import type { BusEvent, DeviceFilter } from '../../usb/index.ts';
import { webUsbBus, webUsbSupport } from './index.ts';
import type { WebUsbBus } from './index.ts';

let clock: VirtualClock;
let usb: FakeWebUsb;
let bus: WebUsbBus;

async function settle(): Promise<void> {
  for (let turns = 0; turns < 10; turns += 1) await turn();
}

/** The first that a chooser shows. */
const first = (shown: readonly FakeWebDevice[]): FakeWebDevice | undefined => shown[0];

beforeEach(async () => {
  clock = new VirtualClock();
  usb = new FakeWebUsb(new ScriptedDevice(), clock);
  bus = webUsbBus({ usb, clock });
  usb.asks(first);
  await settle();
});

afterEach(() => vi.unstubAllGlobals());

describe('a person is asked', () => {
  test('and the device is there from then on, and told of at once', async () => {
    const events: BusEvent[] = [];
    const stop = bus.watch((event) => events.push(event));
    expect(await bus.list()).toEqual([]);
    const chosen = await usb.click(() => bus.request([{ vendorId: 0x1209 }]));
    expect(events).toEqual([{ type: 'attached', device: chosen }]);
    expect(await bus.list()).toEqual([chosen]);
    expect(events).toHaveLength(1);
    await (await chosen?.open())?.close();
    stop();
    expect(clock.nextMs).toBe(Infinity);
  });

  test('and chooses none', async () => {
    usb.asks(() => undefined);
    expect(await usb.click(() => bus.request([]))).toBeUndefined();
    expect(await bus.list()).toEqual([]);
  });

  test('of one that is there already it is the same device', async () => {
    const one = await usb.click(() => bus.request([{ vendorId: 0x1209 }]));
    expect(await usb.click(() => bus.request([{ vendorId: 0x1209 }]))).toBe(one);
  });

  test.each<readonly [string, DeviceFilter, boolean]>([
    ['ids', { vendorId: 0x1209, productId: 0x7d02 }, true],
    ['other ids', { vendorId: 0x1209, productId: 0x7d03 }, false],
    ['the class of an interface', { classCode: 0xff, subclassCode: 1, protocolCode: 2 }, true],
    ['a class that no interface has', { classCode: 3 }, false],
    ['another serial number', { serialNumber: 'no' }, false],
  ])('by %s', async (_, filter, isShown) => {
    const chosen = await usb.click(() => bus.request([filter]));
    expect(usb.asked).toEqual([[filter]]);
    expect(chosen !== undefined).toBe(isShown);
  });

  test.each([
    ['TypeError', 'INVALID_ARGUMENT'],
    ['NetworkError', 'IO'],
  ])('in vain, by %s', async (name, code) => {
    usb.requestDevice = () => Promise.reject(new DOMException('said', name));
    await expect(usb.click(() => bus.request([]))).rejects.toMatchObject({ code });
  });
});

describe('nobody is asked', () => {
  test('without a click', async () => {
    vi.stubGlobal('navigator', { userActivation: { isActive: false } });
    await expect(bus.request([])).rejects.toMatchObject({
      code: 'ACCESS',
      message: expect.stringMatching(/only from a click or a key/) as string,
    });
  });

  test('where a policy keeps USB from the page', async () => {
    vi.stubGlobal('navigator', { userActivation: { isActive: true } });
    usb.requestDevice = () => Promise.reject(new DOMException('no', 'SecurityError'));
    await expect(bus.request([])).rejects.toMatchObject({
      code: 'ACCESS',
      message: expect.stringMatching(/a frame needs allow="usb"/) as string,
    });
  });

  test('by a worker', async () => {
    usb.requestDevice = undefined as unknown as FakeWebUsb['requestDevice'];
    await expect(bus.request([])).rejects.toMatchObject({
      code: 'ACCESS',
      message: expect.stringMatching(/a worker cannot ask/) as string,
    });
  });
});

describe('a page', () => {
  test('that has USB', async () => {
    vi.stubGlobal('navigator', { usb });
    expect(await webUsbSupport()).toEqual({ isThere: true });
  });

  test('has one bus, which stays open', async () => {
    vi.stubGlobal('navigator', { usb });
    const own = webUsbBus();
    expect(webUsbBus()).toBe(own);
    const events: BusEvent[] = [];
    const stop = own.watch((event) => events.push(event));
    await own.close();
    await usb.click(() => own.request([{ vendorId: 0x1209 }]));
    expect(events).toHaveLength(1);
    stop();
    expect(webUsbBus({ usb })).not.toBe(own);
  });

  test('in a browser without', async () => {
    const why = { isThere: false, why: 'no-usb', message: expect.stringContaining('Firefox') };
    expect(await webUsbSupport()).toEqual(why);
    expect(() => webUsbBus()).toThrow(/^this browser has no WebUSB: Chromium/);
  });

  test('that came by http', async () => {
    vi.stubGlobal('isSecureContext', false);
    const why = { isThere: false, why: 'insecure', message: expect.stringContaining('https') };
    expect(await webUsbSupport()).toEqual(why);
    expect(() => webUsbBus()).toThrow(/https, or from localhost/);
  });

  test('that a policy keeps it from', async () => {
    usb.getDevices = () => Promise.reject(new DOMException('no', 'SecurityError'));
    const support = await webUsbSupport(usb, clock);
    expect(support).toMatchObject({ isThere: false, why: 'not-allowed' });
    expect(support).toHaveProperty('message', expect.stringContaining('Permissions-Policy'));
  });

  test('whose browser fails to answer now has it all the same', async () => {
    usb.getDevices = () => Promise.reject(new DOMException('no', 'NetworkError'));
    expect(await webUsbSupport(usb, clock)).toEqual({ isThere: true });
  });
});

describe('a browser that does not come back', () => {
  const never = (): Promise<never> => new Promise(() => {});

  async function late<T>(work: Promise<T>): Promise<unknown> {
    const seen = work.catch((error: unknown) => error);
    await settle();
    clock.advance(5000);
    return seen;
  }

  async function device(): Promise<FakeWebDevice> {
    await usb.click(() => bus.request([{ vendorId: 0x1209 }]));
    const [own] = usb.devices;
    if (own === undefined) throw new Error('nothing is attached');
    return own;
  }

  test('is not waited for when it lists', async () => {
    usb.getDevices = never;
    expect(await late(bus.list())).toMatchObject({ code: 'TIMEOUT' });
  });

  test('when it opens, and what opens late is closed again', async () => {
    const own = await device();
    const [listed] = await bus.list();
    let open = (): void => {};
    own.open = () =>
      new Promise((resolve) => {
        open = () => {
          own.opened = true;
          resolve();
        };
      });
    expect(await late(listed?.open() ?? never())).toMatchObject({ code: 'TIMEOUT' });
    open();
    await settle();
    expect(own.opened).toBe(false);
  });

  test('when it claims', async () => {
    const own = await device();
    const [listed] = await bus.list();
    const pipe = await listed?.open();
    if (pipe === undefined) throw new Error('not opened');
    own.claimInterface = never;
    expect(await late(pipe.claimInterface(0))).toMatchObject({ code: 'TIMEOUT' });
    await pipe.close();
    expect(clock.nextMs).toBe(Infinity);
  });

  test('when it releases and closes', async () => {
    const own = await device();
    const [listed] = await bus.list();
    const pipe = await listed?.open();
    await pipe?.claimInterface(0);
    own.releaseInterface = never;
    own.close = never;
    const closing = pipe?.close();
    for (let each = 0; each < 2; each += 1) {
      await settle();
      clock.advance(5000);
    }
    await closing;
    expect(clock.nextMs).toBe(Infinity);
  });
});

test('on Windows no transfer is longer than WinUSB carries', async () => {
  vi.stubGlobal('navigator', { userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/1' });
  const chosen = await usb.click(() => bus.request([{ vendorId: 0x1209 }]));
  expect(chosen?.mostTransferBytes).toBe(4096);
});
