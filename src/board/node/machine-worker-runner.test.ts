import { afterEach, describe, expect, test } from 'vitest';
import { boardModel, createBoard } from '../index.ts';
import type { Board, BoardEvent, MachineOptions, Runner } from '../index.ts';
import { MachineWorkerRunner } from './index.ts';
import { MemoryFlash } from '../../flash/index.ts';
import { connect, download, upload } from '../../host/index.ts';
import { LoopbackBus } from '../../link/loopback/index.ts';
import { timerClock } from '../../usb/index.ts';
import { happening } from '../../../test/support/boards.ts';
import { machineFixture } from '../../../test/support/machine/fixture.ts';

const model = boardModel('rpi_pico');
const clock = timerClock(globalThis);
const boards: Board[] = [];

afterEach(async () => {
  await Promise.all(boards.splice(0).map((board) => board.close()));
});

interface Bench {
  readonly board: Board;
  readonly flash: MemoryFlash;
  readonly bus: LoopbackBus;
  readonly events: BoardEvent[];
  readonly until: (fits: (event: BoardEvent) => boolean) => Promise<BoardEvent>;
}

function bench(name: string, options: MachineOptions & { readonly time?: 'fast' } = {}): Bench {
  const flash = new MemoryFlash(model.flash, machineFixture(`rp2040/${name}.bin`));
  const runner: Runner = new MachineWorkerRunner({ time: 'fast', ...options });
  const board = createBoard({ model, flash, clock, runner });
  boards.push(board);
  const events: BoardEvent[] = [];
  board.listen((event) => events.push(event));
  const bus = new LoopbackBus(clock);
  bus.plug(board.port);
  return { board, flash, bus, events, until: (fits) => happening(board, fits) };
}

const attached = (event: BoardEvent): boolean =>
  event.type === 'usb' && event.state === 'configured';

const blob = Uint8Array.from({ length: 9000 }, (_, at) => (at * 7 + (at >> 8)) & 0xff);

describe('a chip in a thread', () => {
  test('is flashed, and gives back what it was given', async () => {
    const { board, flash, bus, until } = bench('dfu');
    const there = until(attached);
    board.powerOn();
    await there;
    const session = await connect(bus, { clock });
    await download(session, blob);
    expect(flash.read(0x40000, blob.length)).toEqual(blob);
    const parts: number[] = [];
    await upload(session, (bytes) => void parts.push(...bytes));
    expect(Uint8Array.from(parts.slice(0, blob.length))).toEqual(blob);
    await session.close();
  });

  test('executes nothing behind a power cut, and is flashed again', async () => {
    const { board, flash, bus, until } = bench('dfu');
    const there = until(attached);
    board.powerOn();
    await there;
    board.cutAfter(5, { kind: 'torn-tail' });
    const off = until(({ type }) => type === 'power');
    const session = await connect(bus, { clock });
    await expect(download(session, blob)).rejects.toThrow('device');
    expect(await off).toMatchObject({ on: false, cut: { operation: 5, bytes: 256 } });
    await session.close();
    const again = until(attached);
    board.powerOn();
    const page = 0x40000 + 4 * 256;
    expect(
      flash
        .read(page, 256)
        .subarray(0, 128)
        .every((byte) => byte === 0xff),
    ).toBe(true);
    expect(flash.read(page + 128, 128)).toEqual(blob.slice(4 * 256 + 128, 5 * 256));
    expect(flash.read(page + 256, 256).every((byte) => byte === 0xff)).toBe(true);
    await again;
    const second = await connect(bus, { clock });
    await download(second, blob);
    expect(flash.read(0x40000, blob.length)).toEqual(blob);
    await second.close();
  });

  test('keeps its scratch registers through its watchdog, and not without power', async () => {
    const { board, bus, until } = bench('runtime');
    const there = until(attached);
    board.powerOn();
    await there;
    const dfu = until((event) => event.type === 'usb' && 'id' in event && event.id === '1209:7d02');
    const watchdog = until((event) => event.type === 'boot');
    const device = await connect(bus, { clock });
    expect(await watchdog).toMatchObject({ cause: 'watchdog' });
    await dfu;
    await device.close();
    board.powerCut();
    const runtime = until((event) => event.type === 'usb' && event.state === 'attached');
    board.powerOn();
    expect(await runtime).toMatchObject({ id: '1209:7d01' });
  });

  test('is reset, unplugged and put away in the middle of whatever it does', async () => {
    const { board, until } = bench('dfu');
    board.powerOn();
    board.pressReset();
    const there = until(attached);
    await there;
    board.unplug();
    const back = until(attached);
    board.replug();
    await back;
    board.pressReset();
    await board.close();
    expect(board.isOn).toBe(false);
  });

  test('with a boot ROM that is none is a fault', async () => {
    const { board, until } = bench('dfu', { bootrom: new Uint8Array(100) });
    const fault = until(({ type }) => type === 'fault');
    board.powerOn();
    expect(await fault).toMatchObject({ message: expect.stringMatching(/ROM of 16384/) as string });
  });
});
