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
import type { HostEvent, SendEnding } from '../host/index.ts';
import { riotbootImage } from '../image/index.ts';
import { webUsbBus } from '../link/web-usb/index.ts';
import type { WebUsbBus } from '../link/web-usb/index.ts';
import { VirtualClock } from '../usb/index.ts';
import { findDevices, flash } from './index.ts';
import type { FlashDeviceOptions } from './index.ts';

/* A page that flashes a board from its application on, and what its person has to allow it for that. */

const model = boardModel('particle-xenon');
const layout = boardLayout(model, 'riotboot_dfu');

function imageFor(slot: 0 | 1, version: number): Uint8Array {
  const startAddress = layout.slots[slot]?.imageAddress ?? 0;
  const code = machineCode(startAddress, { stackPointer: 0x20002000, text: `version ${version}` });
  return riotbootImage(code, { version, startAddress, headerLength: layout.headerBytes });
}

const next = imageFor(1, 2);

let clock: VirtualClock;
let board: Board;
let usb: FakeWebUsb;
let bus: WebUsbBus;
let events: HostEvent[];

const done = <T>(work: Promise<T>): Promise<T> => clock.run(work, turn);

/** A person who points at the first that is shown. */
const pointing = (shown: readonly FakeWebDevice[]): FakeWebDevice | undefined => shown[0];

beforeEach(async () => {
  clock = new VirtualClock();
  events = [];
  const memory = new MemoryFlash(model.flash);
  programFlash(memory, layout, imageFor(0, 1));
  board = createBoard({
    model,
    flash: memory,
    clock,
    runner: new StandInRunner([{ plays: 'dfu-runtime' }]),
  });
  board.powerOn();
  usb = new FakeWebUsb(board.port, clock);
  usb.asks(pointing);
  bus = webUsbBus({ usb, clock });
  for (let turns = 0; usb.devices.length === 0 && turns < 100; turns += 1) await turn();
});

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Flashes the only device that the page may use; `asked` is the page's answer to the host's question. */
async function flashed(
  options: FlashDeviceOptions = {},
  asked: (filters: Extract<HostEvent, { type: 'permission' }>['filters']) => void = () => {},
): Promise<SendEnding> {
  const [device] = await done(findDevices({ bus, clock }));
  if (device === undefined) throw new Error('the page may use no device');
  const onEvent = (event: HostEvent): void => {
    events.push(event);
    if (event.type === 'permission') asked(event.filters);
  };
  return done(flash(device, next, { clock, alternate: 1, onEvent, ...options }));
}

const types = (): string[] => events.map(({ type }) => type);

describe('a second permission', () => {
  test('is asked for when the device has gone to DFU mode, and the search goes on', async () => {
    await usb.click(() => bus.request([{ vendorId: 0x1209 }]));
    const starts = happening(board, (event) => event.type === 'boot' && event.version === 2);
    const ending = await flashed({ waitAppMs: 30_000 }, (filters) => {
      clock.at(clock.now() + 60_000, () => void usb.click(() => bus.request(filters)));
    });
    await done(starts);
    expect(types().filter((type) => type === 'permission')).toHaveLength(1);
    expect(types()).toContain('returned');
    expect(ending).toMatchObject({
      outcome: 'written',
      acknowledged: { bytes: next.length },
      application: { idProduct: 0x7d00 },
    });
    expect(usb.asked).toHaveLength(2);
  });

  test('that was given before is used without asking', async () => {
    await usb.click(() => bus.request([{ vendorId: 0x1209 }]));
    const [own] = usb.devices;
    usb.grant(`1209:7d02:${own?.serialNumber}`);
    await flashed();
    expect(types()).not.toContain('permission');
    expect(usb.asked).toHaveLength(1);
    expect(clock.now()).toBeLessThan(10_000);
  });

  test('of which nothing comes ends it, and nothing was changed', async () => {
    await usb.click(() => bus.request([{ vendorId: 0x1209 }]));
    await expect(flashed()).rejects.toMatchObject({ code: 'TIMEOUT', outcome: 'unchanged' });
  });
});
