import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DfuError, fromHex, toHex } from '../bytes/index.ts';
import {
  accessibleBytes,
  appendSuffix,
  decodeDfuSeCommand,
  encodeDfuSeCommand,
  formatMemoryLayout,
  isDfuSeFile,
  parseMemoryLayout,
  readDfuSeFile,
  regionBytes,
  sectorAt,
  sectorsOf,
  writeDfuSeFile,
} from './index.ts';
import type { MemoryLayout, MemorySectorRun } from './index.ts';

const all = { readable: true, erasable: true, writable: true };
const F072 = '@Internal Flash  /0x08000000/064*0002Kg';
const F4 = '@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg';

describe('memory layout', () => {
  test('of the STM32F072 ROM', () => {
    const layout = parseMemoryLayout(F072);
    expect(layout).toEqual({
      name: 'Internal Flash  ',
      regions: [{ address: 0x08000000, runs: [{ count: 64, sizeBytes: 2048, ...all }] }],
    });
    expect(formatMemoryLayout(layout, { countDigits: 3, sizeDigits: 4 })).toBe(F072);
  });

  test('of its option bytes: a blank is a multiplier, e is read and write', () => {
    const text = '@Option Bytes  /0x1FFFF800/01*016 e';
    const layout = parseMemoryLayout(text);
    const run = { count: 1, sizeBytes: 16, readable: true, erasable: false, writable: true };
    expect(layout.regions).toEqual([{ address: 0x1ffff800, runs: [run] }]);
    const style = { countDigits: 2, sizeDigits: 3, bytes: ' ' } as const;
    expect(formatMemoryLayout(layout, style)).toBe(text);
    // Some ROMs leave the multiplier out altogether.
    expect(parseMemoryLayout('@Option Bytes  /0x1FFFF800/01*016e')).toEqual(layout);
  });

  test('with several regions', () => {
    const text = '@Two/0x08000000/2*1Ka,3*16Bg/0x90000000/1*4Mc';
    const layout = parseMemoryLayout(text);
    expect(layout.regions.map(regionBytes)).toEqual([2 * 1024 + 48, 4 * 1024 * 1024]);
    expect(formatMemoryLayout(layout)).toBe(text);
  });

  test.each([
    ['a', [true, false, false]],
    ['b', [false, true, false]],
    ['c', [true, true, false]],
    ['d', [false, false, true]],
    ['e', [true, false, true]],
    ['f', [false, true, true]],
    ['g', [true, true, true]],
  ])('type %s', (type, [readable, erasable, writable]) => {
    const [region] = parseMemoryLayout(`@x/0x0/1*1K${type}`).regions;
    expect(region?.runs[0]).toMatchObject({ readable, erasable, writable });
  });

  test.each([
    ['Internal Flash', 'character 0: expected a "@"'],
    ['@Flash', 'character 6: expected pairs'],
    ['@Flash/0x08000000', 'expected pairs'],
    ['@Flash/08000000/1*1Kg', 'character 7: expected an address, e.g. 0x08000000, got "08000000"'],
    ['@Flash/0x123456789/1*1Kg', 'expected an address'],
    ['@Flash/0x0/1*1Kg,0*1Kg', 'character 17: expected sectors, e.g. 064*0002Kg, got "0*1Kg"'],
    ['@Flash/0x0/1*1Kh', 'expected sectors'],
    ['@Flash/0x0/', 'expected sectors'],
    ['@Flash/0xFFFFFC00/2*1Kg', 'goes beyond 32 bits of address'],
    ['@Flash/0x0/999999*999999Mg', 'goes beyond 32 bits of address'],
  ])('%s is refused', (text, message) => {
    expect(() => parseMemoryLayout(text)).toThrow(message);
  });

  test('whatever can be written can be read', () => {
    const runs = fc.record<MemorySectorRun>({
      count: fc.integer({ min: 1, max: 999 }),
      sizeBytes: fc.oneof(
        fc.integer({ min: 1, max: 9999 }),
        fc.integer({ min: 1, max: 64 }).map((kib) => kib * 1024),
      ),
      readable: fc.constant(true),
      erasable: fc.boolean(),
      writable: fc.boolean(),
    });
    const region = fc.record({
      address: fc.integer({ min: 0, max: 0x7fffffff }),
      runs: fc.array(runs, { minLength: 1, maxLength: 4 }),
    });
    const layouts = fc.record<MemoryLayout>({
      name: fc.string().filter((name) => !name.includes('/')),
      regions: fc.array(region, { minLength: 1, maxLength: 4 }),
    });
    fc.assert(
      fc.property(layouts, (layout) => {
        expect(parseMemoryLayout(formatMemoryLayout(layout))).toEqual(layout);
      }),
    );
  });

  test('what the format cannot say is not written', () => {
    const run = { count: 1, sizeBytes: 1024, readable: false, erasable: false, writable: false };
    const layout = (name: string, each: MemorySectorRun): MemoryLayout => ({
      name,
      regions: [{ address: 0, runs: [each] }],
    });
    expect(() => formatMemoryLayout(layout('x', run))).toThrow('without any permission');
    expect(() => formatMemoryLayout(layout('a/b', { ...run, ...all }))).toThrow('without "/"');
  });

  test('sectors by address', () => {
    const layout = parseMemoryLayout(F4);
    expect(sectorAt(layout, 0x0800ffff)).toEqual({
      address: 0x0800c000,
      sizeBytes: 0x4000,
      ...all,
    });
    expect(sectorAt(layout, 0x07ffffff)).toBeUndefined();
    expect(sectorAt(layout, 0x08100000)).toBeUndefined();
    const touched = [...sectorsOf(layout, 0x0800ffff, 0x10002)].map(({ address }) => address);
    expect(touched).toEqual([0x0800c000, 0x08010000, 0x08020000]);
    expect([...sectorsOf(layout, 0x080fffff, 100)]).toHaveLength(1);
  });

  test('how far memory can be accessed', () => {
    const layout = parseMemoryLayout('@x/0x1000/4*1Kg,2*1Ka,1*1Kb/0x2C00/1*1Ka');
    expect(accessibleBytes(layout, 0x1400, 'writable')).toBe(3 * 1024);
    expect(accessibleBytes(layout, 0x1400, 'readable')).toBe(5 * 1024);
    expect(accessibleBytes(layout, 0x2c01, 'readable')).toBe(1023);
    expect(accessibleBytes(layout, 0x9000, 'readable')).toBe(0);
  });
});

