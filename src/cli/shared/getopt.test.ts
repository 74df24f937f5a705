import { describe, expect, test } from 'vitest';
import { getopt } from './getopt.ts';
import type { GetoptOption } from './getopt.ts';

const options: readonly GetoptOption[] = [
  { key: 'help', short: 'h', long: ['help'] },
  { key: 'add', short: 'a', long: ['add'], takesValue: true },
  { key: 'cfg', short: 'c', long: ['cfg', 'configuration', 'config'], takesValue: true },
  { key: 'address', long: ['stellaris-address'], takesValue: true },
  { key: 'stellaris', short: 'T', long: ['stellaris'] },
];

/** `key=value`, a bare operand, or `!message`. */
function read(...args: readonly string[]): string[] {
  return [...getopt(args, options)].map((each) => {
    if (each.is === 'fault') return `!${each.message}`;
    if (each.is === 'operand') return each.value;
    return each.value === '' ? each.key : `${each.key}=${each.value}`;
  });
}

describe('getopt', () => {
  test.each([
    [
      ['-h', '-a', 'x'],
      ['help', 'add=x'],
    ],
    [
      ['-hTa', 'x'],
      ['help', 'stellaris', 'add=x'],
    ],
    [
      ['-hax', 'y', '-T'],
      ['help', 'add=x', 'stellaris', 'y'],
    ],
    [['-a', '-h'], ['add=-h']],
    [
      ['--add=x=y', '--add', 'z'],
      ['add=x=y', 'add=z'],
    ],
    [
      ['--ad', 'x', '--conf', '1', '--c=2'],
      ['add=x', 'cfg=1', 'cfg=2'],
    ],
    [['--stellaris'], ['stellaris']],
    [
      ['-', '--', '-h'],
      ['-', '-h'],
    ],
    [['-a'], ["!option requires an argument -- 'a'"]],
    [['-xh'], ["!invalid option -- 'x'", 'help']],
    [['--foo=1'], ["!unrecognized option '--foo'"]],
    [['--help=1'], ["!option '--help' doesn't allow an argument"]],
    [['--add'], ["!option '--add' requires an argument"]],
    [['--st'], ["!option '--st' is ambiguous; possibilities: '--stellaris-address' '--stellaris'"]],
  ])('%j', (args, expected) => {
    expect(read(...args)).toEqual(expected);
  });
});
