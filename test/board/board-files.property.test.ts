import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bootloaderOf,
  bootloadersOf,
  createBoard,
  programFlash,
  readBoardFile,
} from '../../src/board/index.ts';
import type { BoardEvent, BoardFile, BoardModel } from '../../src/board/index.ts';
import { STM32F072 } from '../../src/boot/stm32/index.ts';
import { DfuError } from '../../src/bytes/index.ts';
import { MemoryFlash } from '../../src/flash/index.ts';
import { VirtualClock } from '../../src/usb/index.ts';
import { FakeRunner } from '../support/boards.ts';
import { tinyBoard } from '../support/tiny-board.ts';

/* Boards that nobody thought of: what the reader takes boots, and what it does not take is told with its path. */

const MODES = [
  'swap-using-move',
  'swap-using-offset',
  'swap-using-scratch',
  'overwrite-only',
  'direct-xip',
  'direct-xip-with-revert',
] as const;

interface Plan {
  readonly runs: readonly { readonly count: number; readonly sizeBytes: number }[];
  readonly writeUnitBytes: number;
  readonly erasedValue: 0xff | 0;
  readonly base: number;
  readonly mode: (typeof MODES)[number];
  readonly cuts: readonly number[];
  readonly images: 1 | 2;
  readonly riotSlots: 1 | 2;
}

