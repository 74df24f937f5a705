import { describe, expect, test } from 'vitest';
import { tinyBoard } from '../../../test/support/tiny-board.ts';
import { MemoryFlash } from '../../flash/index.ts';
import { generateKey } from '../../image/index.ts';
import { RetainedRam } from '../hardware/retained-ram.ts';
import { programFlash } from '../images/programmer.ts';
import { flashSizeBytes } from '../models/board-model.ts';
import type { BoardModel } from '../models/board-model.ts';
import { boardModels } from '../models/catalogue.ts';
import { unboxProgram } from '../program/box.ts';
import type { BootDecision } from '../seams/bootloader.ts';
import type { BootloaderRecord } from '../seams/bootloader-record.ts';
import { bootloaderOf, bootloaders, bootloadersOf } from './bootloaders.ts';

const key = await generateKey('ed25519');
const payload = new TextEncoder().encode('a program');

/** Every record on the tiny board, and on each board of the catalogue that has it. */
const pairs: readonly (readonly [string, string, BootloaderRecord, BoardModel])[] = [
  tinyBoard,
  ...boardModels,
].flatMap((model) =>
  bootloadersOf(model).map((record) => [record.name, model.name, record, model] as const),
);

const recordNamed = (name: string): BootloaderRecord => bootloaderOf(tinyBoard, name);

function flashWith(image: Uint8Array, record: BootloaderRecord, model: BoardModel): MemoryFlash {
  const flash = new MemoryFlash(model.flash);
  const layout = record.layout(model);
  programFlash(flash, layout, image, layout.slots.length > 0 ? { slot: 0 } : undefined);
  return flash;
}

function start(
  record: BootloaderRecord,
  model: BoardModel,
  flash: MemoryFlash,
): BootDecision | Promise<BootDecision> {
  const bootloader = record.make({ model, serial: '1', build: { keys: [key] } });
  const retainedRam = new RetainedRam(model.ram);
  return bootloader.decide({ model, flash, print: () => {}, retainedRam, buttonPressed: false });
}

describe('the table', () => {
  test('has a name once, and every bootloader of the catalogue', () => {
    const names = bootloaders.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const model of boardModels) {
      expect(bootloadersOf(model).map(({ name }) => name)).toEqual(model.bootloaders);
    }
  });

  test('a board is had with its own bootloaders, the first unless another is asked for', () => {
    expect(bootloaderOf(tinyBoard).name).toBe('riotboot_dfu');
    expect(bootloaderOf(tinyBoard, 'none').name).toBe('none');
    const wrong = 'tiny has no bootloader "grub"; it has: riotboot_dfu, riotboot, mcuboot';
    expect(() => bootloaderOf(tinyBoard, 'grub')).toThrow(wrong);
    expect(() => bootloaderOf({ ...tinyBoard, bootloaders: [] })).toThrow('no bootloader ""');
  });
});

describe.each(pairs)('%s on %s', (name, _, record, model) => {
  test('the laboratory either replays it or has its reader', () => {
    expect([record.replay, record.reader].filter((each) => each !== undefined)).toHaveLength(1);
    expect(record.replay?.(model).geometry ?? model.flash).toBe(model.flash);
  });

  test('its slots lie in flash, behind it, apart, and at the edges of sectors', () => {
    const { sectors } = new MemoryFlash(model.flash);
    const edge = (offset: number): boolean =>
      offset === flashSizeBytes(model.flash) || sectors.at(offset).offsetBytes === offset;
    const { slots, bootloaderBytes, flashBase } = record.layout(model);
    let end = bootloaderBytes;
    for (const { offsetBytes, sizeBytes, address, imageAddress } of slots) {
      expect(offsetBytes).toBeGreaterThanOrEqual(end);
      end = offsetBytes + sizeBytes;
      expect([edge(offsetBytes), edge(end)]).toEqual([true, true]);
      expect(address).toBe(flashBase + offsetBytes);
      expect(imageAddress).toBeGreaterThan(flashBase);
    }
    expect(end).toBeLessThanOrEqual(flashSizeBytes(model.flash));
  });

  test('is made as it is called, with areas in flash', () => {
    const bootloader = record.make({ model, serial: '1', build: { keys: [] } });
    expect(bootloader.name).toBe(name);
    const last = model.flashBaseAddress + flashSizeBytes(model.flash);
    for (const { address, sizeBytes } of bootloader.areas) {
      expect(address).toBeGreaterThanOrEqual(model.flashBaseAddress);
      expect(address + sizeBytes).toBeLessThanOrEqual(last);
    }
  });

  test('boots the firmware that it boxed', async () => {
    const image = await record.firmware.box(payload, { model, slot: 0, key });
    const flash = flashWith(image, record, model);
    const decision = await start(record, model, flash);
    expect(decision.mode).toBe('application');
    const entryAddress = decision.mode === 'application' ? decision.entryAddress : 0;
    const read = (address: number, length: number): Uint8Array =>
      flash.read(address - model.flashBaseAddress, length);
    expect(unboxProgram(read, entryAddress, model.ram)).toEqual(payload);
  });

  test('boots nothing from erased flash', async () => {
    const decision = await start(record, model, new MemoryFlash(model.flash));
    expect(decision.mode).not.toBe('application');
  });

  test('refuses a firmware that does not fit', async () => {
    const big = new Uint8Array(flashSizeBytes(model.flash));
    const boxed = record.firmware.box(big, { model, slot: 0 });
    await expect(boxed).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
  });
});

