import { crc32Mpeg2, hexNumber, sameBytes } from '../../bytes/index.ts';
import type { Core } from '../armv6m/core.ts';
import { FLASH_ADDRESS, RAM_ADDRESS } from './bus.ts';
import type { ChipBus } from './bus.ts';
import { floatFunction } from './rom-float.ts';
import type { RomTrap } from './rom-image.ts';
import type { Bank } from './gpio.ts';
import type { Nor } from './nor.ts';
import type { Ssi } from './ssi.ts';

/** The last 256 bytes that the stack of the ROM leaves: where the second stage is copied to. */
const BOOT2_ADDRESS = 0x20041f00;
const BOOT2_BYTES = 256;
const SECTOR_BYTES = 0x1000;
const PAGE_BYTES = 256;
const PIECE_BYTES = 4096;
/** Scratch registers that say where to go at a reset (RP2040 datasheet §2.8.1.1). */
const VECTOR_MAGIC = 0xb007c0d3;

interface RomOrder {
  readonly core: Core;
  readonly bus: ChipBus;
  readonly pins: Bank;
  readonly ssi: Ssi;
  readonly nor: Nor;
  /** What the watchdog keeps: eight words. */
  readonly scratch: DataView;
  /** The flash's select line is held low: BOOTSEL. */
  readonly bootsel: () => boolean;
  /** Takes blocks out of reset that the ROM needs. */
  readonly wake: () => void;
  readonly flushed: () => void;
  /**
   * Does a step at a time: each answers with the us that pass before the next, undefined: it was the last one, and the core
   * goes on.
   */
  readonly steps: (step: () => number | undefined) => void;
  /** The chip stops for good, with these words. */
  readonly stop: (words: string) => void;
  /** HardFault with nobody to handle it. */
  readonly dead: () => void;
  readonly warn: (words: string) => void;
}

/** The second stage is whole: what stands behind it is its checksum (§2.8.1.3.1). */
function boot2Checks(boot2: Uint8Array): boolean {
  const body = boot2.subarray(0, BOOT2_BYTES - 4);
  const sum = crc32Mpeg2(body);
  const expected = Uint8Array.of(sum, sum >>> 8, sum >>> 16, sum >>> 24);
  return sameBytes(expected, boot2.subarray(BOOT2_BYTES - 4, BOOT2_BYTES));
}

function reversed(value: number): number {
  let result = 0;
  for (let bit = 0; bit < 32; bit += 1) result |= ((value >>> bit) & 1) << (31 - bit);
  return result >>> 0;
}

