/** Random programs on the fast core and on the slow one: after each instruction both stand at the same. */
import { createCore } from '../../src/chip/armv6m/create-core.ts';
import { BusFault } from '../../src/chip/index.ts';
import type { Core } from '../../src/chip/index.ts';
import type { Random } from '../hostile/random.ts';
import { SlowCore } from './slow-core.ts';
import { find, rows16, rows32 } from './slow-instructions.ts';

const FLASH = 0x1000_0000;
const RAM = 0x2000_0000;
/** Memory that is read, and executed from, by way of the bus. */
const BUS = 0x1800_0000;
/** Likewise, but for data only (B3.1.1). */
const DEVICE = 0x4000_0000;
const SIZE = 1024;
const SYSTEM = 0xe000_e000;

/** Raised by an access that the slow core knows nothing of: the round ends. */
class Unknown extends Error {}

class Bytes {
  readonly regions: Map<number, Uint8Array>;

  constructor(regions: Map<number, Uint8Array>) {
    this.regions = regions;
  }

  at(address: number): [Uint8Array, number] | undefined {
    for (const [start, bytes] of this.regions) {
      if (address >= start && address < start + bytes.length) return [bytes, address - start];
    }
    return undefined;
  }

  read(address: number, size: number): number | undefined {
    const [bytes, offset] = this.at(address) ?? [];
    if (bytes === undefined || offset === undefined) return undefined;
    let value = 0;
    for (let n = size - 1; n >= 0; n--) value = value * 256 + (bytes[offset + n] ?? 0);
    return value;
  }

  write(address: number, size: number, value: number): boolean {
    const [bytes, offset] = this.at(address) ?? [];
    if (bytes === undefined || offset === undefined) return false;
    for (let n = 0; n < size; n++) bytes[offset + n] = Math.floor(value / 256 ** n) % 256;
    return true;
  }

  copy(): Bytes {
    return new Bytes(new Map([...this.regions].map(([start, bytes]) => [start, bytes.slice()])));
  }
}

/** An instruction out of the table, with its fields at random; or just bits. */
function randomInstruction(random: Random): number[] {
  if (random.once(12)) return [random.below(0x1_0000)];
  const wide = random.once(12);
  const table = wide ? rows32 : rows16;
  const row = table[random.below(table.length)];
  if (row === undefined) throw new Error('the table is empty');
  const { mask, value } = row.encoding;
  const bits = ((random.next() & ~mask) | value) >>> 0;
  return wide ? [bits >>> 16, bits & 0xffff] : [bits & 0xffff];
}

const edges = [0, 1, 2, 31, 32, 33, 255, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xffff_fffe];
const returns = [0xffff_fff1, 0xffff_fff9, 0xffff_fffd, 0xffff_fff0, 0xf000_0009];

function randomAddress(random: Random): number {
  const start = [FLASH, RAM, RAM, RAM, BUS, DEVICE][random.below(6)] ?? 0;
  return start + random.below(SIZE);
}

function randomValue(random: Random): number {
  switch (random.below(8)) {
    case 0:
      return random.next();
    case 1:
      return edges[random.below(edges.length)] ?? 0;
    case 2:
      return random.below(64);
    case 3:
      return returns[random.below(returns.length)] ?? 0;
    case 4:
      return randomAddress(random) | 1;
    default:
      return (randomAddress(random) & ~3) >>> 0;
  }
}

function randomBytes(random: Random): Uint8Array {
  const halfwords = new Uint16Array(SIZE / 2);
  for (let at = 0; at < halfwords.length;) {
    for (const halfword of randomInstruction(random)) halfwords[at++] = halfword;
  }
  return new Uint8Array(halfwords.buffer);
}

/** Vectors of the exceptions, most of them good. */
function putVectors(random: Random, flash: Uint8Array): void {
  const view = new DataView(flash.buffer);
  for (let number = 0; number < 48; number++) {
    const good = (randomAddress(random) | 1) >>> 0;
    view.setUint32(4 * number, number > 1 && random.once(20) ? randomValue(random) : good, true);
  }
  view.setUint32(0, RAM + 4 * random.below(SIZE / 4), true);
}

interface Pair {
  readonly core: Core;
  readonly slow: SlowCore;
  readonly mine: Bytes;
  readonly theirs: Bytes;
}

