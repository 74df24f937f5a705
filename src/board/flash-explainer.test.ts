import { describe, expect, test } from 'vitest';
import { crc32Mpeg2 } from '../bytes/index.ts';
import { riotbootImage } from '../image/index.ts';
import { labKey } from '../../test/support/mcuboot/lab-bench.ts';
import {
  boardModel,
  flashExplainer,
  mcubootFirmware,
  mcubootLayout,
  plainFirmware,
  boardModels,
  bootloadersOf,
  flashSizeBytes,
} from './index.ts';
import type { BoardModel } from './index.ts';

const erased = ({ flash }: BoardModel): Uint8Array =>
  new Uint8Array(flashSizeBytes(flash)).fill(flash.erasedValue);

describe('the flash of a board explained', () => {
  const pairs = boardModels.flatMap((model) =>
    bootloadersOf(model).map((record) => [model.name, record.name, model, record] as const),
  );

  test.each(pairs)('%s with %s: all of it, erased', async (_, bootloader, model) => {
    const { explain } = await flashExplainer(model, { bootloader });
    const { ranges, nextBoot } = await explain(erased(model));
    expect(new Set(ranges.map(({ kind }) => kind))).toEqual(new Set(['erased']));
    expect(ranges.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBe(
      flashSizeBytes(model.flash),
    );
    expect(nextBoot[0]).toMatch(
      /^(No slot|The flash is erased|The primary slot|There is no application)/,
    );
  });

  test('MCUboot: slots, MCUboot itself and the settings', async () => {
    const model = boardModel('reel_board');
    const key = await labKey();
    const { config } = mcubootLayout(model);
    const contents = erased(model);
    const image = await mcubootFirmware(new Uint8Array(5000), { model, key, version: '1.2.3' });
    contents.set(image, config.images[0]?.primary.offsetBytes);
    contents.set([1, 2, 3, 4], model.zephyr?.storage?.offsetBytes);
    contents.set([1, 2, 3, 4], model.zephyr?.boot.offsetBytes);
    const { explain } = await flashExplainer(model, { build: { keys: [key] } });
    const { ranges, nextBoot } = await explain(contents);
    expect(nextBoot).toEqual([
      'Version 1.2.3+0 is installed, without a note of any swap; the next boot runs 1.2.3+0.',
    ]);
    const kinds = ranges
      .filter(({ kind }) => kind !== 'erased')
      .map(({ kind, area }) => [kind, area]);
    expect(kinds).toEqual([
      ['bootloader', 'mcuboot'],
      ['header', 'primary0'],
      ['image', 'primary0'],
      ['tlvs', 'primary0'],
      ['settings', 'storage'],
    ]);
    const unsure = await (await flashExplainer(model)).explain(contents);
    expect(unsure.nextBoot.at(-1)).toMatch(/^doubtful: /);
  });

  test('riotboot: header and image', async () => {
    const model = boardModel('particle-xenon');
    const { explain } = await flashExplainer(model);
    const contents = erased(model);
    const startAddress = 0x4400;
    const image = riotbootImage(new Uint8Array(100).fill(1), {
      version: 7,
      startAddress,
      headerLength: 0x400,
    });
    contents.set(image, 0x4000);
    const { ranges, nextBoot } = await explain(contents);
    expect(nextBoot).toEqual(['Slot 0 with version 7 boots; no other slot is valid.']);
    expect(ranges.filter(({ kind }) => kind !== 'erased')).toMatchObject([
      { offsetBytes: 0x4000, sizeBytes: 0x400, kind: 'header', area: 'slot 0' },
      { offsetBytes: 0x4400, sizeBytes: 100, kind: 'image', area: 'slot 0' },
    ]);
  });

  test('a program without a bootloader, and what lies behind it', async () => {
    const model = boardModel('stm32f072b_disco');
    const program = plainFirmware(new Uint8Array(3000).fill(7), model);
    const contents = erased(model);
    contents.set(program);
    contents.set([1, 2, 3], 0x10000);
    const { ranges, nextBoot } = await (await flashExplainer(model)).explain(contents);
    expect(nextBoot).toEqual(['The application at 0x08000000 starts.']);
    expect(ranges.filter(({ kind }) => kind !== 'erased')).toMatchObject([
      { offsetBytes: 0, sizeBytes: program.length, kind: 'image', title: 'program' },
      { offsetBytes: 0x10000, kind: 'data' },
    ]);
  });

  test('the second stage of an RP2040, and the program behind it', async () => {
    const model = boardModel('rpi_pico');
    const contents = erased(model).fill(7, 0, 5000);
    new DataView(contents.buffer).setUint32(252, crc32Mpeg2(contents.subarray(0, 252)), true);
    const { explain } = await flashExplainer(model);
    const { ranges, nextBoot } = await explain(contents);
    expect(nextBoot[0]).toMatch(/^The chip starts what is in flash/);
    expect(ranges.filter(({ kind }) => kind !== 'erased')).toMatchObject([
      { offsetBytes: 0, sizeBytes: 256, kind: 'bootloader', title: 'second stage' },
      { offsetBytes: 256, sizeBytes: 4744, kind: 'image', title: 'program' },
    ]);
    contents[0] = 8;
    expect((await explain(contents)).ranges[0]).toMatchObject({ kind: 'data' });
  });

  test('refuses a flash of another size', async () => {
    const { explain } = await flashExplainer(boardModel('reel_board'));
    await expect(explain(new Uint8Array(10))).rejects.toMatchObject({ code: 'TRUNCATED' });
  });
});
