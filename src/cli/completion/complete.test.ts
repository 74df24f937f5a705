import { expect, test } from 'vitest';
import { ran } from '../../../test/support/fake-terminal.ts';
import { shellScript } from './shell-script.ts';

/** The words that are offered, and whether files are too. */
async function offered(...words: readonly string[]): Promise<{ words: string[]; files: boolean }> {
  const { out, exit } = await ran(['complete', '--', ...words]);
  expect(exit).toBe(0);
  const lines = out.trimEnd().split('\n');
  const directive = lines.pop();
  expect([':0', ':4']).toContain(directive);
  return { words: lines.map((line) => line.split('\t')[0] ?? ''), files: directive === ':0' };
}

test.each<[string[], string[]]>([
  [['dow'], ['download']],
  [['help', 'dow'], ['download']],
  [['board', 'ru'], ['run']],
  [['download', '--prot'], ['--protocol']],
  [
    ['download', '--protocol', ''],
    ['dfu', 'dfuse'],
  ],
  [['download', '--protocol=dfus'], ['--protocol=dfuse']],
  [['download', 'x.bin', '--bus', 'n'], ['native']],
  [['board', 'run', 'part'], ['particle-xenon']],
  [['flash', 'why', 'x', '--board', 'reel'], ['reel_board']],
  [['flash', 'boot', '--request', 'test', 'x', '--confi'], ['--confirm']],
  [['completion', 'fi'], ['fish']],
  [['imgtool', 'keyg'], ['keygen']],
  [
    ['imgtool', 'sign', '--align', '1'],
    ['1', '16'],
  ],
  [['board', 'run', '--flash', 'x', '--', '--b'], []],
  [['list', '--devnum', ''], []],
])('%j: %j', async (words, expected) => {
  expect((await offered(...words)).words).toEqual(expected);
});

test.each<[boolean, string[]]>([
  [true, ['download', '']],
  [true, ['board', 'run', 'x', '--flash', 'a']],
  [true, ['flash', 'why', '--board', './my']],
  [true, ['imgtool', 'sign', '-k', '']],
  [true, ['genhdr', 'show', '']],
  [true, ['manifest', 'check', '']],
  [true, ['manifest', 'create', '--notes', '']],
  [true, ['nosuch', '']],
  [false, ['list', '']],
  [false, ['download', '-S', '']],
  [false, ['download', '-p', '']],
  [false, ['boa']],
])('files: %s for %j', async (files, words) => {
  expect((await offered(...words)).files).toBe(files);
});

test('what few need is offered to those who have begun to write it', async () => {
  const { words } = await offered('download', '--');
  expect(words).toContain('--alt');
  expect(words).not.toContain('--poll-time');
  expect((await offered('download', '--po')).words).toEqual(['--poll-time']);
});

test('nothing to go on: the commands', async () => {
  const { out } = await ran(['complete', '--', '']);
  expect(out).toContain('list\tlist DFU devices');
});

test.each(['bash', 'zsh', 'fish', 'powershell'] as const)('a script for %s', async (shell) => {
  expect(await shellScript(shell)).toContain('dfukit complete ');
});
