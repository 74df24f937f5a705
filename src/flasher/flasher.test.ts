import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { happening } from '../../test/support/boards.ts';
import { FakeWebUsb } from '../../test/support/fake-web-usb.ts';
import type { FakeWebDevice } from '../../test/support/fake-web-usb.ts';
import { machineCode } from '../../test/support/machine-code.ts';
import { turn } from '../../test/support/same-thread.ts';
import {
  StandInRunner,
  boardLayout,
  boardModel,
  createBoard,
  programFlash,
} from '../board/index.ts';
import type { Board } from '../board/index.ts';
import { MemoryFlash } from '../flash/index.ts';
import { parseDeviceIds } from '../host/index.ts';
import type { HostEvent } from '../host/index.ts';
import { riotbootImage } from '../image/index.ts';
import { LoopbackBus } from '../link/loopback/index.ts';
import { webUsbBus } from '../link/web-usb/index.ts';
import { VirtualClock } from '../usb/index.ts';
import type { UsbBus } from '../usb/index.ts';
import { findDevices, flash } from './index.ts';

const model = boardModel('particle-xenon');
const layout = boardLayout(model, 'riotboot_dfu');

/** What RIOT's build makes for a slot. */
function imageFor(slot: 0 | 1, version: number): Uint8Array {
  const startAddress = layout.slots[slot]?.imageAddress ?? 0;
  const code = machineCode(startAddress, { stackPointer: 0x20002000, text: `version ${version}` });
  return riotbootImage(code, { version, startAddress, headerLength: layout.headerBytes });
}

const next = imageFor(1, 2);

let clock: VirtualClock;
let board: Board;

/** The only one there is. */
function only<T>(all: readonly T[]): T {
  const [first, ...more] = all;
  if (first === undefined || more.length > 0) throw new Error(`expected one, got ${all.length}`);
  return first;
}

/** Runs on the board's own time. */
const done = <T>(work: Promise<T>): Promise<T> => clock.run(work, turn);

/** A board whose application offers the run-time DFU interface, or with nothing in its flash. */
function power(...installed: readonly Uint8Array[]): void {
  clock = new VirtualClock();
  const flashed = new MemoryFlash(model.flash);
  for (const image of installed) programFlash(flashed, layout, image);
  const runner = new StandInRunner([{ plays: 'dfu-runtime' }]);
  board = createBoard({ model, flash: flashed, clock, runner });
  board.powerOn();
}

function cable(): UsbBus {
  const bus = new LoopbackBus(clock);
  bus.plug(board.port);
  return bus;
}

/** The page’s USB, once the board is on it. */
async function page(): Promise<FakeWebUsb> {
  const usb = new FakeWebUsb(board.port, clock);
  for (let turns = 0; usb.devices.length === 0 && turns < 100; turns += 1) await turn();
  return usb;
}

const runs = (version: number): Promise<unknown> =>
  happening(board, (event) => event.type === 'boot' && event.version === version);

beforeEach(() => {
  power(imageFor(0, 1));
});

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('findDevices', () => {
  test('tells a device in run-time mode', async () => {
    const found = await done(findDevices({ bus: cable(), clock }));
    expect(found).toMatchObject([{ mode: 'runtime', path: '1-1', interfaces: [{}] }]);
    expect(found[0]?.serial).toMatch(/^[0-9A-F]{16}$/i);
  });

  test('tells a device in DFU mode once, with all its alternates', async () => {
    power();
    const found = await done(findDevices({ bus: cable(), clock }));
    expect(found).toMatchObject([
      { id: '1209:7d02', mode: 'dfu', interfaces: [{ alternate: 0 }, { alternate: 1 }] },
    ]);
  });

  test('leaves out what is not asked for', async () => {
    const selection = parseDeviceIds('1234:5678');
    expect(await done(findDevices({ bus: cable(), clock, selection }))).toEqual([]);
  });
});

