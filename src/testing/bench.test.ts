/* oxlint-disable typescript/await-thenable -- the rule looks for the symbol in the language's own library, not in Node's */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { boardModel, firmwareImage, mcubootFirmware } from '../board/index.ts';
import { loadExample } from '../board/node/index.ts';
import { generateKey, signImage, writePrivatePem } from '../image/index.ts';
import type { PrivateKey } from '../image/index.ts';
import { machineCode } from '../../test/support/machine-code.ts';
import { ExpectationError, boardBench } from './index.ts';
import type { BenchOptions, BoardBench } from './index.ts';

let key: PrivateKey;
let v1: Uint8Array;
let v2: Uint8Array;

/** What Zephyr's build leaves, signed: machine code that nobody here has written. */
async function native(version: string, signedWith = key): Promise<Uint8Array> {
  const { zephyr } = boardModel('reel_board');
  const headerSize = zephyr?.romStartOffset ?? 0;
  const code = machineCode((zephyr?.slots[0].offsetBytes ?? 0) + headerSize, { text: version });
  const [major = 0] = version.split('.').map(Number);
  const numbers = { major, minor: 0, revision: 0, build: 0 };
  const options = { version: numbers, headerSize, padHeader: true, key: signedWith };
  return (await signImage(code, options)).bytes;
}

beforeAll(async () => {
  key = await generateKey('ed25519');
  [v1, v2] = [await native('1.0.0'), await native('2.0.0')];
});

const reel = (options: BenchOptions = {}): Promise<BoardBench> =>
  boardBench('reel_board', { slots: [v1, v2], key, ...options });

const riotImage = (slot: number, version: number, example = 'hello-world'): Uint8Array =>
  firmwareImage(loadExample(example, { modules: ['usbus_dfu'] }), {
    model: boardModel('particle-xenon'),
    bootloader: 'riotboot_dfu',
    slot,
    version,
  });

const folder = mkdtempSync(join(tmpdir(), 'bench-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('an update in ten lines', () => {
  test('with images that nobody here has written, and MCUboot', async () => {
    const standIn = 'usb-dfu';
    await using bench = await boardBench('reel_board', { slots: [v1, v2], key, standIn });
    await bench.boots({ version: '1.0.0' });
    await bench.download(v2, { alt: 'slot1_image' });
    await bench.reset();
    await bench.boots({ version: '2.0.0', why: 'test swap' });
    await bench.reset();
    await bench.boots({ version: '1.0.0', why: 'revert' });
    expect(bench.timeMs).toBeLessThan(1000);
  });

  test('with the sample as a program', async () => {
    const sample = loadExample('usb-dfu', { config: ['CONFIG_APP_USB_DFU_USE_FLASH_BACKEND'] });
    const image = (version: string): Promise<Uint8Array> =>
      mcubootFirmware(sample, { model: boardModel('reel_board'), version, key });
    await using bench = await reel({ slots: [await image('1.0.0')] });
    await bench.boots({ version: '1.0.0' });
    await bench.download(await image('2.0.0'), { slot: 1 });
    await bench.console.until('DFU download completed');
    await bench.reset();
    await bench.boots({ version: '2.0.0', why: 'test swap' });
    await bench.reset();
    expect(await bench.boots({ version: '1.0.0', why: 'revert' })).toMatchObject({ slot: 0 });
  });

  test('with riotboot', async () => {
    await using bench = await boardBench('particle-xenon', { slots: [riotImage(0, 1)] });
    await bench.boots({ version: 1 });
    await bench.console.until(/Hello World/);
    await bench.download(riotImage(1, 2), { slot: 1 });
    const boot = await bench.boots({ version: 2, why: 'newest slot' });
    const [, slot] = await bench.console.until(/^Slot (\d), version 2/);
    expect([slot, boot.slot]).toEqual(['1', 1]);
    expect(bench.console.lines).toContain('Slot 0, version 1.');
  });

  test('each time the same', async () => {
    const run = async (): Promise<unknown> => {
      await using bench = await boardBench('particle-xenon', { slots: [riotImage(0, 1)] });
      await bench.boots({ version: 1 });
      await bench.download(riotImage(1, 2), { slot: 1 });
      await bench.boots({ version: 2 });
      await bench.pass(10_000);
      return bench.events;
    };
    expect(await run()).toEqual(await run());
  });
});

