import { describe, expect, it } from 'vitest';
import { BusFault } from './bus.ts';
import { createCore } from './create-core.ts';
import { cortexM0, cortexM0Plus, type CoreVariant } from './variant.ts';

/** A core with 1 KiB of flash at 0 and 1 KiB of RAM at 0x20000000, and a program of halfwords at 0x100. */
function coreWith(program: readonly number[], variant: CoreVariant = cortexM0Plus) {
  const flash = new Uint8Array(1024);
  const view = new DataView(flash.buffer);
  view.setUint32(0, 0x2000_0400, true);
  view.setUint32(4, 0x101, true);
  view.setUint32(3 * 4, 0x201, true);
  program.forEach((halfword, index) => view.setUint16(0x100 + 2 * index, halfword, true));
  view.setUint16(0x200, 0xe7fe, true);
  const nobody = (address: number): never => {
    throw new BusFault(address, `nobody answers at 0x${address.toString(16)}`);
  };
  const memories = [
    { address: 0, bytes: flash, writable: false },
    { address: 0x2000_0000, bytes: new Uint8Array(1024), writable: true },
  ];
  const core = createCore({ memories, read: nobody, write: nobody }, variant);
  core.reset(0);
  return core;
}

describe('a core', () => {
  it('starts where the vector table says and counts in a loop', () => {
    // movs r0, #0; movs r1, #10; adds r0, r0, r1; subs r1, #1; bne .-4; bkpt
    const core = coreWith([0x2000, 0x210a, 0x1840, 0x3901, 0xd1fc, 0xbe00]);
    core.debugging = true;
    expect(core.run(1000)).toBe('bkpt');
    expect(core.readRegister(0)).toBe(55);
    expect(core.readRegister(15)).toBe(0x10a);
    expect(core.instructions).toBe(2 + 30 + 1);
  });

  it.each([
    ['Cortex-M0', cortexM0, 0x410c_c200],
    ['Cortex-M0+', cortexM0Plus, 0x410c_c601],
  ] as const)('says in CPUID that it is a %s', (_, variant, cpuid) => {
    // ldr r0, [pc, #4]; ldr r0, [r0]; bkpt; nop; .word 0xe000ed00
    const core = coreWith([0x4801, 0x6800, 0xbe00, 0xbf00, 0xed00, 0xe000], variant);
    core.debugging = true;
    expect(core.run(1000)).toBe('bkpt');
    expect(core.readRegister(0)).toBe(cpuid);
  });

  it('goes to HardFault where nobody answers, and tells what was stacked', () => {
    // movs r0, #1; lsls r0, #31; ldr r1, [r0]
    const core = coreWith([0x2001, 0x07c0, 0x6801]);
    expect(core.run(100)).toBe('cycles');
    expect(core.readRegister(15)).toBe(0x200);
    expect(core.fault).toMatchObject({
      words: 'nobody answers at 0x80000000',
      pc: 0x104,
      frame: [0x8000_0000, 0, 0, 0, 0, 0xffff_ffff, 0x104, 0x8100_0000],
    });
  });

  it.each([1, 2, 3, 999, 1_000, 1_001])(
    'passes %i cycles in a branch to itself as it would in any loop',
    (cycles) => {
      // b .
      const spin = coreWith([0xe7fe]);
      expect(spin.run(cycles)).toBe('cycles');
      const turns = Math.ceil(cycles / 2);
      expect(spin.instructions).toBe(turns);
      expect(spin.cycles).toBe(2 * turns);
      expect(spin.readRegister(15)).toBe(0x100);
    },
  );

  it('leaves a branch to itself for an exception', () => {
    // b .
    const core = coreWith([0xe7fe]);
    core.run(10);
    core.pendNmi();
    core.run(core.cycles + 40);
    expect(core.xpsr & 0x3f).not.toBe(0);
  });
});