const plans: fc.Arbitrary<Plan> = fc.record({
  runs: fc.array(
    fc.record({
      count: fc.integer({ min: 1, max: 24 }),
      sizeBytes: fc.constantFrom(512, 1024, 2048, 4096, 16384),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  writeUnitBytes: fc.constantFrom(1, 2, 4, 8, 16, 32),
  erasedValue: fc.constantFrom(0xff, 0),
  base: fc.constantFrom(0, 0x0800_0000, 0x1000_0000, 0xfff0_0000),
  mode: fc.constantFrom(...MODES),
  cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 10, maxLength: 10 }),
  images: fc.constantFrom(1, 2),
  riotSlots: fc.constantFrom(1, 2),
});

/** Where the sectors begin, and the end. */
function edgesOf({ runs }: Plan): number[] {
  const edges = [0];
  for (const { count, sizeBytes } of runs) {
    for (let n = 0; n < count; n += 1) edges.push((edges.at(-1) ?? 0) + sizeBytes);
  }
  return edges;
}

/** A board with bootloader and slots between sectors' edges that lie somewhere; undefined if there are too few. */
function boardOf(plan: Plan): BoardFile | undefined {
  const edges = edgesOf(plan);
  const parts = 2 * plan.images + 3;
  if (edges.length < parts + 2) return undefined;
  const inner = edges.slice(1, -1);
  const chosen = new Set<number>();
  for (const cut of plan.cuts) chosen.add(inner[Math.floor(cut * (inner.length - 1))] ?? 0);
  for (const edge of inner) if (chosen.size < parts) chosen.add(edge);
  const starts = [0, ...[...chosen].toSorted((a, b) => a - b)].slice(0, parts + 1);
  const ranges = starts.slice(0, -1).map((offsetBytes, n) => ({
    offsetBytes,
    sizeBytes: (starts[n + 1] ?? 0) - offsetBytes,
  }));
  const [boot, scratch, storage, ...slots] = ranges;
  const [first, second, ...others] = slots;
  if (boot === undefined || first === undefined || second === undefined) return undefined;
  return {
    name: 'random',
    flash: {
      sectors: plan.runs,
      writeUnitBytes: plan.writeUnitBytes,
      erasedValue: plan.erasedValue,
    },
    flashBaseAddress: plan.base,
    ram: { baseAddress: 0x2000_0000, sizeBytes: 0x4000 },
    riotboot: { headerBytes: 0x100, slots: [first, second].slice(0, plan.riotSlots) },
    zephyr: { romStartOffset: 0x80, boot, slots: [first, second, ...others], storage, scratch },
    mcuboot: { mode: plan.mode },
    bootloaders: ['mcuboot', 'riotboot', 'riotboot_dfu', 'none'],
  };
}

/** What a board does when it gets power, until it rests. */
async function bootOf(
  model: BoardModel,
  bootloader: string,
  images: readonly Uint8Array[] = [],
): Promise<BoardEvent> {
  const flash = new MemoryFlash(model.flash);
  const record = bootloaderOf(model, bootloader);
  const layout = record.layout(model);
  for (const [n, image] of images.entries()) {
    programFlash(flash, layout, image, layout.slots.length > 0 ? { slot: 2 * n } : undefined);
  }
  const runner = new FakeRunner();
  const board = createBoard({
    model,
    bootloader,
    flash,
    runner,
    clock: new VirtualClock(),
    mcuboot: { keys: [] },
  });
  const said = new Promise<BoardEvent>((resolve) => {
    board.listen((event) => {
      if (event.type === 'boot' || event.type === 'fault') resolve(event);
    });
  });
  board.powerOn();
  const event = await said;
  await board.close();
  return event;
}

/** Images for the first slot of each pair; none where one has no room for it. */
async function imagesOf(model: BoardModel, bootloader: string): Promise<Uint8Array[]> {
  const record = bootloaderOf(model, bootloader);
  const payload = new TextEncoder().encode('export const main = 1;');
  const version = bootloader === 'mcuboot' ? '1.0.0' : '1';
  const pairs = bootloader === 'mcuboot' ? record.layout(model).slots.length / 2 : 1;
  const slots = Array.from({ length: pairs }, (_, n) => 2 * n);
  try {
    return await Promise.all(
      slots.map((slot) => record.firmware.box(payload, { model, slot, version, hashed: true })),
    );
  } catch (error) {
    if (DfuError.is(error, 'OUT_OF_RANGE')) return [];
    throw error;
  }
}

/** The board; undefined for one with a slot that MCUboot's trailer has no room in. */
function boardThatFits(file: BoardFile | undefined): BoardModel | undefined {
  try {
    return readBoardFile(JSON.parse(JSON.stringify(file)));
  } catch (error) {
    const small = /^zephyr\.\S+: \d+ bytes of trailer do not fit/;
    if (DfuError.is(error, 'INVALID_ARGUMENT') && small.test(error.message)) return undefined;
    throw error;
  }
}

test('a board that the reader takes boots with every bootloader that it names', async () => {
  let booted = 0;
  const property = fc.asyncProperty(plans, async (plan) => {
    const file = boardOf(plan);
    fc.pre(file !== undefined);
    const model = boardThatFits(file);
    if (model === undefined) return;
    for (const { name } of bootloadersOf(model)) {
      const empty = await bootOf(model, name);
      expect(empty).not.toHaveProperty('fault');
      expect(empty.type).toBe('boot');
      const images = await imagesOf(model, name);
      // With its revert, an image runs in place that somebody has asked for, and no other.
      const asked = name === 'mcuboot' && plan.mode === 'direct-xip-with-revert';
      if (images.length === 0 || asked) continue;
      booted += 1;
      const boot = await bootOf(model, name, images);
      expect(boot).toMatchObject({ type: 'boot', mode: 'application' });
    }
  });
  await fc.assert(property, { numRuns: 60 });
  expect(booted).toBeGreaterThan(20);
});

describe('a file that is damaged', () => {
  /** All places of a value, as ways to them. */
  function places(value: unknown, way: readonly string[] = []): (readonly string[])[] {
    if (typeof value !== 'object' || value === null) return [way];
    return [way, ...Object.entries(value).flatMap(([key, each]) => places(each, [...way, key]))];
  }

  function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
    if (key === undefined) return by;
    const inner = (value as Readonly<Record<string, unknown>>)[key];
    const next = replaced(inner, rest, by);
    if (Array.isArray(value)) {
      return value.map((each: unknown, n) => (String(n) === key ? next : each));
    }
    return { ...(value as object), [key]: next };
  }

  const whole = JSON.parse(
    JSON.stringify({
      ...tinyBoard,
      systemMemory: { ...STM32F072, flashLayout: '@Internal Flash  /0x08000000/064*0001Kg' },
      mcuboot: { mode: 'swap-using-move', keys: ['a'] },
    }),
  ) as object;
  const odd = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown>(
      undefined,
      NaN,
      -0,
      2 ** 53,
      1e308,
      '0x',
      '0xffffffffffffff',
      '__proto__',
      'ram-load',
    ),
    fc.integer({ min: 0, max: 2 ** 33 }),
    fc.integer({ min: 0, max: 64 }).map((n) => `0x${(n * 1024).toString(16)}`),
  );

  /** What the reader says; undefined for a board, whose bootloaders then have a place each. */
  function refusalOf(file: unknown): string | undefined {
    let model: BoardModel;
    try {
      model = readBoardFile(file);
    } catch (error) {
      if (DfuError.is(error, 'INVALID_ARGUMENT')) return error.message;
      throw error;
    }
    for (const record of bootloadersOf(model)) record.layout(model);
    return undefined;
  }

  test('is a board, or is refused with the path of what is wrong', () => {
    const damage = fc.array(fc.tuple(fc.constantFrom(...places(whole)), odd), {
      minLength: 1,
      maxLength: 3,
    });
    const property = fc.property(damage, (changes) => {
      let file: unknown = whole;
      const tops = new Set<string>();
      for (const [way, by] of changes) {
        if (!places(file).some((each) => each.join('/') === way.join('/'))) continue;
        file = replaced(file, way, by);
        tops.add(way[0] ?? '');
      }
      const told = refusalOf(file);
      // The place that was damaged, or one that no longer goes with it; a damaged whole has no path.
      const named = Object.keys(whole).some(
        (key) => told?.replace('"', '').startsWith(key) === true,
      );
      expect([told, told === undefined || named || tops.has('')]).toEqual([told, true]);
    });
    fc.assert(property, { numRuns: 2000 });
  });
});