function makePair(random: Random): Pair {
  const starts = [FLASH, RAM, BUS, DEVICE];
  const mine = new Bytes(new Map(starts.map((start) => [start, randomBytes(random)])));
  const theirs = mine.copy();
  const nobody = (address: number): never => {
    throw new BusFault(address, 'nobody');
  };
  const [flash, ram] = [mine.regions.get(FLASH), mine.regions.get(RAM)];
  if (flash === undefined || ram === undefined) throw new Error('there are no memories');
  const core = createCore({
    memories: [
      { address: FLASH, bytes: flash, writable: false },
      { address: RAM, bytes: ram, writable: true },
    ],
    read: (address, size) => mine.read(address, size) ?? nobody(address),
    write(address, size, value) {
      // What the core keeps decoded of flash is told when it changes; of the bus it keeps nothing.
      if (!mine.write(address, size, value)) nobody(address);
      if (address < FLASH + SIZE) core.written(address, size);
    },
  });
  const slow = new SlowCore(
    {
      read(address, size) {
        if (Math.floor(address / 0x1000) === SYSTEM / 0x1000) throw new Unknown();
        return theirs.read(address, size);
      },
      write(address, size, value) {
        if (Math.floor(address / 0x1000) === SYSTEM / 0x1000) throw new Unknown();
        return theirs.write(address, size, value);
      },
      executable: (address) => address < DEVICE,
    },
    find,
  );
  return { core, slow, mine, theirs };
}

/** Writes a register of the System Control Space, as only a program can. */
function writeSystem({ core, mine }: Pair, register: number, value: number): void {
  const [pc, r0, r1] = [15, 0, 1].map((n) => core.readRegister(n));
  const [kept] = [mine.read(RAM, 2)];
  mine.write(RAM, 2, 0x6008);
  core.written(RAM, 2);
  core.writeRegister(15, RAM);
  core.writeRegister(0, value);
  core.writeRegister(1, SYSTEM + register);
  core.run(core.cycles + 1);
  mine.write(RAM, 2, kept ?? 0);
  core.written(RAM, 2);
  [pc, r0, r1].forEach((old, index) => core.writeRegister([15, 0, 1][index] ?? 0, old ?? 0));
}

/** Starts both anew, in the memory as it is, with everything else at random. */
function begin(random: Random, pair: Pair): void {
  const { core, slow, mine, theirs } = pair;
  // A program may have written there.
  putVectors(random, mine.regions.get(FLASH) ?? new Uint8Array(0));
  theirs.regions.get(FLASH)?.set(mine.regions.get(FLASH) ?? []);
  core.written(FLASH, SIZE);
  core.reset(FLASH);
  slow.reset();
  for (const [register, first, count] of [
    [0x400, 16, 4],
    [0x404, 20, 4],
  ] as const) {
    const word = random.next();
    writeSystem(pair, register, word);
    for (let n = 0; n < count; n++)
      slow.priority.set(first + n, Math.floor(word / 2 ** (8 * n + 6)) % 4);
  }
  const [sv, others] = [random.next(), random.next()];
  writeSystem(pair, 0xd1c, sv);
  writeSystem(pair, 0xd20, others);
  slow.priority.set(11, Math.floor(sv / 2 ** 30));
  slow.priority.set(14, Math.floor(others / 2 ** 22) % 4);
  slow.priority.set(15, Math.floor(others / 2 ** 30));
  const enabled = random.below(256);
  writeSystem(pair, 0x100, enabled);
  for (let n = 0; n < 8; n++) if (Math.floor(enabled / 2 ** n) % 2 === 1) slow.enabled.add(16 + n);
  slow.vtor = FLASH;
  for (let n = 0; n < 13; n++) set(pair, n, randomValue(random));
  set(pair, 14, randomValue(random));
  core.msp = slow.spMain = (RAM + random.below(SIZE)) & ~3;
  core.psp = slow.spProcess = (RAM + random.below(SIZE)) & ~3;
  const control = random.below(4);
  core.control = control;
  slow.nPriv = control % 2 === 1;
  slow.spsel = control >= 2;
  core.primask = random.once(4) ? 1 : 0;
  slow.primask = core.primask === 1;
  const flags = random.below(16) * 2 ** 28 + 2 ** 24;
  core.xpsr = flags;
  slow.setFlags(flags);
  const pc = RAM + 2 * random.below(SIZE / 2);
  core.writeRegister(15, pc);
  slow.next = pc;
}

