import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { boardModel, createBoard, firmwareImage } from '../../src/board/index.ts';
import { WorkerRunner, loadExample } from '../../src/board/node/index.ts';
import type { Board, BoardEvent, BoardModel } from '../../src/board/index.ts';
import { MemoryFlash } from '../../src/flash/index.ts';
import { connect, download, enterDfuMode, find, leave, scan } from '../../src/host/index.ts';
import type { DfuInterface, DownloadOptions } from '../../src/host/index.ts';
import { UsbipServer, usbipBus } from '../../src/link/usbip/index.ts';
import { timerClock } from '../../src/usb/index.ts';
import type { UsbBus } from '../../src/usb/index.ts';
import { prepareBuild } from '../support/built-cli.ts';

/*
 * What dfu-util does to a board on a real kernel (test/kernel), done by this project's own host over
 * USB/IP: real sockets, real workers, the firmware that the package brings along. Only the flash is
 * quicker than a real one.
 */

const SERIAL = 'D0D0CAFE00112233';
const SLOT_BYTES = 0x7e000;
const SLOT_OFFSETS = [0x4000, 0x82000] as const;

const clock = timerClock(globalThis);
const { timing: _, ...geometry } = boardModel('particle-xenon').flash;
const model: BoardModel = { ...boardModel('particle-xenon'), flash: geometry };

type Expected = Partial<Extract<BoardEvent, { type: 'boot' }>> | Partial<BoardEvent>;

/** A board behind a USB/IP server, and a host. */
class Flow {
  readonly flash = new MemoryFlash(model.flash);
  readonly board: Board;
  readonly events: BoardEvent[] = [];
  readonly #server = new UsbipServer({ clock, host: '127.0.0.1', port: 0 });
  #bus: UsbBus | undefined;
  #seen = 0;
  #wake: () => void = () => {};

  constructor(options: { readonly usbId?: string; readonly willDetach?: boolean } = {}) {
    const runner = new WorkerRunner();
    this.board = createBoard({
      ...options,
      model,
      flash: this.flash,
      clock,
      runner,
      serial: SERIAL,
    });
    this.board.listen((event) => {
      this.events.push(event);
      this.#wake();
    });
    this.#server.add(this.board.port);
  }

  /** Switches it on, with these images in its flash, and opens the bus that it is on. */
  async start(...images: readonly (readonly [slot: 0 | 1, image: Uint8Array])[]): Promise<UsbBus> {
    for (const [slot, image] of images) this.flash.program(SLOT_OFFSETS[slot], wholeWords(image));
    this.board.powerOn();
    const { host, port } = await this.#server.listen();
    this.#bus = usbipBus({ host, port, clock });
    return this.#bus;
  }