describe('flash', () => {
  test('takes what was found from run-time mode to its new firmware', async () => {
    const device = only(await done(findDevices({ bus: cable(), clock })));
    const starts = runs(2);
    const ending = await done(flash(device, next, { clock, alternate: 1 }));
    expect(ending.acknowledged.bytes).toBe(next.length);
    await done(starts);
  });

  test.each([
    ['an ArrayBuffer', next.slice().buffer],
    ['a file', new Blob([next.slice()])],
    ['a view of another kind', new DataView(next.slice().buffer)],
  ])('takes %s', async (_, file) => {
    power();
    const device = only(await done(findDevices({ bus: cable(), clock })));
    const ending = await done(flash(device, file, { clock, alternate: 1 }));
    expect(ending.acknowledged.bytes).toBe(next.length);
  });

  test.each([['firmware.bin'], [undefined], [{}], [7]])('refuses %j as a file', async (file) => {
    const device = only(await done(findDevices({ bus: cable(), clock })));
    await expect(flash(device, file as never, { clock })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/^file: expected its bytes/) as string,
    });
  });

  test.each([
    [undefined, 'NOT_FOUND', 'no device was given, as if none was found: plug one in'],
    [[], 'INVALID_ARGUMENT', 'got an array: name one of it'],
    ['1-4', 'INVALID_ARGUMENT', 'expected a device that findDevices found, a USBDevice or a'],
    [{}, 'INVALID_ARGUMENT', 'got object'],
  ])('says of %j that it is no device', async (target, code, words) => {
    await expect(flash(target as never, next, { clock })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words) as string,
    });
  });

  test('takes a pipe that is open, and leaves it open', async () => {
    power();
    const bus = cable();
    const listed = only(await bus.list());
    const pipe = await done(listed.open());
    const cancel = new AbortController();
    const onEvent = ({ type }: HostEvent): void => {
      if (type === 'progress') cancel.abort();
    };
    const terms = { clock, alternate: 1, signal: cancel.signal, onEvent };
    await expect(done(flash(pipe, next, terms))).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await done(pipe.controlIn(deviceStatus, 2))).toHaveLength(2);
    const ending = await done(flash(pipe, next, { clock, alternate: 1 }));
    expect(ending.acknowledged.bytes).toBe(next.length);
    expect(await bus.list()).toBeDefined();
  });

  test('of a pipe to a device that has gone says that', async () => {
    const bus = cable();
    const listed = only(await bus.list());
    const pipe = await done(listed.open());
    await board.close();
    await pipe.gone;
    await expect(done(flash(pipe, next, { clock }))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

const deviceStatus = { bmRequestType: 0x80, bRequest: 0, wValue: 0, wIndex: 0 };

describe('a page’s device', () => {
  test('is flashed from DFU mode', async () => {
    power();
    const usb = await page();
    const found = only(await done(findDevices({ bus: webUsbBus({ usb, clock }), clock })));
    expect(found).toMatchObject({ path: 'web-1', mode: 'dfu' });
    const starts = runs(2);
    const { ending } = await done(flash(found, next, { clock, alternate: 1 }));
    expect(ending).toBe('manifested');
    await done(starts);
  });

  test('is found again after it has left run-time mode: another device to a browser', async () => {
    const usb = await page();
    const found = only(await done(findDevices({ bus: webUsbBus({ usb, clock }), clock })));
    const starts = runs(2);
    await done(flash(found, next, { clock, alternate: 1 }));
    await done(starts);
    expect(usb.devices.slice(0, 2).map(({ productId }) => productId.toString(16))).toEqual([
      expect.not.stringMatching('7d02') as string,
      '7d02',
    ]);
  });

  test('is what the page has of it, too, and the page’s own is found without a bus', async () => {
    power();
    const usb = await page();
    vi.stubGlobal('navigator', { usb });
    const found = only(await done(findDevices({ clock })));
    expect(found).toMatchObject({ mode: 'dfu' });
    const device = only(usb.devices);
    const starts = runs(2);
    const { acknowledged } = await done(flash(device, next, { clock, alternate: 1 }));
    expect(acknowledged.bytes).toBe(next.length);
    await done(starts);
  });

  test('is refused where there is no WebUSB', async () => {
    power();
    const device = only((await page()).devices);
    vi.stubGlobal('navigator', {});
    await expect(done(flash(device, next, { clock }))).rejects.toMatchObject({ code: 'NO_USB' });
  });

  test('is waited for until a person has picked it again', async () => {
    const usb = await page();
    let mayUse = false;
    usb.permits = ({ productId }: FakeWebDevice) => productId !== 0x7d02 || mayUse;
    const found = only(await done(findDevices({ bus: webUsbBus({ usb, clock }), clock })));
    const events: string[] = [];
    const onEvent = ({ type }: HostEvent): void => {
      events.push(type);
      if (type === 'detaching') {
        clock.at(clock.now() + 20_000, () => {
          mayUse = true;
        });
      }
    };
    const terms = { clock, alternate: 1, returnMs: 60_000, onEvent };
    const { acknowledged } = await done(flash(found, next, terms));
    expect(acknowledged.bytes).toBe(next.length);
    expect(events).toContain('returned');
  });
});
