import type { AccessSize } from '../armv6m/bus.ts';
import type { Register } from './block.ts';

const CONTROL = 0x434;
const DATA = 0x438;
/** SNIFF_CTRL */
const ENABLE = 1;
const SWAP = 1 << 9;
const REVERSED = 1 << 10;
const INVERTED = 1 << 11;

/** The checksum that the DMA controller makes of what a channel moves. */
interface Sniffer {
  readonly registers: Readonly<Record<number, Register>>;
  /** A value that a channel with SNIFF_EN has moved. Throws nothing. */
  readonly moved: (channel: number, value: number, size: AccessSize) => void;
  readonly reset: () => void;
}

function reversedBits(value: number, bits: number): number {
  let result = 0;
  for (let bit = 0; bit < bits; bit += 1) {
    if (((value >>> bit) & 1) === 1) result += 2 ** (bits - 1 - bit);
  }
  return result;
}

/** Highest bit first, as both of the chip's CRCs are. */
function crc(sum: number, value: number, bits: number, width: 16 | 32): number {
  const polynomial = width === 32 ? 0x04c11db7 : 0x1021;
  const shift = 32 - width;
  let at = sum << shift;
  for (let bit = bits - 1; bit >= 0; bit -= 1) {
    const fed = at ^ (((value >>> bit) & 1) << 31);
    at = fed < 0 ? (fed << 1) ^ (polynomial << shift) : fed << 1;
  }
  return at >>> shift;
}

function ones(value: number): number {
  let count = 0;
  for (let rest = value >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count += 1;
  return count;
}

/** SNIFF_CTRL and SNIFF_DATA (RP2040 datasheet §2.5.5.2). Kinds of sum that there are not leave it as it is. */
export function createSniffer(): Sniffer {
  let control = 0;
  let sum = 0;
  return {
    registers: {
      [CONTROL]: {
        name: 'SNIFF_CTRL',
        mask: 0xfff,
        write: (kept) => {
          control = kept;
        },
      },
      [DATA]: {
        name: 'SNIFF_DATA',
        read: () => {
          const turned = (control & REVERSED) === 0 ? sum : reversedBits(sum, 32);
          return (control & INVERTED) === 0 ? turned : ~turned;
        },
        write: (_kept, written) => {
          sum = written;
        },
      },
    },
    moved: (channel, value, size) => {
      if ((control & ENABLE) === 0 || ((control >>> 1) & 15) !== channel) return;
      const bits = 8 * size;
      // Byte by byte turned round: the bits of it all, and then those of each byte.
      let fed = value;
      if ((control & SWAP) !== 0) {
        fed = 0;
        for (let at = 0; at < bits; at += 8) fed = fed * 256 + ((value >>> at) & 0xff);
      }
      const kind = (control >>> 5) & 15;
      if (kind < 4) {
        const given = (kind & 1) === 0 ? fed : reversedBits(fed, bits);
        sum = crc(sum, given, bits, kind < 2 ? 32 : 16);
      } else if (kind === 14) sum = (sum ^ (ones(fed) & 1)) >>> 0;
      else if (kind === 15) sum = (sum + fed) >>> 0;
    },
    reset: () => {
      control = 0;
      sum = 0;
    },
  };
}
