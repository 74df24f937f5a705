import { describe, expect, test } from 'vitest';
import { functionalDescriptor } from '../dfu/index.ts';
import { fromHex } from '../bytes/index.ts';
import {
  listLine,
  matches,
  parseAlternate,
  parseDeviceIds,
  parseSerials,
  select,
  selectOne,
} from './index.ts';
import type { DfuInterface, Selection } from './index.ts';
import { afterDetach } from './selection.ts';

const base: DfuInterface = {
  mode: 'dfu',
  deviceId: 'a',
  location: { bus: 1, address: 5, path: '1-4.2' },
  speed: 'full',
  idVendor: 0x1209,
  idProduct: 0x7d02,
  bcdDevice: 0x0100,
  serial: 'ABC',
  configuration: 1,
  interfaceNumber: 0,
  alternate: 0,
  alternates: 2,
  name: 'Slot 0',
  functional: functionalDescriptor.decode(fromHex('092109ff0040001001')),
  functionalFound: true,
  notes: [],
};
const slot1 = { ...base, alternate: 1, name: 'Slot 1' };
const runtime: DfuInterface = { ...base, mode: 'runtime', idProduct: 0x7d00, name: 'bootloader' };
const other: DfuInterface = { ...base, deviceId: 'b', idVendor: 0x0483, idProduct: 0xdf11 };

describe('-d', () => {
  // Which of: run-time 1209:7d00, DFU 1209:7d02, DFU 0483:df11.
  test.each([
    ['1209:7d00', [true, false, false]],
    ['1209:7d02', [false, true, false]],
    ['9999:7d00', [false, false, false]],
    ['0483:df11', [false, false, true]],
    ['1209', [true, true, false]],
    // As dfu-util has it: one pair is for run-time alone.
    ['1209:7d00,*:*', [true, true, true]],
    ['0483:df11,*:*', [false, true, true]],
    [',1209:7d02', [false, true, false]],
    [',', [false, true, true]],
    ['*,-', [true, false, false]],
    ['*:*,-:-', [true, false, false]],
    ['-', [false, false, false]],
    ['*', [true, true, true]],
    ['1209:7d00,0483:df11', [true, false, true]],
    ['1209:7d00,:7d02', [true, true, false]],
    ['1209,', [true, true, false]],
    ['1209:,:', [true, true, false]],
    [':7d00', [true, false, false]],
    [':7d00,*:7d02', [true, true, false]],
    ['0x1209:0X7D00,483:DF11', [true, false, true]],
  ])('%s', (text, expected) => {
    const selection = parseDeviceIds(text);
    expect([runtime, base, other].map((entry) => matches(selection, entry))).toEqual(expected);
  });

  test.each(['12090:1', '1209:7d02:1', '1209:7d02,1:2,3:4', 'xyz', '1209 :1', '0x:1'])(
    'refuses %s',
    (text) => {
      expect(() => parseDeviceIds(text)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error,
      );
    },
  );
});

describe('-S', () => {
  test.each([
    ['ABC', 'ABC', 'ABC'],
    ['ABC,DEF', 'ABC', 'DEF'],
    [',DEF', undefined, 'DEF'],
    ['ABC,', 'ABC', undefined],
    ['A,B,C', 'A', 'B,C'],
  ])('%s', (text, runtimeSerial, dfuSerial) => {
    const serials = parseSerials(text);
    expect([serials.runtimeSerial, serials.dfuSerial]).toEqual([runtimeSerial, dfuSerial]);
  });

  test('is asked of each mode by itself', () => {
    const selection = parseSerials('XYZ,ABC');
    expect(matches(selection, base)).toBe(true);
    expect(matches(selection, runtime)).toBe(false);
  });
});

