import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createCore } from './create-core.ts';
import { BusFault } from './bus.ts';

const FLASH = 0x1000_0000;
const built = new URL('../../../test/fixtures/machine/isa/built/', import.meta.url);

test('the self-test in assembler finds every instruction, flag and exception as it should be', () => {
  const flash = new Uint8Array(0x8000);
  flash.set(readFileSync(new URL('self-test.bin', built)));
  const written = new Map<number, number>();
  const core = createCore({
    memories: [
      { address: FLASH, bytes: flash, writable: false },
      { address: 0x2000_0000, bytes: new Uint8Array(0x1000), writable: true },
    ],
    read(address) {
      throw new BusFault(address, 'nobody');
    },
    write(address, _size, value) {
      if (address >>> 16 !== 0x4000) throw new BusFault(address, 'nobody');
      written.set(address, value);
      if (address === 0x4000_0000) core.yield();
    },
  });
  core.reset(FLASH);
  while (!written.has(0x4000_0000) && core.cycles < 1_000_000) {
    const stop = core.run(core.cycles + 1000);
    if (stop === 'sleeping') core.sleepUntil(Math.min(core.nextTick, core.cycles + 100_000));
  }
  // Where something is not as it should be, its address stands there.
  expect(written.get(0x4000_0000)?.toString(16)).toBe('0');
  expect(written.get(0x4000_0004)).toBeGreaterThan(280);
});
