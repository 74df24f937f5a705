import type { AccessSize } from '../../../src/chip/armv6m/bus.ts';
import { bench } from './rp2040-bench.ts';
import type { Bench } from './rp2040-bench.ts';

/** An RP2040 whose core does nothing but the loads and stores that it is told to do. */
export interface Registers {
  readonly board: Bench;
  readonly read: (address: number, size?: AccessSize) => number;
  readonly write: (address: number, value: number, size?: AccessSize) => void;
  /** Words of the fault that the access led to. */
  readonly fault: (access: (registers: Registers) => void) => string;
  /** Lets time pass; interrupts that come are only pending. */
  readonly pass: (ns: number) => void;
  /** NVIC_ISPR: the interrupts that pend, but for the mailbox of SIO, in which core 1 has said something at its start. */
  readonly pending: () => number;
  /** Calls a function, and answers with r0 and r1. */
  readonly call: (address: number, ...given: readonly number[]) => readonly [number, number];
  /** Calls a function of the ROM by its two letters. */
  readonly rom: (letters: string, ...given: readonly number[]) => number;
}

const RAM = 0x20000000;
const CODE = RAM + 0x200;
/** `ldr r0,[r1]; bkpt`, `str r0,[r1]; bkpt`, the same for bytes and half-words; `blx r7; bkpt`; a branch to itself. */
const code = [
  [0x6808, 0x6008],
  [0x7808, 0x7008],
  [0x8808, 0x8008],
].flatMap(([load = 0, store = 0]) => [load, 0xbe00, store, 0xbe00]);
const CALL = CODE + 2 * code.length;
const WAIT = CALL + 4;
const all = [...code, 0x47b8, 0xbe00, 0xe7fe];

function offsetOf(size: AccessSize): number {
  return size === 4 ? 0 : size === 1 ? 8 : 16;
}

/** All blocks are out of reset, as start-up code leaves them. */
export function registers(board: Bench = bench()): Registers {
  const view = new DataView(board.ram.buffer);
  view.setUint32(0, 0x20040000, true);
  view.setUint32(4, WAIT + 1, true);
  all.forEach((each, n) => view.setUint16(CODE - RAM + 2 * n, each, true));
  board.start('reset-pin', { entry: RAM });
  const { core } = board.chip;
  core.debugging = true;
  core.primask = 1;
  const go = (address: number): void => {
    core.writeRegister(15, address);
    core.xpsr = 0x01000000;
    for (;;) {
      const stop = board.chip.run(board.chip.nowNs + 1e9);
      if (stop.why === 'breakpoint') return;
      if (stop.why === 'outside') continue;
      throw new Error(stop.why === 'fault' ? stop.fault.words : stop.why);
    }
  };
  const made: Registers = {
    board,
    read: (address, size = 4) => {
      core.writeRegister(1, address);
      go(CODE + offsetOf(size));
      return core.readRegister(0);
    },
    write: (address, value, size = 4) => {
      core.writeRegister(0, value >>> 0);
      core.writeRegister(1, address);
      go(CODE + offsetOf(size) + 4);
    },
    fault: (access) => {
      try {
        access(made);
      } catch {
        return core.fault?.words ?? 'no fault';
      }
      return core.fault?.words ?? 'no fault';
    },
    pass: (ns) => {
      core.writeRegister(15, WAIT);
      board.chip.run(board.chip.nowNs + ns);
    },
    pending: () => made.read(0xe000e200) & ~(1 << 15),
    call: (address, ...given) => {
      core.writeRegister(7, address);
      given.forEach((value, n) => core.writeRegister(n, value >>> 0));
      go(CALL);
      return [core.readRegister(0), core.readRegister(1)];
    },
    rom: (letters, ...given) => {
      const table = made.read(0x14, 2);
      const wanted = letters.charCodeAt(0) | (letters.charCodeAt(1) << 8);
      for (let at = table; made.read(at, 2) !== 0; at += 4) {
        if (made.read(at, 2) !== wanted) continue;
        return made.call(made.read(at + 2, 2), ...given)[0];
      }
      throw new Error(`the ROM has no ${letters}`);
    },
  };
  made.write(0x4000f000, 0x1ffffff);
  return made;
}