describe('time', () => {
  test('a day of watchdog resets is over at once', async () => {
    await using bench = await reel({ standIn: 'hang=0ms' });
    const start = process.cpuUsage();
    await bench.pass(24 * 3_600_000);
    const { user } = process.cpuUsage(start);
    const boots = bench.events.filter(({ type }) => type === 'boot');
    expect(boots.at(-1)).toMatchObject({ cause: 'watchdog' });
    expect(boots.at(-1)?.timeMs).toBeGreaterThan(24 * 3_600_000 - 4500);
    expect(bench.events.length).toBeLessThan(100_000);
    expect(user / 1e6).toBeLessThan(10);
  });

  test('a program that never lets go is ended by the watchdog', async () => {
    const loop = new TextEncoder().encode('export const main = () => { for (;;); };');
    const model = boardModel('particle-xenon');
    const image = firmwareImage(loop, { model, bootloader: 'riotboot_dfu', slot: 0, version: 1 });
    await using bench = await boardBench(model, { slots: [image] });
    await bench.boots();
    await bench.boots({ cause: 'watchdog', version: 1 });
    expect(bench.timeMs).toBe(4000);
  });

  test('a program that crashes is told, and the watchdog comes', async () => {
    const crash = new TextEncoder().encode('export const main = () => { throw new Error("no"); };');
    const model = boardModel('particle-xenon');
    const image = firmwareImage(crash, { model, bootloader: 'riotboot_dfu', slot: 0, version: 1 });
    await using bench = await boardBench(model, { slots: [image] });
    await bench.event({ type: 'fault', message: /no/ });
    await bench.boots({ cause: 'power-on' });
    expect((await bench.boots({ cause: 'watchdog' })).timeMs).toBe(4000);
  });

  test('two can wait at once', async () => {
    await using bench = await reel({ standIn: 'usb-dfu,confirm=300ms' });
    const [confirmed, ending] = await Promise.all([
      bench.event({ type: 'confirmed' }),
      bench.download(v2, { alt: 'slot1_image' }),
    ]);
    expect(confirmed.timeMs).toBe(300);
    expect(ending.bytes).toBe(v2.length);
  });

  test('is ended by a signal', async () => {
    await using bench = await reel();
    const cancel = new AbortController();
    const waiting = bench.event({ type: 'fault' }, { signal: cancel.signal });
    cancel.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'ExpectationError', code: 'ABORTED' });
    await expect(bench.pass(1, { signal: cancel.signal })).rejects.toThrow('cancelled');
  });
});

