import { describe, expect, it } from 'vitest';
import { BusFault } from './bus.ts';
import type { Core } from './core.ts';
import { createCore } from './create-core.ts';
import { cortexM0, cortexM0Plus, type CoreVariant } from './variant.ts';

const RAM = 0x2000_0000;
const ENTRY = 0x100;
const HANDLERS = 0x200;
const SYSTEM = 0xe000_e000;

interface Made {
  readonly core: Core;
  readonly flash: DataView;
  readonly ram: DataView;
  /** Accesses to 0x40000000 and up. */
  readonly log: string[];
  /** What an access there does besides. */
  during: () => void;
}

/**
 * A core with 1 KiB of flash at 0 and 1 KiB of RAM, and a program of halfwords at 0x100. Exception n has its handler at
 * 0x200 + 4 n: `BX LR`, unless something else is put there.
 */
function coreWith(program: readonly number[], variant: CoreVariant = cortexM0Plus): Made {
  const [flash, ram] = [new DataView(new ArrayBuffer(1024)), new DataView(new ArrayBuffer(1024))];
  for (let number = 0; number < 48; number++) {
    flash.setUint32(4 * number, (HANDLERS + 4 * number) | 1, true);
    flash.setUint16(HANDLERS + 4 * number, 0x4770, true);
    flash.setUint16(HANDLERS + 4 * number + 2, 0xe7fe, true);
  }
  flash.setUint32(0, RAM + 0x400, true);
  flash.setUint32(4, ENTRY | 1, true);
  program.forEach((halfword, index) => flash.setUint16(ENTRY + 2 * index, halfword, true));
  const log: string[] = [];
  const answer = (address: number, what: string): void => {
    if (address >>> 16 !== 0x4000)
      throw new BusFault(address, `nobody answers at 0x${address.toString(16)}`);
    log.push(what);
    made.during();
  };
  const core = createCore(
    {
      memories: [
        { address: 0, bytes: new Uint8Array(flash.buffer), writable: false },
        { address: RAM, bytes: new Uint8Array(ram.buffer), writable: true },
      ],
      read(address, size) {
        answer(address, `read ${size}`);
        return 0x55;
      },
      write: (address, size, value) => answer(address, `write ${size} ${value.toString(16)}`),
    },
    variant,
  );
  const made: Made = { core, flash, ram, log, during: () => {} };
  core.reset(0);
  return made;
}

/** Writes a register of the System Control Space, as only a program can: `STR r0, [r1]` in RAM. */
function system(made: Made, register: number, value: number): void {
  const { core, ram } = made;
  const kept = [0, 1, 15].map((n) => core.readRegister(n));
  ram.setUint16(0, 0x6008, true);
  core.written(RAM, 2);
  core.writeRegister(0, value);
  core.writeRegister(1, SYSTEM + register);
  core.writeRegister(15, RAM);
  core.run(core.cycles + 1);
  [0, 1, 15].forEach((n, index) => core.writeRegister(n, kept[index] ?? 0));
}

const NOP = 0xbf00;
const WFI = 0xbf30;
const WFE = 0xbf20;
const STAY = 0xe7fe;
const UDF = 0xde00;
const BKPT = 0xbe00;
const CPSID = 0xb672;
const CPSIE = 0xb662;

const ipsrOf = (core: Core): number => core.xpsr % 64;
const pcOf = (core: Core): number => core.readRegister(15);
/** One instruction, or what comes in front of it. */
const step = (core: Core): string => core.run(core.cycles + 1);

