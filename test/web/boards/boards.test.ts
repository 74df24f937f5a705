import { describe, expect, test } from 'vitest';
import { workersOf } from '../workers.ts';
import { boardsPage, useBoardsPage } from './bench.ts';
import type { Boards } from './page/page.ts';

// What a test does runs in the page: it knows `boards` there, and nothing of this file.
declare const boards: Boards;

useBoardsPage();

describe('a board in a page', () => {
  test('is one of the catalogue, as the package has it', async (context) => {
    const page = await boardsPage(context);
    const [own, whole] = await page.evaluate(() => [
      boards.catalogue.map(({ name, chip, bootloaders }) => ({ name, chip, bootloaders })),
      boards.boardModels.map(({ name, chip, bootloaders }) => ({ name, chip, bootloaders })),
    ]);
    expect(own).toEqual(whole);
  });

  test('shows something alive, whatever is in its flash', async (context) => {
    const page = await boardsPage(context);
    const told = await page.evaluate(async () => {
      const all: string[] = [];
      for (const { name, bootloaders } of boards.catalogue) {
        for (const bootloader of bootloaders) {
          for (const { id: start } of boards.startsOf(bootloader)) {
            const board = await boards.start({ board: name, bootloader, start });
            const boot = await board.until(({ type }) => type === 'boot');
            const mode = boot.type === 'boot' ? boot.mode : '';
            if (mode === 'application') {
              await board.until(({ type }) => type === 'usb' || type === 'console');
            }
            const { ranges, nextBoot } = await board.client.explain();
            const end = ranges.reduce(
              (at, { offsetBytes, sizeBytes }) =>
                at === offsetBytes ? at + sizeBytes : Number.NaN,
              0,
            );
            const isWhole = end === board.client.facts.geometry.sizeBytes && nextBoot.length > 0;
            all.push(`${name} ${bootloader} ${start}: ${mode}${isWhole ? '' : ', not explained'}`);
            await board.client.close();
          }
        }
      }
      return all;
    });
    expect(told).toEqual([
      'particle-xenon riotboot_dfu application: application',
      'particle-xenon riotboot_dfu two-versions: application',
      'particle-xenon riotboot_dfu damaged: application',
      'particle-xenon riotboot_dfu empty: dfu',
      'particle-xenon riotboot application: application',
      'particle-xenon riotboot two-versions: application',
      'particle-xenon riotboot damaged: application',
      'particle-xenon riotboot empty: none',
      'particle-xenon mcuboot application: application',
      'particle-xenon mcuboot update-pending: application',
      'particle-xenon mcuboot foreign-update: application',
      'particle-xenon mcuboot empty: none',
      'reel_board mcuboot application: application',
      'reel_board mcuboot update-pending: application',
      'reel_board mcuboot foreign-update: application',
      'reel_board mcuboot empty: none',
      'reel_board none application: application',
      'reel_board none empty: none',
      'nucleo_u575zi_q mcuboot application: application',
      'nucleo_u575zi_q mcuboot update-pending: application',
      'nucleo_u575zi_q mcuboot foreign-update: application',
      'nucleo_u575zi_q mcuboot empty: none',
      'stm32f072b_disco stm32-rom application: application',
      'stm32f072b_disco stm32-rom empty: dfu',
      'rpi_pico flash application: application',
      'rpi_pico flash empty: none',
      'rpi_pico mcuboot application: application',
      'rpi_pico mcuboot update-pending: application',
      'rpi_pico mcuboot foreign-update: application',
      'rpi_pico mcuboot empty: none',
      'rpi_pico riotboot application: application',
      'rpi_pico riotboot two-versions: application',
      'rpi_pico riotboot damaged: application',
      'rpi_pico riotboot empty: none',
    ]);
  });

  test('cannot be had where there is none', async (context) => {
    const page = await boardsPage(context);
    const errors = await page.evaluate(async () => {
      const orders = [
        { board: 'particle-argon' },
        { board: 'reel_board', bootloader: 'riotboot' },
        { board: 'reel_board', start: 'on-fire' },
        { board: 'reel_board', flash: new Uint8Array(0x20_0000) },
      ];
      const told: unknown[] = [];
      for (const order of orders) {
        try {
          await boards.start(order);
          told.push('started');
        } catch (error) {
          told.push((error as { code?: unknown }).code);
        }
      }
      return told;
    });
    expect(errors).toEqual(['NOT_FOUND', 'INVALID_ARGUMENT', 'NOT_FOUND', 'OUT_OF_RANGE']);
    expect(await workersOf(page)).toEqual({ made: 4, left: 0 });
  });

  test('leaves no worker behind, however often it is made and reset', async (context) => {
    const page = await boardsPage(context);
    for (let times = 0; times < 5; times += 1) {
      await page.evaluate(async () => {
        const board = await boards.start({ board: 'particle-xenon' });
        for (let resets = 0; resets < 5; resets += 1) await board.client.act({ do: 'reset' });
        const kept = await board.client.flash();
        await board.client.close();
        return kept.length;
      });
    }
    expect(await workersOf(page)).toEqual({ made: 5, left: 0 });
  });
});

