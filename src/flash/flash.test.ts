import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DfuError } from '../bytes/index.ts';
import {
  forEachPowerCut,
  largestSectorBytes,
  MemoryFlash,
  MemoryStorage,
  partition,
  rewrite,
  SectorMap,
} from './index.ts';
import type { FlashGeometry, PowerCutKind } from './index.ts';

const unequal: FlashGeometry = {
  sectors: [
    { count: 4, sizeBytes: 64 },
    { count: 1, sizeBytes: 128, eraseMs: 7 },
    { count: 2, sizeBytes: 256 },
  ],
  writeUnitBytes: 4,
  erasedValue: 0xff,
  timing: { eraseSectorMs: 3, programUnitUs: 41 },
};
const zeros: FlashGeometry = { ...unequal, erasedValue: 0x00 };

function thrown(action: () => void): DfuError {
  try {
    action();
  } catch (error) {
    if (DfuError.is(error)) return error;
    throw error;
  }
  throw new Error('expected an error, got none');
}

test('the largest sector of as many runs as there may be sectors', () => {
  const sectors = Array.from({ length: 2 ** 20 }, (_, at) => ({
    count: 1,
    sizeBytes: 64 + (at % 3),
  }));
  expect(largestSectorBytes({ ...unequal, sectors })).toBe(66);
});

describe('the sectors of a geometry', () => {
  const map = new SectorMap(unequal);

  test('are found by offset and by number', () => {
    expect(map).toMatchObject({ count: 7, sizeBytes: 4 * 64 + 128 + 2 * 256 });
    expect(map.at(255)).toEqual({ index: 3, offsetBytes: 192, sizeBytes: 64, eraseMs: 3 });
    expect(map.at(256)).toEqual({ index: 4, offsetBytes: 256, sizeBytes: 128, eraseMs: 7 });
    expect(map.get(6)).toEqual({ index: 6, offsetBytes: 640, sizeBytes: 256, eraseMs: 3 });
    expect([...map.in(200, 300)].map((sector) => sector.index)).toEqual([3, 4, 5]);
    expect([map.isEdge(0), map.isEdge(64), map.isEdge(65), map.isEdge(896)]).toEqual([
      true,
      true,
      false,
      true,
    ]);
    expect([map.uniformSize(0, 256), map.uniformSize(0, 257)]).toEqual([64, undefined]);
  });

  test('cover the flash without a gap', () => {
    const runs = fc.array(
      fc.record({
        count: fc.integer({ min: 1, max: 5 }),
        sizeBytes: fc.integer({ min: 1, max: 9 }).map((units) => units * 4),
      }),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(runs, (sectors) => {
        const some = new SectorMap({ ...unequal, sectors });
        let at = 0;
        for (const sector of some.in(0, some.sizeBytes)) {
          expect(sector).toEqual(some.get(sector.index));
          expect(sector.offsetBytes).toBe(at);
          expect(some.at(at + sector.sizeBytes - 1)).toEqual(sector);
          at += sector.sizeBytes;
        }
        expect(at).toBe(some.sizeBytes);
      }),
    );
  });

  test.each([
    ['no sectors', { ...unequal, sectors: [] }],
    ['an odd write unit', { ...unequal, writeUnitBytes: 3 }],
    ['a sector of half units', { ...unequal, sectors: [{ count: 1, sizeBytes: 6 }] }],
    ['a count of 0', { ...unequal, sectors: [{ count: 0, sizeBytes: 64 }] }],
    ['too many sectors', { ...unequal, sectors: [{ count: 2 ** 21, sizeBytes: 4 }] }],
    ['too many bytes', { ...unequal, sectors: [{ count: 2 ** 13, sizeBytes: 2 ** 20 }] }],
    ['a time that is none', { ...unequal, timing: { eraseSectorMs: -1, programUnitUs: 1 } }],
  ] as const)('cannot be %s', (_, geometry) => {
    expect(thrown(() => new MemoryFlash(geometry)).code).toBe('INVALID_ARGUMENT');
  });
});