describe('a core', () => {
  it('starts where the vector table says and counts in a loop', () => {
    // movs r0, #0; movs r1, #10; adds r0, r0, r1; subs r1, #1; bne .-4; bkpt
    const { core } = coreWith([0x2000, 0x210a, 0x1840, 0x3901, 0xd1fc, BKPT]);
    core.debugging = true;
    expect(core.run(1000)).toBe('bkpt');
    expect(core.readRegister(0)).toBe(55);
    expect(pcOf(core)).toBe(0x10a);
    expect(core.instructions).toBe(2 + 30 + 1);
    // Nine branches are taken, and cost one more.
    expect(core.cycles).toBe(2 + 30 + 9 + 1);
  });

  it.each([
    ['Cortex-M0', cortexM0, 0x410c_c200],
    ['Cortex-M0+', cortexM0Plus, 0x410c_c601],
  ] as const)('says in CPUID that it is a %s', (_, variant, cpuid) => {
    // ldr r0, [pc, #4]; ldr r0, [r0]; bkpt; nop; .word 0xe000ed00
    const { core } = coreWith([0x4801, 0x6800, BKPT, NOP, 0xed00, 0xe000], variant);
    core.debugging = true;
    expect(core.run(1000)).toBe('bkpt');
    expect(core.readRegister(0)).toBe(cpuid);
  });

  it.each([
    ['MULS', [0x4348], 1, 1],
    ['LDR', [0x9800], 2, 2],
    ['PUSH of four', [0xb507], 5, 5],
    ['POP of two', [0xbc03], 3, 3],
    ['POP of one and pc', [0xbd01], 5, 6],
    ['LDM of four', [0xcd0f], 5, 5],
    ['B', [0xe000], 2, 3],
    ['a branch that is not taken', [0xd000], 1, 1],
    ['BX', [0x4770], 2, 3],
    ['BL', [0xf000, 0xf800], 3, 4],
    ['MSR', [0xf380, 0x8800], 3, 4],
    ['DSB', [0xf3bf, 0x8f4f], 3, 4],
  ] as const)('%s takes its cycles', (_, program, plus, plain) => {
    const cycles = [cortexM0Plus, cortexM0].map((variant) => {
      const { core, ram } = coreWith(program, variant);
      for (let at = 0; at < 0x400; at += 4) ram.setUint32(at, ENTRY | 1, true);
      core.msp = RAM + 0x100;
      core.writeRegister(5, RAM + 0x200);
      core.writeRegister(14, ENTRY | 1);
      core.xpsr = 2 ** 24;
      step(core);
      expect(core.fault).toBe(undefined);
      return core.cycles;
    });
    expect(cycles).toEqual([plus, plain]);
  });

  it('has VTOR and unprivileged code as a Cortex-M0+, neither as a Cortex-M0', () => {
    const states = [cortexM0Plus, cortexM0].map((variant) => {
      const made = coreWith([UDF], variant);
      system(made, 0xd08, RAM + 0x100);
      made.ram.setUint32(0x10c, 0x341, true);
      made.core.control = 1;
      step(made.core);
      return [made.core.control, pcOf(made.core)];
    });
    expect(states).toEqual([
      [1, 0x340],
      [0, 0x20c],
    ]);
  });

  it('stops at a breakpoint and at an exit, before the instruction, and goes on when they are gone', () => {
    const { core } = coreWith([NOP, NOP, NOP, STAY]);
    core.run(20);
    core.reset(0);
    core.breakpoints.add(ENTRY + 2);
    expect(core.run(1000)).toBe('breakpoint');
    expect(core.run(1000)).toBe('breakpoint');
    expect(pcOf(core)).toBe(ENTRY + 2);
    core.breakpoints.delete(ENTRY + 2);
    core.exits.add(ENTRY + 4);
    expect(core.run(1000)).toBe('exit');
    expect([pcOf(core), core.instructions]).toEqual([ENTRY + 4, 2]);
    core.exits.clear();
    expect(core.run(1000)).toBe('cycles');
    expect(core.cycles).toBeGreaterThanOrEqual(1000);
  });

  it('exits where there is no memory at all', () => {
    // ldr r0, [pc, #0]; bx r0; .word 0x1fffc801
    const { core } = coreWith([0x4800, 0x4700, 0xc801, 0x1fff]);
    core.exits.add(0x1fff_c800);
    expect(core.run(1000)).toBe('exit');
    expect([pcOf(core), core.fault]).toEqual([0x1fff_c800, undefined]);
  });

  it('has told its cycles when the bus is called, and comes back behind the instruction if it is to yield', () => {
    // movs r0, #1; lsls r0, #30; str r0, [r0]; ldr r1, [r0]; b .
    const made = coreWith([0x2001, 0x0780, 0x6000, 0x6801, STAY]);
    const { core } = made;
    const cycles: number[] = [];
    made.during = () => {
      cycles.push(core.cycles);
      core.yield();
    };
    expect(core.run(1000)).toBe('cycles');
    expect(core.run(1000)).toBe('cycles');
    expect(made.log).toEqual(['write 4 40000000', 'read 4']);
    expect(cycles).toEqual([4, 6]);
    expect([core.readRegister(1), core.cycles]).toEqual([0x55, 6]);
  });

  it('counts time that passes within an access', () => {
    const made = coreWith([0x2001, 0x0780, 0x6000, STAY]);
    const { core } = made;
    made.during = () => core.sleepUntil(core.cycles + 500);
    core.run(100);
    expect(core.cycles).toBe(504);
  });

  it('executes what is written into code, by itself or from outside', () => {
    const { core, ram } = coreWith([]);
    // movs r0, #1; b .-2
    ram.setUint16(0x10, 0x2001, true);
    ram.setUint16(0x12, 0xe7fd, true);
    core.writeRegister(15, RAM + 0x10);
    core.run(50);
    ram.setUint16(0x10, 0x2002, true);
    core.run(100);
    expect(core.readRegister(0)).toBe(1);
    core.written(RAM + 0x10, 2);
    core.run(150);
    expect(core.readRegister(0)).toBe(2);
  });

  it('executes code that changes itself, however often', () => {
    const { core, ram } = coreWith([]);
    // ldrb r0, [r1]; adds r0, #1; strb r0, [r1]; movs r2, #0; subs r3, #1; bne .-10; b .
    [0x7808, 0x3001, 0x7008, 0x2200, 0x3b01, 0xd1f9, STAY].forEach((halfword, at) =>
      ram.setUint16(0x10 + 2 * at, halfword, true),
    );
    core.writeRegister(1, RAM + 0x16);
    core.writeRegister(3, 100);
    core.writeRegister(15, RAM + 0x10);
    core.run(2000);
    expect([core.readRegister(2), core.readRegister(3)]).toEqual([100, 0]);
  });

  it('goes from one part of a large memory to the next, in the middle of an instruction too', () => {
    const flash = new DataView(new ArrayBuffer(0x40000));
    const put = (address: number, ...halfwords: readonly number[]): void =>
      halfwords.forEach((halfword, at) => flash.setUint16(address + 2 * at, halfword, true));
    const nobody = (address: number): never => {
      throw new BusFault(address, 'nobody');
    };
    const memories = [{ address: 0, bytes: new Uint8Array(flash.buffer), writable: false }];
    const core = createCore({ memories, read: nobody, write: nobody });
    flash.setUint32(4, 0x1_fffd, true);
    // movs r0, #3; bl .+4 over the border; movs r1, #4; b back to the start
    put(0x1_fffc, 0x2003, 0xf000, 0xf800, 0x2104, 0x3201, 0xe7f9);
    core.reset(0);
    core.run(5);
    expect([0, 1, 14, 15].map((n) => core.readRegister(n))).toEqual([3, 4, 0x2_0003, 0x2_0004]);
    core.run(100);
    expect(core.readRegister(2)).toBeGreaterThan(5);
    // Its second half becomes that of `BL .+6`.
    put(0x2_0000, 0xf801);
    core.written(0x2_0000, 2);
    core.writeRegister(1, 0);
    core.writeRegister(15, 0x1_fffe);
    core.run(core.cycles + 4);
    expect([1, 15].map((n) => core.readRegister(n))).toEqual([0, 0x2_0006]);
    core.breakpoints.add(0x2_0004);
    core.writeRegister(15, 0x1_fffc);
    put(0x2_0000, 0xf800);
    core.written(0x2_0000, 2);
    expect(core.run(core.cycles + 100)).toBe('breakpoint');
  });

  it('looks at its memories anew when they are others', () => {
    const memory = (halfword: number) => {
      const bytes = new Uint8Array(64);
      const view = new DataView(bytes.buffer);
      [0x2000_0100, 0x11].forEach((word, at) => view.setUint32(4 * at, word, true));
      [halfword, 0xe7fd].forEach((each, at) => view.setUint16(0x10 + 2 * at, each, true));
      return { address: 0, bytes, writable: false };
    };
    const nobody = (address: number): never => {
      throw new BusFault(address, 'nobody');
    };
    const bus = { memories: [memory(0x2001)], read: nobody, write: nobody };
    const core = createCore(bus);
    core.reset(0);
    core.run(20);
    bus.memories = [memory(0x2007)];
    core.remapped();
    core.run(40);
    expect(core.readRegister(0)).toBe(7);
  });
});

