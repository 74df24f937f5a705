import { createRegisters, unmodelled } from './block.ts';
import type { Registers } from './block.ts';
import { SELECT_PIN } from './gpio.ts';
import type { Bank } from './gpio.ts';
import type { Nor } from './nor.ts';
import type { Wires } from './wires.ts';

const ADDRESS = 0x18000000;
const CTRLR0 = 0x0;
const CTRLR1 = 0x4;
const SSIENR = 0x8;
const SER = 0x10;
const SPI_CTRLR0 = 0xf4;
/** SPI_CTRLR0.INST_L */
const INSTRUCTION = 3 << 8;
/** The command of a flash that reads. */
const READ = 3;
const FIFO_FRAMES = 16;

/** OUTOVER of the select pin: driven low, driven high. */
const LOW = 2;
const HIGH = 3;

/** The synchronous serial interface in front of the flash (RP2040 datasheet §4.10). */
export interface Ssi {
  readonly block: Registers;
  /** The select line may have been driven otherwise. */
  readonly selectChanged: () => void;
  /** As the ROM leaves it for commands of the program's own: plain SPI, on. */
  readonly plain: () => void;
  /** As the ROM leaves it for execution in place. */
  readonly executing: () => void;
}

export function createSsi({ skipTo }: Wires, pins: Bank, nor: Nor): Ssi {
  const frames: number[] = [];
  /** The flash is selected by this block itself, until somebody looks whether it is done. */
  let automatic = false;

  const endFrame = (): void => {
    if (!automatic) return;
    automatic = false;
    nor.release();
  };
  const selectChanged = (): void => {
    const override = pins.override(SELECT_PIN);
    if (override === LOW) {
      nor.select();
      automatic = false;
    } else if (override === HIGH || !automatic) {
      nor.release();
      automatic = false;
    }
  };
  /** What was put for a read over several wires: its command, if it has one, and then its address. */
  let opening: number[] = [];
  const wide = (control: number, frame: number): void => {
    const format = block.get(SPI_CTRLR0);
    const addressBits = 4 * ((format >>> 2) & 15);
    opening.push(frame);
    const whole = ((format & INSTRUCTION) === 0 ? 0 : 1) + (addressBits === 0 ? 0 : 1);
    if (opening.length < whole || ((control >>> 8) & 3) < 2) return;
    opening = [];
    // Behind the 24 bits of the address: the flash's mode bits.
    const from = frame >>> Math.max(0, addressBits - 24);
    nor.select();
    for (const byte of [READ, from >>> 16, from >>> 8, from]) nor.transfer(byte & 0xff);
    const bytes = (((control >>> 16) & 0x1f) + 1) >>> 3;
    for (let n = block.get(CTRLR1) + 1; n > 0 && frames.length < FIFO_FRAMES; n -= 1) {
      let read = 0;
      for (let at = 0; at < bytes; at += 1) read = ((read << 8) | nor.transfer(0)) >>> 0;
      frames.push(read);
    }
    nor.release();
  };
  const put = (frame: number): void => {
    const control = block.get(CTRLR0);
    if ((block.get(SSIENR) & 1) === 0 || (block.get(SER) & 1) === 0) return;
    // Two or four wires: how boot2 puts the flash into continuous read.
    if (((control >>> 21) & 3) !== 0) return wide(control, frame);
    const mode = (control >>> 8) & 3;
    if (((control >>> 16) & 0x1f) !== 7 || mode > 1) {
      throw unmodelled('SSI DR0 with frames other than of 8 bits, both ways,', ADDRESS + 0x60);
    }
    const override = pins.override(SELECT_PIN);
    if (override !== LOW && override !== HIGH && !automatic) {
      automatic = true;
      nor.select();
    }
    const answer = nor.transfer(frame & 0xff);
    if (mode === 0 && frames.length < FIFO_FRAMES) frames.push(answer);
  };
  /** A status that says "busy" is read in a loop: time goes on to when it is not. */
  const get = (): number => {
    endFrame();
    const frame = frames.shift() ?? 0;
    const waited = frames.length === 0 ? nor.waitedForNs : undefined;
    if (waited !== undefined) skipTo(waited);
    return frame;
  };
  const clear = (): void => {
    frames.length = 0;
    opening = [];
    endFrame();
  };

  const block: Registers = createRegisters({
    name: 'SSI',
    address: ADDRESS,
    registers: {
      [CTRLR0]: { name: 'CTRLR0', mask: 0x17fffff },
      [CTRLR1]: { name: 'CTRLR1', mask: 0xffff },
      [SSIENR]: {
        name: 'SSIENR',
        mask: 1,
        write: (kept) => {
          if (kept === 0) clear();
        },
      },
      0x0c: { name: 'MWCR', mask: 7 },
      [SER]: { name: 'SER', mask: 1 },
      0x14: { name: 'BAUDR', mask: 0xffff },
      0x18: { name: 'TXFTLR', mask: 0xff },
      0x1c: { name: 'RXFTLR', mask: 0xff },
      0x20: { name: 'TXFLR', mask: 0 },
      0x24: { name: 'RXFLR', mask: 0, read: () => frames.length },
      0x28: {
        name: 'SR',
        mask: 0,
        read: () => {
          endFrame();
          return 6 | (frames.length > 0 ? 8 : 0) | (frames.length >= FIFO_FRAMES ? 0x10 : 0);
        },
      },
      0x2c: { name: 'IMR', mask: 0x3f },
      0x30: { name: 'ISR', mask: 0 },
      0x34: { name: 'RISR', mask: 0 },
      0x38: { name: 'TXOICR', mask: 0 },
      0x3c: { name: 'RXOICR', mask: 0 },
      0x40: { name: 'RXUICR', mask: 0 },
      0x44: { name: 'MSTICR', mask: 0 },
      0x48: { name: 'ICR', mask: 0 },
      0x4c: { name: 'DMACR', mask: 3 },
      0x50: { name: 'DMATDLR', mask: 0xff },
      0x54: { name: 'DMARDLR', mask: 0xff },
      0x58: { name: 'IDR', reset: 0x51535049, mask: 0 },
      0x5c: { name: 'SSI_VERSION_ID', reset: 0x3430312a, mask: 0 },
      0x60: { name: 'DR0', mask: 0, read: get, write: (_kept, written) => put(written) },
      0xf0: { name: 'RX_SAMPLE_DLY', mask: 0xff },
      [SPI_CTRLR0]: { name: 'SPI_CTRLR0', reset: 0x03000000 },
      0xf8: { name: 'TXD_DRIVE_EDGE', mask: 0xff },
    },
  });

  const set = (values: Readonly<Record<number, number>>): void => {
    clear();
    for (const [offset, value] of Object.entries(values)) block.set(Number(offset), value);
  };
  return {
    block,
    selectChanged,
    plain: () => set({ [CTRLR0]: 0x70000, [SER]: 1, 0x14: 6, [SSIENR]: 1 }),
    executing: () =>
      set({ [CTRLR0]: 0x1f0300, [CTRLR1]: 0, [SER]: 1, [SPI_CTRLR0]: 0x03000218, [SSIENR]: 1 }),
  };
}
