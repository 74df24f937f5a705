import { describe, expect, test } from 'vitest';
import { DfuError } from '../../bytes/index.ts';
import { bootloaders } from '../bootloaders/bootloaders.ts';
import { boardBootloaders, readBoardFile } from './board-file.ts';
import { boardModels } from './catalogue.ts';
import { nucleoU575ziQ } from './boards/nucleo-u575zi-q.ts';
import { particleXenon } from './boards/particle-xenon.ts';
import { reelBoard } from './boards/reel-board.ts';
import { stm32f072bDisco } from './boards/stm32f072b-disco.ts';

const built = [particleXenon, reelBoard, nucleoU575ziQ, stm32f072bDisco];

/** As it would come out of a file. */
const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;

/** A file for riotboot and MCUboot with unequal sectors, in the middle of the address space, all in hex. */
const mine = {
  $schema: 'https://example.org/board.schema.json',
  name: 'my-board',
  flash: {
    sectors: [
      { count: 4, sizeBytes: '0x4000' },
      { count: 1, sizeBytes: '0x10000' },
      { count: '0x7', sizeBytes: '0x20000', eraseMs: 1000.5 },
    ],
    writeUnitBytes: 8,
  },
  flashBaseAddress: '0x08000000',
  ram: { baseAddress: '0x20000000', sizeBytes: '0x20000' },
  riotboot: {
    headerBytes: '0x400',
    slots: [
      { offsetBytes: '0x20000', sizeBytes: '0x60000' },
      { offsetBytes: '0x80000', sizeBytes: '0x60000' },
    ],
  },
  zephyr: {
    romStartOffset: '0x200',
    boot: { offsetBytes: 0, sizeBytes: '0x10000' },
    slots: [
      { offsetBytes: '0x20000', sizeBytes: '0x40000' },
      { offsetBytes: '0x60000', sizeBytes: '0x40000' },
    ],
    scratch: { offsetBytes: '0xa0000', sizeBytes: '0x20000' },
  },
  mcuboot: { mode: 'swap-using-scratch', maxAlign: 16, keys: ['keys/mine.pem'] },
  bootloaders: ['mcuboot', 'riotboot'],
};

/** What goes wrong with a file: its message. */
function refusal(file: unknown): string {
  try {
    readBoardFile(file);
  } catch (error) {
    if (DfuError.is(error, 'INVALID_ARGUMENT')) return error.message;
    throw error;
  }
  throw new Error('expected the file to be refused');
}