describe('what does not come as expected', () => {
  async function messageOf(work: (bench: BoardBench) => Promise<unknown>): Promise<string> {
    await using bench = await reel({ standIn: 'usb-dfu' });
    const error: unknown = await work(bench).catch((thrown: unknown) => thrown);
    if (!(error instanceof ExpectationError)) throw new Error(`not refused: ${String(error)}`);
    expect(error.stack?.split('\n    at ')[1]).toMatch(/bench\.test\.ts/);
    return error.message
      .replaceAll(/dfukit v[\w.-]+/g, 'dfukit vX')
      .replaceAll(/SHA-256 \w+/g, 'SHA-256 X')
      .replaceAll(/key \w{16}…/g, 'key X');
  }

  test('another boot', async () => {
    expect(await messageOf((bench) => bench.boots({ version: '2.0.0' }))).toMatchInlineSnapshot(`
      "expected a boot with version "2.0.0", mode "application", got the application version 1.0.0 in slot 0 (primary slot; power-on)

      Last lines of the console:
        | *** Booting MCUboot of dfukit vX ***
        | *** Using dfukit vX ***
        | I: Starting bootloader
        | I: Primary image: magic=unset, swap_type=0x1, copy_done=0x3, image_ok=0x3
        | I: Secondary image: magic=unset, swap_type=0x1, copy_done=0x3, image_ok=0x3
        | I: Boot source: none
        | I: Image index: 0, Swap type: none
        | I: Bootloader chainload address offset: 0xc000
        | I: Image version: v1.0.0
        | I: Jumping to the first image slot
        | board: machine code at 0x0000c200, entry 0x0000c241, stack pointer 0x20002000; it is not executed
        | stand-in: usb-dfu plays version 1.0.0+0 in slot 0, SHA-256 X
      Last events:
        0.000 s  power on
        0.000 s  boot: the application version 1.0.0 in slot 0 (primary slot; power-on)
        0.000 s  native: entry 0x0000c241, SHA-256 X
        0.000 s  usb: state attached, id 2fe3:0005
        0.000 s  usb: state configured, id 2fe3:0005"
    `);
  });

  test('no boot in time', async () => {
    const message = await messageOf(async (bench) => {
      await bench.boots();
      return bench.boots({ why: 'revert', within: 5000 });
    });
    expect(message).toMatch(
      /^expected a boot with why "revert", and it did not come within 5 s of the board's time\n/,
    );
  });

  test('no such line, no such event', async () => {
    const words = (work: (bench: BoardBench) => Promise<unknown>): Promise<string | undefined> =>
      messageOf(work).then((message) => message.split('\n')[0]);
    expect([
      await words((bench) => bench.console.until(/on fire/)),
      await words((bench) => bench.console.until('a.b', { within: 1 })),
      await words((bench) => bench.event({ type: 'usb', state: 'attached', id: /^1209/ })),
      await words((bench) => bench.event(({ type }) => type === 'fault')),
    ]).toMatchInlineSnapshot(`
      [
        "expected a line of the console with /on fire/, and it did not come within 60 s of the board's time",
        "expected a line of the console with "a.b", and it did not come within 0.001 s of the board's time",
        "expected an event "usb" with state "attached", id /^1209/, and it did not come within 60 s of the board's time",
        "expected an event that the function takes, and it did not come within 60 s of the board's time",
      ]
    `);
  });

  test('a download that does not go well', async () => {
    expect(await messageOf((bench) => bench.download(v2, { alt: 'slot7_image' })))
      .toMatchInlineSnapshot(`
      "download: No DFU interface matches, did you mean "slot1_image"?; there is:
        Found DFU: [2fe3:ffff] ver=0100, devnum=2, cfg=1, intf=0, path="1-1", alt=0, name="ramdisk0", serial="0000000000000000"
        Found DFU: [2fe3:ffff] ver=0100, devnum=2, cfg=1, intf=0, path="1-1", alt=1, name="slot1_image", serial="0000000000000000" (NOT_FOUND)

      Last lines of the console:
        | *** Booting MCUboot of dfukit vX ***
        | *** Using dfukit vX ***
        | I: Starting bootloader
        | I: Primary image: magic=unset, swap_type=0x1, copy_done=0x3, image_ok=0x3
        | I: Secondary image: magic=unset, swap_type=0x1, copy_done=0x3, image_ok=0x3
        | I: Boot source: none
        | I: Image index: 0, Swap type: none
        | I: Bootloader chainload address offset: 0xc000
        | I: Image version: v1.0.0
        | I: Jumping to the first image slot
        | board: machine code at 0x0000c200, entry 0x0000c241, stack pointer 0x20002000; it is not executed
        | stand-in: usb-dfu plays version 1.0.0+0 in slot 0, SHA-256 X
      Last events:
        0.000 s  power on
        0.000 s  boot: the application version 1.0.0 in slot 0 (primary slot; power-on)
        0.000 s  native: entry 0x0000c241, SHA-256 X
        0.000 s  usb: state attached, id 2fe3:0005
        0.000 s  usb: state configured, id 2fe3:0005
        0.020 s  usb: state detached
        0.020 s  usb: state attached, id 2fe3:ffff
        0.020 s  usb: state configured, id 2fe3:ffff"
    `);
  });

  test('an image that the bootloader would not boot', async () => {
    const stranger = await native('3.0.0', await generateKey('ed25519'));
    const message = await messageOf((bench) => bench.download(stranger, { slot: 1 }));
    expect(message.split('\n')[0]).toMatchInlineSnapshot(
      `"download: manifestation: the device reports errVERIFY (7): memory does not hold what was programmed; it says "KEYHASH at 0x271: key X is not in the bootloader"; acknowledged so far: 729 of 729 bytes (DEVICE_STATUS)"`,
    );
  });

  test('a slip in what is expected or done is no expectation', async () => {
    await using bench = await reel();
    const slips: object[] = [{ versoin: '1.0.0' }, { buton: true }, { after: 3 }];
    const [boot = {}, reset = {}, cut = {}] = slips;
    await expect(bench.boots(boot)).rejects.toThrow(
      'boots: no option "versoin", did you mean "version"?',
    );
    await expect(bench.reset(reset)).rejects.toThrow(
      'reset: no option "buton", did you mean "button"?',
    );
    await expect(bench.powerCut(cut)).rejects.toThrow('powerCut: no option "after"');
  });

  test('images by a key that the bootloader does not know', async () => {
    const other = await generateKey('ed25519');
    await using bench = await reel({ key: other, slots: [v1] });
    await expect(bench.boots()).rejects.toThrow(
      /got nothing \(no bootable image; power-on\); slot 0: refused: key-unknown: .*; it knows /,
    );
  });

  test('a host that finds nothing, because nobody plays the USB port', async () => {
    await using bench = await reel();
    await bench.boots();
    await expect(bench.download(v2, { alt: 'slot1_image' })).rejects.toThrow(
      'No DFU capable USB device available (NOT_FOUND); machine code runs, and has nothing at the USB port; where a stand-in plays it, usb-dfu',
    );
  });

  test('a board without power', async () => {
    const message = await messageOf(async (bench) => {
      await bench.boots();
      await bench.powerCut();
      return bench.boots();
    });
    expect(message.split('\n')[0]).toMatchInlineSnapshot(
      `"expected a boot with mode "application": the board has no power"`,
    );
    expect(
      await messageOf(async (bench) => {
        await bench.powerCut();
        return bench.reset();
      }),
    ).toMatch(/^reset: the board has no power/);
  });

  test('a line that nobody reads', async () => {
    expect(await messageOf((bench) => bench.input('help'))).toMatch(
      /^input "help": no program reads/,
    );
  });

  test.each<[string, (bench: BoardBench, slip: object) => Promise<unknown>, object, string]>([
    ['boots', (bench, slip) => bench.boots(slip), { versoin: '1' }, 'did you mean "version"?'],
    ['within', (bench, slip) => bench.boots(slip), { within: '5s' }, 'a time in ms, got 5s'],
    ['within', (bench, slip) => bench.boots(slip), { within: -1 }, 'a time in ms, got -1'],
    ['event', (bench, slip) => bench.event({ type: 'usb' }, slip), { withn: 1 }, '"within"?'],
    ['console', (bench, slip) => bench.console.until('x', slip), { withn: 1 }, '"within"?'],
    ['pass', (bench, slip) => bench.pass(1, slip), { within: 1 }, 'no option "within"'],
    ['detach', (bench, slip) => bench.detach(slip), { withn: 1 }, '"within"?'],
    ['reset', (bench, slip) => bench.reset(slip), { buton: true }, '"button"?'],
    ['cut', (bench, slip) => bench.powerCut(slip), { afterOperation: 3 }, '"afterOperations"?'],
    ['cut', (bench, slip) => bench.powerCut(slip), { kind: 'torn' }, 'is for an operation'],
    [
      'cut',
      (bench, slip) => bench.powerCut(slip),
      { afterOperations: 1, kind: 'tron' },
      'expected "kind" out of clean, torn, torn-tail, got tron',
    ],
    ['attach', (bench, slip) => bench.attach(slip), { kernl: true }, '"kernel"?'],
    ['program', (bench, slip) => bench.program(v2, slip as { slot: 1 }), { slto: 1 }, '"slot"?'],
  ])('an option that means nothing: %s', async (_, call, slip, message) => {
    await using bench = await reel({ standIn: 'usb-dfu' });
    await expect(call(bench, slip)).rejects.toThrow(message);
    expect(bench.board.isOn).toBe(true);
  });

  test('an event that never comes', async () => {
    await using bench = await reel();
    const match = { type: 'boots' } as unknown as { readonly type: 'boot' };
    await expect(bench.event(match)).rejects.toThrow(
      'event: no event is of type "boots", did you mean "boot"?; there is: actuator,',
    );
  });

  test('a bench that is closed', async () => {
    const bench = await reel();
    await bench.close();
    await expect(bench.boots({ version: '2.0.0' })).rejects.toThrow('the bench is closed');
    await bench.close();
  });
});

