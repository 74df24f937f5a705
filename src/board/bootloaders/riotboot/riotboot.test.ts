import { describe, expect, test } from 'vitest';
import { tinyBoard } from '../../../../test/support/tiny-board.ts';
import { RIOTBOOT } from '../../../device/index.ts';
import { MemoryFlash } from '../../../flash/index.ts';
import { connect, download, leave, scan } from '../../../host/index.ts';
import type { DfuSession } from '../../../host/index.ts';
import { LoopbackBus } from '../../../link/loopback/index.ts';
import { VirtualClock } from '../../../usb/index.ts';
import { RetainedRam } from '../../hardware/retained-ram.ts';
import { programFlash } from '../../images/programmer.ts';
import type { BootDecision } from '../../seams/bootloader.ts';
import type { BootloaderOrder } from '../../seams/bootloader-record.ts';
import { firmwareImage } from './firmware.ts';
import { boardLayout } from './layout.ts';
import type { RiotbootName } from '../../models/riotboot-build.ts';
import { RiotbootBootloader } from './riotboot.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const payload = new TextEncoder().encode('a program');

class Bench {
  readonly clock = new VirtualClock();
  readonly flash = new MemoryFlash(tinyBoard.flash);
  readonly retainedRam = new RetainedRam(tinyBoard.ram);
  readonly told: (string | readonly number[])[] = [];
  readonly bus = new LoopbackBus(this.clock, { manner: 'linux' });
  readonly bootloader: RiotbootBootloader;
  readonly name: RiotbootName;

  constructor({
    name = 'riotboot_dfu',
    ...order
  }: Partial<BootloaderOrder> & { readonly name?: RiotbootName } = {}) {
    this.name = name;
    const dfu = name === 'riotboot_dfu';
    const usual = { model: tinyBoard, serial: 'ABC', name, dfu };
    this.bootloader = new RiotbootBootloader({ ...usual, ...order });
  }

  image(slot: number, version: number): Uint8Array {
    const { name: bootloader } = this;
    return firmwareImage(payload, { model: tinyBoard, bootloader, slot, version });
  }

  install(slot: number, version: number): void {
    programFlash(this.flash, boardLayout(tinyBoard, this.name), this.image(slot, version));
  }

  start(buttonPressed = false): BootDecision {
    const { flash, retainedRam } = this;
    const print = (): void => {};
    return this.bootloader.decide({ model: tinyBoard, flash, retainedRam, print, buttonPressed });
  }

  plug(): void {
    const { told } = this;
    const device = this.bootloader.dfuMode(this.flash, {
      downloaded: (slot, bytes) => told.push([slot ?? -1, bytes]),
      refused: (slot, { status, bytes }) => told.push(`refused ${slot}, ${bytes}: ${status}`),
      left: () => told.push('left'),
      again: () => told.push('again'),
    });
    this.bus.plug(device);
  }

  /** Plugs DFU mode in and does that with one of its alternates. */
  async run(alternate: number, work: (session: DfuSession) => Promise<unknown>): Promise<void> {
    const { bus, clock } = this;
    this.plug();
    const whole = async (): Promise<void> => {
      const session = await connect(bus, { clock, selection: { alternate } });
      try {
        await work(session);
      } finally {
        await session.close();
      }
    };
    await clock.run(whole(), turn);
    clock.advance(1000);
  }
}

describe('what it decides', () => {
  test('no slot, then the newest, then DFU mode by the button', () => {
    const bench = new Bench();
    expect(bench.start()).toEqual({ mode: 'dfu', why: 'no valid slot' });
    bench.install(0, 1);
    bench.install(1, 2);
    expect(bench.start()).toEqual({
      mode: 'application',
      why: 'newest slot',
      slot: 1,
      version: 2,
      entryAddress: 0x0800a100,
    });
    expect(bench.start(true)).toEqual({ mode: 'dfu', why: 'button' });
  });

  test('DFU mode by the magic number, once', () => {
    const bench = new Bench();
    bench.install(0, 1);
    bench.bootloader.requestDfuMode({ model: tinyBoard, retainedRam: bench.retainedRam });
    expect(bench.start()).toEqual({ mode: 'dfu', why: 'magic number' });
    expect(bench.start()).toMatchObject({ mode: 'application' });
  });

  test('without DFU it waits for ever, whatever is pressed', () => {
    const bench = new Bench({ name: 'riotboot' });
    expect(bench.start(true)).toEqual({ mode: 'none', why: 'no valid slot' });
    bench.install(0, 1);
    expect(bench.start(true)).toMatchObject({ mode: 'application', slot: 0 });
  });
});

describe('DFU mode', () => {
  test.each([0, 1])('takes a download into slot %i', async (slot) => {
    const bench = new Bench();
    const image = bench.image(slot, 3);
    await bench.run(slot, (session) => download(session, image));
    expect(bench.told).toEqual([[slot, image.length], 'left']);
    expect(bench.start()).toMatchObject({ mode: 'application', slot, version: 3 });
  });

  test('refuses an image of the other slot, and keeps what was there', async () => {
    const bench = new Bench();
    bench.install(0, 1);
    const sent = bench.run(0, (session) => download(session, bench.image(1, 3)));
    await expect(sent).rejects.toThrow('errTARGET');
    expect(bench.told).toEqual(['refused 0, 0: errTARGET']);
  });

  test('keeps the only slot that boots, where it is told to', async () => {
    const bench = new Bench({ keepBootable: true });
    bench.install(0, 1);
    const sent = bench.run(0, (session) => download(session, bench.image(0, 3)));
    await expect(sent).rejects.toThrow('errVENDOR');
    expect(bench.start()).toMatchObject({ slot: 0, version: 1 });
  });

  test('refuses an older image, where it is told to', async () => {
    const bench = new Bench({ refuseOlder: true });
    bench.install(0, 5);
    const sent = bench.run(1, (session) => download(session, bench.image(1, 4)));
    await expect(sent).rejects.toThrow('errVENDOR');
    expect(bench.start()).toMatchObject({ slot: 0, version: 5 });
  });

  test('writes anything where nothing is checked, and stays if it does not boot', async () => {
    const bench = new Bench({ checkImages: false });
    const image = bench.image(1, 3);
    await bench.run(0, (session) => download(session, image));
    const refused = `refused 0, ${image.length}: errFIRMWARE`;
    expect(bench.told).toEqual([[0, image.length], refused]);
    expect(bench.start()).toEqual({ mode: 'dfu', why: 'no valid slot' });
  });

  test('as RIOT itself, DFU_DETACH leads to DFU mode again', async () => {
    const bench = new Bench({ profile: RIOTBOOT });
    bench.install(0, 1);
    await bench.run(0, (session) => leave(session));
    expect(bench.told).toEqual(['again']);
  });

  test('says who it is', async () => {
    const usbId = { idVendor: 0x1234, idProduct: 0xabcd };
    const bench = new Bench({ usbId, usbIdentity: { os: undefined, serial: 'always' } });
    bench.plug();
    const { bus, clock } = bench;
    const { entries } = await clock.run(scan(bus, { clock }), turn);
    expect(
      entries.map(({ idVendor, idProduct, serial, name }) => [idVendor, idProduct, serial, name]),
    ).toEqual([
      [0x1234, 0xabcd, 'ABC', 'RIOT-OS Slot 0'],
      [0x1234, 0xabcd, 'ABC', 'RIOT-OS Slot 1'],
    ]);
  });
});