describe('a board file', () => {
  test.each(built.map((file, n) => [file.name, file, boardModels[n]] as const))(
    '%s is one, and its model is one, too',
    (_, file, model) => {
      expect(readBoardFile(throughJson(file))).toEqual(model);
      expect(readBoardFile(throughJson(model))).toEqual(model);
    },
  );

  test('what it leaves out is as nearly everywhere', () => {
    expect(readBoardFile(mine)).toMatchObject({
      chip: 'unknown',
      flash: { erasedValue: 0xff, sectors: [{}, {}, { count: 7, sizeBytes: 0x20000 }] },
      flashBaseAddress: 0x08000000,
      buttons: [],
      sensors: [],
      mcuboot: { validatePrimary: true },
    });
  });

  test('every bootloader that there is can be named, and no other', () => {
    expect([...boardBootloaders].toSorted()).toEqual(
      bootloaders.map(({ name }) => name).toSorted(),
    );
  });

  const [slot0, slot1] = mine.zephyr.slots;
  test.each<readonly [string, unknown, string]>([
    ['nothing', undefined, 'expected a board, got nothing'],
    ['a list', [], 'expected a board, got a list of 0'],
    ['a word', 'reel_board', 'expected a board, got "reel_board"'],
    [
      'a key that is none',
      { ...mine, bootloader: 'mcuboot' },
      'bootloader: unknown key "bootloader", did you mean "bootloaders"?',
    ],
    [
      '__proto__',
      JSON.parse(`{"__proto__": {}, ${JSON.stringify(mine).slice(1)}`),
      '__proto__: unknown key "__proto__"; known: $schema, name, chip, flash, flashBaseAddress, ram, bootloaders, riotboot, ' +
        'zephyr, mcuboot, systemMemory, buttons, sensors',
    ],
    [
      'no name',
      { ...mine, name: undefined },
      '"name" is missing: expected 1 to 64 letters, digits and _ . @ + -',
    ],
    [
      'a path for a name',
      { ...mine, name: '../x' },
      'name: expected 1 to 64 letters, digits and _ . @ + -, got "../x"',
    ],
    [
      'a sector of no bytes',
      { ...mine, flash: { ...mine.flash, sectors: [{ count: 1, sizeBytes: 0 }] } },
      'flash.sectors[0].sizeBytes: expected a whole number of bytes from 1 to 268435456, got 0',
    ],
    [
      'a sector of half units',
      { ...mine, flash: { ...mine.flash, sectors: [{ count: 1, sizeBytes: 4 }] } },
      'flash.sectors[0].sizeBytes: expected a multiple of flash.writeUnitBytes, 8, got 4',
    ],
    [
      'terabytes',
      { ...mine, flash: { ...mine.flash, sectors: [{ count: 2 ** 20, sizeBytes: 2 ** 28 }] } },
      'flash.sectors[0]: expected at most 268435456 bytes and 1048576 sectors of flash in all, got 281474976710656 bytes and 1048576 sectors',
    ],
    [
      'a write unit of no power of two',
      { ...mine, flash: { ...mine.flash, writeUnitBytes: 12 } },
      'flash.writeUnitBytes: expected one of 1, 2, 4, 8, 16, 32, got 12',
    ],
    [
      'a base beyond 32 bits',
      { ...mine, flashBaseAddress: '0xfffffffc' },
      'flashBaseAddress: expected 1048576 bytes of flash to end below 0x100000000, got 0xfffffffc',
    ],
    [
      'half a number',
      { ...mine, flashBaseAddress: '0x' },
      'flashBaseAddress: expected a whole number from 0 to 4294967295, a multiple of 4, got "0x"',
    ],
    [
      'RAM in the flash',
      { ...mine, ram: { baseAddress: '0x08080000', sizeBytes: 4096 } },
      'ram: expected RAM outside of the flash, 0x8000000 to 0x8100000, got 0x8080000 to 0x8081000',
    ],
    [
      'no bootloader',
      { ...mine, bootloaders: [] },
      'bootloaders: expected 1 to 6 entries, got a list of 0',
    ],
    [
      'a bootloader that is none',
      { ...mine, bootloaders: ['mcubot'] },
      'bootloaders[0]: expected one of riotboot_dfu, riotboot, mcuboot, none, flash, stm32-rom, got "mcubot", did you mean "mcuboot"?',
    ],
    [
      'one twice',
      { ...mine, bootloaders: ['mcuboot', 'riotboot', 'mcuboot'] },
      'bootloaders[2]: expected each one once, got "mcuboot" again',
    ],
    [
      'one without its data',
      { ...mine, riotboot: undefined },
      'riotboot: expected what riotboot needs to know of the board, got nothing',
    ],
    [
      'data without one',
      { ...mine, bootloaders: ['riotboot'] },
      'mcuboot: expected nothing: it does nothing unless bootloaders has mcuboot',
    ],
    [
      'RAM load',
      { ...mine, mcuboot: { mode: 'ram-load' } },
      'mcuboot.mode: expected one of swap-using-move, swap-using-offset, swap-using-scratch, overwrite-only, direct-xip, ' +
        'direct-xip-with-revert, got "ram-load": no board here runs a program from RAM; "dfukit flash … --algorithm ram-load" reads its dumps',
    ],
    [
      'encrypted images',
      { ...mine, mcuboot: { encryption: true } },
      'mcuboot.encryption: expected nothing: boards here decrypt no images; "dfukit flash … --encrypted -d KEY" does, got true',
    ],
    [
      'an alignment below the write unit',
      { ...mine, flash: { ...mine.flash, writeUnitBytes: 32 } },
      'mcuboot.maxAlign: expected at least the write unit, 32, got 16',
    ],
    [
      'keys for no signature',
      { ...mine, mcuboot: { signature: 'none', keys: ['a'] } },
      'mcuboot.keys: expected nothing where mcuboot.signature is none, got a list',
    ],
    [
      'slots that overlap',
      {
        ...mine,
        zephyr: { ...mine.zephyr, slots: [slot0, { offsetBytes: 0x40000, sizeBytes: 0x40000 }] },
      },
      'zephyr.slots[1]: expected a range apart from zephyr.slots[0], 0x20000 to 0x60000, got 0x40000 to 0x80000',
    ],
    [
      'a slot over the bootloader',
      {
        ...mine,
        zephyr: { ...mine.zephyr, slots: [{ offsetBytes: 0xc000, sizeBytes: 0x14000 }, slot1] },
      },
      'zephyr.slots[0]: expected a range apart from zephyr.boot, 0x0 to 0x10000, got 0xc000 to 0x20000',
    ],
    [
      'a slot outside of the flash',
      {
        ...mine,
        zephyr: { ...mine.zephyr, slots: [slot0, { offsetBytes: 0xe0000, sizeBytes: 0x40000 }] },
      },
      'zephyr.slots[1]: expected a range within the flash, 0x0 to 0x100000, got 0xe0000 to 0x120000',
    ],
    [
      'a slot of half sectors',
      {
        ...mine,
        zephyr: { ...mine.zephyr, slots: [slot0, { offsetBytes: 0x60000, sizeBytes: 0x10000 }] },
      },
      'zephyr.slots[1]: expected whole sectors, and 0x70000 is within 0x60000 to 0x80000, got 0x60000 to 0x70000',
    ],
    [
      'a slot without room for its trailer',
      { ...mine, mcuboot: { mode: 'swap-using-move', maxSectors: 32768 } },
      'zephyr.slots[0]: 786480 bytes of trailer do not fit into an area of 262144 bytes; use fewer maximum sectors, now 32768 (mcuboot.maxSectors)',
    ],
    [
      'a loader for another flash',
      {
        ...mine,
        bootloaders: [...mine.bootloaders, 'stm32-rom'],
        systemMemory: 'STM32F072',
      },
      "systemMemory.flashLayout: expected the layout of the board's flash, 4 × 16384, 1 × 65536, 7 × 131072 bytes at 0x08000000, " +
        'got "@Internal Flash  /0x08000000/064*0002Kg": 64 × 2048 bytes at 0x08000000',
    ],
    [
      'a class of nobody',
      { ...mine, mcuboot: { mode: 'swap-using-scratch', deviceClass: 'lamps' } },
      'mcuboot.deviceClass: expected mcuboot.vendor with it, or a UUID, got the name "lamps" alone',
    ],
    [
      'three slots',
      {
        ...mine,
        zephyr: {
          ...mine.zephyr,
          slots: [slot0, slot1, { offsetBytes: 0xc0000, sizeBytes: 0x20000 }],
        },
      },
      'zephyr.slots: expected two for each image, got 3',
    ],
    [
      'two images in two slots',
      { ...mine, mcuboot: { images: 2 } },
      'mcuboot.images: expected at most 1, for 2 slots, got 2',
    ],
    [
      'a riotboot slot over riotboot',
      { ...mine, riotboot: { ...mine.riotboot, bootloaderBytes: 0x24000 } },
      'riotboot.slots[0]: expected a range apart from riotboot.bootloaderBytes, 0x0 to 0x24000, got 0x20000 to 0x80000',
    ],
    [
      'riotboot slots that nobody said, of half sectors',
      { ...mine, riotboot: { headerBytes: 256 } },
      'riotboot.slots: expected whole sectors, and 0x2000 is within 0x0 to 0x4000, got 0x2000 to 0x81000 (slot 0 of riotboot)',
    ],
    [
      'a header of riotboot',
      { ...mine, riotboot: { headerBytes: 100 } },
      'riotboot.headerBytes: expected a whole number of bytes from 256 to 65536, a multiple of 256, got 100',
    ],
    [
      'a sensor of a button that is none',
      { ...mine, sensors: [{ name: 'b', class: 'SENSE_BTN', button: 'BTN0' }] },
      'sensors[0].button: expected the name of a button (there is: none), got "BTN0"',
    ],
  ])('%s is refused', (_, file, message) => {
    expect(refusal(file)).toBe(message);
  });
});
