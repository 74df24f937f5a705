import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { generateRiotbootHeader } from '../../image/index.ts';
import {
  flashWith,
  recordedGeometry,
  recordedLayout,
  recordings,
} from '../../../test/support/riotboot-vectors.ts';
import { replaySelection } from '../../../test/support/riotboot/replay-selection.ts';
import {
  chooseSlot,
  decideBoot,
  inspectSlot,
  RIOTBOOT_MAGIC_NUMBER,
  riotbootLayout,
  riotbootMagicAddress,
} from './index.ts';

function header(version: number, startAddress: number): Uint8Array {
  return generateRiotbootHeader({ version, startAddress, headerLength: 256 });
}

describe('the layout', () => {
  test.each([
    ['with DFU', 0x4000, 0x7e000, [0x4000, 0x4400, 0x82000, 0x82400]],
    ['without', 0x2000, 0x7f000, [0x2000, 0x2400, 0x81000, 0x81400]],
  ])('of particle-xenon %s', (_, bootloaderBytes, slotBytes, addresses) => {
    const layout = riotbootLayout({ romBytes: 0x100000, bootloaderBytes, headerBytes: 0x400 });
    expect(layout.slots.map((slot) => slot.sizeBytes)).toEqual([slotBytes, slotBytes]);
    expect(layout.slots.flatMap((slot) => [slot.address, slot.imageAddress])).toEqual(addresses);
  });

  test('of a chip with big sectors starts slot 1 at the edge of one', () => {
    const { slots: placed } = riotbootLayout({
      romBytes: 0x100000,
      bootloaderBytes: 0x8000,
      headerBytes: 0x200,
      flashBase: 0x08000000,
      bootloaderTwice: true,
    });
    expect(placed.map((slot) => slot.offsetBytes)).toEqual([0x8000, 0x80000]);
    expect(placed[1]?.imageAddress).toBe(0x08080200);
  });

  test('can have one slot, a kept end and given sizes', () => {
    const base = { romBytes: 0x20000, bootloaderBytes: 0x1000, headerBytes: 256 };
    const one = riotbootLayout({ ...base, slotCount: 1, auxBytes: 0x3000 });
    expect(one.slots.map((slot) => slot.sizeBytes)).toEqual([0x1c000]);
    const given = riotbootLayout({ ...base, slotBytes: [0x8000, 0x4000] });
    expect(given.slots.map((slot) => slot.offsetBytes)).toEqual([0x1000, 0x9000]);
  });

  test.each([
    [{ romBytes: 0x1000, bootloaderBytes: 0x1000, headerBytes: 256 }, /slot 0 to hold more/],
    [{ romBytes: 0x9000, bootloaderBytes: 0x1000, headerBytes: 100 }, /multiple of 256, got 100/],
    [{ romBytes: -1, bootloaderBytes: 0, headerBytes: 256 }, /ROM_LEN/],
    [
      { romBytes: 0x4000, bootloaderBytes: 0, headerBytes: 256, slotBytes: [0x2000, 0x2001] },
      /slot 1 .* end by 0x4000/,
    ],
  ])('cannot be %j', (options, message) => {
    expect(() => riotbootLayout(options)).toThrow(message);
  });
});

describe('the slot that boots', () => {
  test('is the newest of those linked for their place, where that is checked', () => {
    const wrong = flashWith(recordedGeometry, [
      [0x4000, header(1, 0x08004100)],
      [0x22000, header(2, 0x08004100)],
    ]);
    expect(chooseSlot(wrong, recordedLayout)?.slot.index).toBe(1);
    expect(chooseSlot(wrong, recordedLayout, { checkStartAddress: true })?.slot.index).toBe(0);
    expect(inspectSlot(wrong, recordedLayout, 1, { checkStartAddress: true }).fault).toBe(
      'start-address',
    );
    expect(() => inspectSlot(wrong, recordedLayout, 2)).toThrow(/slot below 2, got slot 2/);
  });

  test('has the greatest version, the lower slot on a tie', () => {
    const version = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(version, version, (version0, version1) => {
        const flash = flashWith(recordedGeometry, [
          [0x4000, header(version0, 0x08004100)],
          [0x22000, header(version1, 0x08022100)],
        ]);
        const choice = chooseSlot(flash, recordedLayout, { checkStartAddress: true });
        expect(choice?.slot.index).toBe(version1 > version0 ? 1 : 0);
      }),
    );
  });
});

describe('as riotboot chooses', () => {
  const replayed = replaySelection(recordings, 'selection.json');

  test('with every recording', () => {
    expect(replayed.length).toBe(37 + 3);
  });

  test.each(replayed)('$name', ({ differences }) => {
    expect(differences).toEqual([]);
  });
});

describe('the start of riotboot', () => {
  const choice = chooseSlot(
    flashWith(recordedGeometry, [[0x4000, header(1, 0x08004100)]]),
    recordedLayout,
  );
  const start = { dfu: true, magicWord: 0, buttonPressed: false, choice } as const;

  test.each([
    ['jumps to the image', start, { do: 'jump', choice }],
    [
      'stays for the magic number, image or not',
      { ...start, magicWord: RIOTBOOT_MAGIC_NUMBER },
      { do: 'dfu', why: 'magic' },
    ],
    ['stays for the button', { ...start, buttonPressed: true }, { do: 'dfu', why: 'button' }],
    ['stays without an image', { ...start, choice: undefined }, { do: 'dfu', why: 'no-slot' }],
    [
      'without DFU knows no button and no magic number',
      {
        ...start,
        dfu: false,
        buttonPressed: true,
        magicWord: RIOTBOOT_MAGIC_NUMBER,
      },
      { do: 'jump', choice },
    ],
    ['without DFU and image spins', { ...start, dfu: false, choice: undefined }, { do: 'halt' }],
  ])('%s', (_, inputs, decision) => {
    expect(decideBoot(inputs)).toEqual(decision);
  });

  test('looks at the last word of RAM', () => {
    expect(riotbootMagicAddress(0x20000000, 0x40000)).toBe(0x2003fffc);
  });
});