describe('-a', () => {
  test('is a number if it is one in C, else a name', () => {
    expect(parseAlternate('1')).toBe(1);
    expect(parseAlternate('Slot 1')).toBe('Slot 1');
    expect(['0x1', '010', '08', '1x'].map(parseAlternate)).toEqual([1, 8, '08', '1x']);
    expect(() => parseAlternate('256')).toThrow('expected 0 to 255 or a name, got 256');
    expect(() => parseAlternate('')).toThrow('got ""');
  });

  test('chooses in DFU mode, and is not asked of run-time', () => {
    expect(select([base, slot1, runtime], { alternate: 1 })).toEqual([slot1, runtime]);
    expect(select([base, slot1], { alternate: 'Slot 0' })).toEqual([base]);
    expect(select([base, slot1], { alternate: 'slot 0' })).toEqual([]);
  });
});

describe('the rest', () => {
  const no: readonly [string, Selection][] = [
    ['-p', { path: '1-4' }],
    ['-n', { address: 6 }],
    ['-c', { configuration: 2 }],
    ['-i', { interfaceNumber: 1 }],
  ];
  test.each(no)('%s tells apart', (_, selection) => {
    expect(matches(selection, base)).toBe(false);
  });

  test('matches what it says', () => {
    const selection = { path: '1-4.2', address: 5, configuration: 1, interfaceNumber: 0 };
    expect(matches(selection, base)).toBe(true);
  });

  test('after a detach only DFU mode counts, and its place may be new', () => {
    const selection = afterDetach({ path: '1-9', address: 9, ...parseDeviceIds('1209:7d00') });
    expect(select([runtime, base], selection)).toEqual([base]);
  });
});

describe('choosing one', () => {
  test('needs exactly one', () => {
    expect(selectOne([base, slot1], { alternate: 1 })).toBe(slot1);
  });

  test('says what may have been meant by a name or a serial number', () => {
    const named = { ...base, name: 'Slot 0', serial: 'ABC123' };
    expect(() => selectOne([named], { alternate: 'slot0' })).toThrow(
      'did you mean "Slot 0"?; there',
    );
    expect(() => selectOne([named], { dfuSerial: 'ABC132' })).toThrow(
      'did you mean "ABC123"?; there',
    );
    expect(() => selectOne([named], { alternate: 'flash' })).toThrow('matches; there is:');
  });

  test('says that there is nothing, and what was not looked into', () => {
    expect(() => selectOne([], {})).toThrow('No DFU capable USB device available');
    const problem = { code: 'ACCESS', message: '[1:2] at 1-3: no permission' } as const;
    expect(() => selectOne([], {}, [problem])).toThrow(
      /^No DFU capable USB device available\nNot looked into:\n {2}\[1:2\] at 1-3/,
    );
  });

  test('lists what there is instead', () => {
    expect(() => selectOne([base], { alternate: 7 })).toThrow(listLine(base));
  });

  test('lists what it cannot decide between, and how to', () => {
    const undecided = (entries: readonly DfuInterface[]): unknown => {
      try {
        return selectOne(entries, {});
      } catch (error) {
        return error;
      }
    };
    expect(undecided([base, slot1])).toMatchObject({
      code: 'AMBIGUOUS',
      message: expect.stringMatching(/say which alternate setting\.[^]*alt=0[^]*alt=1/) as string,
      remedies: ['alternate'],
    });
    expect(undecided([base, other])).toMatchObject({
      message: expect.stringContaining('say which device.') as string,
      remedies: ['path'],
    });
    expect(undecided([base, { ...other, serial: 'Z' }])).toMatchObject({
      remedies: ['serial', 'path'],
    });
    const many = Array.from({ length: 100 }, () => base);
    expect(() => selectOne(many, {})).toThrow('and 80 more');
  });
});

describe('the list line', () => {
  test('is dfu-util’s', () => {
    expect(listLine(base)).toBe(
      'Found DFU: [1209:7d02] ver=0100, devnum=5, cfg=1, intf=0, path="1-4.2", alt=0, name="Slot 0", serial="ABC"',
    );
    expect(listLine(runtime)).toMatch(/^Found Runtime: \[1209:7d00\]/);
  });

  test('keeps a device from writing to the terminal', () => {
    const evil = { ...base, name: '\u001b[2J"\n', serial: '\u202e1' };
    expect(listLine(evil)).toMatch(/name="\?\[2J'\?", serial="\?1"$/);
  });
});
