import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const argv = process.argv;
let out: string;
let err: string;

beforeEach(() => {
  out = '';
  err = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    out += String(chunk);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    err += String(chunk);
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  process.argv = argv;
  process.exitCode = undefined;
});

/** Runs the program as its file is run; the answer is its exit code. */
async function run(...args: string[]): Promise<string | number | null | undefined> {
  vi.resetModules();
  process.argv = ['node', 'dfukit', ...args];
  await import('./main.ts');
  return process.exitCode;
}

test.each([
  [['frobnicate'], "dfukit: unknown command 'frobnicate'"],
  [['constructor'], "dfukit: unknown command 'constructor'"],
  [['list', '--frobnicate'], "dfukit: unknown option '--frobnicate'"],
  [['download'], "dfukit: missing required argument 'file'"],
  [['upload', 'a', 'b'], 'too many arguments'],
  [['download', 'x', '-d'], "option '-d, --device <ids>' argument missing"],
  [['list', '-n', 'x'], 'dfukit: --devnum: expected a whole number from 0 to 65535, got "x"'],
])('%j is a wrong argument: 64', async (args, message) => {
  expect(await run(...args)).toBe(64);
  expect(err).toContain(message);
});

test('nothing at all shows the commands: 64', async () => {
  expect(await run()).toBe(64);
  for (const name of ['list', 'download', 'upload', 'detach']) expect(err).toContain(name);
});

test.each([[['--help']], [['download', '--help']], [['help', 'download']]])(
  '%j is no failure',
  async (args) => {
    expect([undefined, 0]).toContain(await run(...args));
    expect(out).toContain('Usage: dfukit');
    expect(err).toBe('');
  },
);
