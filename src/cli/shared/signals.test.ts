import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Collector, FakeTerminal } from '../../../test/support/fake-terminal.ts';
import { diskFiles } from './files.ts';
import { interruptible, untilAborted } from './signals.ts';

/* Whoever asks a program to end is not kept waiting by whoever reads what it says. */

/** Takes nothing. */
class Unread extends Collector {
  override _write(): void {}
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What is printed, and then Ctrl-C. */
async function stopped(out: Collector): Promise<FakeTerminal> {
  const terminal = new FakeTerminal(diskFiles, out);
  const work = interruptible(terminal, async (signal) => {
    terminal.out.write('a line\n');
    await untilAborted(signal);
  });
  terminal.interrupt();
  await work;
  return terminal;
}

test('a program that was asked to end does so within a second, though nobody reads what it printed', async () => {
  const terminal = await stopped(new Unread());
  vi.advanceTimersByTime(999);
  expect(terminal.exits).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(terminal.exits).toEqual([130]);
});

test('where all has been read it ends by itself', async () => {
  const terminal = await stopped(new Collector());
  vi.advanceTimersByTime(5000);
  expect(terminal.exits).toEqual([]);
});

test('nobody who did not ask has anything cut off', async () => {
  const terminal = new FakeTerminal(diskFiles, new Unread());
  await interruptible(terminal, () => Promise.resolve(terminal.out.write('a line\n')));
  vi.advanceTimersByTime(5000);
  expect(terminal.exits).toEqual([]);
});