describe('the board in a test’s hands', () => {
  test('loses its power in the middle of a download, and takes the next one', async () => {
    await using bench = await reel({ slots: [v1], standIn: 'usb-dfu' });
    await bench.boots({ version: '1.0.0' });
    await bench.powerCut({ afterOperations: 20, kind: 'torn' });
    await expect(bench.download(v2, { slot: 1 })).rejects.toThrow(/download: .*DISCONNECTED/);
    const off = await bench.event({ type: 'power', on: false });
    expect(off).toMatchObject({ cut: { kind: 'torn', type: 'program' } });
    await bench.powerOn();
    await bench.boots({ version: '1.0.0', why: 'primary slot' });
    await bench.download(v2, { slot: 1 });
    await bench.reset();
    await bench.boots({ version: '2.0.0', why: 'test swap' });
  });

  test('has its cable pulled', async () => {
    await using bench = await reel({ standIn: 'usb-dfu' });
    const slip = { slto: 1 } as { readonly slot?: number };
    await expect(bench.download(v2, slip)).rejects.toThrow(
      'no option "slto", did you mean "slot"?',
    );
    await bench.unplug();
    await bench.event({ type: 'usb', state: 'detached' });
    await expect(bench.download(v2, { slot: 1 })).rejects.toThrow(/NOT_FOUND/);
    await bench.replug();
    await bench.download(v2, { slot: 1 });
  });

  test('has buttons and a console', async () => {
    await using bench = await boardBench('particle-xenon', { slots: [riotImage(0, 1, 'saul')] });
    await bench.boots({ version: 1 });
    await bench.pass(1);
    await bench.button(true);
    await bench.input('saul read 3');
    await bench.console.until(/Data:\s+1/);
    await bench.button(false);
    await bench.reset({ button: true });
    expect(await bench.boots({ why: 'button' })).toMatchObject({ mode: 'dfu' });
  });

  test('goes to DFU mode and is read', async () => {
    await using bench = await reel({ standIn: 'usb-dfu' });
    await bench.detach();
    await bench.event({ type: 'usb', state: 'configured', id: '2fe3:ffff' });
    const bytes = await bench.upload({ alt: 'slot1_image' });
    expect(bytes.subarray(0, v2.length)).toEqual(v2);
  });

  test('forgets what went before, if told so', async () => {
    await using bench = await reel();
    await bench.reset();
    await bench.reset();
    bench.skip();
    await bench.powerCut();
    await bench.powerOn();
    expect(await bench.boots()).toMatchObject({ cause: 'power-on' });
  });

  test('is programmed, and its flash can be seen', async () => {
    await using bench = await reel({ slots: [v1], standIn: 'upgrade=1s' });
    await bench.boots({ version: '1.0.0' });
    await bench.program(v2, { slot: 1 });
    await bench.event({ type: 'upgrade', slot: 1 });
    const before = bench.flash;
    expect(before.swapType).toBe('test');
    expect(before.slots.map(({ image }) => image?.version)).toEqual(['1.0.0+0', '2.0.0+0']);
    expect(before.slots[1]?.image?.bytes).toEqual(v2);
    expect(before.slots[1]?.trailer).toEqual({
      magic: 'good',
      imageOk: 'unset',
      copyDone: 'unset',
      swapType: 'test',
    });
    await bench.reset();
    expect(before.slots.map(({ image }) => image?.version)).toEqual(['1.0.0+0', '2.0.0+0']);
    const { slots, sha256 } = bench.flash;
    expect(slots.map(({ image }) => image?.version)).toEqual(['2.0.0+0', '1.0.0+0']);
    expect(slots[0]?.trailer).toMatchObject({ magic: 'good', copyDone: 'set', imageOk: 'unset' });
    expect(slots[0]?.image?.sha256).toBe(before.slots[1]?.image?.sha256);
    expect(sha256).not.toBe(before.sha256);
    expect(bench.flash.bytes.length).toBe(0x100000);
  });

  test('with riotboot, too', async () => {
    await using bench = await boardBench('particle-xenon', { slots: [riotImage(0, 7)] });
    const { slots, swapType } = bench.flash;
    expect(slots.map(({ image }) => image?.version)).toEqual([7, undefined]);
    expect(slots[0]).toMatchObject({ index: 0, address: 0x4000, trailer: undefined });
    expect(swapType).toBeUndefined();
  });
});

