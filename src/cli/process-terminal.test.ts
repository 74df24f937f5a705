import { afterEach, describe, expect, test, vi } from 'vitest';
import { processTerminal } from './process-terminal.ts';

afterEach(() => vi.restoreAllMocks());

describe('the terminal of this process', () => {
  test('has its streams', () => {
    expect(processTerminal.in).toBe(process.stdin);
    expect(processTerminal.out).toBe(process.stdout);
    expect(processTerminal.err).toBe(process.stderr);
  });

  test('hears whoever asks it to stop, and no longer than is wished', () => {
    const asked = vi.fn<() => void>();
    const before = process.listenerCount('SIGTERM');
    const stop = processTerminal.onStop(asked);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.emit(signal);
    expect(asked).toHaveBeenCalledTimes(3);
    stop();
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });

  test('tells of its end once', () => {
    const before = process.listenerCount('exit');
    const forget = processTerminal.onExit(() => {});
    expect(process.listenerCount('exit')).toBe(before + 1);
    forget();
    expect(process.listenerCount('exit')).toBe(before);
  });

  test('knows whether it is a background job, and tells when it is none', async () => {
    // Whoever runs the tests sees them, or has no terminal at all.
    expect(processTerminal.inForeground()).toBe(true);
    await new Promise<void>((resolve) => void processTerminal.onForeground(resolve));
  });

  test('ends with a code', () => {
    const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
    processTerminal.exit(130);
    expect(exit).toHaveBeenCalledWith(130);
  });
});
