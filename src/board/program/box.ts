import { DfuError, crc32, hexNumber, struct, u32le } from '../../bytes/index.ts';
import type { Struct } from '../../bytes/index.ts';
import type { MemoryRange } from '../../flash/index.ts';
import type { MachineCode, Program } from '../seams/peripherals.ts';
import type { FirstWords } from './machine-code.ts';

/**
 * What stands at an image's entry, where a Cortex-M looks for its vector table (ARMv7-M B1.5.3). The
 * first two words are what a bootloader loads: initial stack pointer and reset vector. Vectors 7 to
 * 10 are reserved by the architecture; there the box says what it holds.
 */
interface ProgramBox {
  /** Initial stack pointer: one past the last byte of RAM. */
  readonly initialSp: number;
  /** Address of the payload, bit 0 set (Thumb). */
  readonly resetVector: number;
  /** NMI, HardFault, MemManage, BusFault and UsageFault handlers: none, so all of them reset. */
  readonly nmi: number;
  readonly hardFault: number;
  readonly memManage: number;
  readonly busFault: number;
  readonly usageFault: number;
  /** `PROGRAM_BOX_MAGIC`. */
  readonly magic: number;
  /** Bytes of the payload behind the box. */
  readonly lengthBytes: number;
  /** CRC-32 of the payload, as zip has it. */
  readonly crc: number;
  /** What the payload is: `ES_MODULE`. */
  readonly kind: number;
  /** SVCall, DebugMonitor, a reserved word, PendSV and SysTick; nothing is behind them. */
  readonly svCall: number;
  readonly debugMonitor: number;
  readonly reserved: number;
  readonly pendSv: number;
  readonly sysTick: number;
}

/** 64 bytes: the sixteen system vectors. */
export const programBox: Struct<ProgramBox> = struct<ProgramBox>('program box', {
  initialSp: u32le,
  resetVector: u32le,
  nmi: u32le,
  hardFault: u32le,
  memManage: u32le,
  busFault: u32le,
  usageFault: u32le,
  magic: u32le,
  lengthBytes: u32le,
  crc: u32le,
  kind: u32le,
  svCall: u32le,
  debugMonitor: u32le,
  reserved: u32le,
  pendSv: u32le,
  sysTick: u32le,
});

/** "dfkB" in the order of the bytes. */
const PROGRAM_BOX_MAGIC = 0x426b6664;

/** Kind of a program: one ES module in UTF-8, in a box. */
export const ES_MODULE = 1;

/** Kind of a program: code of the processor, in no box; it begins with the vector table. */
export const MACHINE_CODE = 0;

/** Whether there is a box where a vector table would be. Throws `TRUNCATED` for fewer bytes than one has. */
export function isBox(bytes: Uint8Array): boolean {
  return programBox.decode(bytes).magic === PROGRAM_BOX_MAGIC;
}

/** Puts an ES module into a box that is linked for `entryAddress`. */
export function boxProgram(
  payload: Uint8Array,
  entryAddress: number,
  ram: MemoryRange,
): Uint8Array<ArrayBuffer> {
  const vector = (entryAddress + programBox.size) | 1;
  const bytes = new Uint8Array(programBox.size + payload.length);
  const box: ProgramBox = {
    initialSp: ram.baseAddress + ram.sizeBytes,
    resetVector: vector,
    nmi: vector,
    hardFault: vector,
    memManage: vector,
    busFault: vector,
    usageFault: vector,
    magic: PROGRAM_BOX_MAGIC,
    lengthBytes: payload.length,
    crc: crc32(payload),
    kind: ES_MODULE,
    svCall: vector,
    debugMonitor: vector,
    reserved: 0,
    pendSv: vector,
    sysTick: vector,
  };
  programBox.encodeInto(box, bytes, 0);
  bytes.set(payload, programBox.size);
  return bytes;
}

/** Memory as a program sees it, by address. Throws `OUT_OF_RANGE` where there is none. */
type ReadMemory = (address: number, lengthBytes: number) => Uint8Array;

/**
 * The payload of the box at `entryAddress`. Throws what a real processor would fault on: `MALFORMED`
 * for a stack outside of RAM, a box linked for another address, no box at all or a damaged payload,
 * `OUT_OF_RANGE` beyond the memory.
 */
export function unboxProgram(read: ReadMemory, entryAddress: number, ram: MemoryRange): Uint8Array {
  return readProgram({ read, entryAddress, ram }, [ES_MODULE]).payload;
}

/** Where a program is to be found. */
interface ProgramPlace {
  readonly read: ReadMemory;
  readonly entryAddress: number;
  readonly ram: MemoryRange;
  /**
   * Looks at a vector table with no box behind it; throws `MALFORMED` for what a processor would fault on. Left out: no
   * machine code is taken.
   */
  readonly machineCode?: ((words: FirstWords) => MachineCode) | undefined;
}

/** What erased flash reads as. */
const ERASED_WORD = 0xffffffff;

/**
 * The program at that place, if it is of one of these kinds: what a box holds says itself what it is, and without a
 * box a vector table is the beginning of machine code. Throws as `unboxProgram` does.
 */
export function readProgram(place: ProgramPlace, kinds: readonly number[]): Program {
  const { read, entryAddress, ram, machineCode } = place;
  const box = programBox.decode(read(entryAddress, programBox.size));
  const at = `at ${hexNumber(entryAddress, 8)}`;
  if (box.magic !== PROGRAM_BOX_MAGIC) {
    const erased = box.initialSp === ERASED_WORD && box.resetVector === ERASED_WORD;
    if (erased || machineCode === undefined || !kinds.includes(MACHINE_CODE)) {
      throw new DfuError('MALFORMED', `no program ${at}: first words ${words(box)}`);
    }
    const payload = new Uint8Array(0);
    return { kind: MACHINE_CODE, payload, machineCode: machineCode(box) };
  }
  if (!isInRam(box.initialSp, ram)) {
    throw new DfuError('MALFORMED', `stack pointer ${hexNumber(box.initialSp, 8)} is not in RAM`);
  }
  const payloadAddress = entryAddress + programBox.size;
  if (box.resetVector !== (payloadAddress | 1)) {
    const linked = hexNumber((box.resetVector & ~1) - programBox.size, 8);
    throw new DfuError('MALFORMED', `the program ${at} is linked for ${linked}`);
  }
  if (box.kind === MACHINE_CODE || !kinds.includes(box.kind)) {
    const expected = kinds.filter((kind) => kind !== MACHINE_CODE).join(' or ') || 'machine code';
    throw new DfuError(
      'MALFORMED',
      `the program ${at} is of kind ${box.kind}, expected ${expected}`,
    );
  }
  const payload = read(payloadAddress, box.lengthBytes);
  const crc = crc32(payload);
  if (crc !== box.crc) {
    const found = `expected CRC ${hexNumber(box.crc, 8)}, got ${hexNumber(crc, 8)}`;
    throw new DfuError('MALFORMED', `the program ${at} is damaged: ${found}`);
  }
  return { kind: box.kind, payload };
}

function isInRam(initialSp: number, ram: MemoryRange): boolean {
  return initialSp > ram.baseAddress && initialSp <= ram.baseAddress + ram.sizeBytes;
}

function words({ initialSp, resetVector }: ProgramBox): string {
  return `${hexNumber(initialSp, 8)} ${hexNumber(resetVector, 8)}`;
}
