import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareVersionTexts, isVersion } from './version.ts';

describe('versions', () => {
  test.each(['1', '1.2', '1.2.0', '1.2.3.4', '0.0.0', '2024.10.1', '1.3.0-rc.1', '1.2.0+7'])(
    '%s is one',
    (text) => expect(isVersion(text)).toBe(true),
  );

  test.each([
    '',
    'v1.2',
    '1.',
    '.1',
    '1.2.3.4.5',
    '1.2-',
    '1.2+',
    '1 2',
    '1.2.0-rc..1',
    '1'.repeat(65),
  ])('%j is none', (text) => expect(isVersion(text)).toBe(false));

  test('from oldest to newest', () => {
    const inOrder = [
      '0.9',
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '1.0.0+7',
      '1.0.0+20241201123456789',
      '1.0.0.1',
      '1.2',
      '1.10',
      '2024.10.1',
    ];
    const mixed = inOrder.toSorted((one, other) => one.length - other.length);
    expect(mixed.toSorted(compareVersionTexts)).toEqual(inOrder);
  });

  test.each([
    ['1.2', '1.2.0'],
    ['1.02', '1.2'],
    ['1.2.0+0', '1.2'],
    ['1.2.0+abc', '1.2.0+def'],
  ])('%s is as new as %s', (one, other) => {
    expect(compareVersionTexts(one, other)).toBe(0);
  });

  const numbers = fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }).map((all) => all.join('.'));
  const words = fc.stringMatching(/^[0-9a-zA-Z-]{1,3}(\.[0-9a-zA-Z-]{1,3})?$/);
  const versions = fc
    .tuple(numbers, fc.option(words), fc.option(words))
    .map(
      ([core, before, build]) =>
        `${core}${before === null ? '' : `-${before}`}${build === null ? '' : `+${build}`}`,
    );

  test('one order, whichever way round', () => {
    fc.assert(
      fc.property(versions, versions, versions, (one, two, three) => {
        expect(isVersion(one)).toBe(true);
        expect(Math.sign(compareVersionTexts(one, two))).toBe(
          0 - Math.sign(compareVersionTexts(two, one)),
        );
        const [first, , last] = [one, two, three].toSorted(compareVersionTexts);
        expect(compareVersionTexts(first ?? '', last ?? '')).toBeLessThanOrEqual(0);
      }),
    );
  });
});