describe('flash with pages', () => {
  const paged: FlashGeometry = {
    sectors: [{ count: 4, sizeBytes: 64 }],
    writeUnitBytes: 1,
    pageBytes: 16,
    erasedValue: 0xff,
    timing: { eraseSectorMs: 45, programUnitUs: 400 },
  };
  const some = Uint8Array.from({ length: 30 }, (_, at) => at);

  test('what a call programs within a page is one operation', () => {
    const flash = new MemoryFlash(paged);
    flash.program(3, some.subarray(0, 13));
    expect([flash.operations, flash.wear.programs, flash.busyUs]).toEqual([1, 1, 400]);
    flash.program(20, some); // pages 1, 2 and 3
    expect(flash.operations).toBe(4);
    flash.program(60, new Uint8Array(0));
    expect(flash.operations).toBe(4);
    const watched = new MemoryFlash(paged);
    const seen: [number, number][] = [];
    watched.watch = ({ offsetBytes, lengthBytes }) => seen.push([offsetBytes, lengthBytes]);
    watched.program(20, some);
    expect(seen).toEqual([
      [20, 12],
      [32, 16],
      [48, 2],
    ]);
    expect([...watched.read(20, 30)]).toEqual([...some]);
  });

  test.each([
    ['clean', [255, 255, 255, 255]],
    ['torn', [4, 5, 255, 255]],
    ['torn-tail', [255, 255, 6, 7]],
  ] as const)('a %s cut does that half of its bytes', (kind, left) => {
    const flash = new MemoryFlash(paged);
    flash.cutPowerAt(1, kind);
    expect(thrown(() => flash.program(12, some.subarray(0, 8))).code).toBe('POWER_LOST');
    flash.restorePower();
    expect([...flash.read(12, 8)]).toEqual([0, 1, 2, 3, ...left]);
  });

  test.each([
    ['pages below the write unit', { ...paged, writeUnitBytes: 32 }],
    ['pages of 24 bytes', { ...paged, pageBytes: 24 }],
    ['sectors of half pages', { ...paged, sectors: [{ count: 1, sizeBytes: 24 }] }],
  ] as const)('cannot have %s', (_, geometry) => {
    expect(thrown(() => new MemoryFlash(geometry)).code).toBe('INVALID_ARGUMENT');
  });
});