  /** Waits for the next event with these fields. */
  async next(expected: Expected): Promise<BoardEvent> {
    for (;;) {
      for (const event of this.events.slice(this.#seen)) {
        this.#seen += 1;
        const wanted = Object.entries(expected);
        if (wanted.every(([key, value]) => event[key as keyof BoardEvent] === value)) return event;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async list(): Promise<DfuInterface[]> {
    return (await scan(this.bus, { clock })).entries.slice();
  }

  async download(
    alternate: number | string,
    image: Uint8Array,
    options: DownloadOptions = {},
  ): Promise<void> {
    const session = await connect(this.bus, { clock, selection: { alternate } });
    try {
      await download(session, image, options);
    } finally {
      await session.close();
    }
  }

  get bus(): UsbBus {
    if (this.#bus === undefined) throw new Error('not started');
    return this.#bus;
  }

  slot(slot: 0 | 1, lengthBytes: number): Uint8Array {
    return this.flash.read(SLOT_OFFSETS[slot], lengthBytes);
  }

  async close(): Promise<void> {
    await this.#bus?.close();
    await this.board.close();
    await this.#server.close();
  }
}

function wholeWords(image: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil(image.length / 4) * 4).fill(0xff);
  padded.set(image);
  return padded;
}

const flows: Flow[] = [];

function flow(...options: ConstructorParameters<typeof Flow>): Flow {
  const made = new Flow(...options);
  flows.push(made);
  return made;
}

let images: {
  readonly hello0: Uint8Array;
  readonly hello1: Uint8Array;
  readonly saul0: Uint8Array;
};

beforeAll(() => {
  prepareBuild();
  const image = (example: string, slot: 0 | 1, version: number): Uint8Array =>
    firmwareImage(loadExample(example, { modules: ['usbus_dfu'] }), {
      model,
      bootloader: 'riotboot_dfu',
      slot,
      version,
    });
  images = {
    hello0: image('hello-world', 0, 1),
    hello1: image('hello-world', 1, 2),
    saul0: image('saul', 0, 3),
  };
}, 120_000);

afterEach(async () => {
  for (const each of flows.splice(0)) await each.close();
});

describe('over USB/IP', () => {
  test('a board without firmware is listed with two alternates, their names and its serial', async () => {
    const { next, list, start } = bound(flow());
    await start();
    await next({ type: 'boot', mode: 'dfu', why: 'no valid slot' });
    const entries = (await list()).toSorted((a, b) => a.alternate - b.alternate);
    expect(entries).toMatchObject(
      [0, 1].map((alternate) => ({
        mode: 'dfu',
        idVendor: 0x1209,
        idProduct: 0x7d02,
        alternate,
        name: `RIOT-OS Slot ${alternate}`,
        serial: SERIAL,
      })),
    );
  });

  test('another id is what DFU mode answers with', async () => {
    const whole = flow({ usbId: '1234:abcd' });
    await whole.start();
    expect((await whole.list())[0]).toMatchObject({ idVendor: 0x1234, idProduct: 0xabcd });
    await whole.download(0, images.hello0);
    await whole.next({ type: 'boot', mode: 'application', slot: 0 });
  });

  test.each([true, false])(
    'slot 0 by number, from there to slot 1 by name, newer wins; bitWillDetach %o',
    async (willDetach) => {
      const { next, list, start, download: send, slot } = bound(flow({ willDetach }));
      const { hello0, hello1 } = images;
      await start();
      await send(0, hello0);
      await next({ type: 'download', slot: 0, bytes: hello0.length });
      await next({ type: 'boot', mode: 'application', slot: 0, version: 1 });
      await next({ type: 'console', text: 'Hello World!' });
      await next({ type: 'console', text: 'Slot 0, version 1.' });
      await next({ type: 'usb', state: 'attached', id: '1209:7d00' });
      expect(await list()).toMatchObject([
        { mode: 'runtime', idProduct: 0x7d00, name: 'RIOT-OS bootloader', serial: SERIAL },
      ]);
      await send('RIOT-OS Slot 1', hello1);
      await next({ type: 'boot', mode: 'dfu', why: 'magic number' });
      await next({ type: 'boot', mode: 'application', slot: 1, version: 2 });
      await next({ type: 'console', text: 'Slot 1, version 2.' });
      expect(Buffer.compare(slot(0, hello0.length), hello0)).toBe(0);
      expect(Buffer.compare(slot(1, hello1.length), hello1)).toBe(0);
    },
  );

  test.each([true, false])('detach and leave again; bitWillDetach %o', async (willDetach) => {
    const whole = flow({ willDetach });
    const bus = await whole.start([0, images.hello0]);
    await whole.next({ type: 'usb', state: 'attached', id: '1209:7d00' });
    const found = await find(bus, { clock });
    await enterDfuMode(bus, found.device, found.interface, { clock });
    await whole.next({ type: 'boot', mode: 'dfu', why: 'magic number' });
    const session = await connect(bus, { clock, selection: { alternate: 0 } });
    await leave(session);
    await session.close();
    await whole.next({ type: 'boot', mode: 'application', slot: 0 });
    await whole.next({ type: 'usb', state: 'attached', id: '1209:7d00' });
    expect(await whole.list()).toMatchObject([{ mode: 'runtime', idProduct: 0x7d00 }]);
  });

  test('the button held in a reset means DFU mode', async () => {
    const whole = flow();
    await whole.start([0, images.hello0]);
    await whole.next({ type: 'boot', mode: 'application', slot: 0 });
    whole.board.pressReset({ button: true });
    await whole.next({ type: 'boot', mode: 'dfu', why: 'button' });
    await whole.next({ type: 'usb', state: 'attached', id: '1209:7d02' });
    expect((await whole.list()).map(({ mode }) => mode)).toEqual(['dfu', 'dfu']);
  });

  test('of two slots the newer boots, spoilt the older, both spoilt DFU mode', async () => {
    const whole = flow();
    await whole.start([0, images.hello0], [1, images.hello1]);
    await whole.next({ type: 'console', text: 'Slot 1, version 2.' });
    whole.flash.program(SLOT_OFFSETS[1], new Uint8Array(4));
    whole.board.pressReset();
    await whole.next({ type: 'console', text: 'Slot 0, version 1.' });
    whole.flash.program(SLOT_OFFSETS[0], new Uint8Array(4));
    whole.board.pressReset();
    await whole.next({ type: 'boot', mode: 'dfu', why: 'no valid slot' });
    await whole.next({ type: 'usb', state: 'attached', id: '1209:7d02' });
    expect(await whole.list()).toHaveLength(2);
  });

  test('a file that is too long: errADDRESS, and the other slot is as it was and boots', async () => {
    const whole = flow();
    whole.board.setButton(true);
    await whole.start([1, images.hello1]);
    whole.board.setButton(false);
    const before = whole.slot(1, SLOT_BYTES);
    const long = new Uint8Array(SLOT_BYTES + 1).fill(0x5a);
    long.set(images.saul0);
    await expect(whole.download(0, long)).rejects.toMatchObject({
      code: 'DEVICE_STATUS',
      message: expect.stringContaining('errADDRESS') as string,
    });
    whole.board.pressReset();
    await whole.next({ type: 'boot', mode: 'application', slot: 1, version: 2 });
    expect(Buffer.compare(whole.slot(1, SLOT_BYTES), before)).toBe(0);
  });

  test('a download that is cut by unplugging fails; repeated, it succeeds', async () => {
    const whole = flow();
    const { board, next } = bound(whole);
    board.setButton(true);
    await whole.start([1, images.hello1]);
    board.setButton(false);
    const long = new Uint8Array(0x8000).fill(0x0a);
    long.set(images.saul0);
    let pulled = false;
    const cut = whole.download(0, long, {
      onEvent(event) {
        if (pulled || event.type !== 'progress' || event.doneBytes < long.length / 3) return;
        pulled = true;
        board.unplug();
      },
    });
    await expect(cut).rejects.toMatchObject({ code: 'DISCONNECTED' });
    expect(pulled).toBe(true);
    expect(whole.events.some(({ type }) => type === 'download')).toBe(false);
    board.replug();
    await whole.download(0, long);
    await next({ type: 'download', slot: 0, bytes: long.length });
    await next({ type: 'boot', mode: 'application', slot: 0, version: 3 });
    expect(Buffer.compare(whole.slot(0, long.length), long)).toBe(0);
  });
});

/** Its methods, to be taken apart. */
function bound(whole: Flow): Pick<Flow, 'board' | 'next' | 'list' | 'start' | 'download' | 'slot'> {
  return {
    board: whole.board,
    next: (...args) => whole.next(...args),
    list: () => whole.list(),
    start: (...args) => whole.start(...args),
    download: (...args) => whole.download(...args),
    slot: (...args) => whole.slot(...args),
  };
}