describe('updates', () => {
  test('of riotboot: a newer application starts; what is refused leaves everything as it is', async (context) => {
    const page = await boardsPage(context);
    const told = await page.evaluate(async () => {
      const board = await boards.start({ board: 'particle-xenon' });
      await board.until((event) => event.type === 'usb' && event.state === 'configured');
      const outcome = await board.flash('update');
      await board.prints('Welcome to the SAUL example');
      const { operations, transfers, states } = board;
      const before = await board.client.flash();
      const refused: string[] = [];
      for (const { id, comesTo } of board.client.facts.samples) {
        if (comesTo === 'refused') refused.push(`${id} ${(await board.flash(id)).slice(0, 13)}`);
      }
      const slot0 = board.client.facts.slots[0];
      const after = await board.client.flash();
      const refusals = board.events.filter(({ type }) => type === 'refused').length;
      const from = slot0?.address ?? 0;
      const isKept = before
        .subarray(from, from + (slot0?.sizeBytes ?? 0))
        .every((byte, at) => byte === after[from + at]);
      await board.client.close();
      return {
        outcome,
        operations,
        transfers,
        states: [...new Set(states)],
        refused,
        refusals,
        isKept,
      };
    });
    expect(told.outcome).toBe('written');
    expect(told.operations).toBeGreaterThan(100);
    expect(told.transfers).toBeGreaterThan(100);
    expect(told.states).toEqual(
      expect.arrayContaining(['appDETACH', 'dfuIDLE', 'dfuDNLOAD-IDLE', 'dfuMANIFEST-SYNC']),
    );
    expect(told.refused).toEqual([
      'wrong-slot DEVICE_STATUS',
      'damaged DEVICE_STATUS',
      'no-image DEVICE_STATUS',
    ]);
    expect(told.refusals).toBe(3);
    expect(told.isKept).toBe(true);
  });

  test.for(['reel_board', 'nucleo_u575zi_q', 'rpi_pico'])(
    'of MCUboot on %s are tried, and taken back',
    async (name, context) => {
      const page = await boardsPage(context);
      const told = await page.evaluate(async (board) => {
        const bootloader = 'mcuboot';
        const live = await boards.start({ board, bootloader });
        await live.prints('sample is initialized');
        const outcome = await live.flash('hello');
        await live.prints('DFU download completed');
        await boards.sleep(300);
        const from = live.events.length;
        await live.client.act({ do: 'reset' });
        await live.prints('Hello World!', from);
        const again = live.events.length;
        await live.client.act({ do: 'reset' });
        await live.prints('sample is initialized', again);
        const refused = await live.flash('foreign-key');
        await live.client.close();
        return { outcome, refused };
      }, name);
      expect(told.outcome).toBe('written');
      expect(told.refused).toMatch(/^DEVICE_STATUS: /);
    },
  );

  test('of a board file whose MCUboot checks no signature need none', async (context) => {
    const page = await boardsPage(context);
    const told = await page.evaluate(async () => {
      const board = {
        name: 'my-board',
        flash: {
          sectors: [{ count: 64, sizeBytes: 4096 }],
          writeUnitBytes: 4,
        },
        flashBaseAddress: 0,
        ram: { baseAddress: 0x2000_0000, sizeBytes: 0x1_0000 },
        bootloaders: ['mcuboot'],
        zephyr: {
          romStartOffset: 0x200,
          boot: { offsetBytes: 0, sizeBytes: 0x8000 },
          slots: [
            { offsetBytes: 0x8000, sizeBytes: 0x1_8000 },
            { offsetBytes: 0x2_0000, sizeBytes: 0x1_8000 },
          ],
        },
        mcuboot: { mode: 'swap-using-move', signature: 'none' },
      } as const;
      const live = await boards.start({ board, bootloader: 'mcuboot', start: 'update-pending' });
      const boot = await live.until(({ type }) => type === 'boot');
      const { trusts, samples } = live.client.facts;
      await live.client.close();
      return { boot, trusts, samples: samples.map(({ id }) => id) };
    });
    expect(told.boot).toMatchObject({ mode: 'application', version: '2.0.0+0' });
    expect(told.trusts).toBeUndefined();
    expect(told.samples).toContain('update');
    expect(told.samples).not.toContain('foreign-key');
  });

  test('of an STM32 go through its loader', async (context) => {
    const page = await boardsPage(context);
    const outcome = await page.evaluate(async () => {
      const board = await boards.start({ board: 'stm32f072b_disco' });
      await board.until((event) => event.type === 'usb' && event.state === 'configured');
      const ended = await board.flash('update', { leave: true });
      await board.prints('Hello World!');
      await board.client.close();
      return ended;
    });
    expect(outcome).toBe('written');
  });
});

