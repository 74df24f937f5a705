import type { Register } from './block.ts';

/** Registers of an interpolator (RP2040 datasheet §2.3.1.6), from `offset` on. `blend`: it is the one that can. */
export function interpolatorRegisters(
  name: string,
  offset: number,
  { blend }: { readonly blend: boolean },
): Record<number, Register> {
  const accumulators = new Uint32Array(2);
  const bases = new Uint32Array(3);
  const control = new Uint32Array(2);

  const field = (lane: number, shift: number, mask = 1): number =>
    ((control[lane] ?? 0) >>> shift) & mask;

  /** An accumulator shifted, masked and sign-extended. */
  const masked = (lane: number): number => {
    const input = accumulators[field(lane, 16) === 1 ? 1 - lane : lane] ?? 0;
    const low = field(lane, 5, 31);
    const high = field(lane, 10, 31);
    const width = high - low + 1;
    if (width <= 0) return 0;
    const mask = (width >= 32 ? 0xffffffff : ((1 << width) - 1) << low) >>> 0;
    const value = ((input >>> field(lane, 0, 31)) & mask) >>> 0;
    if (field(lane, 15) === 1 && high < 31 && ((value >>> high) & 1) === 1) {
      return (value | (0xffffffff << (high + 1))) >>> 0;
    }
    return value;
  };
  const outside = (lane: number): boolean => {
    const input = accumulators[field(lane, 16) === 1 ? 1 - lane : lane] ?? 0;
    return ((input >>> field(lane, 0, 31)) & ~inside(lane)) >>> 0 !== 0 && field(lane, 15) === 0;
  };
  const inside = (lane: number): number => {
    const low = field(lane, 5, 31);
    const width = field(lane, 10, 31) - low + 1;
    return width >= 32 ? 0xffffffff : (((1 << Math.max(0, width)) - 1) << low) >>> 0;
  };
  const raw = (lane: number): number => {
    const accumulator = accumulators[field(lane, 16) === 1 ? 1 - lane : lane] ?? 0;
    return field(lane, 18) === 1 ? accumulator : masked(lane);
  };
  const blends = (): boolean => blend && field(0, 21) === 1;
  const clamps = (): boolean => !blend && field(0, 22) === 1;

  const result = (lane: number): number => {
    if (clamps() && lane === 0) return clamped();
    if (blends() && lane === 1) return blended();
    if (blends() && lane === 0) return masked(1) & 0xff;
    const value = ((bases[lane] ?? 0) + raw(lane)) >>> 0;
    return (value | (field(lane, 19, 3) << 28)) >>> 0;
  };
  const full = (): number => {
    const sum = (bases[2] ?? 0) + raw(0) + (blends() ? 0 : raw(1));
    return sum >>> 0;
  };
  function clamped(): number {
    const signed = field(0, 15) === 1;
    const value = signed ? raw(0) | 0 : raw(0);
    const low = signed ? (bases[0] ?? 0) | 0 : (bases[0] ?? 0);
    const high = signed ? (bases[1] ?? 0) | 0 : (bases[1] ?? 0);
    return (value < low ? low : value > high ? high : value) >>> 0;
  }
  function blended(): number {
    const alpha = masked(1) & 0xff;
    const signed = field(1, 15) === 1;
    const from = signed ? (bases[0] ?? 0) | 0 : (bases[0] ?? 0);
    const to = signed ? (bases[1] ?? 0) | 0 : (bases[1] ?? 0);
    return (from + Math.floor(((to - from) * alpha) / 256)) >>> 0;
  }

  const pop = (value: number): number => {
    const next = [0, 1].map((lane) => (field(lane, 17) === 1 ? result(1 - lane) : result(lane)));
    accumulators.set(next);
    return value;
  };
  const kept = (array: Uint32Array, index: number, title: string): Register => ({
    name: `${name}_${title}`,
    read: () => array[index] ?? 0,
    write: (_kept, written) => {
      array[index] = written;
    },
  });
  const shown = (title: string, read: () => number): Register => ({
    name: `${name}_${title}`,
    mask: 0,
    read,
  });
  const controlled = (lane: number): Register => ({
    name: `${name}_CTRL_LANE${lane}`,
    mask: lane === 0 ? 0x7fffff : 0x1fffff,
    read: (value) =>
      lane === 0
        ? value |
          (outside(0) ? 0x800000 : 0) |
          (outside(1) ? 0x1000000 : 0) |
          (outside(0) || outside(1) ? 0x2000000 : 0)
        : value,
    write: (value) => {
      control[lane] = value;
    },
  });
  const added = (lane: number): Register => ({
    name: `${name}_ACCUM${lane}_ADD`,
    read: () => raw(lane) & 0xffffff,
    write: (_kept, written) => {
      accumulators[lane] = (accumulators[lane] ?? 0) + (written & 0xffffff);
    },
  });
  const half = (value: number, lane: number): number =>
    field(lane, 15) === 1 ? ((value << 16) >> 16) >>> 0 : value & 0xffff;

  return {
    [offset]: kept(accumulators, 0, 'ACCUM0'),
    [offset + 0x04]: kept(accumulators, 1, 'ACCUM1'),
    [offset + 0x08]: kept(bases, 0, 'BASE0'),
    [offset + 0x0c]: kept(bases, 1, 'BASE1'),
    [offset + 0x10]: kept(bases, 2, 'BASE2'),
    [offset + 0x14]: shown('POP_LANE0', () => pop(result(0))),
    [offset + 0x18]: shown('POP_LANE1', () => pop(result(1))),
    [offset + 0x1c]: shown('POP_FULL', () => pop(full())),
    [offset + 0x20]: shown('PEEK_LANE0', () => result(0)),
    [offset + 0x24]: shown('PEEK_LANE1', () => result(1)),
    [offset + 0x28]: shown('PEEK_FULL', full),
    [offset + 0x2c]: controlled(0),
    [offset + 0x30]: controlled(1),
    [offset + 0x34]: added(0),
    [offset + 0x38]: added(1),
    [offset + 0x3c]: {
      name: `${name}_BASE_1AND0`,
      read: () => 0,
      write: (_kept, written) => {
        bases[0] = half(written & 0xffff, 0);
        bases[1] = half(written >>> 16, blends() ? 0 : 1);
      },
    },
  };
}