describe('faults', () => {
  it('go to HardFault where nobody answers, and tell what was stacked', () => {
    // movs r0, #1; lsls r0, #31; ldr r1, [r0]
    const { core } = coreWith([0x2001, 0x07c0, 0x6801]);
    core.run(4);
    expect([pcOf(core), ipsrOf(core)]).toEqual([0x20c, 3]);
    expect(core.fault).toMatchObject({
      words: 'nobody answers at 0x80000000',
      pc: 0x104,
      frame: [0x8000_0000, 0, 0, 0, 0, 0xffff_ffff, 0x104, 0x8100_0000],
      unmodelled: false,
    });
  });

  it('in the handler of HardFault lock it up, until NMI comes', () => {
    const { core, flash } = coreWith([UDF]);
    flash.setUint16(0x20c, UDF, true);
    expect(core.run(1000)).toBe('locked-up');
    expect([pcOf(core), ipsrOf(core)]).toEqual([0xffff_fffe, 3]);
    expect(core.fault?.pc).toBe(ENTRY);
    core.pendNmi();
    expect(step(core)).toBe('cycles');
    expect([pcOf(core), ipsrOf(core)]).toEqual([0x208, 2]);
  });

  it('lock it up if there is no stack to save to, and no frame is told', () => {
    const { core } = coreWith([UDF]);
    core.msp = 0x7000_0000;
    expect(core.run(1000)).toBe('locked-up');
    expect(core.fault).toMatchObject({ pc: ENTRY, frame: undefined });
  });

  it('of an interrupt that cannot be stacked go to HardFault', () => {
    const made = coreWith([STAY]);
    system(made, 0x100, 1);
    made.core.msp = 0x7000_0000;
    made.core.setInterrupt(0, true);
    step(made.core);
    expect([ipsrOf(made.core), pcOf(made.core)]).toEqual([3, 0x20c]);
    expect(made.core.fault?.words).toContain('stacking for exception 16');
  });

  it('of a vector that cannot be read', () => {
    const made = coreWith([STAY]);
    system(made, 0xd08, 0x7000_0000);
    made.core.pendNmi();
    expect(made.core.run(1000)).toBe('locked-up');
    expect(made.core.fault?.words).toContain('vector of exception 2');
  });

  it('a reset without a vector table is a lock-up', () => {
    const { core } = coreWith([]);
    core.reset(0x7000_0000);
    expect(core.run(10)).toBe('locked-up');
    expect(core.fault?.words).toBe('reset: nobody answers at 0x70000000');
  });

  it('what the model lacks ends it, without a handler', () => {
    const made = coreWith([0x2001, 0x0780, 0x6000]);
    made.during = () => {
      throw new BusFault(0x4000_0000, 'CH0_CTRL is not modelled', { unmodelled: true });
    };
    expect(made.core.run(1000)).toBe('locked-up');
    made.core.pendNmi();
    expect(made.core.run(1000)).toBe('locked-up');
    expect(made.core.fault).toMatchObject({ pc: ENTRY + 4, unmodelled: true, frame: undefined });
  });

  it('what else the bus throws comes out of it', () => {
    const made = coreWith([0x2001, 0x0780, 0x6000]);
    made.during = () => {
      throw new Error('the power is gone');
    };
    expect(() => made.core.run(1000)).toThrow('the power is gone');
  });

  it.each([
    ['UNDEFINED', [0xb100], 'UNDEFINED instruction 0xb100'],
    ['BKPT that nobody waits for', [BKPT], 'BKPT, and nobody debugs'],
    ['an even address', [0x4700], 'EPSR.T is 0: a branch to an even address'],
    ['an unaligned load', [0x2001, 0x6800], 'unaligned access to 0x00000001 (4 bytes)'],
    ['peripherals as code', [0x2001, 0x0780, 0x3001, 0x4700], '0x40000000 is not executable'],
  ])('%s', (_, program, words) => {
    const { core } = coreWith(program);
    core.run(6);
    expect([ipsrOf(core), core.fault?.words]).toEqual([3, words]);
  });

  it.each([
    ['that there is not', 0xffff_fff5],
    ['to a handler, where none is active', 0xffff_fff1],
    ['with a 0 among its bits', 0xf0ff_fff9],
  ])('an EXC_RETURN %s', (_, value) => {
    const { core } = coreWith([0xdf00]);
    step(core);
    expect(ipsrOf(core)).toBe(11);
    core.writeRegister(14, value);
    step(core);
    expect([ipsrOf(core), core.fault?.pc]).toEqual([3, 0x22c]);
  });

  it('unprivileged code may not touch the Private Peripheral Bus', () => {
    // ldr r0, [pc, #0]; ldr r1, [r0]; .word 0xe000ed00
    const { core } = coreWith([0x4800, 0x6801, 0xed00, 0xe000]);
    core.control = 1;
    core.run(4);
    expect(core.fault?.words).toBe('unprivileged access to 0xe000ed00');
  });
});

