import type { Chip, ChipStop, Core } from '../../chip/index.ts';
import { DEBUG_REGISTERS, MOST_DEBUG_BYTES } from './target.ts';
import type { DebugAnswer, DebugRequest } from './target.ts';

const PC = 15;
const named = ['xpsr', 'msp', 'psp', 'primask', 'control'] as const;

function setRegister(core: Core, register: number, value: number): boolean {
  const name = named[register - (PC + 1)];
  if (register >= 0 && register <= PC) core.writeRegister(register, value);
  else if (name !== undefined) core[name] = value;
  return register >= 0 && register < DEBUG_REGISTERS.length;
}

function registers(core: Core): readonly number[] {
  const values = Array.from({ length: PC + 1 }, (_, n) => core.readRegister(n));
  return [...values, ...named.map((name) => core[name])];
}

const DONE: DebugAnswer = { type: 'done' };
const REFUSED: DebugAnswer = { type: 'refused' };

/** Carries out what a debugger asks of a chip: for runners, in whichever thread the chip is. */
export function debugAnswer(chip: Chip, request: DebugRequest): DebugAnswer {
  const { core } = chip;
  switch (request.type) {
    case 'registers':
      return { type: 'registers', values: registers(core) };
    case 'set-register':
      return setRegister(core, request.register, request.value >>> 0) ? DONE : REFUSED;
    case 'read': {
      const { address, lengthBytes } = request;
      if (lengthBytes > MOST_DEBUG_BYTES) return REFUSED;
      const bytes = chip.peek(address, lengthBytes);
      return bytes === undefined ? REFUSED : { type: 'bytes', bytes: bytes.slice() };
    }
    case 'write':
      return chip.poke(request.address, request.bytes) ? DONE : REFUSED;
    case 'breakpoints':
      core.breakpoints.clear();
      for (const address of request.addresses) core.breakpoints.add(address);
      return DONE;
    case 'watch':
    default:
      core.debugging = request.on;
      return DONE;
  }
}

/** Longest cycle of a core that is looked for, in ns: 32 kHz and less. */
const LONGEST_CYCLE_NS = 2 ** 20;

/**
 * Executes one instruction, also where the chip stands at a breakpoint. `outside` and what else stops it before that come
 * back as from `Chip.run`; `time`: it has been executed.
 */
export function stepChip(chip: Chip): ChipStop {
  const { core } = chip;
  const kept = [...core.breakpoints];
  core.breakpoints.clear();
  try {
    const { cycles } = core;
    // What a cycle takes is the chip's own business, and 1 ns may be less than it tells apart.
    for (let ns = 1; ; ns *= 2) {
      const stop = chip.run(chip.nowNs + ns);
      if (stop.why !== 'time' || core.cycles > cycles || ns > LONGEST_CYCLE_NS) return stop;
    }
  } finally {
    for (const address of kept) core.breakpoints.add(address);
  }
}
