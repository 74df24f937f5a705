import { expect, test } from 'vitest';
import { DfuError } from '../../bytes/index.ts';
import { withOptionNames } from './option-names.ts';

test.each([
  [
    'More than one DFU interface matches: say which alternate setting.\n  Found DFU: …\n  Found DFU: …',
    ['alternate'],
    'More than one DFU interface matches: say which alternate setting (-a).\n  Found DFU: …\n  Found DFU: …',
  ],
  ['say which device.\n  …', ['serial', 'path'], 'say which device (-S serial or -p path).\n  …'],
  [
    'a mass erase erases everything',
    ['force'],
    'a mass erase erases everything (--force to do it all the same)',
  ],
  ['it is told nowhere', ['address'], 'it is told nowhere (-s, e.g. -s 0x08000000)'],
  ['nothing helps', [], 'nothing helps'],
] as const)('%j', (message, remedies, expected) => {
  const cause = new Error('underneath');
  const error = new DfuError('DEVICE_STATUS', message, { remedies, status: 8, cause });
  const told = withOptionNames(error);
  expect(told).toMatchObject({ code: 'DEVICE_STATUS', message: expected, status: 8, cause });
  expect(told).toMatchObject({ remedies });
});

test('what is no error of this package goes by', () => {
  const error = new RangeError('a defect');
  expect(withOptionNames(error)).toBe(error);
});
