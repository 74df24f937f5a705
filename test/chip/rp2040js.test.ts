import { RP2040 } from 'rp2040js';
import { describe, expect, test } from 'vitest';
import { createCore } from '../../src/chip/armv6m/create-core.ts';
import { BusFault } from '../../src/chip/index.ts';
import { Random } from '../hostile/random.ts';

const RAM = 0x2000_0000;
const CODE = 0x2000_0800;
const SIZE = 0x1000;
const edges = [0, 1, 31, 32, 33, 64, 255, 256, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/** What an instruction is called: those that rp2040js gets wrong, and whatever else should turn up. */
function nameOf(halfword: number): string {
  if ((halfword & 0xffc0) === 0x4080) return 'LSLS (register)';
  if ((halfword & 0xffc0) === 0x40c0) return 'LSRS (register)';
  if ((halfword & 0xffc0) === 0x4100) return 'ASRS (register)';
  if ((halfword & 0xffc0) === 0x4140) return 'ADCS';
  if ((halfword & 0xffc0) === 0x4180) return 'SBCS';
  if ((halfword & 0xffc0) === 0x41c0) return 'RORS';
  if ((halfword & 0xfff8) === 0x47f0) return 'BLX LR';
  if (halfword >>> 11 === 0x18 && (halfword >>> ((halfword >>> 8) & 7)) % 2 === 1)
    return 'STM, its base in the list';
  return `0x${halfword.toString(16)}`;
}

/** Not with exceptions, sleep, what is UNPREDICTABLE, nor what is UNDEFINED: there it has no answer of its own. */
function isComparable(halfword: number): boolean {
  if (halfword >= 0xe800 || halfword >>> 9 === 0x6f || halfword >>> 8 === 0xbe) return false;
  if ((halfword & 0xff0f) === 0xbf00) return halfword === 0xbf00;
  if (halfword >>> 8 === 0xbf || halfword >>> 8 === 0xb6) return false;
  const list = halfword & 0xff;
  const isMultiple = halfword >>> 12 === 0xc || (halfword & 0xf600) === 0xb400;
  if (isMultiple && list === 0 && (halfword & 0xff00) !== 0xb500) return false;
  // A base that is stored and is not the lowest is UNKNOWN.
  if (halfword >>> 11 === 0x18) {
    const base = (halfword >>> 8) & 7;
    if ((list >>> base) % 2 === 1 && list % 2 ** base !== 0) return false;
  }
  if (halfword >>> 8 === 0x47) return (halfword & 7) === 0 && ((halfword >>> 3) & 15) < 15;
  // High registers: CMP of two low ones, anything with pc.
  if (halfword >>> 8 === 0x45)
    return (halfword & 0xc0) !== 0 && (halfword & 0x87) !== 0x87 && (halfword & 0x78) !== 0x78;
  return (halfword & 0xfc87) !== 0x4487;
}

interface Outcome {
  readonly registers: readonly number[];
  readonly flags: string;
}

/** What each makes of one instruction; undefined where it is a fault. */
function makeCores() {
  const ram = new Uint8Array(SIZE);
  const chip = new RP2040();
  const silence = () => {};
  chip.logger = { debug: silence, info: silence, warn: silence, error: silence };
  const core = createCore({
    memories: [{ address: RAM, bytes: ram, writable: true }],
    read(address) {
      throw new BusFault(address, 'nobody');
    },
    write(address) {
      throw new BusFault(address, 'nobody');
    },
  });
  return {
    ram,
    own: (registers: readonly number[], flags: number): Outcome | undefined => {
      core.reset(RAM);
      core.written(RAM, SIZE);
      core.writeRegister(15, CODE);
      registers.forEach((value, n) => core.writeRegister(n, value));
      core.xpsr = flags + 2 ** 24;
      core.run(core.cycles + 1);
      if (core.fault !== undefined) return undefined;
      return {
        registers: Array.from({ length: 16 }, (_, n) => core.readRegister(n)),
        flags: Math.floor(core.xpsr / 2 ** 28).toString(16),
      };
    },
    theirs: (registers: readonly number[], flags: number): Outcome => {
      const { core: other } = chip;
      chip.sram.set(ram);
      registers.forEach((value, n) => (other.registers[n] = value));
      other.registers[13] = (registers[13] ?? 0) & ~3;
      other.APSR = flags;
      other.PC = CODE;
      other.executeInstruction();
      return {
        registers: Array.from(other.registers, (each) => each >>> 0),
        flags: Math.floor((other.APSR >>> 0) / 2 ** 28).toString(16),
      };
    },
    chip,
  };
}

const random = new Random(6);

/** Numbers at which something happens, addresses, anything. */
function operand(): number {
  if (random.once(2)) return edges[random.below(edges.length)] ?? 0;
  return random.once(2) ? random.next() : RAM + 4 * random.below(0x1c0);
}

/** Data processing and BLX, which are few, more often than by chance. */
function instruction(): number {
  if (random.once(3)) return 0x4000 + random.below(0x400);
  return random.once(50) ? 0x47f0 : random.below(0xe800);
}

describe('beside rp2040js 1.4.1', () => {
  test('only what it is known to get wrong differs, one instruction at a time', () => {
    const { ram, own, theirs, chip } = makeCores();
    const view = new DataView(ram.buffer);
    const wrong = new Set<string>();
    let compared = 0;
    for (let n = 0; n < 30_000; n++) {
      const halfword = instruction();
      if (!isComparable(halfword)) continue;
      for (let at = 0; at < 0x800; at += 64)
        view.setUint32(at + 4 * random.below(16), random.next());
      view.setUint32(0, RAM + 0x400, true);
      view.setUint32(4, CODE + 1, true);
      view.setUint16(CODE - RAM, halfword, true);
      const registers = Array.from({ length: 15 }, operand);
      registers[13] = RAM + 0x400 + 4 * random.below(64);
      registers[14] = (RAM + random.below(0x800)) | 1;
      const flags = random.below(16) * 2 ** 28;
      const before = ram.slice();
      const mine = own(registers, flags);
      const after = ram.slice();
      if (mine === undefined) continue;
      ram.set(before);
      const other = theirs(registers, flags);
      compared++;
      const isSame =
        mine.flags === other.flags &&
        mine.registers.every((each, at) => each === other.registers[at]) &&
        Buffer.compare(after, chip.sram.subarray(0, SIZE)) === 0;
      if (!isSame) wrong.add(nameOf(halfword));
    }
    expect(compared).toBeGreaterThan(15_000);
    expect([...wrong].toSorted()).toEqual([
      'ADCS',
      'ASRS (register)',
      'BLX LR',
      'LSLS (register)',
      'LSRS (register)',
      'RORS',
      'SBCS',
      'STM, its base in the list',
    ]);
  });
});