describe('exceptions', () => {
  it('a line that stays up comes again, one that fell before stays pending once', () => {
    const made = coreWith([STAY]);
    const { core } = made;
    system(made, 0x100, 3);
    core.setInterrupt(1, true);
    core.setInterrupt(1, false);
    const seen: number[] = [];
    for (let n = 0; n < 6; n++) {
      step(core);
      seen.push(ipsrOf(core));
    }
    expect(seen).toEqual([17, 0, 0, 0, 0, 0]);
    core.setInterrupt(0, true);
    step(core);
    expect(ipsrOf(core)).toBe(16);
    // BX LR; the next one starts on the same frame.
    const sp = core.msp;
    step(core);
    expect([ipsrOf(core), pcOf(core), core.msp]).toEqual([16, 0x240, sp]);
    core.setInterrupt(0, false);
    step(core);
    expect(ipsrOf(core)).toBe(0);
  });

  it('what comes while a frame is saved and is more urgent takes its place', () => {
    const made = coreWith([STAY]);
    const { core } = made;
    system(made, 0x100, 1);
    system(made, 0x400, 0xc0);
    system(made, 0x014, 30);
    system(made, 0x018, 0);
    system(made, 0x010, 7);
    core.run(core.nextTick - 5);
    core.setInterrupt(0, true);
    const sp = core.msp;
    step(core);
    expect([ipsrOf(core), core.msp]).toEqual([15, sp - 0x20]);
    step(core);
    expect([ipsrOf(core), core.msp]).toEqual([16, sp - 0x20]);
  });

  it('WFI with PRIMASK wakes and does not run the handler', () => {
    const made = coreWith([CPSID, WFI, NOP, CPSIE, STAY]);
    const { core } = made;
    system(made, 0x100, 1);
    expect(core.run(1000)).toBe('sleeping');
    expect(pcOf(core)).toBe(ENTRY + 4);
    core.sleepUntil(500);
    expect([core.run(1000), core.cycles]).toEqual(['sleeping', 500]);
    core.setInterrupt(0, true);
    core.setInterrupt(0, false);
    step(core);
    expect([ipsrOf(core), pcOf(core)]).toEqual([0, ENTRY + 6]);
    step(core);
    expect(ipsrOf(core)).toBe(16);
    expect(core.primask).toBe(0);
  });

  it('WFE waits for an event, and with SEVONPEND for what pends, enabled or not', () => {
    const made = coreWith([WFE, WFE, WFE, WFE, STAY]);
    const { core } = made;
    expect(core.run(1000)).toBe('sleeping');
    core.event();
    expect([core.run(1000), pcOf(core)]).toEqual(['sleeping', ENTRY + 4]);
    core.setInterrupt(3, true);
    expect([core.run(1000), pcOf(core)]).toEqual(['sleeping', ENTRY + 4]);
    core.reset(0);
    system(made, 0xd10, 0x10);
    expect([core.run(1000), pcOf(core)]).toEqual(['sleeping', ENTRY + 2]);
    core.setInterrupt(4, true);
    expect([core.run(1000), pcOf(core)]).toEqual(['sleeping', ENTRY + 4]);
  });

  it('SLEEPONEXIT sleeps when the last handler is left', () => {
    const made = coreWith([STAY]);
    const { core } = made;
    system(made, 0x100, 1);
    system(made, 0xd10, 2);
    core.setInterrupt(0, true);
    step(core);
    core.setInterrupt(0, false);
    expect(core.run(1000)).toBe('sleeping');
    expect(ipsrOf(core)).toBe(0);
  });

  it('SYSRESETREQ with its key is a request', () => {
    const made = coreWith([STAY]);
    system(made, 0xd0c, 4);
    expect(made.core.run(10)).toBe('cycles');
    system(made, 0xd0c, 0x05fa_0004);
    expect(made.core.run(1000)).toBe('reset-request');
    made.core.reset(0);
    expect(made.core.run(10)).toBe('cycles');
  });
});

