import { beforeEach, describe, expect, test } from 'vitest';
import { FakeWebUsb } from '../../../test/support/fake-web-usb.ts';
import type { FakeWebDevice } from '../../../test/support/fake-web-usb.ts';
import { turn } from '../../../test/support/same-thread.ts';
import { Say, ScriptedDevice } from '../../../test/support/scripted-device.ts';
import { VirtualClock, webUsbSetup } from '../../usb/index.ts';
import type { BusDevice, BusEvent, ControlPipe, ControlRequest } from '../../usb/index.ts';
import { webUsbBus } from './index.ts';
import type { WebUsbBus } from './index.ts';

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

let clock: VirtualClock;
let scripted: ScriptedDevice;
let usb: FakeWebUsb;
let bus: WebUsbBus;

async function settle(): Promise<void> {
  for (let turns = 0; turns < 10; turns += 1) await turn();
}

beforeEach(async () => {
  clock = new VirtualClock();
  scripted = new ScriptedDevice();
  usb = new FakeWebUsb(scripted, clock);
  bus = webUsbBus({ usb, clock });
  await settle();
});

/** The one that is attached. */
function web(): FakeWebDevice {
  const last = usb.devices.at(-1);
  if (last === undefined) throw new Error('nothing is attached');
  return last;
}

async function listed(): Promise<BusDevice> {
  const [found] = await bus.list();
  if (found === undefined) throw new Error('nothing on the bus');
  return found;
}

const open = async (): Promise<ControlPipe> => (await listed()).open();

describe('listing', () => {
  test('tells what the device is, without opening it', async () => {
    expect(await listed()).toMatchObject({
      location: { bus: 0, address: 1, path: 'web-1' },
      descriptor: { idVendor: 0x1209, idProduct: 0x7d02, bcdUSB: 0x0210, bcdDevice: 0x0100 },
    });
    expect(web().log).toEqual([]);
    expect((await listed()).id).toBe((await listed()).id);
  });

  test('without WebUSB says which browsers have it', () => {
    expect(() => webUsbBus()).toThrow(/^this browser has no WebUSB: Chromium/);
  });

  test('that the browser refuses says so', async () => {
    usb.getDevices = () => Promise.reject(new DOMException('no', 'SecurityError'));
    await expect(bus.list()).rejects.toMatchObject({ code: 'ACCESS' });
  });
});

describe('opening', () => {
  test('reads the descriptors and configures what is not configured', async () => {
    const pipe = await open();
    expect(pipe.device.descriptor).toMatchObject({ iSerialNumber: 3 });
    expect(web().log).toEqual(['open', 'configuration 1']);
    await pipe.close();
    expect(web().log.at(-1)).toBe('close');
    await (await open()).close();
    expect(clock.nextMs).toBe(Infinity);
    expect(usb.listening).toBe(0);
  });

  test('what the page has opened stays open', async () => {
    await web().open();
    const pipe = await open();
    await pipe.close();
    expect(web().opened).toBe(true);
  });

  test('twice in one page is refused', async () => {
    await open();
    await expect(open()).rejects.toMatchObject({ code: 'BUSY' });
  });

  test.each([
    ['NetworkError', 'ACCESS', /udev rule .* WinUSB/],
    ['SecurityError', 'ACCESS', /WinUSB/],
    ['InvalidStateError', 'BUSY', /close that/],
    ['NotFoundError', 'NOT_FOUND', /^opening web-1/],
  ])('in vain, by %s', async (name, code, message) => {
    web().failures.set('open', [name, 'Access denied.']);
    await expect(open()).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
    web().failures.clear();
    await (await open()).close();
  });

  test('of a device that does not answer leaves nothing open', async () => {
    web().failures.set('transfer', ['NetworkError', 'A transfer error has occurred.']);
    const failed = open();
    await settle();
    clock.advance(200);
    await expect(failed).rejects.toMatchObject({ code: 'IO' });
    expect(web().opened).toBe(false);
  });
});

