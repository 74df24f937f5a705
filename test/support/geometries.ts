import type { FlashGeometry, FlashRange } from '../../src/flash/index.ts';
import type { Algorithm } from '../../src/boot/mcuboot/index.ts';

const KIB = 1024;

/** A part that exists, with slots as its makers or Zephyr lay them out, cut down where it only repeats. */
export interface NamedGeometry {
  readonly name: string;
  /** Where its figures are from. */
  readonly source: string;
  readonly geometry: FlashGeometry;
  readonly primary: FlashRange;
  readonly secondary: FlashRange;
  readonly scratch: FlashRange;
  readonly maxAlign: 8 | 16 | 32;
  /** What MCUboot says of algorithms that these slots cannot have; the others it has. */
  readonly refuses: Readonly<Partial<Record<Algorithm, string>>>;
}

const at = (offsetKib: number, sizeKib: number): FlashRange => ({
  offsetBytes: offsetKib * KIB,
  sizeBytes: sizeKib * KIB,
});

const runs = (...list: readonly (readonly [number, number])[]): FlashGeometry['sectors'] =>
  list.map(([count, kib]) => ({ count, sizeBytes: kib * KIB }));

const sameLayout = 'W: Cannot upgrade: not same sector layout';
const tiles = 'W: Cannot upgrade: slots have non-compatible sectors';
const amount = 'W: Cannot upgrade: not a compatible amount of sectors';

/** Each a kind of flash of its own: pages, words, unequal sectors, two devices. */
export const geometries: readonly NamedGeometry[] = [
  {
    name: 'nRF52840',
    source: 'nRF52840 PS 4.3.1: pages of 4 KiB, words of 4 bytes',
    geometry: { sectors: runs([256, 4]), writeUnitBytes: 4, erasedValue: 0xff },
    primary: at(48, 64),
    secondary: at(112, 64),
    scratch: at(176, 8),
    maxAlign: 8,
    refuses: {},
  },
  {
    name: 'STM32F407',
    source: 'RM0090 table 5: four sectors of 16 KiB, one of 64, seven of 128; single bytes written',
    geometry: { sectors: runs([4, 16], [1, 64], [7, 128]), writeUnitBytes: 1, erasedValue: 0xff },
    primary: at(128, 384),
    secondary: at(512, 384),
    scratch: at(896, 128),
    maxAlign: 8,
    refuses: {},
  },
  {
    name: 'STM32F407, a primary slot of unequal sectors',
    source: 'the same part: 4 x 16 and 64 KiB against one sector of 128',
    geometry: { sectors: runs([4, 16], [1, 64], [7, 128]), writeUnitBytes: 1, erasedValue: 0xff },
    primary: at(0, 128),
    secondary: at(128, 128),
    scratch: at(256, 128),
    maxAlign: 8,
    refuses: { 'swap-using-move': amount, 'swap-using-offset': amount },
  },
  {
    name: 'STM32F407, slots of unequal size',
    source: 'the same part: 64, 128 and 128 KiB against three sectors of 128',
    geometry: { sectors: runs([4, 16], [1, 64], [7, 128]), writeUnitBytes: 1, erasedValue: 0xff },
    primary: at(64, 320),
    secondary: at(384, 384),
    scratch: at(896, 128),
    maxAlign: 8,
    refuses: {
      'swap-using-move': sameLayout,
      'swap-using-offset': sameLayout,
      'swap-using-scratch': tiles,
      'overwrite-only': tiles,
    },
  },
  {
    name: 'STM32U575',
    source: 'RM0456 7.3.1: pages of 8 KiB, quad-words of 16 bytes',
    geometry: { sectors: runs([256, 8]), writeUnitBytes: 16, erasedValue: 0xff },
    primary: at(64, 96),
    secondary: at(160, 96),
    scratch: at(256, 16),
    maxAlign: 16,
    refuses: {},
  },
  {
    name: 'EFM32G, pages of 512 bytes',
    source: 'EFM32G reference manual 7.3.1: pages of 512 bytes, words of 4 bytes',
    geometry: {
      sectors: [{ count: 256, sizeBytes: 512 }],
      writeUnitBytes: 4,
      erasedValue: 0xff,
    },
    primary: at(16, 24),
    secondary: at(40, 24),
    scratch: at(64, 2),
    maxAlign: 8,
    refuses: {},
  },
  {
    name: 'nRF52840 with a MX25R6435F',
    source:
      'primary slot in pages of 4 KiB, secondary slot in the sectors of 4 KiB of the QSPI flash',
    geometry: { sectors: runs([256, 4], [64, 4]), writeUnitBytes: 4, erasedValue: 0xff },
    primary: at(48, 64),
    secondary: at(1024, 64),
    scratch: at(112, 8),
    maxAlign: 8,
    refuses: {},
  },
  {
    name: 'nRF52840 with SPI flash of 8 KiB sectors',
    source: "MCUboot's simulator, nRF52840 with SPI flash whose sectors are twice as large",
    geometry: { sectors: runs([256, 4], [16, 8]), writeUnitBytes: 4, erasedValue: 0xff },
    primary: at(48, 64),
    secondary: at(1024, 64),
    scratch: at(112, 8),
    maxAlign: 8,
    refuses: { 'swap-using-move': amount, 'swap-using-offset': amount },
  },
  {
    name: 'STM32L0, flash that erases to 0',
    source: 'RM0367 3.3.1: pages of 128 bytes, words of 4 bytes, erased bits read 0',
    geometry: {
      sectors: [{ count: 512, sizeBytes: 128 }],
      writeUnitBytes: 4,
      erasedValue: 0x00,
    },
    primary: at(16, 8),
    secondary: at(24, 8),
    scratch: at(32, 1),
    maxAlign: 8,
    refuses: {},
  },
];
