import { describe, expect, test } from 'vitest';
import { ApplicationSide } from '../boot/mcuboot/index.ts';
import { MemoryStorage } from '../flash/index.ts';
import { forgeDevice } from '../../test/support/mcuboot/lab-bench.ts';
import { BootRuns } from './boot-runs.ts';
import { dumpOf } from './device.ts';
import { StateNames } from './state-names.ts';
import { TracedFlash, dependencies } from './traced-flash.ts';
import type { FlashState } from './traced-flash.ts';

const geometry = {
  sectors: [{ count: 3, sizeBytes: 4096 }],
  writeUnitBytes: 4,
  erasedValue: 0xff,
} as const;

const filled = (value: number): FlashState =>
  TracedFlash.stateOf(geometry, new Uint8Array(3 * 4096).fill(value));

/** Other contents that happen to have the sums of the first. */
const collided = (sums: FlashState, contents: FlashState): FlashState => ({
  ...sums,
  storage: contents.storage,
});

describe('names of contents', () => {
  test('are equal for equal contents, however they came about', () => {
    const names = new StateNames();
    const flash = new TracedFlash(geometry, filled(0xff));
    flash.program(0, new Uint8Array(4096).fill(0x5a));
    flash.erase(0, 4096);
    expect(names.nameOf(flash.state())).toBe(names.nameOf(filled(0xff)));
    expect(names.nameOf(filled(0x5a))).not.toBe(names.nameOf(filled(0xff)));
  });

  test('differ for different contents of one sum', () => {
    const names = new StateNames();
    const twin = collided(filled(1), filled(2));
    const third = collided(filled(1), filled(3));
    const found = [filled(1), twin, third].map((state) => names.nameOf(state));
    expect(new Set(found).size).toBe(3);
    expect([filled(1), twin, third].map((state) => names.nameOf(state))).toEqual(found);
  });
});

describe('boots', () => {
  test('are never taken for those of other contents with the same sums', async () => {
    const device = await forgeDevice({ algorithm: 'swap-using-move' });
    const state = TracedFlash.stateOf(device.flash.geometry, dumpOf(device.flash));
    const empty = new MemoryStorage(device.flash.sizeBytes, 0xff);
    const runs = new BootRuns(device);
    const boots = await runs.boot(runs.spot(state, [0]), 2);
    const nothing = await runs.boot(runs.spot({ ...state, storage: empty }, [0]), 2);
    expect([boots.outcome, boots.images]).toEqual(['ok', [{ slot: 0, number: 0 }]]);
    expect(runs.images.label(0)).toBe('1.0.0+0');
    expect([nothing.outcome, nothing.images]).toEqual(['fail', undefined]);
  });

  test('do not go on as an earlier one did whose flash had the same sums only', async () => {
    const device = await forgeDevice({ algorithm: 'swap-using-move', payloadBytes: 600 });
    new ApplicationSide(device.flash, device.config).setPending();
    const dump = dumpOf(device.flash);
    const state = TracedFlash.stateOf(device.flash.geometry, dump);
    const other = new MemoryStorage(dump.length, 0xff);
    // behind the image, in a sector that is swapped with it
    dump[1000] = 0x5a;
    other.write(0, dump);
    const runs = new BootRuns(device);
    const first = await runs.boot(runs.spot(state, [0]), 2);
    const second = await runs.boot(runs.spot({ ...state, storage: other }, [0]), 2);
    expect(second.points.length).toBe(first.points.length);
    expect(second.next.state.storage.holdsSame(first.next.state.storage)).toBe(false);
  });

  test('of equal contents are done once', async () => {
    const device = await forgeDevice({ algorithm: 'swap-using-move' });
    const state = TracedFlash.stateOf(device.flash.geometry, dumpOf(device.flash));
    const runs = new BootRuns(device);
    const first = await runs.boot(runs.spot(state, [0]), 2);
    expect(await runs.boot(runs.spot(state, [0]), 2)).toBe(first);
    expect(runs.begun).toBe(1);
  });
});

describe('what work on flash depends on', () => {
  const used = (work: (flash: TracedFlash) => void): ReturnType<typeof dependencies> => {
    const flash = new TracedFlash(geometry, filled(0xff));
    work(flash);
    return dependencies([{ footprint: flash.footprint(), from: 0 }]);
  };

  test('is what it read, and what it programmed without erasing it first', () => {
    const read = used((flash) => void flash.read(4090, 4));
    expect([read.needed, [...read.changed]]).toEqual([[0], []]);
    const into = used((flash) => flash.readInto(4092, new Uint8Array(8)));
    expect(into.needed).toEqual([0, 1]);
    const programmed = used((flash) => flash.program(8192, new Uint8Array(4)));
    expect([programmed.needed, [...programmed.changed]]).toEqual([[2], [2]]);
  });

  test('is not what it erased before', () => {
    const { needed, changed } = used((flash) => {
      flash.erase(0, 8192);
      flash.program(0, new Uint8Array(4));
      flash.read(4096, 16);
    });
    expect([needed, [...changed]]).toEqual([[], [0, 1]]);
  });

  test('counts from the moment on that a part begins', () => {
    const flash = new TracedFlash(geometry, filled(0xff));
    flash.erase(0, 4096);
    flash.program(0, new Uint8Array(4));
    flash.erase(4096, 4096);
    const footprint = flash.footprint();
    expect(dependencies([{ footprint, from: 1 }]).needed).toEqual([0]);
    expect([...dependencies([{ footprint, from: 2 }]).changed]).toEqual([1]);
    expect(
      dependencies([
        { footprint, from: 0 },
        { footprint, from: 1 },
      ]).needed,
    ).toEqual([]);
  });
});

describe('a traced flash', () => {
  test('knows the sum of what it holds, whatever was done to it', () => {
    const flash = new TracedFlash(geometry, filled(0xff));
    flash.program(100, Uint8Array.of(1, 2, 3, 4));
    flash.patch(5001, Uint8Array.of(9));
    flash.erase(8192, 4096);
    const fresh = TracedFlash.stateOf(geometry, flash.read(0, flash.sizeBytes));
    expect(flash.key).toBe(new TracedFlash(geometry, fresh).key);
    expect([...flash.state().sums]).toEqual([...fresh.sums]);
    expect(flash.holds(fresh.storage)).toBe(true);
    expect(flash.holds(filled(0xff).storage)).toBe(false);
    expect(flash.busyUs).toBe(0);
  });

  test('takes over sectors of another state', () => {
    const flash = new TracedFlash(geometry, filled(0xff));
    flash.adopt(filled(0x11), [1]);
    expect([...flash.read(4095, 2)]).toEqual([0xff, 0x11]);
    const fresh = TracedFlash.stateOf(geometry, flash.read(0, flash.sizeBytes));
    expect(flash.key).toBe(new TracedFlash(geometry, fresh).key);
  });

  test('wants sectors of whole words', () => {
    const odd = { ...geometry, sectors: [{ count: 1, sizeBytes: 6 }], writeUnitBytes: 2 } as const;
    expect(() => TracedFlash.stateOf(odd, new Uint8Array(6))).toThrow('whole 4-byte words');
  });
});
