import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readBoardFile } from '../models/board-file.ts';
import type { BoardAnswers } from './answers.ts';
import { importRiot } from './riot-build.ts';
import type { ImportedBoard } from './imported-board.ts';

const builds = join(import.meta.dirname, '../../../test/fixtures/builds');
const variables = readFileSync(join(builds, 'riot-nrf52840dk/riot.vars'), 'utf8');
const header = readFileSync(join(builds, 'riot-samr21-xpro/riotbuild/riotbuild.h'), 'utf8');
const flash: BoardAnswers = { sectors: [{ sizeBytes: 4096 }], writeUnitBytes: 4 };

const imported = (text: string, answers: BoardAnswers = {}): ImportedBoard =>
  importRiot({ name: 'riot.vars', text }, answers);

describe('a RIOT build', () => {
  test('says where its slots are', () => {
    const { file, findings } = imported(variables, flash);
    expect(readBoardFile(file)).toMatchObject({
      name: 'nrf52840dk',
      chip: 'nrf52840xxaa',
      flash: { sectors: [{ count: 256, sizeBytes: 4096 }] },
      ram: { baseAddress: 0x20000000, sizeBytes: 0x40000 },
      bootloaders: ['riotboot_dfu', 'riotboot'],
      riotboot: {
        headerBytes: 0x400,
        slots: [
          { offsetBytes: 0x4000, sizeBytes: 0x7e000 },
          { offsetBytes: 0x82000, sizeBytes: 0x7e000 },
        ],
      },
    });
    expect(findings).toContainEqual({
      what: 'slot 1 offset',
      value: '0x82000',
      from: 'riot.vars:10 SLOT1_OFFSET',
    });
  });

  test('its riotbuild.h knows the same by other names', () => {
    const { file } = imported(header, {
      flashBaseAddress: 0,
      sectors: [{ count: 1024, sizeBytes: 256 }],
      writeUnitBytes: 4,
      riotbootHeaderBytes: 0x100,
    });
    expect(readBoardFile(file)).toMatchObject({
      name: 'samr21-xpro',
      chip: 'samd21',
      ram: { sizeBytes: 0x8000 },
      riotboot: { slots: [{ offsetBytes: 0x1000 }, { offsetBytes: 0x20800, sizeBytes: 0x1f800 }] },
    });
  });

  test('pages may be said by the build, an STM32 of that size has its own', () => {
    const pages = `${variables}FLASHPAGE_SIZE=4096\nFLASHPAGE_NUMOF=256\n`;
    expect(imported(pages, { writeUnitBytes: 4 }).file.flash.sectors).toEqual([
      { count: 256, sizeBytes: 4096 },
    ]);
    const stm32 = variables.replace('nrf52840xxaa', 'stm32f407vg');
    expect(imported(stm32, { writeUnitBytes: 1 }).file.flash.sectors).toHaveLength(3);
  });

  test('which riotboot it is stands in no file: by the room in front of slot 0, and that is told', () => {
    const { file, findings } = imported(variables.replace('=0x4000', '=0x1000'), flash);
    expect(file.bootloaders).toEqual(['riotboot', 'riotboot_dfu']);
    expect(findings).toContainEqual(
      expect.objectContaining({ what: 'bootloader', value: 'riotboot, else riotboot_dfu' }),
    );
  });

  test.each([
    ['CPU_CORE=rv32imac\n', 'no Cortex-M: CPU_CORE is rv32imac (riot.vars:12)'],
    ['CPU_MODEL=fe310\n', 'a processor that is no Cortex-M (fe310)'],
  ])('of another processor is refused: %j', (line, message) => {
    expect(() => imported(`${variables}${line}`, flash)).toThrow(message);
    expect(imported(`${variables}CPU_CORE=cortex-m4f\n`, flash).file.chip).toBe('nrf52840xxaa');
  });

  test('with one slot there is one', () => {
    const one = variables.replaceAll(/SLOT1_.*\n/g, '');
    expect(imported(`${one}NUM_SLOTS=1\n`, flash).file.riotboot?.slots).toHaveLength(1);
  });

  test('what is not said is asked for, all at once', () => {
    expect(() => imported('nothing of use'))
      .toThrow(`riot.vars: what the build does not say must be said:
  --name             the name of the board, BOARD
  --slot0-offset     slot 0 offset, SLOT0_OFFSET
  --slot0-len        slot 0 length, SLOT0_LEN
  --slot1-offset     slot 1 offset, SLOT1_OFFSET
  --slot1-len        slot 1 length, SLOT1_LEN
  --riotboot-header  riotboot header, RIOTBOOT_HDR_LEN
  --flash-base       flash base, ROM_START_ADDR
  --write-unit       write unit, FLASHPAGE_WRITE_BLOCK_SIZE
  --sectors          sectors that can be erased; FLASHPAGE_SIZE and FLASHPAGE_NUMOF are in no file
  --ram              RAM, RAM_START_ADDR and RAM_LEN`);
  });

  test('and can be said', () => {
    const { file } = imported('', {
      ...flash,
      name: 'mine',
      chip: 'x',
      slots: [
        { offsetBytes: 0x1000, sizeBytes: 0x3000 },
        { offsetBytes: 0x4000, sizeBytes: 0x3000 },
      ],
      riotbootHeaderBytes: 256,
      flashBaseAddress: 0x08000000,
      ram: { baseAddress: 0x20000000, sizeBytes: 4096 },
    });
    expect(readBoardFile(file)).toMatchObject({
      name: 'mine',
      flash: { sectors: [{ count: 7, sizeBytes: 4096 }] },
    });
  });

  test.each([
    ['SLOT0_LEN=0x7e000', 'SLOT0_LEN=$((1))', 'riot.vars:9: SLOT0_LEN: expected a whole number'],
    ['ROM_LEN=1024K', 'ROM_LEN=1023K', '--sectors: expected sectors that fill the flash'],
    [/$/, 'FLASHPAGE_SIZE=4096\nFLASHPAGE_NUMOF=9\n', 'pages that make up ROM_LEN, 1048576 bytes'],
  ])('%s may not be %s', (from, to, message) => {
    const answers = message.startsWith('pages') ? { writeUnitBytes: 4 } : flash;
    expect(() => imported(variables.replace(from, to), answers)).toThrow(message);
  });
});
