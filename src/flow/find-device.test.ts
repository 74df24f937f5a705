import { beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeWebUsb } from '../../test/support/fake-web-usb.ts';
import { FlowBench, manifestOf, plainImage, riotImage } from '../../test/support/flow-bench.ts';
import type { FlowBoard } from '../../test/support/flow-bench.ts';
import { ScriptedDevice } from '../../test/support/scripted-device.ts';
import { turn } from '../../test/support/same-thread.ts';
import { sameBytes } from '../bytes/index.ts';
import { webUsbBus } from '../link/web-usb/index.ts';
import type { UsbBus } from '../usb/index.ts';
import type { FlashFlow, FlowOptions } from './index.ts';

/*
 * A device is found: on a bus that lists what is there, and in a browser, which lists what a person has pointed at.
 */

const xenon = { name: 'Lamp board', usb: ['1209:7d00', '1209:7d02'] };
const other = { name: 'Heater', usb: ['1209:0001'] };
const next = riotImage(1, 2);
const plays = 'dfu-runtime';

describe('on a bus that lists what is there', () => {
  test('the only one is taken, by the name that its manifest has for it', async () => {
    const bench = new FlowBench();
    await bench.xenon(riotImage(0, 1));
    const manifest = manifestOf(xenon, next, { release: { bcdDevice: '0001' } });
    const flow = await bench.connected({ manifest });
    expect(flow.state).toMatchObject({
      step: 'connected',
      device: { name: 'Lamp board', product: 'particle-xenon', version: '2.0.0', board: xenon },
      offers: [{ release: { version: '2.0.0' }, barred: undefined }],
      problem: undefined,
    });
  });

  test('in DFU mode nobody knows which version it runs', async () => {
    const bench = new FlowBench();
    await bench.xenon();
    const flow = await bench.connected();
    expect(flow.state).toMatchObject({
      device: { mode: 'dfu', version: undefined, board: undefined, interfaces: [{}, {}] },
    });
  });

  test('of several a person says which', async () => {
    const bench = new FlowBench();
    await bench.board('particle-xenon', { serial: '1111', plays });
    await bench.board('particle-xenon', { serial: '2222', plays });
    const flow = await bench.connected({ alternate: 0 });
    expect(flow.state).toMatchObject({
      step: 'choosing',
      devices: [{ serial: '1111' }, { serial: '2222' }],
    });
    const { devices } = flow.state as Extract<typeof flow.state, { step: 'choosing' }>;
    const [first, second] = devices;
    if (first === undefined || second === undefined) throw new Error('expected two');
    const copy = { ...first };
    await expect(flow.chooseDevice(copy)).rejects.toThrow(
      'chooseDevice: expected one of the devices of the state',
    );
    await flow.chooseDevice(second);
    expect(flow.state).toMatchObject({ step: 'connected', device: { serial: '2222' } });
    await bench.done(flow.chooseFile('a', riotImage(0, 3)));
    await bench.done(flow.flash());
    expect(flow.state).toMatchObject({ ending: { rating: 'good' }, device: { serial: '2222' } });
    await bench.done(flow.connect());
    expect(flow.state).toMatchObject({
      step: 'choosing',
      devices: [
        { serial: '1111', mode: 'dfu' },
        { serial: '2222', mode: 'runtime' },
      ],
    });
    await flow.cancel();
    expect(flow.state.step).toBe('idle');
  });

  test('a serial number tells them apart', async () => {
    const bench = new FlowBench();
    await bench.board('particle-xenon', { serial: '1111' });
    await bench.board('particle-xenon', { serial: '2222' });
    const filters = [{ vendorId: 0x1209, serialNumber: '2222' }];
    const flow = await bench.connected({ filters });
    expect(flow.state).toMatchObject({ step: 'connected', device: { serial: '2222' } });
    const none = await bench.connected({ filters: [{ serialNumber: '3333' }] });
    expect(none.state).toMatchObject({
      problem: {
        code: 'REFUSED',
        said: { id: 'other-device', values: { expected: '*:* 3333' } },
      },
    });
  });

  test.each<readonly [string, Partial<FlowOptions>, string]>([
    ['nothing is there', {}, 'no-device'],
    ['nothing of the manifest is there', { manifest: manifestOf(xenon, next) }, 'no-device'],
  ])('%s', async (_, options, id) => {
    const flow = await new FlowBench().connected(options);
    expect(flow.state).toMatchObject({
      step: 'idle',
      problem: { code: 'NOT_FOUND', said: { id } },
    });
  });

  test('a device of no board is refused, with what it is and what was expected', async () => {
    const bench = new FlowBench();
    await bench.board('stm32f072b_disco');
    const flow = await bench.connected({ manifest: manifestOf(xenon, next) });
    expect(flow.state).toMatchObject({
      step: 'idle',
      problem: {
        code: 'REFUSED',
        said: {
          text: 'STM32  BOOTLOADER (0483:df11) is not a device that this firmware is for. Expected: Lamp board (1209:7d00, 1209:7d02).',
        },
      },
    });
  });

  describe('of boards that are alike in DFU mode', () => {
    const name = 'stm32f072b_disco';
    const dfuUsb = ['0483:df11'];
    const lamp = { name: 'Lamp', usb: ['1209:7d00'], dfuUsb };
    const ring = { name: 'Ring', usb: ['1209:0002'], dfuUsb };
    const file = plainImage(name, 'new', 3000);
    const manifest = { ...manifestOf(lamp, file, { boards: ['Lamp'] }), boards: [lamp, ring] };
    const options = {
      manifest,
      fetchFile: () => Promise.resolve(file),
      waitForApplication: false,
    };

    test('the one whose firmware runs is known, and stays so in DFU mode', async () => {
      const bench = new FlowBench();
      await bench.board(name, { slots: [plainImage(name, 'old')], plays });
      const flow = await bench.connected(options);
      expect(flow.state).toMatchObject({
        step: 'connected',
        device: { mode: 'runtime', name: 'Lamp', isBoardSaid: false },
      });
      const [offer] = flow.state.step === 'connected' ? flow.state.offers : [];
      if (offer === undefined) throw new Error('expected an offer');
      await bench.done(flow.chooseOffer(offer));
      await bench.done(flow.flash());
      if (flow.state.step === 'chosen') await bench.done(flow.flash());
      expect(flow.state).toMatchObject({ step: 'ended', ending: { rating: 'good' } });
    });

    test('of one that is found there a person says which it is, and that stands with the file', async () => {
      const bench = new FlowBench();
      await bench.board(name);
      const flow = await bench.connected(options);
      const { state } = flow;
      expect(state).toMatchObject({
        step: 'choosing',
        devices: [
          { mode: 'dfu', name: 'Lamp', board: lamp, isBoardSaid: true },
          { mode: 'dfu', name: 'Ring', board: ring, isBoardSaid: true },
        ],
      });
      const [first] = state.step === 'choosing' ? state.devices : [];
      if (first === undefined) throw new Error('expected a device');
      await flow.chooseDevice(first);
      expect(flow.state).toMatchObject({ step: 'connected', offers: [{ barred: undefined }] });
      const [offer] = flow.state.step === 'connected' ? flow.state.offers : [];
      if (offer === undefined) throw new Error('expected an offer');
      await bench.done(flow.chooseOffer(offer));
      const found = flow.state.step === 'chosen' ? flow.state.file.findings : [];
      expect(found).toContainEqual(
        expect.objectContaining({
          rating: 'unknown',
          said: expect.objectContaining({ id: 'board-said', values: { board: 'Lamp' } }) as object,
        }),
      );
      await bench.done(flow.flash());
      expect(flow.state).toMatchObject({ step: 'ended', ending: { outcome: 'verified' } });
    });

    test('a browser asks for it once, and not again because it may be several', async () => {
      const bench = new FlowBench();
      await bench.board(name);
      const asked = vi.fn<NonNullable<UsbBus['request']>>(() => Promise.resolve(undefined));
      const bus: UsbBus = {
        list: () => bench.bus.list(),
        watch: (listener) => bench.bus.watch(listener),
        close: () => Promise.resolve(),
        request: asked,
      };
      const flow = await bench.connected({ ...options, bus });
      expect(flow.state.step).toBe('choosing');
      expect(asked).not.toHaveBeenCalled();
    });
  });

  test.each([
    ['its serial number', { serial: '????' }],
    ['its release', { bcdDevice: { least: '1.00', most: '1.99' } }],
  ])('by %s it is another board', async (_, more) => {
    const bench = new FlowBench();
    await bench.xenon(riotImage(0, 1));
    const flow = await bench.connected({ manifest: manifestOf({ ...xenon, ...more }, next) });
    expect(flow.state).toMatchObject({ problem: { said: { id: 'other-device' } } });
  });

  test('one that turns out in DFU mode to be none of the manifest’s gets nothing', async () => {
    const bench = new FlowBench();
    const { flash } = await bench.xenon(riotImage(0, 1));
    const before = flash.read(0, 0x100000);
    const manifest = manifestOf({ name: 'Lamp', usb: ['1209:7d00'] }, next);
    const flow = await bench.connected({ manifest, alternate: 1 });
    await bench.done(flow.chooseFile('a', next));
    await bench.done(flow.flash());
    expect(flow.state).toMatchObject({
      step: 'ended',
      ending: {
        outcome: 'unchanged',
        code: 'REFUSED',
        said: {
          text: 'Nothing was written: in DFU mode the device is 1209:7d02, which the manifest does not have for Lamp',
        },
      },
    });
    expect(sameBytes(flash.read(0, 0x100000), before)).toBe(true);
  });
});

