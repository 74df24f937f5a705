import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  boardModel,
  createBoard,
  mcubootFirmware,
  mcubootLayout,
  programFlash,
} from '../../src/board/index.ts';
import { WorkerRunner, buildFirmware } from '../../src/board/node/index.ts';
import { DfuError } from '../../src/bytes/index.ts';
import {
  connect,
  download,
  enterDfuMode,
  find,
  listLine,
  scan,
  upload,
} from '../../src/host/index.ts';
import type { DfuSession } from '../../src/host/index.ts';
import { DfuRequest } from '../../src/dfu/index.ts';
import { MemoryFlash } from '../../src/flash/index.ts';
import { generateKey } from '../../src/image/index.ts';
import { LoopbackBus } from '../../src/link/loopback/index.ts';
import { timerClock } from '../../src/usb/index.ts';
import { happening } from '../support/boards.ts';
import { sampleBoard } from '../support/zephyr/sample-board.ts';
import type { SampleBoard } from '../support/zephyr/sample-board.ts';

const DISK_BYTES = 0x4000;
const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

/** Not periodic in any block size. */
function pattern(length: number): Uint8Array {
  let seed = 7;
  return Uint8Array.from({ length }, () => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
    return seed >>> 16;
  });
}

function openAt({ bus, clock, run }: SampleBoard, alternate: number): Promise<DfuSession> {
  return run(connect(bus, { clock, selection: { alternate } }));
}

async function send(
  bench: SampleBoard,
  alternate: number,
  { bytes, transferSize }: { bytes: Uint8Array; transferSize?: number },
): Promise<string> {
  const session = await openAt(bench, alternate);
  try {
    const size = { transferSizeBytes: transferSize };
    const { ending } = await bench.run(download(session, bytes, size));
    return ending;
  } finally {
    await bench.run(session.close());
  }
}

async function receive(
  bench: SampleBoard,
  alternate: number,
  transferSize?: number,
): Promise<Uint8Array> {
  const session = await openAt(bench, alternate);
  try {
    const chunks: Uint8Array[] = [];
    const size = { transferSizeBytes: transferSize };
    await bench.run(upload(session, (chunk) => void chunks.push(chunk.slice()), size));
    return Buffer.concat(chunks);
  } finally {
    await bench.run(session.close());
  }
}

const same = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;

const IDLE = 2;
const DNLOAD_IDLE = 5;

/** bState as DFU_GETSTATUS tells it. */
function stateAfterStatus({ board, clock }: SampleBoard): number | undefined {
  board.port.tick(clock.now());
  const setup = { bmRequestType: 0xa1, bRequest: 3, wValue: 0, wIndex: 0, wLength: 6 };
  const answer = board.port.setup(setup);
  board.port.done();
  board.port.tick(clock.now());
  return answer.stage === 'in' ? answer.data[4] : undefined;
}

const boards = (['reel_board', 'nucleo_u575zi_q'] as const).flatMap((name) =>
  ['compatible', 'zephyr'].map((profile) => ({ name, profile })),
);

