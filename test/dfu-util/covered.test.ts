import { expect, test } from 'vitest';
import {
  loaderLines,
  riotLines,
  runTimeLines,
  twoLines,
  zephyrLines,
} from '../kernel/guest/drop-in-lines.ts';
import { nativeLines } from './native-lines.ts';

/** What both programs are given, here and in the kernel lab. */
const lines = [nativeLines, riotLines, runTimeLines, zephyrLines, loaderLines, twoLines]
  .flat()
  .map(({ args }) => args);

/** The options of dfu-util 0.11, as its own `--help` and its source have them. */
const SWITCHES = Array.from('hVvleRw');
const WITH_VALUE = Array.from('EdpnciaStUZDs');
const LONG = [
  'help',
  'version',
  'verbose',
  'list',
  'detach',
  'detach-delay',
  'device',
  'path',
  'configuration',
  'cfg',
  'interface',
  'intf',
  'altsetting',
  'alt',
  'serial',
  'transfer-size',
  'upload',
  'upload-size',
  'download',
  'reset',
  'dfuse-address',
  'devnum',
  'wait',
];

/** The options in a command line, as they are written. */
function optionsIn(args: readonly string[]): readonly string[] {
  const found: string[] = [];
  let isValue = false;
  for (const word of args) {
    if (word === '--') break;
    if (isValue) isValue = false;
    else if (word.startsWith('--')) found.push(word.slice(2).replace(/=.*$/, ''));
    else if (word.startsWith('-')) {
      const letters = Array.from(word.slice(1));
      const at = letters.findIndex((letter) => WITH_VALUE.includes(letter));
      found.push(...(at < 0 ? letters : letters.slice(0, at + 1)));
      isValue = at === letters.length - 1 && at >= 0;
    }
  }
  return found;
}

test('every option, long and short, is in a command line that both programs are given', () => {
  const given = new Set(lines.flatMap(optionsIn));
  const all = [...SWITCHES, ...WITH_VALUE, ...LONG];
  expect(all.filter((option) => !given.has(option))).toEqual([]);
});

test('there are many, and those that need no device stand there once', () => {
  const natively = nativeLines.map(({ args }) => args.join(' '));
  expect(new Set(natively).size).toBe(natively.length);
  expect(lines.length).toBeGreaterThanOrEqual(60);
});
