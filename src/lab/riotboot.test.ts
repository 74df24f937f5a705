import { describe, expect, test } from 'vitest';
import { riotbootLayout, slotOf } from '../boot/riotboot/index.ts';
import { MemoryFlash } from '../flash/index.ts';
import { riotbootImage } from '../image/index.ts';
import { inspectRiotbootFlash, riotbootReader } from './index.ts';

const layout = riotbootLayout({ romBytes: 0x5000, bootloaderBytes: 0x1000, headerBytes: 256 });

/** What to write into a slot: a version, and where its image is linked for if not for this slot. */
interface Filled {
  readonly version: number;
  readonly startAddress?: number;
  readonly damaged?: boolean;
}

function flashWith(...slots: readonly (Filled | undefined)[]): MemoryFlash {
  const sectors = [{ count: 5, sizeBytes: 0x1000 }];
  const flash = new MemoryFlash({ sectors, writeUnitBytes: 4, erasedValue: 0xff });
  for (const [index, slot] of slots.entries()) {
    if (slot === undefined) continue;
    const { offsetBytes, imageAddress } = slotOf(layout, index);
    const { version, startAddress = imageAddress, damaged = false } = slot;
    const image = riotbootImage(new Uint8Array(8), { version, startAddress, headerLength: 256 });
    // the checksum no longer belongs to the version
    if (damaged) image[4] = (image[4] ?? 0) ^ 1;
    flash.program(offsetBytes, image);
  }
  return flash;
}

/** Where the code of a slot begins. */
function codeOf(index: number): number {
  return slotOf(layout, index).imageAddress;
}

describe('a dump of riotboot', () => {
  test.each<[string, readonly (Filled | undefined)[], string, readonly string[]]>([
    [
      'the higher version boots',
      [{ version: 3 }, { version: 7 }],
      'Slot 1 with version 7 boots; slot 0 has version 3.',
      ['valid, but not taken: 7 is higher', 'boots: the highest version with a valid header'],
    ],
    [
      'the lower slot wins a tie',
      [{ version: 7 }, { version: 7 }],
      'Slot 0 with version 7 boots; slot 1 has version 7.',
      [
        'boots: the highest version with a valid header',
        'valid, but not taken: the lower slot wins a tie',
      ],
    ],
    [
      'a damaged header is not taken, however high its version',
      [{ version: 3 }, { version: 9, damaged: true }],
      'Slot 0 with version 3 boots; no other slot is valid.',
      [
        'boots: the highest version with a valid header',
        'not taken: the checksum does not belong to the header',
      ],
    ],
    [
      'nothing boots where nothing is whole',
      [{ version: 3, damaged: true }],
      'No slot has a valid header; riotboot finds nothing to boot.',
      [
        'not taken: the checksum does not belong to the header',
        'no image: the header does not begin with "RIOT"',
      ],
    ],
  ])('%s', (_, slots, sentence, meanings) => {
    const report = inspectRiotbootFlash(flashWith(...slots), layout);
    expect(report.sentence).toBe(sentence);
    expect(report.slots.map(({ meaning }) => meaning)).toEqual(meanings);
  });

  test('says where an image that is linked for the other slot would jump to', () => {
    const flash = flashWith(undefined, { version: 2, startAddress: codeOf(0) });
    const { sentence, slots } = inspectRiotbootFlash(flash, layout);
    expect(slots.map(({ linkedElsewhere }) => linkedElsewhere)).toEqual([false, true]);
    expect(sentence).toBe(
      'Slot 1 with version 2 boots, but its header sends the processor to 0x00001100, outside ' +
        "that slot's image; no other slot is valid.",
    );
  });
});

describe('its reader', () => {
  test('recognises a dump with a slot that boots, and shows each header', () => {
    const { recognised, bootloader, slots, report } = riotbootReader(layout).read(
      flashWith({ version: 2 }, { version: 1, startAddress: codeOf(0) }),
    );
    expect({ bootloader, recognised }).toEqual({ bootloader: 'riotboot', recognised: true });
    expect(report).toMatchObject({ choice: { version: 2 } });
    expect(slots).toMatchObject([
      { index: 0, address: 0x1000, sizeBytes: 0x2000, version: 2, fault: undefined },
      { index: 1, address: 0x3000, sizeBytes: 0x2000, version: 1, fault: undefined },
    ]);
    expect(slots[0]?.details.slice(0, 2)).toEqual([
      ['version', '2 (0x00000002)'],
      ['start', '0x00001100'],
    ]);
    expect(slots[1]?.details[1]).toEqual([
      'start',
      "0x00001100: linked for elsewhere, this slot's is 0x00003100",
    ]);
  });

  test('does not recognise empty flash, and shows no header that is not there', () => {
    const { recognised, slots } = riotbootReader(layout).read(flashWith());
    expect(recognised).toBe(false);
    expect(slots.map(({ fault, details }) => [fault, details])).toEqual([
      ['magic', []],
      ['magic', []],
    ]);
  });
});
