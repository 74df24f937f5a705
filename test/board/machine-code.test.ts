import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { bootloaderOf, createBoard, programFlash } from '../../src/board/index.ts';
import type { Board, BoardEvent, StandIn } from '../../src/board/index.ts';
import { WorkerRunner } from '../../src/board/node/index.ts';
import { connect, download, enterDfuMode, find, leave, scan } from '../../src/host/index.ts';
import { MemoryFlash } from '../../src/flash/index.ts';
import { generateKey, parseVersion, riotbootImage, signImage } from '../../src/image/index.ts';
import { LoopbackBus } from '../../src/link/loopback/index.ts';
import { VirtualClock } from '../../src/usb/index.ts';
import { happening } from '../support/boards.ts';
import { machineCode } from '../support/machine-code.ts';
import type { MachineCodeOptions } from '../support/machine-code.ts';
import { tinyBoard } from '../support/tiny-board.ts';

const turn = (): Promise<void> => new Promise((done) => setImmediate(done));
const key = await generateKey('ed25519');
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const BASE = 0x08000000;
/** Where the code of each slot stands. */
const ENTRY = { mcuboot: [0x08004080, 0x08008080], riotboot: [0x08002100, 0x08009100] } as const;

interface Bench {
  readonly board: Board;
  readonly clock: VirtualClock;
  readonly flash: MemoryFlash;
  readonly events: BoardEvent[];
  readonly bus: LoopbackBus;
  readonly console: () => string[];
  /** Does it, and waits until the board has decided what it boots. */
  readonly boots: (start: () => void) => Promise<Partial<Extract<BoardEvent, { type: 'boot' }>>>;
  readonly run: <T>(work: Promise<T>) => Promise<T>;
  readonly put: (image: Uint8Array, slot?: number) => void;
}

function bench(
  bootloader: string,
  standIns?: readonly StandIn[],
  mode?: 'swap-using-move' | 'direct-xip',
): Bench {
  const clock = new VirtualClock();
  const flash = new MemoryFlash(tinyBoard.flash);
  const mcuboot = bootloader === 'mcuboot' ? { keys: [key], mode } : undefined;
  const runner = new WorkerRunner();
  const board = createBoard({
    model: tinyBoard,
    flash,
    clock,
    runner,
    standIns,
    bootloader,
    mcuboot,
  });
  const events: BoardEvent[] = [];
  board.listen((event) => events.push(event));
  const bus = new LoopbackBus(clock);
  bus.plug(board.port);
  const layout = bootloaderOf(tinyBoard, bootloader).layout(tinyBoard, mode);
  return {
    board,
    clock,
    flash,
    events,
    bus,
    console: () => events.flatMap((event) => (event.type === 'console' ? [event.text] : [])),
    async boots(start) {
      const booted = happening(board, ({ type }) => type === 'boot');
      start();
      return (await booted) as Extract<BoardEvent, { type: 'boot' }>;
    },
    run: (work) => clock.run(work, turn),
    put: (image, slot) =>
      void programFlash(
        flash,
        layout,
        image,
        slot === undefined ? undefined : { slot, force: true },
      ),
  };
}

const last = <T extends BoardEvent['type']>(
  { events }: Bench,
  type: T,
): Extract<BoardEvent, { type: T }> | undefined =>
  events.findLast((event) => event.type === type) as Extract<BoardEvent, { type: T }> | undefined;

const faults = ({ events }: Bench): string[] =>
  events.flatMap((event) => (event.type === 'fault' ? [event.message] : []));

/** What `zephyr.signed.bin` is: linked for slot 0, header in front, records behind. */
async function signed(
  version: string,
  options?: MachineCodeOptions & { readonly address?: number },
): Promise<Uint8Array> {
  const code = machineCode(options?.address ?? ENTRY.mcuboot[0], { text: version, ...options });
  const plain = new Uint8Array(0x80 + code.length);
  plain.set(code, 0x80);
  const parsed = parseVersion(version);
  const { bytes } = await signImage(plain, { version: parsed, headerSize: 0x80, key });
  return bytes;
}