describe('in a browser', () => {
  let bench: FlowBench;
  let made: FlowBoard;
  let usb: FakeWebUsb;

  async function settle(): Promise<void> {
    for (let turns = 0; turns < 50; turns += 1) await turn();
  }

  beforeEach(async () => {
    bench = new FlowBench();
    made = await bench.xenon(riotImage(0, 1));
    made.plug.unplug();
    usb = new FakeWebUsb(made.board.port, bench.clock);
    await settle();
    usb.asks((shown) => shown[0]);
  });

  function page(options: Partial<FlowOptions> = {}): FlashFlow {
    return bench.flow({ bus: webUsbBus({ usb, clock: bench.clock }), ...options });
  }

  /** The browser takes a click for the cause of what it is asked for a while. */
  async function clicked(work: () => Promise<void>): Promise<void> {
    const request = usb.requestDevice.bind(usb);
    usb.requestDevice = (options) => usb.click(() => request(options));
    await bench.done(work());
    usb.requestDevice = request;
  }

  test('a person is asked for the boards of the manifest', async () => {
    const flow = page({ manifest: manifestOf(xenon, next) });
    await clicked(() => flow.connect());
    expect(usb.asked).toEqual([
      [
        { vendorId: 0x1209, productId: 0x7d00 },
        { vendorId: 0x1209, productId: 0x7d02 },
      ],
    ]);
    expect(flow.state).toMatchObject({ step: 'connected', device: { name: 'Lamp board' } });
  });

  test('without a manifest, for any with DFU, or for those of the filters', async () => {
    await clicked(() => page().connect());
    const filters = [{ vendorId: 0x1209 }];
    await clicked(() => page({ filters }).connect({ another: true }));
    expect(usb.asked).toEqual([[{ classCode: 0xfe, subclassCode: 1 }], filters]);
  });

  test('one that was allowed before is taken without asking, unless another is meant', async () => {
    for (const device of usb.devices) usb.grant(device);
    const flow = page();
    await bench.done(flow.connect());
    expect(flow.state.step).toBe('connected');
    expect(usb.asked).toEqual([]);
    await flow.cancel();
    await clicked(() => flow.connect({ another: true }));
    expect(usb.asked).toHaveLength(1);
    expect(flow.state.step).toBe('connected');
  });

  test('a person who chooses none is where he was', async () => {
    usb.asks(() => undefined);
    const flow = page();
    await clicked(() => flow.connect());
    expect(flow.state).toEqual({ step: 'idle', problem: undefined });
  });

  test('without a click the browser says no', async () => {
    const flow = page();
    await bench.done(flow.connect());
    expect(flow.state).toMatchObject({
      step: 'idle',
      problem: { code: 'ACCESS', said: { id: 'connect-failed' } },
    });
  });

  test('a person who points at another device is told', async () => {
    const flow = page({ filters: [{ vendorId: 0x1209 }], manifest: manifestOf(other, next) });
    await clicked(() => flow.connect());
    expect(flow.state).toMatchObject({
      problem: { code: 'REFUSED', said: { id: 'other-device' } },
    });
  });

  test('and so is one who points at a device without DFU', async () => {
    usb = new FakeWebUsb(new ScriptedDevice(), bench.clock);
    await settle();
    usb.asks((shown) => shown[0]);
    const flow = page({ filters: [{}] });
    await clicked(() => flow.connect());
    expect(flow.state).toMatchObject({
      problem: {
        code: 'REFUSED',
        said: { text: '1209:7d02 has no firmware update over USB (DFU).' },
      },
    });
  });

  test('the second permission is a phase, and says why; a click goes on', async () => {
    const flow = page({ manifest: manifestOf(xenon, next), alternate: 1 });
    await clicked(() => flow.connect());
    await bench.done(flow.chooseFile('a', next));
    const allowed: Promise<void>[] = [];
    let refused = 0;
    flow.subscribe((state) => {
      if (state.step !== 'working' || state.progress.phase !== 'permission') return;
      expect(state.progress.why?.id).toBe('allow-again');
      // Not from a click: the flow goes on waiting.
      const unasked = async (): Promise<void> => {
        await flow.allow();
        refused += 1;
        await usb.click(() => flow.allow());
      };
      allowed.push(unasked());
    });
    await bench.done(flow.flash());
    await Promise.all(allowed);
    expect(refused).toBe(1);
    expect(usb.asked.at(-1)).toEqual([{ vendorId: 0x1209, productId: 0x7d02 }]);
    expect(bench.steps).toContain('permission');
    expect(flow.state).toMatchObject({ ending: { outcome: 'written', rating: 'good' } });
  });

  test('cancelled while a permission is asked for, nothing was written', async () => {
    const flow = page({ alternate: 1 });
    await clicked(() => flow.connect());
    await bench.done(flow.chooseFile('a', next));
    flow.subscribe((state) => {
      if (state.step === 'working' && state.progress.phase === 'permission') void flow.cancel();
    });
    await bench.done(flow.flash());
    expect(flow.state).toMatchObject({
      ending: { outcome: 'unchanged', said: { id: 'cancelled-unchanged' } },
    });
  });
});