describe('NOR flash', () => {
  test.each([
    ['program across units', 'FLASH_RULE', /4-byte units, got 4 bytes at 0x2/, 'program', 2, 4],
    ['program half a unit', 'FLASH_RULE', /4-byte units, got 6 bytes at 0x4/, 'program', 4, 6],
    [
      'program past the end',
      'OUT_OF_RANGE',
      /0x380 bytes, got 8 bytes at 0x37c/,
      'program',
      892,
      8,
    ],
    ['program before the start', 'OUT_OF_RANGE', /4 bytes at -4/, 'program', -4, 4],
    ['erase half a sector', 'FLASH_RULE', /sector of 64 bytes at 0x0/, 'erase', 0, 32],
    ['erase from inside', 'FLASH_RULE', /sector of 128 bytes at 0x100/, 'erase', 260, 124],
    ['erase past the end', 'OUT_OF_RANGE', /got 512 bytes at 0x280/, 'erase', 640, 512],
    ['read past the end', 'OUT_OF_RANGE', /got 1 bytes at 0x380/, 'read', 896, 1],
    ['read a fraction', 'OUT_OF_RANGE', /got 1.5 bytes/, 'read', 0, 1.5],
  ] as const)('refuses to %s', (...row) => {
    const [, code, message, action, offset, length] = row;
    const flash = new MemoryFlash(unequal);
    const error = thrown(() => {
      if (action === 'program') flash.program(offset, new Uint8Array(length));
      else if (action === 'erase') flash.erase(offset, length);
      else flash.read(offset, length);
    });
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(flash.operations).toBe(0);
  });

  test('does not turn a programmed bit back, and then changes nothing at all', () => {
    const flash = new MemoryFlash(unequal);
    flash.program(4, Uint8Array.of(0xff, 0xff, 0x0f, 0xff));
    const error = thrown(() => flash.program(0, Uint8Array.of(0, 0, 0, 0, 1, 2, 0x10, 4)));
    expect(error.code).toBe('FLASH_RULE');
    expect(error.message).toContain('0x6');
    expect(error.message).toContain('got 0x10');
    expect([...flash.read(0, 8)]).toEqual([255, 255, 255, 255, 255, 255, 0x0f, 255]);
    flash.program(4, Uint8Array.of(0xff, 0xff, 0x05, 0xff));
    expect(flash.read(6, 1)[0]).toBe(5);
  });

  test('keeps its rules whatever is done to it', () => {
    const bytes = fc.uint8Array({ minLength: 0, maxLength: 16 });
    const action = fc.tuple(fc.boolean(), fc.integer({ min: -1, max: 900 }), bytes);
    const geometries = fc.constantFrom(unequal, zeros);
    fc.assert(
      fc.property(geometries, fc.array(action, { maxLength: 40 }), (geometry, actions) => {
        const flash = new MemoryFlash(geometry);
        const model = new Uint8Array(flash.sizeBytes).fill(geometry.erasedValue);
        for (const [erase, place, data] of actions) {
          if (erase) {
            const sector = flash.sectors.get(Math.abs(place) % flash.sectors.count);
            flash.erase(sector.offsetBytes, sector.sizeBytes);
            model.fill(
              geometry.erasedValue,
              sector.offsetBytes,
              sector.offsetBytes + sector.sizeBytes,
            );
            continue;
          }
          const inside = place >= 0 && place + data.length <= model.length;
          const aligned = place % 4 === 0 && data.length % 4 === 0;
          const old = model.subarray(place, place + data.length);
          const possible = data.every((byte, at) =>
            geometry.erasedValue === 0xff
              ? (byte & (old[at] ?? 0)) === byte
              : (byte | (old[at] ?? 0)) === byte,
          );
          const expected = !inside ? 'OUT_OF_RANGE' : aligned && possible ? 'none' : 'FLASH_RULE';
          let outcome = 'none';
          try {
            flash.program(place, data);
          } catch (error) {
            outcome = DfuError.is(error) ? error.code : String(error);
          }
          expect(outcome).toBe(expected);
          if (outcome === 'none') model.set(data, place);
        }
        expect(flash.read(0, flash.sizeBytes)).toEqual(model);
      }),
    );
  });

  test('counts erases and programs, and the time that they take', () => {
    const flash = new MemoryFlash(unequal);
    flash.erase(192, 64 + 128);
    flash.erase(256, 128);
    flash.program(256, new Uint8Array(12));
    expect(flash.wear).toEqual({
      erasesBySector: Uint32Array.of(0, 0, 0, 1, 2, 0, 0),
      erases: 3,
      programs: 3,
    });
    expect(flash.busyUs).toBe(3000 + 7000 + 7000 + 3 * 41);
    expect(flash.operations).toBe(6);
  });

  test('starts with the contents that it is given, and erased after them', () => {
    const flash = new MemoryFlash(zeros, Uint8Array.of(1, 2, 3));
    expect([...flash.read(0, 5)]).toEqual([1, 2, 3, 0, 0]);
    expect(thrown(() => new MemoryFlash(zeros, new Uint8Array(897))).code).toBe('OUT_OF_RANGE');
  });

  test('forks share nothing that either changes', () => {
    const flash = new MemoryFlash({ ...unequal, sectors: [{ count: 3, sizeBytes: 4096 }] });
    flash.program(4096, Uint8Array.of(1, 1, 1, 1));
    const fork = flash.fork();
    const later = fork.fork();
    fork.program(4096, Uint8Array.of(0, 0, 0, 0));
    flash.erase(4096, 4096);
    later.program(4092, Uint8Array.of(9, 9, 9, 9, 1, 1, 1, 0));
    expect([...flash.read(4094, 4)]).toEqual([255, 255, 255, 255]);
    expect([...fork.read(4094, 4)]).toEqual([255, 255, 0, 0]);
    expect([...later.read(4094, 6)]).toEqual([9, 9, 1, 1, 1, 0]);
    expect([flash.operations, fork.operations, later.operations]).toEqual([2, 2, 3]);
  });
});

