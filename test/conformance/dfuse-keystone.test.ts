import { describe, expect, test } from 'vitest';
import { DfuError } from '../../src/bytes/index.ts';
import {
  DFUSE_COMPATIBLE,
  Device,
  DfuSeMode,
  DfuSeRam,
  STM32_ROM,
  USBD_DFU,
} from '../../src/device/index.ts';
import type { DfuSeLeave, DfuSeProfile } from '../../src/device/index.ts';
import { writeDfuSeFile } from '../../src/dfu/index.ts';
import { connect, downloadDfuSe, send, sendPlan, uploadDfuSe } from '../../src/host/index.ts';
import type { DfuSeOptions, DfuSession, HostEvent, Selection } from '../../src/host/index.ts';
import { LoopbackBus } from '../../src/link/loopback/index.ts';
import { VirtualClock } from '../../src/usb/index.ts';
import type { SetupPacket } from '../../src/usb/index.ts';
import { onClock } from '../support/scripted-pipe.ts';

/*
 * The host wired straight to the device, both speaking DfuSe, time virtual.
 */

const FLASH = '@Internal Flash  /0x08000000/16*001Kg,4*016Kg/0x90000000/4*001Ka';
const OPTIONS = '@Option Bytes  /0x1FFFF800/01*016 e';

interface BenchOptions {
  readonly profile?: DfuSeProfile;
  readonly transferSize?: number;
  readonly tolerant?: boolean;
}

class Bench {
  readonly clock = new VirtualClock();
  readonly flash = new DfuSeRam({
    layout: FLASH,
    eraseMs: 30,
    massEraseMs: 400,
    programMsPerByte: 0.05,
  });
  readonly options = new DfuSeRam({ layout: OPTIONS });
  readonly left: DfuSeLeave[] = [];
  readonly events: HostEvent[] = [];
  /** Class requests to the device, e.g. `DNLOAD 2 64`. */
  readonly requests: string[] = [];
  readonly #bus: LoopbackBus;

  constructor({
    profile = DFUSE_COMPATIBLE,
    transferSize = 64,
    tolerant = false,
  }: BenchOptions = {}) {
    const one = profile === USBD_DFU;
    const mode = new DfuSeMode({
      memories: one ? [this.flash] : [this.flash, this.options],
      profile,
      functional: {
        wTransferSize: transferSize,
        bmAttributes: { manifestationTolerant: tolerant },
      },
      onLeave: (leave) => this.left.push(leave),
    });
    const device = new Device({
      identity: { idVendor: 0x0483, idProduct: 0xdf11, serial: 'KEYSTONE' },
      configurations: [{ functions: [mode] }],
    });
    const setup = device.setup.bind(device);
    device.setup = (packet: SetupPacket) => {
      if ((packet.bmRequestType & 0x60) === 0x20) {
        const name = ['DETACH', 'DNLOAD', 'UPLOAD', 'GETSTATUS', 'CLRSTATUS', 'GETSTATE', 'ABORT'];
        this.requests.push(`${name[packet.bRequest] ?? ''} ${packet.wValue} ${packet.wLength}`);
      }
      return setup(packet);
    };
    this.#bus = new LoopbackBus(this.clock, { manner: 'linux' });
    this.#bus.plug(device);
  }

  run<T>(work: (session: DfuSession) => Promise<T>, selection: Selection = {}): Promise<T> {
    return onClock(this.clock, this.#with(work, { alternate: 0, ...selection }));
  }

  async #with<T>(work: (session: DfuSession) => Promise<T>, selection: Selection): Promise<T> {
    const { clock } = this;
    const session = await connect(this.#bus, { clock, selection });
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }

  download(address: number, data: Uint8Array, options: DfuSeOptions = {}): Promise<unknown> {
    const onEvent = (event: HostEvent): void => void this.events.push(event);
    return this.run((session) =>
      downloadDfuSe(session, [{ address, data }], { onEvent, ...options }),
    );
  }

  async upload(options: DfuSeOptions): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    await this.run((session) => uploadDfuSe(session, (chunk) => void chunks.push(chunk), options));
    return Buffer.concat(chunks);
  }

  /** How often the host sent that. */
  count(request: RegExp): number {
    return this.requests.filter((each) => request.test(each)).length;
  }
}

/** Not periodic in any block size. */
function image(length: number): Uint8Array {
  let seed = 7;
  return Uint8Array.from({ length }, () => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    return seed >>> 16;
  });
}

const profiles = [
  ['compatible', DFUSE_COMPATIBLE],
  ['stm32-rom', STM32_ROM],
  ['usbd-dfu', USBD_DFU],
] as const;

