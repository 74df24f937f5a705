import { describe, expect, test } from 'vitest';
import { ran } from '../../test/support/fake-terminal.ts';

test.each([
  [['frobnicate'], "dfukit: unknown command 'frobnicate'"],
  [['constructor'], "dfukit: unknown command 'constructor'"],
  [['list', '--frobnicate'], "dfukit: unknown option '--frobnicate'"],
  [['download'], "dfukit: missing required argument 'file'"],
  [['upload', 'a', 'b'], 'too many arguments'],
  [['download', 'x', '-d'], "option '-d, --device <ids>' argument missing"],
  [['-l'], "dfukit: unknown option '-l'; the command for it is: dfukit list"],
  [['--download', 'x'], 'the command for it is: dfukit download'],
  [['-U', 'x'], "with dfu-util's own options: dfukit dfu-util -U"],
  [['download', '-D', 'x'], "unknown option '-D'; 'download' says it already, leave it out"],
  [['list', '--list'], "unknown option '--list'; 'list' says it already, leave it out"],
  [['flash', 'x.bin'], 'writes a file into a device is: dfukit download x.bin'],
  [['flash', 'inspct'], '(Did you mean inspect?)'],
  [['help', 'nosuch'], "dfukit: unknown command 'nosuch'"],
  [['list', '--frobnicate'], '(run dfukit list --help for the options)'],
  [['flash', 'why', '--frobnicate'], '(run dfukit flash why --help for the options)'],
  [['lst'], '(Did you mean list?)'],
  [['board', 'rnu'], '(Did you mean run?)'],
  [['flash', 'why', 'x', '--bord', 'y'], '(Did you mean --board?)'],
  [['download', 'x', '--protocol', 'dfus'], 'choices are dfu, dfuse, did you mean "dfu"?'],
  [['completion', 'fissh'], 'powershell, did you mean "fish"?'],
  [['download', 'x', '--allow', 'no-layot'], 'got "no-layot", did you mean "no-layout"?'],
  [['board', 'run', 'reel_bord'], 'no board "reel_bord", did you mean "reel_board"?; there is:'],
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

describe('examples end the help, where a terminal shows them', () => {
  test.each([['list'], ['download'], ['upload'], ['detach'], ['flash boot'], ['flash powercut']])(
    '%s: each is a command line that is understood',
    async (name) => {
      const { out } = await ran([...name.split(' '), '--help']);
      const lines = out.split('\nExamples:\n')[1]?.split('\n\n')[0]?.trimEnd().split('\n') ?? [];
      expect(lines.length).toBeGreaterThanOrEqual(2);
      for (const line of lines) {
        const [words = ''] = line.trim().split(/ {2,}| \|/);
        expect(words).toMatch(new RegExp(`^dfukit ${name}(?: |$)`));
        // Another bus in place of the example's, and nobody is there; nor are the files.
        const bus = name.startsWith('flash') ? [] : ['--bus', 'usbip://127.0.0.1:1'];
        const { exit, err } = await ran([
          ...words
            .replace(/ --bus \S+/g, '')
            .split(' ')
            .slice(1),
          ...bus,
        ]);
        expect([66, 74], `${words}: ${err}`).toContain(exit);
      }
    },
  );
});

describe('what is asked for JSON fails in JSON too', () => {
  test.each([
    [['list', '--json', '--bus', 'x'], { code: 'INVALID_ARGUMENT', exit: 64 }],
    [['list', '--json', '--frobnicate'], { code: 'INVALID_ARGUMENT', exit: 64 }],
    [['download', 'no/such', '--json'], { code: 'NOT_FOUND', exit: 66 }],
    [['upload', 'no/such', '--json'], { code: 'IO', exit: 73 }],
    [['image', 'info', 'no/such', '--json'], { code: 'NOT_FOUND', exit: 66 }],
    [['flash', 'inspect', 'no/such', '--json'], { code: 'NOT_FOUND', exit: 66 }],
    [['flash', 'fit', '--json'], { exit: 64 }],
    [['firmware', 'flash', 'nothing', '--board', 'none', '--json'], { exit: 64 }],
    [['board', 'run', 'nothing', '--json', '--frobnicate'], { code: 'INVALID_ARGUMENT' }],
  ])('%j', async (args, expected) => {
    const { exit, out } = await ran(args);
    const line = JSON.parse(out) as { exit: number; message: string };
    expect(line).toMatchObject({ type: 'error', exit, ...expected });
    expect(line.message).not.toMatch(/^(?:$|error|dfukit)/);
  });

  test('help is no failure, nor does an argument ask for anything', async () => {
    expect((await ran(['list', '--json', '--help'])).out).not.toContain('"error"');
    expect((await ran(['download', '--', '--json'])).out).toBe('');
  });
});