describe('a partition', () => {
  const flash = new MemoryFlash(unequal);
  const part = partition(flash, 192, 192, 'slot 0');

  test('is a flash of its own', () => {
    expect(part.sizeBytes).toBe(192);
    expect(part.sectors.get(1)).toEqual({ index: 1, offsetBytes: 64, sizeBytes: 128, eraseMs: 7 });
    part.program(64, Uint8Array.of(1, 2, 3, 4));
    expect([...flash.read(256, 4)]).toEqual([1, 2, 3, 4]);
    expect([...part.read(64, 4)]).toEqual([1, 2, 3, 4]);
    part.erase(64, 128);
    expect(flash.wear.erasesBySector[4]).toBe(1);
    expect(part.busyUs).toBe(flash.busyUs);
  });

  test('ends where it ends, and says its name', () => {
    for (const action of [
      () => part.program(192, new Uint8Array(4)),
      () => part.erase(64, 384),
      () => part.read(191, 2),
      () => part.readInto(-1, new Uint8Array(1)),
    ]) {
      expect(thrown(action)).toMatchObject({
        code: 'OUT_OF_RANGE',
        message: expect.stringMatching(/^slot 0: /) as string,
      });
    }
  });

  test.each([
    [190, 66, 'INVALID_ARGUMENT'],
    [192, 70, 'INVALID_ARGUMENT'],
    [192, 0, 'INVALID_ARGUMENT'],
    [640, 512, 'OUT_OF_RANGE'],
  ])('cannot be made of %i, %i', (offset, length, code) => {
    expect(thrown(() => partition(flash, offset, length, 'x')).code).toBe(code);
  });
});

