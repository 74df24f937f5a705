import { expect, test } from 'vitest';
import { ran } from '../../test/support/fake-terminal.ts';

test.each([
  [['frobnicate'], "dfukit: unknown command 'frobnicate'"],
  [['constructor'], "dfukit: unknown command 'constructor'"],
  [['list', '--frobnicate'], "dfukit: unknown option '--frobnicate'"],
  [['download'], "dfukit: missing required argument 'file'"],
  [['upload', 'a', 'b'], 'too many arguments'],
  [['download', 'x', '-d'], "option '-d, --device <ids>' argument missing"],
  [['list', '-n', 'x'], 'dfukit: --devnum: expected a whole number from 0 to 65535, got "x"'],
])('%j is a wrong argument: 64', async (args, message) => {
  const { exit, err } = await ran(args);
  expect(exit).toBe(64);
  expect(err).toContain(message);
});

test('nothing at all shows the commands: 64', async () => {
  const { exit, err } = await ran([]);
  expect(exit).toBe(64);
  for (const name of ['list', 'download', 'upload', 'detach']) expect(err).toContain(name);
});

test.each([[['--help']], [['download', '--help']], [['help', 'download']]])(
  '%j is no failure',
  async (args) => {
    const { exit, out, err } = await ran(args);
    expect(exit).toBe(0);
    expect(out).toContain('Usage: dfukit');
    expect(err).toBe('');
  },
);