describe.each(boards)('Zephyr’s USB DFU sample on $name, profile $profile', ({ name, profile }) => {
  test('is found in run-time mode and detached, and says so on its console', async () => {
    const bench = await sampleBoard(name, profile);
    const { bus, clock, run } = bench;
    const { entries } = await run(scan(bus, { clock }));
    expect(entries.map((each) => listLine(each))).toEqual([
      expect.stringMatching(
        /^Found Runtime: \[2fe3:0005\] ver=0402, devnum=\d+, cfg=1, intf=0, path="1-1", alt=0, name="UNKNOWN", serial="20363736594E501200220033"$/,
      ) as string,
    ]);
    const found = await run(find(bus, { clock }));
    await run(enterDfuMode(bus, found.device, found.interface, { clock }));
    const inDfu = await run(scan(bus, { clock }));
    expect(
      inDfu.entries.map(({ mode, idVendor, idProduct, alternate, name: text }) => {
        return { mode, idVendor, idProduct, alternate, text };
      }),
    ).toEqual([
      { mode: 'dfu', idVendor: 0x2fe3, idProduct: 0xffff, alternate: 0, text: 'ramdisk0' },
      { mode: 'dfu', idVendor: 0x2fe3, idProduct: 0xffff, alternate: 1, text: 'slot1_image' },
    ]);
    const said = bench.console().filter((line) => !/Bus reset|onfiguration/.test(line));
    expect(said.slice(-4)).toEqual([
      '<inf> main: USBD message: VBUS ready',
      '<inf> main: USB DFU sample is initialized',
      '<inf> main: USBD message: DFU detach request',
      '<inf> main: Detach USB device',
    ]);
    expect(bench.rawConsole().at(-1)).toMatch(/^\[00:00:0\d\.\d{3},\d{3}\] <inf> main: /);
  });

  test('hears the cable', async () => {
    const bench = await sampleBoard(name, profile);
    bench.plug.unplug();
    await turn();
    expect(bench.console().at(-1)).toBe('<inf> main: USBD message: VBUS removed');
    bench.plug.replug();
    await turn();
    expect(bench.console()).toContain('<inf> main: USBD message: VBUS ready');
    expect(bench.console().at(-1)).not.toBe('<inf> main: USBD message: VBUS removed');
  });

  test('--alt 0: the RAM disk goes down and up again, sixteen kibibytes', async () => {
    const bench = await sampleBoard(name, profile);
    expect(same(await receive(bench, 0), new Uint8Array(DISK_BYTES))).toBe(true);
    const bytes = pattern(DISK_BYTES);
    expect(await send(bench, 0, { bytes })).toBe('manifested');
    expect(same(await receive(bench, 0), bytes)).toBe(true);
    expect(bench.console()).toContain('<inf> main: block 31 size 512 downloaded 16384');
    expect(bench.console()).toContain('<inf> main: USBD message: DFU download completed');
  });

  test('--alt 1 --transfer-size 64: the update goes into slot 1, is tried, and reverts', async () => {
    const bench = await sampleBoard(name, profile);
    const update = await bench.image('Hello World!');
    const before = bench.flash.read(bench.slotOffsets[0] ?? 0, 4096);
    expect(await send(bench, 1, { bytes: update, transferSize: 64 })).toBe('manifested');
    const offsetBytes = bench.slotOffsets[1] ?? 0;
    expect(same(bench.flash.read(offsetBytes, update.length), update)).toBe(true);
    expect(same(bench.flash.read(bench.slotOffsets[0] ?? 0, 4096), before)).toBe(true);
    await bench.reset();
    expect(bench.console()).toContain('I: Image index: 0, Swap type: test');
    expect(bench.console().at(-1)).toBe('Hello World!');
    await bench.reset();
    expect(bench.console()).toContain('I: Image index: 0, Swap type: revert');
    expect(bench.console().findLast((line) => line.includes('initialized'))).toBeDefined();
  });

  test('a download that is too long is refused, and the next one works', async () => {
    const bench = await sampleBoard(name, profile);
    const refused = send(bench, 0, { bytes: pattern(DISK_BYTES + 1) });
    await expect(refused).rejects.toSatisfy((error) => DfuError.is(error));
    const bytes = pattern(DISK_BYTES);
    expect(await send(bench, 0, { bytes })).toBe('manifested');
    expect(same(await receive(bench, 0), bytes)).toBe(true);
  });
});