/** What riotboot's build makes for a slot. */
function riot(slot: 0 | 1, version: number, options?: MachineCodeOptions): Uint8Array {
  const address = ENTRY.riotboot[slot];
  return riotbootImage(machineCode(address, options), {
    version,
    startAddress: address,
    headerLength: 0x100,
  });
}

describe('an image of machine code', () => {
  test('with MCUboot is told of once, and stays up', async () => {
    const made = bench('mcuboot');
    const image = await signed('2.0.0');
    made.put(image, 0);
    expect(await made.boots(() => made.board.powerOn())).toMatchObject({ version: '2.0.0+0' });
    expect(made.events.filter(({ type }) => type === 'native')).toEqual([
      {
        type: 'native',
        slot: 0,
        version: '2.0.0+0',
        entry: 0x080040c1,
        stackPointer: 0x20002000,
        sha256: sha256(image),
      },
    ]);
    expect(made.console().slice(-2)).toEqual([
      'board: machine code at 0x08004080, entry 0x080040c1, stack pointer 0x20002000; it is not executed',
      `stand-in: silent plays version 2.0.0+0 in slot 0, SHA-256 ${sha256(image).slice(0, 16)}`,
    ]);
    made.clock.advance(24 * 3_600_000);
    expect(made.events.filter(({ type }) => type === 'boot')).toHaveLength(1);
    expect(faults(made)).toEqual([]);
  });

  test.each([0, 1] as const)('with riotboot in slot %i', (slot) => {
    const made = bench('riotboot');
    const image = riot(slot, 7, { text: 'seven' });
    made.put(image);
    made.board.powerOn();
    expect(last(made, 'native')).toMatchObject({ slot, version: 7, sha256: sha256(image) });
    made.clock.advance(60_000);
    expect(made.events.filter(({ type }) => type === 'boot')).toHaveLength(1);
  });

  test.each(['none', 'stm32-rom'])('without slots, bootloader %s', (bootloader) => {
    const made = bench(bootloader);
    const image = machineCode(BASE);
    made.put(image);
    made.board.powerOn();
    expect(last(made, 'native')).toMatchObject({ entry: BASE + 0x41, sha256: sha256(image) });
    expect(made.console().at(-1)).toMatch(/^stand-in: silent plays the image, SHA-256/);
    made.clock.advance(60_000);
    expect(made.events.filter(({ type }) => type === 'boot')).toHaveLength(1);
  });

  test('and one in the firmware API run beside each other', async () => {
    const made = bench('riotboot');
    const { firmware } = bootloaderOf(tinyBoard, 'riotboot');
    const payload = new TextEncoder().encode(
      'export const main = (board) => board.console.print(`I am ${board.image.version}`);',
    );
    made.put(await firmware.box(payload, { model: tinyBoard, slot: 0, version: '8' }));
    made.put(riot(1, 7));
    const said = happening(made.board, (event) => event.type === 'console');
    made.board.powerOn();
    expect(await said).toMatchObject({ text: 'I am 8' });
    expect(last(made, 'native')).toBeUndefined();
    await made.board.close();
  });

  test.each([
    ['stack', { stackPointer: 0x10000000 }, /stack pointer 0x10000000 is not in RAM/],
    ['even vector', { resetVector: 0x080040c0 }, /reset vector 0x080040c0 is even/],
    [
      'vector behind its code',
      { resetVector: 0x08004101 },
      /0x08004101 is outside of the image: expected code from 0x08004080 to 0x080040c8$/,
    ],
    [
      'address of another slot',
      { address: 0x08008080 },
      /linked for 0x08008080 \(image-1\), not for 0x08004080$/,
    ],
  ])('with a wrong %s is a fault at each start', async (_, options, message) => {
    const made = bench('mcuboot');
    made.put(await signed('1.0.0', options), 0);
    await made.boots(() => made.board.powerOn());
    expect(faults(made)).toEqual([expect.stringMatching(/^hard fault: /)]);
    expect(faults(made)[0]).toMatch(message);
    expect(await made.boots(() => made.clock.advance(4000))).toMatchObject({ cause: 'watchdog' });
  });

  test('of which flash is gone in the middle of the news starts no stand-in', () => {
    const made = bench('riotboot', [{ plays: 'dfu-runtime' }]);
    made.put(riot(0, 1));
    made.board.listen((event) => {
      if (event.type === 'native') made.board.powerCut();
    });
    made.board.powerOn();
    expect([made.board.isOn, made.console(), last(made, 'usb')]).toEqual([false, [], undefined]);
  });

  test('of which flash is gone in the middle of its words comes to no bus', () => {
    const made = bench('riotboot', [{ plays: 'dfu-runtime', ends: { how: 'crash', afterMs: 5 } }]);
    made.put(riot(0, 1));
    made.board.listen((event) => {
      if (event.type === 'console') made.board.powerCut();
    });
    made.board.powerOn();
    made.clock.advance(10_000);
    expect([made.board.isOn, last(made, 'usb'), faults(made)]).toEqual([false, undefined, []]);
  });
});