function set({ core, slow }: Pair, n: number, value: number): void {
  core.writeRegister(n, value);
  slow.R[n] = value;
}

function stateOf(core: Core): number[] {
  const registers = [...Array.from({ length: 13 }, (_, n) => n), 14, 15].map((n) =>
    core.readRegister(n),
  );
  return [...registers, core.msp, core.psp, core.xpsr, core.primask, core.control];
}

function slowStateOf(slow: SlowCore): number[] {
  const control = (slow.spsel ? 2 : 0) + (slow.nPriv ? 1 : 0);
  return [
    ...slow.R.slice(0, 13),
    slow.R[14] ?? 0,
    slow.next,
    slow.spMain,
    slow.spProcess,
    slow.xpsr,
    slow.primask ? 1 : 0,
    control,
  ];
}

const names = '0 1 2 3 4 5 6 7 8 9 10 11 12 lr pc msp psp xpsr primask control'.split(' ');
const shown = (values: readonly number[]): string =>
  values.map((value, n) => `${names[n]}=${value.toString(16)}`).join(' ');

/** Something from outside: an interrupt, NMI, an event. */
function disturb(random: Random, { core, slow }: Pair): void {
  const line = random.below(8);
  switch (random.below(6)) {
    case 0:
      core.pendNmi();
      slow.pending.add(2);
      break;
    case 1:
      core.event();
      slow.event = true;
      break;
    default:
      // A pulse: it pends, and the line is down again.
      core.setInterrupt(line, true);
      core.setInterrupt(line, false);
      slow.pending.add(16 + line);
  }
}

function compare(
  { core, slow, mine, theirs }: Pair,
  before: readonly number[],
  count: number,
): void {
  const [fast, expected] = [stateOf(core), slowStateOf(slow)];
  const where = (): string => {
    const bits = [theirs.read(slow.at, 2), theirs.read(slow.at + 2, 2)];
    const instruction = bits.map((each) => each?.toString(16)).join(' ');
    return `behind ${instruction} at ${slow.at.toString(16)}\nbefore ${shown(before)}\n`;
  };
  if (fast.some((value, n) => value !== expected[n]))
    throw new Error(`${where()}fast   ${shown(fast)}\nslow   ${shown(expected)}`);
  if (count !== slow.count) throw new Error(`${where()}${count} instructions, not ${slow.count}`);
  for (const [start, bytes] of theirs.regions) {
    if (Buffer.compare(bytes, mine.regions.get(start) ?? new Uint8Array(0)) !== 0)
      throw new Error(`${where()}bytes at ${start.toString(16)} differ`);
  }
}

/** How a round went. */
interface Round {
  readonly instructions: number;
  readonly exceptions: number;
}

/**
 * So many instructions. The fast core does `stride` cycles at a go, then the slow one as many instructions as that
 * were: 1 looks at each, more let the fast one run as it does when nobody looks.
 */
export function round(random: Random, most: number, stride: number): Round {
  const pair = makePair(random);
  let [instructions, exceptions] = [0, 0];
  // Every third of them ends in a lock-up or asleep for ever.
  for (let lives = 0; lives < most && instructions < most; lives++) {
    begin(random, pair);
    exceptions += live(random, pair, { most: most - instructions, stride });
    instructions += pair.slow.count;
  }
  return { instructions, exceptions };
}

function live(
  random: Random,
  pair: Pair,
  { most, stride }: { readonly most: number; readonly stride: number },
): number {
  const { core, slow } = pair;
  const before = core.instructions;
  let exceptions = 0;
  try {
    for (let goes = 0; slow.count < most && goes < 2 * most; goes++) {
      if (random.once(10)) disturb(random, pair);
      const state = slowStateOf(slow);
      const stop = core.run(core.cycles + stride);
      const goal = core.instructions - before;
      const { ipsr } = slow;
      for (let on = slow.lookUp(); on && slow.count < goal; on = slow.lookUp()) slow.step();
      if (slow.ipsr !== ipsr) exceptions++;
      compare(pair, state, goal);
      if (stop === 'locked-up' || slow.locked) break;
      if (stop === 'sleeping') disturb(random, pair);
    }
  } catch (error) {
    if (!(error instanceof Unknown)) throw error;
    // The fast one did what the slow one cannot.
    for (const [start, bytes] of pair.mine.regions) pair.theirs.regions.get(start)?.set(bytes);
  }
  return exceptions;
}
