import { format } from 'prettier';
import { describe, expect, test } from 'vitest';
import { boardFileSchema, boardModel, boardModels, readBoardFile } from '../../src/board/index.ts';
import { STM32F072 } from '../../src/boot/stm32/index.ts';
import { DfuError } from '../../src/bytes/index.ts';
import { tinyBoard } from '../support/tiny-board.ts';
import { fits } from '../support/json-schema.ts';

/* What editors know of board files is what the reader takes. `npx vitest run test/board -u` writes the schema anew. */

const schema = boardFileSchema() as Readonly<Record<string, unknown>>;

/** With a loader that tells of its flash. */
const whole = {
  ...tinyBoard,
  systemMemory: { ...STM32F072, flashLayout: '@Internal Flash  /0x08000000/064*0001Kg' },
};

/** As it would come out of a file. */
const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;

function isRead(file: unknown): boolean {
  try {
    readBoardFile(file);
    return true;
  } catch (error) {
    if (DfuError.is(error, 'INVALID_ARGUMENT')) return false;
    throw error;
  }
}

test('board.schema.json is the table', async () => {
  const text = await format(JSON.stringify(schema), { parser: 'json', printWidth: 100 });
  await expect(text).toMatchFileSnapshot('../../schemas/board.schema.json');
});

test('its patterns mean the same to validators in every language', () => {
  expect(JSON.stringify(schema)).not.toMatch(/\\\\[pPwWsSdDbB]/);
});

const { riotboot: _, systemMemory: __, ...plain } = tinyBoard;
const mine = { ...plain, bootloaders: ['mcuboot', 'none'] };
const [slot0, slot1] = tinyBoard.zephyr?.slots ?? [];

describe('the schema and the reader', () => {
  test.each<readonly [string, unknown]>([
    ...boardModels.map((model) => [model.name, model] as const),
    ['one with everything', whole],
    ['a loader by its name', { ...boardModel('stm32f072b_disco'), systemMemory: 'STM32F072' }],
    ['numbers in hex', { ...mine, flashBaseAddress: '0x10000000', $schema: './board.schema.json' }],
    ['a name of 40 emoji', { ...mine, sensors: [{ name: '🌡'.repeat(40), class: 'SENSE_TEMP' }] }],
    ['what MCUboot is built with', { ...mine, mcuboot: { mode: 'direct-xip', maxAlign: '0x20' } }],
    [
      'no more than it needs',
      { name: 'x', flash: mine.flash, flashBaseAddress: 0, ram: mine.ram, bootloaders: ['none'] },
    ],
  ])('both take %s', (_name, file) => {
    const written = throughJson(file);
    expect([fits(schema, written), isRead(written)]).toEqual([true, true]);
  });

  test.each<readonly [string, unknown]>([
    ['nothing', null],
    ['a list', []],
    ['no name', { ...mine, name: undefined }],
    ['a name with a slash', { ...mine, name: 'a/b' }],
    ['a key that is none', { ...mine, bootloader: 'none' }],
    ['a key that is none further in', { ...mine, ram: { ...mine.ram, speed: 1 } }],
    ['a number that is none', { ...mine, flashBaseAddress: 'zero' }],
    ['a negative one', { ...mine, flashBaseAddress: -4 }],
    ['half a one', { ...mine, flashBaseAddress: 0.5 }],
    ['one that is no multiple', { ...mine, flashBaseAddress: 2 }],
    ['a write unit that is none', { ...mine, flash: { ...mine.flash, writeUnitBytes: 3 } }],
    ['no sectors', { ...mine, flash: { ...mine.flash, sectors: [] } }],
    [
      'time that runs back',
      { ...mine, flash: { ...mine.flash, timing: { eraseSectorMs: -1, programUnitUs: 1 } } },
    ],
    ['a bootloader that is none', { ...mine, bootloaders: ['grub'] }],
    ['one slot', { ...mine, zephyr: { ...mine.zephyr, slots: [slot0] } }],
    ['RAM load', { ...mine, mcuboot: { mode: 'ram-load' } }],
    ['encrypted images', { ...mine, mcuboot: { encryption: true } }],
    ['no keys', { ...mine, mcuboot: { keys: [] } }],
    ['a sensor that breaks lines', { ...mine, sensors: [{ name: 'a\nb', class: 'SENSE_TEMP' }] }],
    ['a sensor backwards', { ...mine, sensors: [{ name: 'a\u202eb', class: 'SENSE_TEMP' }] }],
    ['a chip that nobody knows', { ...tinyBoard, systemMemory: 'STM32F999' }],
    ['a header of riotboot', { ...tinyBoard, riotboot: { headerBytes: 100 } }],
  ])('neither takes %s', (_name, file) => {
    const written = throughJson(file);
    expect([fits(schema, written), isRead(written)]).toEqual([false, false]);
  });

  // What needs two places of the file to be seen, an editor does not see.
  test.each<readonly [string, unknown]>([
    ['slots that overlap', { ...mine, zephyr: { ...mine.zephyr, slots: [slot0, slot0] } }],
    ['what is there for nobody', { ...mine, systemMemory: 'STM32F072' }],
    [
      'terabytes',
      { ...mine, flash: { ...mine.flash, sectors: [{ count: 2 ** 20, sizeBytes: 2 ** 28 }] } },
    ],
    ['an address in hex beyond the last', { ...mine, flashBaseAddress: '0x100000000' }],
    ['a loader for another flash', { ...tinyBoard, systemMemory: 'STM32F072' }],
    [
      'three slots',
      {
        ...mine,
        zephyr: {
          ...mine.zephyr,
          slots: [slot0, slot1, { offsetBytes: 0xc000, sizeBytes: 0x400 }],
          storage: undefined,
        },
      },
    ],
  ])('the reader alone sees %s', (_name, file) => {
    const written = throughJson(file);
    expect([fits(schema, written), isRead(written)]).toEqual([true, false]);
  });
});
