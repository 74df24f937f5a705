import { describe, expect, it } from 'vitest';
import { BusFault } from './bus.ts';
import type { Core } from './core.ts';
import { createCore } from './create-core.ts';
import { cortexM0, type CoreVariant } from './variant.ts';

/* The memory protection unit (PMSAv6), as programs switch it: by stores to its registers. */

const RAM = 0x2000_0000;
const STR = 0x100;
const LDR = 0x102;
const PUSH = 0x104;
const TYPE = 0xe000_ed90;
const CTRL = 0xe000_ed94;
const RNR = 0xe000_ed98;
const RBAR = 0xe000_ed9c;
const RASR = 0xe000_eda0;
const NEVER = 0x1000_0000;
/** A region of 256 bytes that is on. */
const SMALL = 0xf;

interface Made {
  readonly core: Core;
  /** STR r1, [r0], and what the first fault was. */
  readonly store: (address: number, value: number) => string | undefined;
  /** LDR r2, [r0]: what was read, or what the first fault was. */
  readonly load: (address: number) => number | string;
  /** Three instructions from there. */
  readonly execute: (address: number) => string | undefined;
}

/** A core with 64 KiB of RAM, whose handler of HardFault ends nowhere. */
function made(variant: Partial<CoreVariant> = {}): Made {
  const flash = new DataView(new ArrayBuffer(0x400));
  for (let n = 1; n < 48; n++) flash.setUint32(4 * n, 0x201, true);
  flash.setUint32(0, RAM + 0x8000, true);
  [0x6001, 0x6802, 0xb4ff, 0xe7fe].forEach((halfword, n) =>
    flash.setUint16(STR + 2 * n, halfword, true),
  );
  flash.setUint16(0x200, 0xe7fe, true);
  const ram = new Uint8Array(0x10000);
  // NOP; NOP; B .
  for (let at = 0; at < ram.length; at += 4) ram.set([0x00, 0xbf, 0x00, 0xbf], at);
  const nobody = (address: number): never => {
    throw new BusFault(address, 'nobody');
  };
  const memories = [
    { address: 0, bytes: new Uint8Array(flash.buffer), writable: false },
    { address: RAM, bytes: ram, writable: true },
  ];
  const core = createCore({ memories, read: nobody, write: nobody }, variant);
  core.reset(0);
  const go = (pc: number, instructions: number): string | undefined => {
    core.writeRegister(15, pc);
    for (let n = 0; n < instructions; n++) core.run(core.cycles + 1);
    return core.fault?.words;
  };
  return {
    core,
    store(address, value) {
      core.writeRegister(0, address);
      core.writeRegister(1, value);
      return go(STR, 1);
    },
    load(address) {
      core.writeRegister(0, address);
      return go(LDR, 1) ?? core.readRegister(2);
    },
    execute: (address) => go(address, 3),
  };
}

const region = ({ store }: Made, n: number, base: number, attributes: number): void => {
  store(RBAR, base | 0x10 | n);
  store(RASR, attributes);
};

describe('registers', () => {
  it('are those of eight regions, or none', () => {
    const one = made();
    expect(one.load(TYPE)).toBe(0x800);
    region(one, 3, RAM + 0x1000, 0xffff_ffff);
    expect([RNR, RBAR, RASR].map(one.load)).toEqual([3, RAM + 0x1003, 0x1707_ff3f]);
    one.store(RNR, 4);
    expect([RNR, RBAR, RASR].map(one.load)).toEqual([4, 4, 0]);
    one.store(CTRL, 6);
    expect(one.load(CTRL)).toBe(6);
    one.core.reset(0);
    expect([CTRL, RNR].map(one.load)).toEqual([0, 0]);

    const without = made(cortexM0);
    without.store(CTRL, 5);
    expect([TYPE, CTRL].map(without.load)).toEqual([0, 0]);
  });
});

