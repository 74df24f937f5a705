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
    ['@Flash', 'character 6: expected an address, e.g. /0x08000000/, got ""'],
    ['@Flash/0x08000000', 'character 6: expected an address, e.g. /0x08000000/, got "0x08000000"'],
    ['@Flash/08000000/1*1Kg', 'character 6: expected an address'],
    ['@Flash/0x123456789/1*1Kg', 'expected an address'],
    ['@Flash/0x0/00*1Kg', 'expected at least one sector'],
    ['@Flash/0x0/1*0Kg', 'character 11: expected sectors, e.g. 064*0002Kg, got "1*0Kg"'],
    ['@Flash/0x0/2*016', 'character 11: expected sectors, e.g. 064*0002Kg, got "2*016"'],
    ['@Flash/0x0/2*016K', 'expected sectors'],
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

  test.each([
    ['garbage behind good runs', '@Flash/0x08000000/04*016Kg,01*064Kg,\u4e02', 2, ',\u4e02'],
    ['garbage at the last run', '@Flash/0x08000000/04*016Kg,01*064Kg\uffff', 1, ',01*064Kg\uffff'],
    ['a region without an address', '@Flash/0x0/1*1Kg/nowhere/1*1Kg', 1, '/nowhere/1*1Kg'],
    ['a run without a type', '@Flash/0x0/1*1Kg,2*016', 1, ',2*016'],
    ['a run beyond 32 bits', '@Flash/0xFFFFF800/1*1Kg,9*1Kg', 1, ',9*1Kg'],
    ['a slash at the end', '@Flash/0x0/1*1Kg/', 1, '/'],
  ])('%s ends what can be read, and the rest stays', (_, text, runs, unread) => {
    const layout = parseMemoryLayout(text);
    expect(layout.regions.flatMap((region) => region.runs)).toHaveLength(runs);
    expect(layout.unread).toBe(unread);
  });

  test.each([
    ['a NUL and what follows', '@Internal Flash  /0x08000000/04*016Kg\0rest', 0x08000000, 65536],
    ['a run of no sectors', '@Flash/0x08000000/00*002Ka,16*001Kg', 0x08000000, 16 * 1024],
    ['a run of no sectors at the end', '@Flash/0x08000000/8*001Ka,000*001Kg', 0x08000000, 0],
    ['tabs, and lines that end', '@Flash\t/0x08000000/\t16*001Kg\r\n', 0x08000000, 16 * 1024],
    ['a comma at the end (GD32)', '@Flash/0x08000000/16*001Kg,', 0x08000000, 16 * 1024],
    ['the multiplier left out', '@Options/0x1FFFF800/01*16g', 0x1ffff800, 16],
    ['a blank for bytes', '@Options/0x1FFFF800/01*016 g', 0x1ffff800, 16],
    ['a B for bytes', '@Options/0x1FFFF800/01*016Bg', 0x1ffff800, 16],
    ['blanks between', '@Flash / 0x08000000 / 2 * 1 K g, 1*1Kg', 0x08000000, 3072],
    ['a small letter for kilobytes', '@Flash/0x08000000/02*01kg', 0x08000000, 2048],
    ['no name', '@/0x08000000/2*1Kg', 0x08000000, 2048],
    ['an address of few digits', '@Partition/0xF1/1*512g', 0xf1, 512],
  ])('%s: all of it is read', (_, text, address, writableBytes) => {
    const layout = parseMemoryLayout(text);
    expect(layout).not.toHaveProperty('unread');
    expect(accessibleBytes(layout, address, 'writable')).toBe(writableBytes);
  });

  test('a device feature is read and written, and not erased, whatever letter it has', () => {
    const [region] = parseMemoryLayout('@Device Feature/0xFFFF0000/01*004 g').regions;
    expect(region?.runs[0]).toMatchObject({ readable: true, erasable: false, writable: true });
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
      problems: [],
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
    [10, '01', 'MALFORMED', 'byte 308: DfuSe prefix.bTargets: 283 bytes behind the last of 1'],
    [10, '03', 'TRUNCATED', 'byte 591: target prefix: 0 bytes of 274'],
    [11, 'ff', 'MALFORMED', 'byte 11: target prefix.szSignature'],
    [281, 'ffffffff', 'TRUNCATED', 'element'],
    [289, '00020000', 'TRUNCATED', 'byte 289: element.dwElementSize: 298 bytes of 512'],
    [285, 'fcffffff', 'MALFORMED', 'byte 289: element.dwElementSize: 5 bytes go beyond 32 bits'],
  ])('byte %i as %s: %s', (offset, bytes, code, message) => {
    expect(() => readDfuSeFile(changed(offset, bytes))).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) as string }),
    );
  });

  const sizes: readonly [string, number, string, string][] = [
    ['counts the suffix', 6, '5f', 'DFUImageSize: the file has 591 bytes, not 607'],
    ['is too small', 6, '00', 'DFUImageSize: the file has 591 bytes, not 512'],
    ['of a target', 277, '18000000', 'dwTargetSize: 2 elements have 23 bytes, not 24'],
    ['of a target beyond the file', 277, 'ffffffff', 'elements have 23 bytes, not 4294967295'],
  ];
  test.each(sizes)('a size that %s is a problem where the CRC vouches for the file', (...row) => {
    const [, offset, bytes, message] = row;
    const wrong = changed(offset, bytes);
    expect(readDfuSeFile(wrong)).toMatchObject({
      targets,
      problems: [expect.stringContaining(message) as string],
    });
    expect(() => readDfuSeFile(wrong.subarray(0, -16))).toThrow(message);
  });

  test('padding behind the last target is a problem, a target more than is counted is refused', () => {
    const ids = { bcdDevice: 0xffff, idProduct: 0xffff, idVendor: 0xffff, bcdDFU: 0x011a };
    const padded = Uint8Array.of(...file.subarray(0, -16), 0, 0, 0, 0);
    const { targets: read, problems } = readDfuSeFile(appendSuffix(padded, ids));
    expect(read).toEqual(targets);
    expect(problems).toEqual([
      expect.stringContaining('DFUImageSize') as string,
      expect.stringContaining('bTargets: 4 bytes behind the last of 2 targets') as string,
    ]);
    expect(() => readDfuSeFile(changed(10, '01'))).toThrow('bTargets: 283 bytes behind');
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