describe('a stand-in', () => {
  test('is chosen by version, slot and hash; the first that is meant counts', async () => {
    const first = await signed('1.0.0');
    const standIns: readonly StandIn[] = [
      { when: { version: '1.0.0', slot: 1 }, plays: 'usb-dfu' },
      { when: { sha256: sha256(first).slice(0, 8).toUpperCase() }, plays: 'dfu-runtime' },
      { when: { version: '1.0' }, plays: 'usb-dfu' },
      { when: { version: '2' }, plays: 'usb-dfu' },
    ];
    const made = bench('mcuboot', standIns);
    made.put(first, 0);
    await made.boots(() => made.board.powerOn());
    expect(made.console().at(-1)).toMatch(
      /^stand-in: dfu-runtime plays version 1.0.0\+0 in slot 0/,
    );
    made.put(await signed('1.0.0', { text: 'another build' }), 0);
    await made.boots(() => made.board.pressReset());
    expect(made.console().at(-1)).toMatch(/^stand-in: usb-dfu plays version 1.0.0\+0/);
    made.put(await signed('3.0.0'), 0);
    await made.boots(() => made.board.pressReset());
    expect(made.console().at(-1)).toMatch(/^stand-in: silent plays/);
  });

  test('asks for the upgrade; the new one confirms itself, or not', async () => {
    const made = bench('mcuboot', [
      { when: { version: '1.0.0' }, upgrade: { afterMs: 2000 } },
      { when: { version: '2.0.0' } },
    ]);
    made.put(await signed('1.0.0'), 0);
    made.put(await signed('2.0.0'), 1);
    await made.boots(() => made.board.powerOn());
    made.clock.advance(1999);
    expect(last(made, 'upgrade')).toBeUndefined();
    made.clock.advance(1);
    expect(last(made, 'upgrade')).toEqual({ type: 'upgrade', slot: 1, permanent: false });
    const reset = (): ReturnType<Bench['boots']> => made.boots(() => made.board.pressReset());
    expect(await reset()).toMatchObject({ version: '2.0.0+0', why: 'test swap' });
    expect(await reset()).toMatchObject({ version: '1.0.0+0', why: 'revert' });
  });

  test('confirms after its time, for good', async () => {
    const made = bench('mcuboot', [
      { when: { version: '1' }, upgrade: { afterMs: 0 } },
      { when: { version: '2' }, confirmMs: 500 },
    ]);
    made.put(await signed('1.0.0'), 0);
    made.put(await signed('2.0.0'), 1);
    await made.boots(() => made.board.powerOn());
    made.clock.advance(1);
    await made.boots(() => made.board.pressReset());
    made.clock.advance(500);
    expect(last(made, 'confirmed')).toEqual({ type: 'confirmed', slot: 0 });
    expect(await made.boots(() => made.board.pressReset())).toMatchObject({
      version: '2.0.0+0',
      why: 'primary slot',
    });
  });

  test('asks for good, too', async () => {
    const made = bench('mcuboot', [{ upgrade: { afterMs: 10, permanent: true } }]);
    made.put(await signed('1.0.0'), 0);
    made.put(await signed('2.0.0'), 1);
    await made.boots(() => made.board.powerOn());
    made.clock.advance(10);
    expect(last(made, 'upgrade')).toMatchObject({ permanent: true });
    expect(await made.boots(() => made.board.pressReset())).toMatchObject({
      why: 'permanent swap',
    });
  });

  test('says so where the bootloader has nothing to ask', () => {
    const made = bench('riotboot', [{ confirmMs: 1, upgrade: { afterMs: 2 } }]);
    made.put(riot(0, 1));
    made.board.powerOn();
    made.clock.advance(2);
    expect(made.console().slice(-2)).toEqual([
      'stand-in: confirm: the bootloader knows no such thing',
      'stand-in: upgrade: the bootloader knows no such thing',
    ]);
  });

  test('loses its power in the middle of its confirmation', async () => {
    const made = bench('mcuboot', [{ upgrade: { afterMs: 1 }, confirmMs: 500 }]);
    made.put(await signed('1.0.0'), 0);
    made.put(await signed('2.0.0'), 1);
    await made.boots(() => made.board.powerOn());
    made.clock.advance(1);
    await made.boots(() => made.board.pressReset());
    made.board.cutAfter(0);
    made.clock.advance(500);
    expect(made.board.isOn).toBe(false);
    expect(made.console().at(-1)).toMatch(/^stand-in: silent plays/);
  });

  test.each([
    ['hang', 1000 + 4000, 'stand-in: hangs, 1000 ms after its start'],
    ['reset', 1000, 'stand-in: resets, 1000 ms after its start'],
  ] as const)('%s: the next start comes %i ms after its own', (how, ms, words) => {
    const made = bench('riotboot', [{ ends: { how, afterMs: 1000 } }]);
    made.put(riot(0, 1));
    made.board.powerOn();
    made.clock.advance(ms - 1);
    expect(made.events.filter(({ type }) => type === 'boot')).toHaveLength(1);
    made.clock.advance(1);
    expect(last(made, 'boot')).toMatchObject({ cause: how === 'hang' ? 'watchdog' : 'software' });
    expect(made.console()).toContain(words);
    expect(made.events.filter(({ type }) => type === 'native')).toHaveLength(2);
  });

  test('crashes, and the watchdog is next; at once is a millisecond', () => {
    const made = bench('riotboot', [{ plays: 'dfu-runtime', ends: { how: 'crash', afterMs: 0 } }]);
    made.put(riot(0, 1));
    made.board.powerOn();
    made.clock.advance(1);
    expect(faults(made)).toEqual(['crash: stand-in, 0 ms after its start']);
    expect(last(made, 'usb')).toMatchObject({ state: 'detached' });
    made.clock.advance(3999);
    expect(last(made, 'boot')).toMatchObject({ cause: 'watchdog' });
    made.clock.advance(40_000);
    expect(faults(made)).toHaveLength(11);
  });

  test('resets in a loop, and time passes', () => {
    const made = bench('riotboot', [{ ends: { how: 'reset', afterMs: 0 } }]);
    made.put(riot(0, 1));
    made.board.powerOn();
    made.clock.advance(10);
    expect(made.events.filter(({ type }) => type === 'boot')).toHaveLength(11);
  });
});

