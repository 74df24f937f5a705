import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { FakeTerminal, ran } from '../../test/support/fake-terminal.ts';
import { commands } from './commands.ts';

/** Lines of a screen, with room for a prompt. */
const SCREEN = 45;

function below(command: Command, path: readonly string[]): string[] {
  return [
    path.join(' '),
    ...command.commands.flatMap((each) => below(each, [...path, each.name()])),
  ];
}

/** The commands of a program that reads its command line itself: how its help names them. */
async function ownBelow(name: string): Promise<string[]> {
  const { out } = await ran([name, '--help']);
  const [, listed = ''] = /\nCommands[^\n]*:\n((?: {2}\S[^\n]*\n)+)/.exec(out) ?? [];
  const found = [...listed.matchAll(/^ {2}([a-z]+)/gm)].map(([, each = '']) => each);
  return [name, ...(name === 'genhdr' ? [] : found.map((each) => `${name} ${each}`))];
}

async function pathsOf(name: string): Promise<string[]> {
  const loaded = await commands[name]?.load();
  if (loaded === undefined || 'run' in loaded) return ownBelow(name);
  return below(loaded.command(new FakeTerminal()), [name]);
}

/** Their help is that of the originals to the letter, which scripts read. */
const asOriginals: ReadonlySet<string> = new Set([
  'dfu-util',
  'dfu-suffix',
  'dfu-prefix',
  'dfuse-pack',
]);

const names = Object.keys(commands).filter((name) => !asOriginals.has(name));
const paths = (await Promise.all(names.map(pathsOf))).flat();

test('all of them are found', () => {
  expect(paths).toContain('board run');
  expect(paths).toContain('flash powercut');
  expect(paths).toContain('imgtool sign');
  expect(paths.length).toBeGreaterThan(35);
});

/** Commands without `--json`, and why. */
const withoutJson: Readonly<Record<string, string>> = {
  tour: 'a show for people',
  board: 'its commands have it',
  firmware: 'its commands have it',
  image: 'its commands have it',
  manifest: 'its commands have it',
  flash: 'its commands have it',
  genhdr: 'show has --json, where the tool has it',
  completion: 'a script for a shell',
  trace: 'its commands write traces, which are JSON',
  'trace convert': 'what it writes is a trace',
  'trace redact': 'what it writes is a trace',
  'board show': 'it prints a board file, which is JSON',
};

/** imgtool has its own: `dumpinfo -f json`. */
const sayJson = paths.filter((path) => !path.startsWith('imgtool') && !(path in withoutJson));

test.each(sayJson)('dfukit %s has --json', async (path) => {
  const { out } = await ran([...path.split(' '), '--help']);
  expect(out).toMatch(/^ {2}--json\b/m);
});

describe.each(paths)('dfukit %s', (path) => {
  test('--help fits a screen and ends with examples', async () => {
    const { exit, out, err } = await ran([...path.split(' '), '--help']);
    expect([exit, err]).toEqual([0, '']);
    const rows = out.trimEnd().split('\n');
    const wrapped = rows.flatMap((row) => row.match(/.{1,80}/g) ?? ['']);
    expect(wrapped.slice(SCREEN)).toEqual([]);
    expect(out).toMatch(/\nExamples:\n {2}dfukit /);
  });

  test('--help-all has all of that', async () => {
    const [short, long] = [
      await ran([...path.split(' '), '--help']),
      await ran([...path.split(' '), '--help-all']),
    ];
    expect(long.exit).toBe(0);
    const options = (text: string): string[] => text.match(/(?<=^ {2}(?:-\w, )?)--[a-z-]+/gm) ?? [];
    expect(options(long.out)).toEqual(expect.arrayContaining(options(short.out)));
    const [, more = '0'] = /There is more \((\d+) more option/.exec(short.out) ?? [];
    expect(options(long.out).length).toBeGreaterThanOrEqual(
      options(short.out).length + Number(more),
    );
  });
});