describe('what an order must say', () => {
  test('riotboot: the slot, and a version of 32 bits', async () => {
    const { firmware } = recordNamed('riotboot');
    const box = (order: object): Promise<Uint8Array> =>
      firmware.box(payload, { model: tinyBoard, ...order });
    await expect(box({})).rejects.toThrow('expected the slot that the firmware is linked for');
    await expect(box({ slot: 0, version: '1.2' })).rejects.toThrow('from 0 to 4294967295');
    await expect(box({ slot: 0, version: '4294967296' })).rejects.toThrow('got "4294967296"');
    await expect(box({ slot: 2 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(firmware.version(1700000000)).toBe('1700000000');
    const image = await box({ slot: 0, version: '0xff' });
    expect([...image.subarray(4, 8)]).toEqual([0xff, 0, 0, 0]);
  });

  test('MCUboot: the keys that it trusts, a mode and a version that there are', async () => {
    const mcuboot = recordNamed('mcuboot');
    const { firmware, modes } = mcuboot;
    const order = { model: tinyBoard, serial: '1' };
    expect(() => mcuboot.make(order)).toThrow('expected the keys that it trusts');
    expect(() => mcuboot.make({ ...order, build: { keys: [], mode: 'sideways' } })).toThrow(
      'no mode',
    );
    expect(mcuboot.layout(tinyBoard, 'offset').slots[1]?.uploadAddress).toBe(0x08008400);
    expect(modes[0]).toBe('swap-using-move');
    const box = (more: object): Promise<Uint8Array> =>
      firmware.box(payload, { model: tinyBoard, ...more });
    await expect(box({ version: 'one' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(box({ slot: 2 })).rejects.toThrow('expected a slot below 2, got slot 2');
  });

  test('a board without its parts is refused', () => {
    const bare = { ...tinyBoard, zephyr: undefined, systemMemory: undefined };
    expect(() => recordNamed('mcuboot').layout(bare)).toThrow('no partitions for MCUboot');
    const order = { model: bare, serial: '1' };
    expect(() => recordNamed('stm32-rom').make(order)).toThrow('no loader in system memory');
    expect(recordNamed('none').make(order).areas).toEqual([
      { name: 'image', address: 0x08000000, sizeBytes: 0x10000 },
    ]);
  });

  test('whoever takes downloads says at which alternate', () => {
    const taking = bootloaders.filter(({ dfu }) => dfu !== undefined);
    expect(taking.map(({ name, dfu }) => [name, dfu?.dfuse, dfu?.alternate(1)])).toEqual([
      ['riotboot_dfu', false, 1],
      ['stm32-rom', true, 0],
    ]);
  });
});

describe('reading dumps', () => {
  const dumpOf = async (name: string): Promise<readonly [MemoryFlash, BootloaderRecord]> => {
    const record = recordNamed(name);
    const image = await record.firmware.box(payload, { model: tinyBoard, slot: 0, version: '5' });
    return [flashWith(image, record, tinyBoard), record];
  };

  test('riotboot is recognised by a slot that boots', async () => {
    const [flash, { reader }] = await dumpOf('riotboot_dfu');
    const dumps = await reader?.(tinyBoard);
    const reading = dumps?.read(flash);
    expect(reading).toMatchObject({ recognised: true, bootloader: 'riotboot' });
    expect(reading?.sentence).toContain('Slot 0 with version 5 boots');
    expect(reading?.slots).toMatchObject([
      { index: 0, version: 5, fault: undefined },
      { index: 1, fault: 'magic', details: [] },
    ]);
    expect(reading?.slots[0]?.details.map(([what]) => what)).toEqual([
      'version',
      'start',
      'checksum',
    ]);
    const erased = dumps?.read(new MemoryFlash(tinyBoard.flash));
    expect(erased?.recognised).toBe(false);
  });

  test.each([
    ['none', 'The program at 0x08000000 starts.', 'erased'],
    ['stm32-rom', 'The application at 0x08000000 starts.', 'the flash is erased'],
  ])('%s starts from the vectors', async (name, sentence, fault) => {
    const [flash, { reader }] = await dumpOf(name);
    const dumps = await reader?.(tinyBoard);
    const reading = dumps?.read(flash);
    expect(reading).toMatchObject({ recognised: false, sentence });
    expect(reading?.slots[0]?.details).toEqual([
      ['stack', '0x20004000'],
      ['reset', '0x08000041'],
    ]);
    const erased = dumps?.read(new MemoryFlash(tinyBoard.flash));
    expect(erased?.slots).toMatchObject([{ fault }]);
  });
});