describe.each(profiles)('against %s', (_, profile) => {
  const sizes = profile === USBD_DFU ? [32, 64, 128] : [64, 1000, 2048];
  test.each(sizes)(
    'what was downloaded is what is uploaded, in blocks of %i',
    async (transferSize) => {
      const bench = new Bench({ profile, transferSize });
      const data = image(5001);
      const address = 0x08000400;
      const result = await bench.download(address, data);
      expect(result).toMatchObject({ ending: 'written', bytes: 5001, finalState: 'dfuIDLE' });
      const back = await bench.upload({ address, lengthBytes: data.length });
      expect(Buffer.compare(back, data)).toBe(0);
      // The pointer once for the data, and once for the upload.
      expect(bench.count(/^DNLOAD 0 5/)).toBe(5 + 2);
      expect(bench.left).toEqual([]);
    },
  );

  test('twice in a row, the second over the first', async () => {
    const bench = new Bench({ profile });
    await bench.download(0x08000000, image(3000));
    const second = image(3000).toReversed();
    await bench.download(0x08000000, second);
    const back = await bench.upload({ address: 0x08000000, lengthBytes: 3000 });
    expect(Buffer.compare(back, second)).toBe(0);
  });
});

describe('download', () => {
  test.each([
    ['compatible', DFUSE_COMPATIBLE, true],
    ['compatible', DFUSE_COMPATIBLE, false],
    ['stm32-rom', STM32_ROM, false],
  ] as const)('leave: %s, tolerant %s', async (_, profile, tolerant) => {
    const bench = new Bench({ profile, tolerant });
    const result = await bench.download(0x08000400, image(100), {
      leave: true,
      address: 0x08000400,
    });
    expect(result).toMatchObject({ ending: 'left', finalState: 'dfuMANIFEST' });
    expect(bench.left).toEqual([{ reason: 'manifested', onBus: false, address: 0x08000400 }]);
  });

  test('tells of erasing and of writing', async () => {
    const bench = new Bench();
    await bench.download(0x08000000, image(1500));
    const progress = bench.events.filter((event) => event.type === 'progress');
    expect(
      progress.map(({ operation, doneBytes, totalBytes }) => [operation, doneBytes, totalBytes]),
    ).toMatchObject([
      ['erase', 1024, 2048],
      ['erase', 2048, 2048],
      ...Array.from({ length: 25 }, (_, at) => ['download', Math.min(1500, at * 64), 1500]),
    ]);
  });

  test('departure dfu-util/dfuse-address-once: before the first block', async () => {
    const bench = new Bench();
    await bench.download(0x08000000, image(1000));
    // The erasure of one sector, and the address before the first of sixteen blocks.
    expect(bench.count(/^DNLOAD 0 5/)).toBe(1 + 1);
  });

  test('blocks of another size than the device counts in need the pointer each time', async () => {
    const bench = new Bench();
    await bench.download(0x08000000, image(1000), { transferSizeBytes: 50 });
    expect(bench.count(/^DNLOAD 0 5/)).toBe(1 + 20);
    const back = await bench.upload({
      address: 0x08000000,
      lengthBytes: 1000,
      transferSizeBytes: 40,
    });
    expect(Buffer.compare(back, image(1000))).toBe(0);
  });

  test('a transfer size that reads as a field nobody filled in is not counted in', async () => {
    const bench = new Bench({ transferSize: 65_535 });
    await bench.download(0x08000000, image(9000));
    // Three blocks of 4096 bytes, each behind a pointer of its own, after nine erased sectors.
    expect(bench.count(/^DNLOAD 0 5/)).toBe(9 + 3);
    expect(Buffer.compare(bench.flash.read(0x08000000, 9000), image(9000))).toBe(0);
  });

  test('sectors that two elements share are erased once, whatever their size', async () => {
    const bench = new Bench();
    const elements = [
      { address: 0x08003e00, data: image(600) },
      { address: 0x08004200, data: image(16) },
    ];
    const result = await bench.run((session) => downloadDfuSe(session, elements));
    expect(result.acknowledged.erasedBytes).toBe(1024 + 16 * 1024);
    const back = await bench.upload({ address: 0x08004200, lengthBytes: 16 });
    expect(Buffer.compare(back, image(16))).toBe(0);
  });

  test('mass erase only with force, and then instead of sectors', async () => {
    const bench = new Bench();
    await bench.download(0x08000000, image(64));
    const bold = (force: boolean): Promise<unknown> =>
      bench.download(0x08000400, image(64), { massErase: true, force });
    await expect(bold(false)).rejects.toMatchObject({ code: 'REFUSED' });
    const acknowledged = { erasedBytes: 0, bytes: 64 };
    await expect(bold(true)).resolves.toMatchObject({ bytes: 64, acknowledged });
    const back = await bench.upload({ address: 0x08000000, lengthBytes: 64 });
    expect(back.every((byte) => byte === 0xff)).toBe(true);
  });

  test('what the layout does not allow is not even begun', async () => {
    const bench = new Bench();
    const beyond = bench.download(0x08013ff0, image(32));
    await expect(beyond).rejects.toThrow(
      '32 bytes at 0x08013ff0: 0x08014000 is not writable in "Internal Flash"',
    );
    await expect(bench.download(0x90000000, image(1))).rejects.toMatchObject({
      code: 'OUT_OF_RANGE',
    });
    expect(bench.count(/DNLOAD/)).toBe(0);
    // Forced, it is the device that refuses, in its own words.
    const forced = bench.download(0x90000000, image(1), { force: true });
    await expect(forced).rejects.toThrow('it says "0x90000000 is not writable');
  });

  test('the elements of a DfuSe file go to their alternates', async () => {
    const bench = new Bench();
    const file = writeDfuSeFile([
      { alternate: 0, elements: [{ address: 0x08000000, data: image(700) }] },
      { alternate: 7, elements: [{ address: 0, data: image(1) }] },
      { alternate: 1, elements: [{ address: 0x1ffff800, data: image(16) }] },
    ]);
    const notes: HostEvent[] = [];
    const onEvent = (event: HostEvent): void => {
      if (event.type === 'note') notes.push(event);
    };
    await bench.run((session) => send(session, sendPlan(file, { leave: true }), { onEvent }));
    expect(Buffer.compare(bench.flash.read(0x08000000, 700), image(700))).toBe(0);
    expect(Buffer.compare(bench.options.read(0x1ffff800, 16), image(16))).toBe(0);
    expect(notes).toEqual([{ type: 'note', message: 'no alternate setting 7: left out' }]);
  });
});