describe('a firmware in a worker', () => {
  test.for(['crashes', 'loops'])('that %s is ended by the watchdog', async (id, context) => {
    const page = await boardsPage(context);
    const told = await page.evaluate(async (sample) => {
      const board = await boards.start({ board: 'particle-xenon', start: 'empty' });
      const file = await board.client.sample(sample);
      await board.client.act({ do: 'program', file });
      const boot = await board.until(
        (event) => event.type === 'boot' && event.cause === 'watchdog',
      );
      const fault = board.events.find(({ type }) => type === 'fault');
      await board.client.close();
      return { boot, fault };
    }, id);
    expect(told.boot).toMatchObject({ mode: 'application', slot: 1 });
    const message = 'crash: nothing works any more (line 4:9 of the module)';
    expect(told.fault).toEqual(id === 'crashes' ? { type: 'fault', message } : undefined);
  });

  test('has the language and its board, and nothing else', async (context) => {
    const page = await boardsPage(context);
    const lines = await page.evaluate(async () => {
      const source = `
        const names = new Set();
        for (let at = globalThis; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at))
          for (const name of Object.getOwnPropertyNames(at)) if (at[name] !== undefined) names.add(name);
        const tries = {
          function: () => Function('return 1')(),
          made: () => (() => {}).constructor('return 1')(),
          async: () => (async () => {}).constructor('return 1')(),
          generator: () => (function* () {}).constructor('return 1')(),
        };
        export async function main({ console }) {
          console.print([...names].sort().join(' '));
          console.print(typeof fetch + typeof self + typeof postMessage + typeof eval + typeof importScripts);
          for (const [name, run] of Object.entries(tries)) {
            try { run(); console.print(name + ' ran'); } catch (error) { console.print(name + ': ' + error.name); }
          }
          console.print('done');
        }`;
      const board = await boards.start({ board: 'particle-xenon', start: 'empty' });
      const file = new TextEncoder().encode(source);
      await board.client.act({ do: 'program', file, name: 'mine.mjs', slot: 1 });
      await board.prints('done');
      await board.client.close();
      return board.console;
    });
    const [names = '', types, ...tries] = lines;
    const strangers = names
      .split(' ')
      .filter(
        (name) =>
          !/^[A-Z]\w*$/.test(name) && !/^(?:parse|is|de|en|un|escape|globalThis)/.test(name),
      );
    expect(strangers).toEqual([]);
    expect(names).not.toMatch(/Worker|Message|Web|Request|URL|Blob|Cache|Event|Crypto|Storage/);
    expect(types).toBe('undefined'.repeat(5));
    expect(tries).toEqual([
      'function: EvalError',
      'made: EvalError',
      'async: EvalError',
      'generator: EvalError',
      'done',
    ]);
  });

  test.for([
    ['import { x } from "./x.js"; export const main = () => x;', 'import "./x.js" (line 1)'],
    ['export * from "https://example.org/x.js";', 'import "https://example.org/x.js" (line 1)'],
    ['export const main = () =>\n import("./x.js");', 'import while it runs (line 2)'],
    ['export const main = 5;', 'exports no function "main"'],
    ['export const main = ( => {};', 'no module: it does not parse (line 1)'],
    [
      'export const main = async () => { void Promise.reject(Error("left alone")); };',
      'left alone',
    ],
    ['throw { get message() { throw 1; } };', 'ended by force'],
  ])('cannot be %j', async ([source = '', words = ''], context) => {
    const page = await boardsPage(context);
    const fault = await page.evaluate(async (text) => {
      const board = await boards.start({ board: 'particle-xenon', start: 'empty' });
      await board.client.act({ do: 'program', file: boards.moduleImage(text, 2) });
      const told = await board.until(({ type }) => type === 'fault');
      await board.client.close();
      return told.type === 'fault' ? told.message : '';
    }, source);
    expect(fault).toContain(words);
  });

  test('may print without end: what nobody can read is left out', async (context) => {
    const page = await boardsPage(context);
    const told = await page.evaluate(async () => {
      const source = `export async function main({ console, sleep }) {
        for (let at = 0; at < 100000; at += 1) console.print('line ' + at);
        await sleep(100);
        console.print('still here');
      }`;
      const board = await boards.start({ board: 'particle-xenon', start: 'empty' });
      await board.client.act({ do: 'program', file: boards.moduleImage(source, 2) });
      await board.prints('still here');
      await board.client.close();
      return board.console.filter((line) => !line.startsWith('line '));
    });
    expect(told).toContainEqual(
      expect.stringMatching(/^\[\d+ (?:bytes lost|lines left out here)\]$/),
    );
  });
});