describe('a power cut', () => {
  test.each([
    ['clean', [255, 255, 255, 255]],
    ['torn', [1, 2, 255, 255]],
    ['torn-tail', [255, 255, 3, 4]],
  ] as [PowerCutKind, number[]][])('%s: stops a program at its unit', (kind, unit) => {
    const flash = new MemoryFlash(unequal);
    flash.cutPowerAt(1, kind);
    const error = thrown(() => flash.program(0, Uint8Array.of(9, 9, 9, 9, 1, 2, 3, 4, 5, 6, 7, 8)));
    expect(error.code).toBe('POWER_LOST');
    expect(flash.powerLost).toBe(true);
    for (const access of [
      () => flash.read(0, 1),
      () => flash.readInto(0, new Uint8Array(1)),
      () => flash.program(8, new Uint8Array(4)),
      () => flash.erase(0, 64),
    ]) {
      expect(thrown(access).code).toBe('POWER_LOST');
    }
    flash.restorePower();
    expect([...flash.read(0, 12)]).toEqual([9, 9, 9, 9, ...unit, 255, 255, 255, 255]);
    flash.program(8, new Uint8Array(4));
  });

  test.each([
    ['clean', [0, 0]],
    ['torn', [255, 0]],
    ['torn-tail', [0, 255]],
  ] as [PowerCutKind, number[]][])('%s: stops an erase in its sector', (kind, [head, tail]) => {
    const flash = new MemoryFlash(unequal, new Uint8Array(896));
    flash.cutPowerAt(1, kind);
    expect(thrown(() => flash.erase(0, 192)).code).toBe('POWER_LOST');
    flash.restorePower();
    expect([0, 64, 95, 96, 127, 128].map((at) => flash.read(at, 1)[0])).toEqual([
      255,
      head,
      head,
      tail,
      tail,
      0,
    ]);
  });

  test('tears a unit of one byte bit by bit', () => {
    const flash = new MemoryFlash({ ...unequal, writeUnitBytes: 1 });
    flash.cutPowerAt(0, 'torn');
    expect(thrown(() => flash.program(0, Uint8Array.of(0x12))).code).toBe('POWER_LOST');
    flash.restorePower();
    expect(flash.read(0, 1)[0]).toBe(0x1f);
  });

  test('can be looked at everywhere in one run', () => {
    const flash = new MemoryFlash(unequal, new Uint8Array(896).fill(0x80));
    const seen: string[] = [];
    forEachPowerCut(
      flash,
      () => {
        flash.erase(0, 64);
        flash.program(0, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
      },
      ({ operation, kind, flash: left }) => {
        seen.push(`${operation?.type ?? 'end'} ${kind} ${[...left.read(0, 8)].join(' ')}`);
        left.erase(0, 64);
      },
    );
    expect(seen).toEqual([
      'erase clean 128 128 128 128 128 128 128 128',
      'erase torn 255 255 255 255 255 255 255 255',
      'erase torn-tail 128 128 128 128 128 128 128 128',
      'program clean 255 255 255 255 255 255 255 255',
      'program torn 1 2 255 255 255 255 255 255',
      'program torn-tail 255 255 3 4 255 255 255 255',
      'program clean 1 2 3 4 255 255 255 255',
      'program torn 1 2 3 4 5 6 255 255',
      'program torn-tail 1 2 3 4 255 255 7 8',
      'end clean 1 2 3 4 5 6 7 8',
    ]);
    expect([...flash.read(0, 8)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

test('flash fails where its watcher says so, and has done what came before', () => {
  const flash = new MemoryFlash(unequal);
  flash.watch = ({ type, offsetBytes }) => {
    if (type === 'erase' || offsetBytes === 8) throw new DfuError('FLASH_RULE', 'worn out');
  };
  expect(thrown(() => flash.program(0, new Uint8Array(16))).code).toBe('FLASH_RULE');
  expect([...flash.read(0, 16)].map((byte) => byte === 0)).toEqual([
    ...Array<boolean>(8).fill(true),
    ...Array<boolean>(8).fill(false),
  ]);
  expect(thrown(() => flash.erase(0, 64)).message).toBe('worn out');
  expect([flash.operations, flash.powerLost, flash.read(0, 1)[0]]).toEqual([2, false, 0]);
  flash.watch = undefined;
  flash.erase(0, 64);
  expect(flash.read(0, 1)[0]).toBe(0xff);
});

test('a programmer puts bytes anywhere and keeps what is around them', () => {
  const before = Uint8Array.from({ length: 896 }, (_, at) => at & 0xff);
  fc.assert(
    fc.property(fc.nat(895), fc.uint8Array({ maxLength: 300 }), (offset, bytes) => {
      const data = bytes.subarray(0, 896 - offset);
      const flash = new MemoryFlash(unequal, before);
      rewrite(flash, offset, data);
      const expected = before.slice();
      expected.set(data, offset);
      expect(flash.read(0, 896)).toEqual(expected);
    }),
  );
});

describe('two memories', () => {
  test('hold the same where their bytes are, and are compared part by part', () => {
    const one = new MemoryStorage(3 * 4096, 0xff);
    const other = new MemoryStorage(3 * 4096, 0xff);
    for (const memory of [one, other]) memory.write(4000, new Uint8Array(200).fill(7));
    expect(one.holdsSame(other)).toBe(true);
    other.write(4100, Uint8Array.of(8));
    expect(one.holdsSame(other)).toBe(false);
    expect(one.holdsSame(other, 0, 4100)).toBe(true);
    expect(one.holdsSame(other, 4101, 8000)).toBe(true);
  });

  test('stay apart though they were found the same', () => {
    const one = new MemoryStorage(2 * 4096, 0xff);
    one.write(0, new Uint8Array(4096).fill(7));
    const other = new MemoryStorage(2 * 4096, 0xff);
    other.write(0, new Uint8Array(4096).fill(7));
    const [kept, twin] = [one.copy(), other.copy()];
    expect(kept.holdsSame(twin)).toBe(true);
    one.write(0, Uint8Array.of(1));
    expect([one.holdsSame(kept), kept.holdsSame(twin), one.holdsSame(other)]).toEqual([
      false,
      true,
      false,
    ]);
    twin.write(5, Uint8Array.of(2));
    expect([kept.holdsSame(twin), kept.holdsSame(other)]).toEqual([false, true]);
  });

  test('can take parts of each other', () => {
    const one = new MemoryStorage(3 * 4096, 0xff);
    const other = new MemoryStorage(3 * 4096, 0xff);
    other.fill(0, other.sizeBytes, 3);
    one.take(other, 4000, 5000);
    const bytes = new Uint8Array(one.sizeBytes);
    one.read(0, bytes, bytes.length);
    const expected = new Uint8Array(one.sizeBytes).fill(0xff).fill(3, 4000, 9000);
    expect(bytes).toEqual(expected);
    one.fill(4096, 4096, 9);
    expect(other.holdsSame(one, 4096, 4096)).toBe(false);
  });
});
