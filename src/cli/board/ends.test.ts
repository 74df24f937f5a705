import { describe, expect, test } from 'vitest';
import { FakeTerminal } from '../../../test/support/fake-terminal.ts';
import { dfukit } from '../dfukit.ts';

interface Ended {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** A board to its own end, with this done when it is ready. */
async function run(
  args: readonly string[],
  then: (terminal: FakeTerminal) => void = () => {},
): Promise<Ended> {
  const terminal = new FakeTerminal();
  const ended = dfukit(['board', 'run', 'particle-xenon', '--usbip', ':0', ...args], terminal);
  void terminal.out.until(/USB\/IP at|"event":"ready"/).then(() => then(terminal));
  return { exit: await ended, out: terminal.out.text, err: terminal.err.text };
}

const both = [[], ['--json']];

describe.each(both)('board run, JSON: %s', (...json) => {
  test('--until ends it well, and says with which event', async () => {
    const { exit, err } = await run([...json, '--until', 'boot:mode=dfu', '--timeout', '1min']);
    expect(exit).toBe(0);
    expect(err).toBe('dfukit: --until boot:mode=dfu: * power-on: DFU mode (no valid slot)\n');
  });

  test('--until again is behind the one before; a time begins there', async () => {
    const { exit, err } = await run([...json, '--until', 'boot', '--until', '1ms']);
    expect(exit).toBe(0);
    expect(err).toMatch(/^dfukit: --until boot: .*\ndfukit: --until 1ms: it ran so long\n$/);
    const none = [...json, '--until', 'boot', '--until', 'boot', '--timeout', '20ms'];
    expect((await run(none)).exit).toBe(124);
  });

  test('--fail-on is stronger than --until', async () => {
    const args = [...json, '--until', 'boot', '--fail-on', 'fault', '--fail-on', 'boot:/no valid/'];
    const { exit, err } = await run(args);
    expect(exit).toBe(1);
    expect(err).toBe('dfukit: --fail-on boot:/no valid/: * power-on: DFU mode (no valid slot)\n');
  });

  test('--timeout says what has not come', async () => {
    const { exit, err } = await run([...json, '--until', 'fault', '--timeout', '20ms']);
    expect(exit).toBe(124);
    expect(err).toMatch(
      /^dfukit: 20ms are over: --until fault has not come\nlast boot: \* power-on/,
    );
    const alone = await run([...json, '--timeout', '20ms']);
    expect(alone).toMatchObject({ exit: 124 });
    expect(alone.err).toMatch(/^dfukit: 20ms are over\n/);
  });

  test('a signal before that is no success; without --until it is none of its business', async () => {
    const stop = (terminal: FakeTerminal): void => terminal.interrupt();
    const { exit, err } = await run([...json, '--until', 'fault'], stop);
    expect({ exit, err }).toEqual({
      exit: 130,
      err: 'dfukit: put away by signal: --until fault has not come\n',
    });
    expect((await run([...json, '--fail-on', 'fault', '--timeout', '1h'], stop)).exit).toBe(0);
  });

  test('the end of standard input, or of a reader, is no end with --until', async () => {
    const args = [...json, '--until', 'usb:state=detached', '--until', '1ms'];
    const ends = (terminal: FakeTerminal): void => {
      terminal.in.end();
      terminal.out.destroy(new Error('EPIPE'));
      setImmediate(() => terminal.interrupt());
    };
    expect((await run(args, ends)).exit).toBe(130);
    const timed = await run([...json, '--until', '50ms'], (terminal) => terminal.in.end());
    expect(timed.exit).toBe(0);
  });

  test.each([
    [['--until', 'bot'], '--until: expected an event: '],
    [['--until', '5'], '--until: expected a time with its unit, such as 500ms, 30s or 2min'],
    [['--fail-on', '5s'], '--fail-on: expected an event: '],
    [['--fail-on', 'console:/(/'], '--fail-on: expected a regular expression'],
    [['--timeout', '30'], '--timeout: expected a time with its unit'],
    [['--timeout', '0s'], '--timeout: expected a time with its unit'],
    [['--timeout', '20000min'], '--timeout: expected a time with its unit'],
    [Array.from({ length: 65 }, () => ['--until', 'boot']).flat(), 'up to 64'],
  ])('%j is a wrong argument', async (args, words) => {
    const { exit, err } = await run([...json, ...args]);
    expect(exit).toBe(64);
    expect(err).toContain(words);
  });
});

test('its last event says why; quit before --until is no success', async () => {
  const last = ({ out }: Ended): unknown => JSON.parse(out.trimEnd().split('\n').at(-1) ?? '');
  const message = expect.stringMatching(/^--until boot: /) as string;
  const met = await run(['--json', '--until', 'boot']);
  expect(last(met)).toMatchObject({ event: 'quit', why: 'until', message });
  const quit = (terminal: FakeTerminal): void => void terminal.in.write('{"command":"quit"}\n');
  const early = await run(['--json', '--until', 'fault'], quit);
  expect(early).toMatchObject({
    exit: 75,
    err: 'dfukit: put away by command: --until fault has not come\n',
  });
  expect(last(early)).toMatchObject({ event: 'quit', why: 'command' });
  expect((await run(['--json', '--timeout', '1h'], quit)).exit).toBe(0);
});
