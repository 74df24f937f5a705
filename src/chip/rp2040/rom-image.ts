import { ROM_BYTES } from './bus.ts';
import { FLOAT_FUNCTIONS } from './rom-float.ts';

/** The functions of the ROM's table (RP2040 datasheet §2.8.3), by their two letters. */
const functionCodes = [
  'P3',
  'R3',
  'L3',
  'T3',
  'MS',
  'S4',
  'MC',
  'C4',
  'UB',
  'WV',
  'IF',
  'EX',
  'RE',
  'RP',
  'FC',
  'CX',
  'EC',
] as const;

/** Where the core stops, for somebody else to do what there is to be done. */
export type RomTrap =
  (typeof functionCodes)[number] | 'start' | 'dead' | `SF${number}` | `SD${number}`;

/** A ROM and where its traps are. */
interface RomImage {
  readonly bytes: Uint8Array;
  readonly traps: ReadonlyMap<number, RomTrap>;
}

const STACK = 0x20041f00;
const TABLES = 0x40;
const CODE = 0x400;
const FLOATS = 0x800;

/** r0 = table, r1 = code: r0 becomes the entry's value, or 0. */
const lookup = [
  0x8802, 0x8843, 0x3004, 0x2a00, 0xd003, 0x428a, 0xd1f8, 0x4618, 0x4770, 0x2000, 0x4770,
];
/** Calls r7, then breaks: for debuggers. */
const trampoline = [0x2601, 0x4337, 0x47b8, 0xbe00, 0xe7fa];
const BX_LR = 0x4770;

const copyright = "dfukit's own ROM for the RP2040";

/**
 * A ROM of this project's own: the tables of the real one, and for each of its functions a place where the core stops.
 * The real one can be given instead (`ChipOrder.rom`).
 */
export function createRomImage(): RomImage {
  const bytes = new Uint8Array(ROM_BYTES);
  const view = new DataView(bytes.buffer);
  const traps = new Map<number, RomTrap>();
  let at = CODE;
  const place = (halfwords: readonly number[]): number => {
    const address = at;
    halfwords.forEach((each, n) => view.setUint16(address + 2 * n, each, true));
    at = (at + 2 * halfwords.length + 3) & ~3;
    return address;
  };
  const trap = (name: RomTrap): number => {
    const address = place([BX_LR]);
    traps.set(address, name);
    return address + 1;
  };
  const code = (letters: string): number => letters.charCodeAt(0) | (letters.charCodeAt(1) << 8);

  view.setUint32(0x0, STACK, true);
  view.setUint32(0x4, trap('start'), true);
  view.setUint32(0x8, trap('dead'), true);
  view.setUint32(0xc, trap('dead'), true);
  bytes.set([0x4d, 0x75, 1, 3], 0x10);

  const start = place(trampoline);
  const functions: [string, number][] = [
    ...functionCodes.map((letters): [string, number] => [letters, trap(letters)]),
    ['DT', start + 1],
    ['DE', start + 6 + 1],
  ];
  const lookupAddress = place(lookup) + 1;
  // The byte in front of a table says how many words it has.
  const floats = (which: 'SF' | 'SD', address: number): number => {
    bytes[address - 2] = FLOAT_FUNCTIONS;
    for (let n = 0; n < FLOAT_FUNCTIONS; n += 1) {
      view.setUint32(address + 4 * n, trap(`${which}${n}`), true);
    }
    return address;
  };
  const words = 0x300;
  for (let n = 0; n < copyright.length; n += 1) bytes[words + n] = copyright.charCodeAt(n);
  const data: [string, number][] = [
    ['CR', words],
    ['GR', words + 0x40],
    ['SF', floats('SF', FLOATS)],
    ['SD', floats('SD', FLOATS + 0x100)],
  ];

  let entry = TABLES;
  const table = (entries: readonly (readonly [string, number])[]): number => {
    const address = entry;
    for (const [letters, value] of entries) {
      view.setUint16(entry, code(letters), true);
      view.setUint16(entry + 2, value, true);
      entry += 4;
    }
    entry += 4;
    return address;
  };
  view.setUint16(0x14, table(functions), true);
  view.setUint16(0x16, table(data), true);
  view.setUint16(0x18, lookupAddress, true);
  return { bytes, traps };
}