describe('a guard under a stack', () => {
  /** As start-up code sets it: the default map, and 32 bytes of a region in which nothing is allowed. */
  const guarded = (): Made => {
    const one = made();
    one.store(CTRL, 5);
    region(one, 0, RAM + 0x100, SMALL | (0xfb << 8) | NEVER);
    return one;
  };

  it('is a fault that names the region, and nothing is written', () => {
    const one = guarded();
    expect(one.store(RAM + 0x13c, 1)).toBeUndefined();
    expect(one.store(RAM + 0x160, 1)).toBeUndefined();
    expect(one.store(RAM + 0x140, 1)).toBe('MPU: a write to 0x20000140: region 0 forbids it');
    expect(one.core.fault).toMatchObject({ unmodelled: false, pc: STR });
    // In HardFault it does not count.
    expect(one.core.xpsr & 0x3f).toBe(3);
    one.load(RAM + 0x140);
    expect(one.core.readRegister(2)).toBe(0xbf00_bf00);
  });

  it('is one for reads, for execution, for PUSH', () => {
    expect(guarded().load(RAM + 0x15c)).toBe('MPU: a read of 0x2000015c: region 0 forbids it');
    // Walked into, and jumped to.
    expect(guarded().execute(RAM + 0x13e)).toBe(
      'MPU: execution at 0x20000140: region 0 forbids it',
    );
    expect(guarded().execute(RAM + 0x140)).toBe(
      'MPU: execution at 0x20000140: region 0 forbids it',
    );
    const one = guarded();
    one.core.writeRegister(13, RAM + 0x174);
    expect(one.execute(PUSH)).toBe('MPU: a write to 0x20000154: region 0 forbids it');
  });

  it('is gone with MPU_CTRL.ENABLE', () => {
    const one = guarded();
    one.store(CTRL, 4);
    expect(one.store(RAM + 0x140, 7)).toBeUndefined();
    expect(one.load(RAM + 0x140)).toBe(7);
  });
});

describe('permissions', () => {
  const fine = (access: number, unprivileged: boolean): string => {
    const words = (['load', 'store', 'execute'] as const).filter((what) => {
      const one = made();
      region(one, 1, 0, 0x0600_0000 | (15 << 1) | 1);
      region(one, 2, RAM, ((access << 24) | (15 << 1) | 1) >>> 0);
      one.store(CTRL, 1);
      if (unprivileged) one.core.control = 1;
      one[what](RAM + 0x200, 0xe7fe);
      return one.core.fault === undefined;
    });
    return words.join(' ');
  };

  it.each([
    [0, '', ''],
    [1, 'load store execute', ''],
    [2, 'load store execute', 'load execute'],
    [3, 'load store execute', 'load store execute'],
    [5, 'load execute', ''],
    [6, 'load execute', 'load execute'],
    [7, 'load execute', 'load execute'],
  ])('AP %i', (access, privileged, unprivileged) => {
    expect(fine(access, false)).toBe(privileged);
    expect(fine(access, true)).toBe(unprivileged);
  });

  it('are those of the highest region, and of none without the default map', () => {
    const one = made();
    region(one, 0, 0, 0x0300_0000 | (31 << 1) | 1);
    region(one, 7, RAM, 0x0600_0000 | SMALL);
    one.store(CTRL, 1);
    expect(one.store(RAM + 0x100, 1)).toBeUndefined();
    expect(one.store(RAM + 0xfc, 1)).toBe('MPU: a write to 0x200000fc: region 7 forbids it');

    const other = made();
    region(other, 0, 0, 0x0300_0000 | (9 << 1) | 1);
    other.store(CTRL, 1);
    expect(other.load(RAM)).toBe('MPU: a read of 0x20000000: no region is there');
  });

  it('count in HardFault with HFNMIENA: another fault there is a lock-up', () => {
    const one = made();
    region(one, 0, RAM + 0x100, SMALL | NEVER);
    one.store(CTRL, 7);
    one.store(RAM + 0x100, 1);
    one.store(RAM + 0x100, 1);
    expect(one.core.run(one.core.cycles + 10)).toBe('locked-up');
  });
});