describe('a control transfer', () => {
  test('carries data both ways, and none at all', async () => {
    const pipe = await open();
    expect(await pipe.controlOut(vendorOut(Say.memory), Uint8Array.of(1, 2))).toBe(2);
    expect(await pipe.controlIn(vendorIn(Say.memory), 64)).toEqual(Uint8Array.of(1, 2));
    expect(await pipe.controlOut(vendorOut(Say.memory), nothing)).toBe(0);
  });

  test('fails in three different ways, though the browser keeps no time', async () => {
    const pipe = await open();
    await expect(pipe.controlIn(vendorIn(Say.stall), 1)).rejects.toMatchObject({ code: 'STALLED' });
    await expect(pipe.controlOut(vendorOut(Say.stall), nothing)).rejects.toMatchObject({
      code: 'STALLED',
    });
    const late = pipe.controlIn(vendorIn(Say.hold), 1, { timeoutMs: 40 });
    await settle();
    clock.advance(40);
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  test('that breaks as the device leaves is a disconnection', async () => {
    const pipe = await open();
    await expect(pipe.controlOut(vendorOut(Say.vanish), nothing)).rejects.toMatchObject({
      code: 'DISCONNECTED',
    });
    await pipe.gone;
    await expect(pipe.controlIn(vendorIn(Say.memory), 1)).rejects.toMatchObject({
      code: 'DISCONNECTED',
    });
    expect(await pipe.reset()).toBe('gone');
  });

  test.each([
    ['NetworkError', 'IO'],
    ['TimeoutError', 'TIMEOUT'],
    ['InvalidStateError', 'BUSY'],
  ])('that breaks while the device stays, by %s', async (name, code) => {
    const pipe = await open();
    web().failures.set('transfer', [name, 'said']);
    const broken = clock.run(pipe.controlIn(vendorIn(Say.memory), 1), turn);
    await expect(broken).rejects.toMatchObject({ code });
  });

  test('of which too much comes is a broken protocol', async () => {
    const pipe = await open();
    web().controlTransferIn = () => Promise.resolve({ status: 'babble' });
    await expect(pipe.controlIn(vendorIn(Say.memory), 1)).rejects.toMatchObject({
      code: 'PROTOCOL',
    });
    web().controlTransferIn = () => Promise.resolve({ status: 'ok' });
    expect(await pipe.controlIn(vendorIn(Say.memory), 1)).toHaveLength(0);
  });

  test('can be given up', async () => {
    const pipe = await open();
    const stop = new AbortController();
    const held = pipe.controlIn(vendorIn(Say.hold), 1, { signal: stop.signal });
    stop.abort();
    await expect(held).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

describe('interfaces', () => {
  test.each([
    ['NetworkError', 'BUSY'],
    ['SecurityError', 'ACCESS'],
    ['NotFoundError', 'NOT_FOUND'],
    ['AbortError', 'DISCONNECTED'],
  ])('claimed in vain, by %s', async (name, code) => {
    const pipe = await open();
    web().failures.set('claim', [name, 'Unable to claim interface.']);
    await expect(pipe.claimInterface(0)).rejects.toMatchObject({ code });
  });

  test('are claimed, given their alternate and released', async () => {
    const pipe = await open();
    await pipe.claimInterface(0);
    await pipe.selectAlternate(0, 1);
    await pipe.close();
    expect(web().log.slice(2)).toEqual(['claim 0', 'alternate 0 1', 'release 0', 'close']);
  });
});

describe('a reset', () => {
  test('puts back what the browser forgets', async () => {
    const pipe = await open();
    await pipe.claimInterface(0);
    await pipe.selectAlternate(0, 1);
    web().log.length = 0;
    expect(await pipe.reset()).toBe('same');
    expect(web().log.filter((each) => !each.startsWith('alternate'))).toEqual([
      'release 0',
      'reset',
      'configuration 1',
      'claim 0',
    ]);
    expect(web().log.at(-1)).toBe('alternate 0 1');
  });

  test('that brings other descriptors ends the pipe', async () => {
    const pipe = await open();
    scripted.alternates = 1;
    expect(await pipe.reset()).toBe('gone');
    await pipe.gone;
  });

  test('where the system has none says so, and the pipe goes on', async () => {
    const pipe = await open();
    await pipe.claimInterface(0);
    web().failures.set('reset', ['NetworkError', 'Unable to reset the device.']);
    const refused = pipe.reset();
    await settle();
    clock.advance(200);
    await expect(refused).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(web().claimed.has(0)).toBe(true);
    expect(await pipe.controlIn(vendorIn(Say.memory), 1)).toHaveLength(0);
  });
});

describe('watching', () => {
  test('tells of what comes and goes, once each', async () => {
    const events: BusEvent[] = [];
    const stop = bus.watch((event) => events.push(event));
    await settle();
    const pipe = await open();
    await pipe.controlOut(vendorOut(Say.leave, 50), nothing).catch(() => {});
    clock.advance(1000);
    await settle();
    expect(events.map(({ type }) => type)).toEqual(['attached', 'detached', 'attached']);
    expect(await listed()).toMatchObject({ location: { path: 'web-2' } });
    stop();
    expect(usb.listening).toBe(0);
    expect(clock.nextMs).toBe(Infinity);
  });

  test('finds what a person picks meanwhile, of which the browser tells nothing', async () => {
    usb.permits = () => false;
    const events: BusEvent[] = [];
    const stop = bus.watch((event) => events.push(event));
    await settle();
    expect(events).toEqual([]);
    usb.permits = () => true;
    clock.advance(500);
    await settle();
    expect(events.map(({ type }) => type)).toEqual(['attached']);
    await bus.close();
    stop();
    expect(usb.listening).toBe(0);
  });

  test('takes what the page hands over, also if the browser does not list it', async () => {
    usb.permits = () => false;
    const device = bus.deviceOf(web());
    expect(await bus.list()).toEqual([device]);
    const pipe = await device.open();
    await pipe.close();
  });
});

describe('a request', () => {
  test.each([
    [0x80, 'standard', 'device'],
    [0x21, 'class', 'interface'],
    [0xc2, 'vendor', 'endpoint'],
    [0x43, 'vendor', 'other'],
  ])('of type %i in the words of WebUSB', (bmRequestType, requestType, recipient) => {
    const request = { bmRequestType, bRequest: 1, wValue: 2, wIndex: 3 };
    const words = { requestType, recipient, request: 1, value: 2, index: 3 };
    expect(webUsbSetup(request)).toEqual(words);
  });
});