describe('at the USB port', () => {
  test('dfu-runtime is RIOT’s run-time function, and leads to DFU mode', async () => {
    const made = bench('riotboot_dfu', [{ plays: 'dfu-runtime' }]);
    const image = riotbootImage(machineCode(0x08004100), {
      version: 12_345,
      startAddress: 0x08004100,
      headerLength: 0x100,
    });
    made.put(image);
    made.board.powerOn();
    const { bus, clock, run } = made;
    const { entries } = await run(scan(bus, { clock }));
    expect(entries).toMatchObject([
      { mode: 'runtime', idVendor: 0x1209, idProduct: 0x7d00, bcdDevice: 0x2345 },
    ]);
    const found = await run(find(bus, { clock }));
    await run(enterDfuMode(bus, found.device, found.interface, { clock }));
    expect(last(made, 'boot')).toMatchObject({ mode: 'dfu', why: 'magic number' });
  });

  test('dfu-runtime of Zephyr’s resets, as there is no DFU mode behind it', async () => {
    const made = bench('mcuboot', [{ plays: 'dfu-runtime' }]);
    made.put(await signed('2.13.4'), 0);
    await made.boots(() => made.board.powerOn());
    const { bus, clock, run } = made;
    const { entries } = await run(scan(bus, { clock }));
    expect(entries).toMatchObject([{ mode: 'runtime', idVendor: 0x2fe3, bcdDevice: 0x0294 }]);
  });

  test('usb-dfu is found, detached and downloads; then test swap, revert; or it confirms', async () => {
    const made = bench('mcuboot', [
      { when: { version: '3' }, plays: 'usb-dfu', confirmMs: 500 },
      { plays: 'usb-dfu' },
    ]);
    made.put(await signed('1.0.0'), 0);
    await made.boots(() => made.board.powerOn());
    const { bus, clock, run } = made;
    const send = async (image: Uint8Array): Promise<void> => {
      const session = await run(connect(bus, { clock, selection: { alternate: 'slot1_image' } }));
      await run(download(session, image));
      await run(leave(session));
      await run(session.close());
    };
    const { entries } = await run(scan(bus, { clock }));
    expect(entries).toMatchObject([
      { mode: 'runtime', idVendor: 0x2fe3, idProduct: 5, bcdDevice: 0x0100 },
    ]);
    await send(await signed('2.0.0'));
    expect(last(made, 'upgrade')).toEqual({ type: 'upgrade', slot: 1, permanent: false });
    const reset = (): ReturnType<Bench['boots']> => made.boots(() => made.board.pressReset());
    expect(await reset()).toMatchObject({ version: '2.0.0+0', why: 'test swap' });
    expect(await reset()).toMatchObject({ version: '1.0.0+0', why: 'revert' });
    await send(await signed('3.0.0'));
    expect(await reset()).toMatchObject({ version: '3.0.0+0', why: 'test swap' });
    clock.advance(500);
    expect(await reset()).toMatchObject({ version: '3.0.0+0', why: 'primary slot' });
  });

  test('usb-dfu in slot 1 of a board that runs images in place offers slot 0, too', async () => {
    const made = bench('mcuboot', [{ plays: 'usb-dfu' }], 'direct-xip');
    made.put(await signed('1.0.0', { address: 0x08008080 }), 1);
    expect(await made.boots(() => made.board.powerOn())).toMatchObject({ slot: 1 });
    const { bus, clock, run } = made;
    const found = await run(find(bus, { clock }));
    await run(enterDfuMode(bus, found.device, found.interface, { clock }));
    const { entries } = await run(scan(bus, { clock }));
    expect(entries.map(({ name }) => name)).toEqual(['ramdisk0', 'slot0_image', 'slot1_image']);
  });
});