describe('SysTick', () => {
  it('pends when it has counted to 0, and tells when that will be', () => {
    const made = coreWith([WFI, STAY]);
    const { core } = made;
    system(made, 0x014, 99);
    system(made, 0x018, 1234);
    system(made, 0x010, 7);
    // One tick to reload, then 99 of them.
    const at = core.nextTick;
    expect(at).toBe(core.cycles + 100);
    expect(core.run(1_000_000)).toBe('sleeping');
    core.sleepUntil(at - 1);
    expect(core.run(1_000_000)).toBe('sleeping');
    core.sleepUntil(at);
    step(core);
    expect([ipsrOf(core), core.nextTick]).toEqual([15, at + 100]);
  });

  it('counts its reference clock if it is told so', () => {
    const made = coreWith([STAY], { ...cortexM0Plus, systickReference: () => 125 });
    const { core } = made;
    system(made, 0x014, 9);
    system(made, 0x010, 3);
    expect(core.nextTick).toBe(core.cycles + 1250);
    system(made, 0x010, 1);
    expect(core.nextTick).toBe(Infinity);
    core.run(core.cycles + 1000);
    // ldr r0, [r1]; ldr r2, [r3]: where it is
    made.ram.setUint16(0, 0x6808, true);
    made.ram.setUint16(2, 0x681a, true);
    core.written(RAM, 4);
    core.writeRegister(1, SYSTEM + 0x010);
    core.writeRegister(3, SYSTEM + 0x018);
    core.writeRegister(15, RAM);
    core.run(core.cycles + 3);
    expect([core.readRegister(0), core.readRegister(2)]).toEqual([1, 2]);
  });
});
