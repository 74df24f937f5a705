import { describe, expect, test } from 'vitest';
import { readSettings } from './settings.ts';
import type { Settings } from './settings.ts';

const settings = (text: string): Settings => readSettings({ name: '.config', text });

describe('settings', () => {
  test('of Kconfig', () => {
    const read = settings(
      '#\n# Menu\n#\nCONFIG_A=y\r\n# CONFIG_B is not set\nCONFIG_C="a \\"b\\" \\\\"\nCONFIG_D=0x200\nCONFIG_E=""\n',
    );
    expect([read.isOn('CONFIG_A'), read.isOn('CONFIG_B'), read.isOn('CONFIG_X')]).toEqual([
      true,
      false,
      false,
    ]);
    expect(read.get('CONFIG_B')).toEqual({ value: 'n', place: { name: '.config', line: 5 } });
    expect(read.text('CONFIG_C')?.value).toBe('a "b" \\');
    expect(read.number('CONFIG_D')).toEqual({ value: 0x200, place: { name: '.config', line: 7 } });
    expect([read.text('CONFIG_E'), read.number('CONFIG_E')]).toEqual([undefined, undefined]);
  });

  test.each([
    ['ROM_LEN=512K', 'ROM_LEN', 512 * 1024],
    ['ROM_LEN = 1M', 'ROM_LEN', 1024 * 1024],
    ['#define SLOT0_LEN 0x1f800', 'SLOT0_LEN', 0x1f800],
    ['export SLOT0_OFFSET := 4096', 'SLOT0_OFFSET', 4096],
    ['A:INTERNAL=7', 'A', 7],
    ['A=(0x10)', 'A', 16],
  ])('%s', (line, name, value) => {
    expect(settings(line).number(name)?.value).toBe(value);
  });

  test.each(['A=y', 'A=-1', 'A=0x', 'A=99999999999999999999', 'A=$((1+2))'])(
    '%s is no number, and its line is told',
    (line) => {
      expect(() => settings(`\n${line}`).number('A')).toThrow(
        /^\.config:2: A: expected a whole number/,
      );
    },
  );

  test('blanks without end take no time without end', () => {
    const blanks = ' '.repeat(500_000);
    const read = settings(
      `A = ${blanks}x${blanks}y${blanks}\n#define B ${blanks}2\n${blanks}C${blanks}`,
    );
    expect(read.get('A')?.value.length).toBe(500_002);
    expect([read.number('B')?.value, read.get('C')]).toEqual([2, undefined]);
  });

  test('a name from an object is no setting', () => {
    expect(settings('').get('constructor')).toBeUndefined();
  });
});