describe('a firmware that plays', () => {
  const firmware = new TextEncoder().encode(`export function main(board) {
    const { slot, version, sha256 } = board.image;
    board.console.print(\`\${version} in \${slot}: \${sha256}\`);
  }`);

  test('sees which image it is, and ends as it is told to', async () => {
    const made = bench('mcuboot', [{ plays: { firmware }, ends: { how: 'hang', afterMs: 100 } }]);
    const image = await signed('2.0.0');
    made.put(image, 0);
    const words = `2.0.0+0 in 0: ${sha256(image)}`;
    const said = happening(made.board, (event) => event.type === 'console' && event.text === words);
    await made.boots(() => made.board.powerOn());
    await said;
    made.clock.advance(100);
    expect(made.console()).toContain('stand-in: hangs, 100 ms after its start');
    expect(await made.boots(() => made.clock.advance(4000))).toMatchObject({ cause: 'watchdog' });
    await made.board.close();
  });

  test('needs something that runs it', () => {
    const clock = new VirtualClock();
    const flash = new MemoryFlash(tinyBoard.flash);
    programFlash(flash, bootloaderOf(tinyBoard, 'none').layout(tinyBoard), machineCode(BASE));
    const events: BoardEvent[] = [];
    const runner = { takes: [], start: () => ({ stop: () => Promise.resolve() }) };
    const standIns: readonly StandIn[] = [{ plays: { firmware } }];
    const board = createBoard({
      model: tinyBoard,
      flash,
      clock,
      runner,
      standIns,
      bootloader: 'none',
    });
    board.listen((event) => events.push(event));
    board.powerOn();
    expect(events.at(-1)).toEqual({
      type: 'fault',
      message: 'stand-in: its firmware has no runner',
    });
  });
});