describe('commands', () => {
  test.each([
    [{ command: 'set-address', address: 0x08000400 }, '2100040008'],
    [{ command: 'erase', address: 0xfffff000 }, '4100f0ffff'],
    [{ command: 'mass-erase' }, '41'],
    [{ command: 'read-unprotect' }, '92'],
  ] as const)('%j', (command, bytes) => {
    expect(toHex(encodeDfuSeCommand(command))).toBe(bytes);
    expect(decodeDfuSeCommand(fromHex(bytes))).toEqual(command);
  });

  test.each(['', '00', '21', '21000000', '210000000800', '4100', '9200', '33'])(
    '"%s" is none',
    (bytes) => {
      expect(() => decodeDfuSeCommand(fromHex(bytes))).toThrow(
        expect.objectContaining({ code: 'MALFORMED' }),
      );
    },
  );
});

describe('DfuSe file', () => {
  const targets = [
    {
      alternate: 0,
      name: 'Internal Flash',
      elements: [
        { address: 0x08000000, data: fromHex('0102030405') },
        { address: 0x08001000, data: fromHex('aabb') },
      ],
    },
    { alternate: 1, elements: [{ address: 0x1ffff800, data: fromHex('ff') }] },
  ];
  const file = writeDfuSeFile(targets, { idVendor: 0x0483, idProduct: 0xdf11 });

  test('has the layout of ST UM0391', () => {
    expect(toHex(file.subarray(0, 11))).toBe('4466755365014f02000002');
    expect(toHex(file.subarray(11, 22))).toBe('5461726765740001000000');
    expect(toHex(file.subarray(11 + 266, 11 + 274))).toBe('1700000002000000');
    expect(toHex(file.subarray(285, 293))).toBe('0000000805000000');
    expect(toHex(file.subarray(-16, -4))).toBe('ffff11df83041a0155464410');
  });

  test('reads back', () => {
    expect(isDfuSeFile(file)).toBe(true);
    expect(readDfuSeFile(file)).toEqual({
      targets,
      suffix: { bcdDevice: 0xffff, idProduct: 0xdf11, idVendor: 0x0483, bcdDFU: 0x011a },
    });
  });

  test('without suffix it reads too', () => {
    expect(readDfuSeFile(file.subarray(0, -16)).suffix).toBeUndefined();
  });

  function changed(offset: number, bytes: string): Uint8Array {
    const payload = file.slice(0, -16);
    payload.set(fromHex(bytes), offset);
    const suffix = { bcdDevice: 0xffff, idProduct: 0xffff, idVendor: 0xffff, bcdDFU: 0x011a };
    return appendSuffix(payload, suffix);
  }

  test.each([
    [0, '00', 'MALFORMED', 'byte 0: DfuSe prefix.szSignature: expected 4466755365, got 0066755365'],
    [5, '02', 'MALFORMED', 'byte 0: DfuSe prefix.bVersion: expected 0x1, got 0x2'],
    [6, '50', 'TRUNCATED', 'byte 6: DfuSe prefix.DFUImageSize: the file has 591 bytes, not 592'],
    [10, '01', 'MALFORMED', 'byte 308: DfuSe prefix.bTargets: 283 bytes behind the last of 1'],
    [10, '03', 'TRUNCATED', 'byte 591: target prefix: 0 bytes of 274'],
    [11, 'ff', 'MALFORMED', 'byte 11: target prefix.szSignature'],
    [277, 'ffffffff', 'TRUNCATED', 'byte 277: target prefix.dwTargetSize: 306 bytes of 4294967295'],
    [277, '18000000', 'MALFORMED', 'byte 277: target prefix.dwTargetSize: 1 bytes behind 2'],
    [281, 'ffffffff', 'TRUNCATED', 'byte 308: element: 0 bytes of 8'],
    [289, '10000000', 'TRUNCATED', 'byte 289: element.dwElementSize: 15 bytes of 16'],
    [285, 'fcffffff', 'MALFORMED', 'byte 289: element.dwElementSize: 5 bytes go beyond 32 bits'],
  ])('byte %i as %s: %s', (offset, bytes, code, message) => {
    expect(() => readDfuSeFile(changed(offset, bytes))).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) as string }),
    );
  });

  test('cut anywhere it is refused, and nothing but a DfuError comes of noise', () => {
    for (let length = 0; length < file.length - 16; length += 1) {
      expect(() => readDfuSeFile(file.subarray(0, length))).toThrow(DfuError);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (noise) => {
        const bytes = Uint8Array.of(...file.subarray(0, 6), ...noise);
        expect(() => readDfuSeFile(bytes)).toThrow(DfuError);
      }),
    );
  });

  test('a damaged suffix is told, not taken for data', () => {
    const bad = file.slice();
    bad[300] = (bad[300] ?? 0) ^ 1;
    expect(() => readDfuSeFile(bad)).toThrow('DFU suffix.dwCRC');
  });
});
