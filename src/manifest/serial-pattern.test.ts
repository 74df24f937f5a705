import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  SERIAL_PATTERN,
  fitsSerialPattern,
  parseSerialPattern,
  patternsMeet,
} from './serial-pattern.ts';
import type { SerialPattern } from './serial-pattern.ts';

function read(text: string): SerialPattern {
  expect(text).toMatch(SERIAL_PATTERN);
  const pattern = parseSerialPattern(text);
  expect(pattern).toBeDefined();
  return pattern ?? [];
}

describe('a serial number', () => {
  test.each([
    ['PX-*', 'PX-', true],
    ['PX-*', 'PX-0042', true],
    ['PX-*', 'px-0042', false],
    ['PX-????', 'PX-0042', true],
    ['PX-????', 'PX-00421', false],
    ['PX-????', 'PX-🌡🌡🌡🌡', true],
    ['*', '', true],
    ['?', '', false],
    ['[0-9A-F]*', 'F00', true],
    ['[0-9A-F]*', 'G00', false],
    ['[*][?]', '*?', true],
    ['[*][?]', 'ab', false],
    ['[a-]', '-', true],
    ['[-a]', '-', true],
    ['.+(a|b)', '.+(a|b)', true],
    ['.+', 'aa', false],
    ['*a*b*', 'xxaxxbxx', true],
    ['*a*b*', 'xxbxxaxx', false],
  ])('%s, %j: %s', (pattern, serial, fits) => {
    expect(fitsSerialPattern(read(pattern), serial)).toBe(fits);
  });

  test('that would keep a backtracking search busy for ever', () => {
    const pattern = read('*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*ab');
    expect(fitsSerialPattern(pattern, 'a'.repeat(126))).toBe(false);
  });
});

test.each(['[', ']', '[]', 'a[b', '\\', 'ä', '', '[[]'])('%j is no pattern', (text) => {
  expect(text).not.toMatch(SERIAL_PATTERN);
});

test('a range that goes backwards', () => {
  expect(parseSerialPattern('[9-0]')).toBeUndefined();
});

describe('two patterns', () => {
  test.each([
    ['A*', 'B*', false],
    ['A*', '*B', true],
    ['A?', 'A*B', true],
    ['A?', 'A??', false],
    ['[0-4]*', '[5-9]*', false],
    ['[0-5]*', '[5-9]*', true],
    ['*', '?', true],
    ['***', 'x', true],
    ['a*b*c', 'a*c*b', false],
    ['a*b*', '*c*b', true],
  ])('%s and %s have one in common: %s', (one, other, meet) => {
    expect(patternsMeet(read(one), read(other))).toBe(meet);
    expect(patternsMeet(read(other), read(one))).toBe(meet);
  });

  // No text of theirs needs to be longer than they are, and other letters than theirs do not matter.
  const letters = ['a', 'b', 'c'];
  const upTo = (length: number): string[] =>
    length === 0
      ? ['']
      : ['', ...letters.flatMap((first) => upTo(length - 1).map((rest) => first + rest))];
  const serials = upTo(6);

  test('meet where one serial number fits both, and nowhere else', () => {
    const texts = fc.stringMatching(/^([ab]|\*|\?|\[ab\]){1,3}$/);
    fc.assert(
      fc.property(texts, texts, (one, other) => {
        const [left, right] = [read(one), read(other)];
        const both = serials.some(
          (each) => fitsSerialPattern(left, each) && fitsSerialPattern(right, each),
        );
        expect(patternsMeet(left, right)).toBe(both);
      }),
    );
  });
});
