import { forgetAddress } from './access.ts';
import { BusFault } from './bus.ts';
import { execute } from './execute.ts';
import { codeAt, type CoreState, makeState, unpackFlags } from './state.ts';
import { cortexM0Plus } from './variant.ts';

const RAM = 0x2000_0000;
const DEVICE = 0x4000_0000;
const SIZE = 0x400;
const AT = 0x100;

/** Of these first bytes the two highest bits of the second one are part of the operation, or of an amount that matters. */
const manyKinds: ReadonlySet<number> = new Set([
  0x00, 0x08, 0x10, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0xb0, 0xb2, 0xba,
]);
/** High registers, sp and pc; hints, CPS; BL, MSR, MRS, DMB; branches to themselves. */
const others: readonly (readonly [number, number])[] = [
  [0x4485, 0],
  [0x4478, 0],
  [0x4487, 0],
  [0x4685, 0],
  [0x4678, 0],
  [0x4687, 0],
  [0x4578, 0],
  [0x4587, 0],
  [0x4778, 0],
  [0x47f8, 0],
  [0xe7fe, 0],
  [0xbf00, 0],
  [0xbf20, 0],
  [0xbf20, 0],
  [0xbf30, 0],
  [0xbf40, 0],
  [0xb672, 0],
  [0xb662, 0],
  [0xf000, 0xf810],
  [0xf007, 0xf800],
  [0xf381, 0x8800],
  [0xf3ef, 0x8000],
  [0xf3bf, 0x8f5f],
];

function* instructions(): Generator<readonly [number, number]> {
  for (let first = 0; first < 0xe8; first++) {
    const seconds = manyKinds.has(first) ? [0x08, 0x48, 0x88, 0xc8] : [0x88];
    for (const second of seconds) yield [(first << 8) | second, 0];
  }
  yield* others;
}

/** All registers, r1 and the flags: amounts of shifts, addresses in memory and elsewhere, both ways of each condition. */
const passes: readonly (readonly [all: number, r1: number, flags: number])[] = [
  [4, RAM + 0x100, 0x0],
  [DEVICE, DEVICE, 0xf],
  [4, DEVICE + 0x100, 0x2],
  [5, 3, 0x4],
  [40, 40, 0x8],
  [-1, -1, 0x1],
  [0, 0, 0x6],
];

function trainingState(flash: Uint8Array): CoreState {
  let accesses = 0;
  const access = (address: number): number => {
    if (address >>> 16 !== DEVICE >>> 16) throw new BusFault(address, 'nobody');
    s.attention = (accesses++ & 1) === 0;
    return 0;
  };
  const memories = [
    { address: 0, bytes: flash, writable: false },
    // Its words are addresses that can be returned to.
    {
      address: RAM,
      bytes: new Uint8Array(new Uint32Array(SIZE / 4).fill(AT | 1).buffer),
      writable: true,
    },
  ];
  const s = makeState({ memories, read: access, write: access }, cortexM0Plus);
  return s;
}

let isTrained = false;

/**
 * Executes one of everything, once in a process. What the engine has not seen when it compiles `execute` it leaves out; each
 * instruction that then comes for the first time would cost it what it has compiled, some hundred ms later.
 */
export function train(): void {
  if (isTrained) return;
  isTrained = true;
  const flash = new Uint8Array(SIZE);
  const view = new DataView(flash.buffer);
  const s = trainingState(flash);
  const [memory] = s.memories;
  if (memory === undefined) return;
  for (const [all, r1, flags] of passes) {
    for (const [first, second] of instructions()) {
      // Loads and stores have seen all of it by the first three; faults are dear.
      if (all !== DEVICE && all !== 4 && first >= 0x4800 && first < 0xd000) continue;
      view.setUint16(AT, first, true);
      view.setUint16(AT + 2, second, true);
      forgetAddress(s, AT, 4);
      s.R.fill(all, 0, 13);
      s.R[1] = r1;
      s.R[13] = RAM + 0x200;
      s.R[14] = all | 1;
      s.R[15] = AT;
      unpackFlags(s, flags << 28);
      s.attention = false;
      try {
        execute(s, codeAt(memory, AT), 2);
      } catch (error) {
        if (!(error instanceof BusFault)) throw error;
      }
    }
  }
}