describe('without the defects of the original', () => {
  test.each([8, 64, 100, 511])(
    'departure zephyr/any-transfer-size: the RAM disk takes blocks of %i bytes',
    async (transferSize) => {
      const bench = await sampleBoard('reel_board', 'compatible');
      const bytes = pattern(10_000);
      await send(bench, 0, { bytes, transferSize });
      const back = await receive(bench, 0, transferSize);
      expect(back.length).toBe(DISK_BYTES);
      expect(same(back.subarray(0, bytes.length), bytes)).toBe(true);
    },
  );

  test.each([
    ['compatible', 2],
    ['zephyr', 9],
  ])(
    'departure zephyr/short-upload-ends: in dfuIDLE: profile %s, state %i',
    async (profile, state) => {
      const bench = await sampleBoard('reel_board', profile);
      const session = await openAt(bench, 0);
      await bench.run(upload(session, () => {}));
      expect(await bench.run(session.in(DfuRequest.GETSTATE, 0, 1))).toEqual(Uint8Array.of(state));
      await bench.run(session.close());
    },
  );

  test('departures zephyr/the-selected-slot, zephyr/long-downloads: more than 65535 blocks arrive whole', async () => {
    const bench = await sampleBoard('nucleo_u575zi_q', 'compatible');
    const session = await openAt(bench, 1);
    const bytes = await bench.image(
      String.fromCharCode(...pattern(65_600).map((each) => each & 0x7f)),
    );
    const { port } = bench.board;
    const data = new Uint8Array(1);
    for (const [block, byte] of bytes.entries()) {
      data[0] = byte;
      port.setup({
        bmRequestType: 0x21,
        bRequest: 1,
        wValue: block & 0xffff,
        wIndex: 0,
        wLength: 1,
      });
      port.data(data);
      port.done();
      while (stateAfterStatus(bench) !== DNLOAD_IDLE) bench.clock.advance(100);
    }
    port.setup({
      bmRequestType: 0x21,
      bRequest: 1,
      wValue: bytes.length & 0xffff,
      wIndex: 0,
      wLength: 0,
    });
    port.done();
    while (stateAfterStatus(bench) !== IDLE) {
      bench.clock.advance(100);
      // The bootloader's checks of the image take turns of their own.
      await turn();
    }
    const offsetBytes = bench.slotOffsets[1] ?? 0;
    expect(same(bench.flash.read(offsetBytes, bytes.length), bytes)).toBe(true);
    await bench.run(session.close());
  });
});

describe('the sample, built, in a worker of its own', () => {
  test('prints what it does, with times, and asks the bootloader for a test upgrade', async () => {
    const config = ['CONFIG_APP_USB_DFU_USE_FLASH_BACKEND'];
    const built = await buildFirmware(resolve(import.meta.dirname, '../../firmware/usb-dfu'), {
      config,
    });
    const model = boardModel('reel_board');
    const key = await generateKey('ecdsa-p256');
    const clock = timerClock(globalThis);
    // Real time, so a flash that takes none.
    const { timing: _, ...geometry } = model.flash;
    const flash = new MemoryFlash(geometry);
    const mcuboot = { keys: [key] };
    const board = createBoard({ model, flash, clock, runner: new WorkerRunner(), mcuboot });
    const image = await mcubootFirmware(built, { model, key });
    programFlash(flash, mcubootLayout(model), image, { slot: 0 });
    const bus = new LoopbackBus(clock);
    bus.plug(board.port);
    const lines: string[] = [];
    board.listen((event) => {
      if (event.type === 'console') lines.push(event.text);
    });
    const ready = happening(board, (event) => event.type === 'usb' && event.state === 'attached');
    board.powerOn();
    await ready;
    const session = await connect(bus, { clock, selection: { alternate: 1 } });
    const completed = happening(
      board,
      (event) => event.type === 'console' && event.text.endsWith('DFU download completed'),
    );
    const update = await mcubootFirmware(new TextEncoder().encode('no program'), { model, key });
    await download(session, update, { transferSizeBytes: 64 });
    await session.close();
    await completed;
    const said = lines.slice(lines.findIndex((line) => line.endsWith('VBUS ready')));
    const time = /^\[\d\d:\d\d:\d\d\.\d{3},\d{3}\] <inf> main: (.*)$/;
    expect(said.filter((line) => !time.test(line))).toEqual([]);
    expect(said.map((line) => time.exec(line)?.[1] ?? line)).toEqual(
      expect.arrayContaining([
        'USBD message: VBUS ready',
        'USB DFU sample is initialized',
        'USBD message: New device configuration',
        '\tConfiguration value 1',
        'USBD message: DFU detach request',
        'Detach USB device',
        'USBD message: DFU download completed',
      ]),
    );
    const again = happening(board, ({ type }) => type === 'boot');
    // The program says nothing when it has asked: the magic at the end of the slot does.
    const slot = mcubootLayout(model).slots[1];
    const end = (slot?.address ?? 0) + (slot?.sizeBytes ?? 0) - model.flashBaseAddress;
    while (flash.read(end - 16, 16).every((byte) => byte === 0xff)) await turn();
    board.pressReset();
    await again;
    expect(lines).toContain('I: Image index: 0, Swap type: test');
    await board.close();
  });
});