describe('a bench', () => {
  test('takes files: images, keys, boards, dumps', async () => {
    const file = (name: string, content: Uint8Array | string): string => {
      const path = join(folder, name);
      writeFileSync(path, content);
      return path;
    };
    const model = { ...boardModel('reel_board'), name: 'mine' };
    const board = file('mine.json', JSON.stringify(model));
    const pem = await writePrivatePem(key);
    const slots = [file('v1.bin', v1)];
    await using first = await boardBench(board, { slots, key: file('key.pem', pem) });
    await first.boots({ version: '1.0.0' });
    const flash = file('dump.bin', first.flash.bytes);
    await using second = await boardBench(board, { flash, keys: [pem] });
    await second.boots({ version: '1.0.0' });
    const module = file('mine.mjs', `export default ${JSON.stringify(model)};`);
    await using third = await boardBench(module, { power: false, keys: [] });
    expect(third.events).toEqual([]);
    await third.powerOn();
    await third.boots({ mode: 'none' });
  });

  test('refuses keys of another kind than its board says that MCUboot checks', async () => {
    const board = { ...boardModel('reel_board'), mcuboot: { signature: 'ecdsa-p384' } } as const;
    const words =
      'reel_board: expected keys of kind ecdsa-p384, as mcuboot.signature of the board says';
    await expect(boardBench(board, { key })).rejects.toThrow(`${words}, got ${key.kind}`);
    await expect(boardBench(board)).rejects.toThrow(`${words}, got the examples' key`);
    await using bench = await boardBench(board, { power: false, keys: [] });
    expect(bench.events).toEqual([]);
  });

  test('plays firmware of a file in the place of machine code', async () => {
    const path = join(folder, 'firmware.mjs');
    writeFileSync(
      path,
      'export const main = (board) => board.console.print("I am " + board.image.version);',
    );
    await using bench = await reel({ standIn: [`slot=0:firmware=${path}`] });
    expect((await bench.console.until(/I am (\S+)/))[1]).toBe('1.0.0+0');
  });

  test.each<[string, string, BenchOptions, string]>([
    [
      'a board that is not there',
      'reel_bord',
      {},
      'no board "reel_bord", did you mean "reel_board"',
    ],
    ['a file that is not there', './none.json', {}, './none.json: no such file'],
    [
      'an image that is not there',
      'reel_board',
      { slots: ['none.bin'] },
      'none.bin: slot 0: none.bin: no such file',
    ],
    ['a key that is not there', 'reel_board', { key: 'none.pem' }, 'none.pem: no such file'],
    [
      'an unknown option',
      'reel_board',
      { slot: [] } as BenchOptions,
      'no option "slot", did you mean "slots"?',
    ],
    ['a key for nobody', 'particle-xenon', { key: 'key.pem' }, 'riotboot_dfu trusts no keys'],
    [
      'an unsigned image',
      'reel_board',
      { slots: [new Uint8Array(512)] },
      'sign it: "dfukit imgtool sign',
    ],
    [
      'an image without header',
      'particle-xenon',
      { slots: [new Uint8Array(512)] },
      'give it a header: "dfukit genhdr',
    ],
    [
      'an image for another slot',
      'particle-xenon',
      { slots: [undefined, riotImage(0, 1)] },
      'slot 1: it will not run at 0x00082000',
    ],
    ['a stand-in that is none', 'reel_board', { standIn: 'slient' }, 'did you mean "silent"'],
  ])('cannot be had with %s', async (_, board, options, words) => {
    await expect(boardBench(board, options)).rejects.toThrow(words);
  });
});