describe('upload', () => {
  test('departure dfu-util/dfuse-upload-to-the-gap: to the end of what can be read without a gap', async () => {
    const bench = new Bench();
    expect(await bench.upload({ address: 0x08000000 })).toHaveLength(80 * 1024);
    expect(await bench.upload({ address: 0x90000100 })).toHaveLength(4096 - 256);
  });

  test('without an address 16 KiB, as dfu-util', async () => {
    const bench = new Bench();
    const back = await bench.upload({});
    expect(back).toHaveLength(0x4000);
    expect(bench.count(/^DNLOAD/)).toBe(0);
  });

  test('beyond 65534 blocks the pointer is set again', async () => {
    const layout = '@Big/0x10000000/65*2Kg';
    const memory = new DfuSeRam({ layout });
    memory.program(0x10000000, image(65 * 2048));
    const mode = new DfuSeMode({ memories: [memory], functional: { wTransferSize: 2 } });
    const clock = new VirtualClock();
    const bus = new LoopbackBus(clock);
    bus.plug(
      new Device({
        identity: { idVendor: 1, idProduct: 2 },
        configurations: [{ functions: [mode] }],
      }),
    );
    const chunks: Uint8Array[] = [];
    await onClock(
      clock,
      (async () => {
        const session = await connect(bus, { clock });
        await uploadDfuSe(session, (chunk) => void chunks.push(chunk.slice()), {
          address: 0x10000000,
        });
      })(),
    );
    expect(Buffer.compare(Buffer.concat(chunks), image(65 * 2048))).toBe(0);
  });

  test('the option bytes, by their own alternate', async () => {
    const bench = new Bench();
    const chunks: Uint8Array[] = [];
    await bench.run(
      (session) =>
        uploadDfuSe(session, (chunk) => void chunks.push(chunk), { address: 0x1ffff800 }),
      { alternate: 1 },
    );
    expect(Buffer.concat(chunks)).toHaveLength(16);
  });
});

describe('without a file', () => {
  test('mass erase', async () => {
    const bench = new Bench();
    await bench.download(0x08000000, image(64));
    const erase = (force: boolean) =>
      bench.run((session) => send(session, sendPlan(undefined, { massErase: true, force })));
    await expect(erase(false)).rejects.toMatchObject({ code: 'REFUSED' });
    await erase(true);
    expect(bench.flash.read(0x08000000, 64).every((byte) => byte === 0xff)).toBe(true);
  });

  test('leave', async () => {
    const bench = new Bench({ profile: STM32_ROM });
    await bench.run((session) =>
      send(session, sendPlan(undefined, { leave: true, address: 0x08000000 })),
    );
    expect(bench.left).toMatchObject([{ address: 0x08000000 }]);
  });

  test('read unprotect where there is none is the device to refuse', async () => {
    const bench = new Bench();
    const work = bench.run((session) =>
      send(session, sendPlan(undefined, { unprotect: true, force: true })),
    );
    await expect(work).rejects.toThrow('it says "there is no read unprotect"');
    await expect(work).rejects.toBeInstanceOf(DfuError);
  });
});