describe('what a person does', () => {
  test('to the cable in the middle of an update ends it, and the board is found again', async (context) => {
    const page = await boardsPage(context);
    const told = await page.evaluate(async () => {
      const board = await boards.start({ board: 'particle-xenon', start: 'empty' });
      await board.until((event) => event.type === 'usb' && event.state === 'configured');
      const stop = board.client.onTransfer(() => {
        if (board.transfers !== 60) return;
        stop();
        void board.client.act({ do: 'unplug' });
      });
      const failed = await board.flash('update');
      const gone = (await board.client.bus.list()).length;
      await board.client.act({ do: 'replug' });
      await board.until((event) => event.type === 'usb' && event.state === 'configured', 5);
      const outcome = await board.flash('update');
      await board.client.close();
      return { failed, gone, outcome };
    });
    expect(told.failed).toMatch(/^DISCONNECTED: /);
    expect(told.gone).toBe(0);
    expect(told.outcome).toBe('written');
  });

  test('to the power is done to the flash, too', async (context) => {
    const page = await boardsPage(context);
    const told = await page.evaluate(async () => {
      const board = await boards.start({ board: 'reel_board', start: 'update-pending' });
      await board.until(({ type }) => type === 'boot');
      await board.client.act({ do: 'cut', afterOperations: 3, kind: 'torn' });
      // Nobody has confirmed it: the next start takes it back, and the power goes in the middle.
      await board.client.act({ do: 'reset' });
      const off = await board.until((event) => event.type === 'power' && !event.on);
      const [first] = (await board.client.explain()).nextBoot;
      const refused = await board.client
        .act({ do: 'reset' })
        .catch((error: unknown) => String(error));
      const from = board.events.length;
      await board.client.act({ do: 'power', on: true });
      await board.prints('sample is initialized', from);
      await board.client.close();
      return { off, first, refused };
    });
    expect(told.off).toMatchObject({ cut: { kind: 'torn' } });
    expect(told.first).toMatch(/./);
    expect(told.refused).toContain('the board has no power');
  });

  test('at the console is heard', async (context) => {
    const page = await boardsPage(context);
    const lines = await page.evaluate(async () => {
      const board = await boards.start({ board: 'particle-xenon', start: 'damaged' });
      await board.prints('Welcome');
      await board.client.act({ do: 'type', line: 'saul write 0 1' });
      await board.until(({ type }) => type === 'actuator');
      await board.client.act({ do: 'erase-flash' });
      const isErased = (await board.client.flash()).subarray(0x4000).every((byte) => byte === 0xff);
      const last = board.events.findLast(({ type }) => type === 'boot');
      await board.client.close();
      return { isErased, mode: last?.type === 'boot' ? last.mode : '' };
    });
    expect(lines).toEqual({ isErased: true, mode: 'dfu' });
  });
});

describe('machine code', () => {
  test('is executed, and leaves the worker to everything else', async (context) => {
    const page = await boardsPage(context);
    const told = await page.evaluate(async () => {
      // An STM32F072 that branches to itself (ARMv6-M A6.7.10): stack pointer, reset vector, and `b .`
      const file = new Uint8Array(16);
      new DataView(file.buffer).setUint32(0, 0x2000_4000, true);
      new DataView(file.buffer).setUint32(4, 0x0800_0009, true);
      new DataView(file.buffer).setUint16(8, 0xe7fe, true);
      const board = await boards.start({ board: 'stm32f072b_disco', start: 'empty' });
      await board.client.act({ do: 'program', file });
      await board.until(({ type }) => type === 'native');
      await boards.sleep(300);
      const began = performance.now();
      for (let times = 0; times < 10; times += 1) await board.client.flash();
      const tookMs = performance.now() - began;
      const { executes } = board.client.facts;
      await board.client.act({ do: 'erase-flash' });
      const last = board.events.findLast(({ type }) => type === 'boot');
      await board.client.close();
      return { executes, isSoon: tookMs < 5000, mode: last?.type === 'boot' ? last.mode : '' };
    });
    expect(told).toEqual({ executes: true, isSoon: true, mode: 'dfu' });
  });

  test('of a chip without a model is played', async (context) => {
    const page = await boardsPage(context);
    const events = await page.evaluate(async () => {
      const file = new Uint8Array(16);
      new DataView(file.buffer).setUint32(0, 0x2004_0000, true);
      new DataView(file.buffer).setUint32(4, 0x0000_0009, true);
      const board = await boards.start({ board: 'reel_board', bootloader: 'none', start: 'empty' });
      await board.client.act({ do: 'program', file });
      await board.until(({ type }) => type === 'native');
      await board.client.close();
      return board.events.filter(({ type }) => type === 'fault');
    });
    expect(events).toEqual([]);
  });
});