function ones(value: number): number {
  let count = 0;
  for (let rest = value >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count += 1;
  return count;
}

/** Does what the functions of the ROM do. Called with the core at a trap; it goes on where it was called from. */
export function createRom(order: RomOrder): (trap: RomTrap) => void {
  const { core, bus, pins, ssi, nor, scratch, stop, warn } = order;
  const argument = (n: number): number => core.readRegister(n);
  const give = (value: number): void => core.writeRegister(0, value >>> 0);

  const jump = (address: number): void => {
    core.writeRegister(15, address & ~1);
    if ((address & 1) === 0)
      stop(`the ROM was to jump to ${hexNumber(address, 8)}, an even address`);
  };
  /** At once into RAM, word by word into anything else. */
  const store = (address: number, bytes: Uint8Array): void => {
    const to = bus.memory(address);
    const last = bus.memory(address + bytes.length - 1);
    if (
      to !== undefined &&
      last?.bytes === to.bytes &&
      address >>> 24 === RAM_ADDRESS >>> 24 &&
      last.offset === to.offset + bytes.length - 1
    ) {
      to.bytes.set(bytes, to.offset);
      core.written(address, bytes.length);
      return;
    }
    const whole = address % 4 === 0 ? bytes.length & ~3 : 0;
    for (let n = 0; n < whole; n += 4) {
      const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(n, n + 4);
      bus.write(address + n, 4, (a | (b << 8) | (c << 16) | (d << 24)) >>> 0);
    }
    for (let n = whole; n < bytes.length; n += 1) bus.write(address + n, 1, bytes[n] ?? 0);
  };
  const fetch = (address: number, length: number): Uint8Array => {
    const from = bus.memory(address);
    if (from !== undefined && from.offset + length <= from.bytes.length) {
      return from.bytes.slice(from.offset, from.offset + length);
    }
    return Uint8Array.from({ length }, (_, n) => bus.read((address + n) >>> 0, 1));
  };

  const connectFlash = (): void => {
    pins.io.reset();
    pins.pads.reset();
    for (let pin = 0; pin < 6; pin += 1) pins.io.write(8 * pin + 4, 0, 0);
    ssi.selectChanged();
  };
  const select = (override: number): void => {
    pins.io.write(12, override << 8, override << 8);
    ssi.selectChanged();
  };
  const erase = (
    offset: number,
    length: number,
    block: { bytes: number; command: number },
  ): (() => number | undefined) => {
    const goal = offset + length;
    let at = offset;
    return () => {
      if (at >= goal) return undefined;
      const whole = block.bytes > 0 && at % block.bytes === 0 && goal - at >= block.bytes;
      const us = nor.eraseRange(at, whole ? block.command : 0x20);
      at += whole ? block.bytes : SECTOR_BYTES;
      return us;
    };
  };
  const program = (offset: number, data: number, length: number): (() => number | undefined) => {
    if (data >= FLASH_ADDRESS && data < 0x14000000) {
      warn('flash_range_program of bytes in flash: a chip cannot read them while it programs');
    }
    let at = 0;
    return () => {
      if (at >= length) return undefined;
      const page = fetch(data + at, PAGE_BYTES);
      const us = nor.programPage((offset & ~(PAGE_BYTES - 1)) + at, page);
      at += PAGE_BYTES;
      return us;
    };
  };

  /** From reset to the second stage (§2.8.1). */
  const start = (): void => {
    order.wake();
    const magic = scratch.getUint32(16, true);
    const entry = scratch.getUint32(28, true);
    const check = (scratch.getUint32(20, true) ^ entry) >>> 0;
    if (magic === VECTOR_MAGIC && (check + VECTOR_MAGIC) >>> 0 === 0) {
      scratch.setUint32(16, 0, true);
      if (entry < 0x4000) return stop(bootselWords('the program asked for it'));
      core.msp = scratch.getUint32(24, true);
      core.writeRegister(14, 0xffffffff);
      return jump(entry);
    }
    if (order.bootsel()) return stop(bootselWords('BOOTSEL is held'));
    connectFlash();
    ssi.plain();
    const boot2 = fetch(FLASH_ADDRESS, BOOT2_BYTES);
    if (!boot2Checks(boot2)) {
      return stop(
        bootselWords(
          boot2.every((byte) => byte === 0xff)
            ? 'the flash is empty'
            : 'the first 256 bytes of flash are no second stage with its checksum',
        ),
      );
    }
    select(0);
    order.flushed();
    store(BOOT2_ADDRESS, boot2);
    core.writeRegister(14, 0);
    return jump(BOOT2_ADDRESS + 1);
  };

  /** In pieces: what reaches beyond its memory comes to where nobody answers. */
  const pieces = (length: number, move: (at: number, bytes: number) => void): void => {
    for (let at = 0; at < length; at += PIECE_BYTES) move(at, Math.min(PIECE_BYTES, length - at));
    cost(length / 4);
  };
  const fill = (length: number): void => {
    const [to, value] = [argument(0), argument(1)];
    pieces(length, (at, bytes) => store(to + at, new Uint8Array(bytes).fill(value)));
  };
  const copy = (length: number): void => {
    const [to, from] = [argument(0), argument(1)];
    pieces(length, (at, bytes) => store(to + at, fetch(from + at, bytes)));
  };
  const cost = (cycles: number): void => core.sleepUntil(core.cycles + 20 + Math.ceil(cycles));

  const functions: Readonly<Record<string, () => void>> = {
    P3: () => give(ones(argument(0))),
    R3: () => give(reversed(argument(0))),
    L3: () => give(Math.clz32(argument(0))),
    T3: () => {
      const value = argument(0) | 0;
      give(value === 0 ? 32 : 31 - Math.clz32(value & -value));
    },
    MS: () => fill(argument(2)),
    S4: () => fill(argument(2)),
    MC: () => copy(argument(2)),
    C4: () => copy(argument(2)),
    UB: () => stop(bootselWords('the program called reset_usb_boot')),
    WV: () => stop('the program called wait_for_vector: core 1 is not modelled'),
    IF: connectFlash,
    EX: () => {
      ssi.plain();
      select(0);
    },
    FC: () => {
      select(0);
      order.flushed();
    },
    CX: ssi.executing,
    EC: () => {},
  };

  return (trap) => {
    if (trap === 'start') return start();
    if (trap === 'dead') return order.dead();
    const back = core.readRegister(14);
    const flashWork =
      trap === 'RE'
        ? erase(argument(0), argument(1), { bytes: argument(2), command: argument(3) & 0xff })
        : trap === 'RP'
          ? program(argument(0), argument(1), argument(2))
          : undefined;
    if (flashWork !== undefined) {
      return order.steps(() => {
        const us = flashWork();
        if (us === undefined) jump(back);
        return us;
      });
    }
    const work = functions[trap];
    if (work !== undefined) work();
    else floatFunction(core, trap);
    return jump(back);
  };
}

function bootselWords(why: string): string {
  return `the chip goes to its USB boot loader (BOOTSEL mode), which is not modelled: ${why}`;
}
