import type { Writable } from 'node:stream';
import { DfuError } from '../../bytes/index.ts';
import type { HostListener } from '../../host/index.ts';
import { timerClock } from '../../usb/index.ts';
import type { Clock, UsbBus } from '../../usb/index.ts';
import { openBus } from './bus.ts';
import { reporter, writeJson } from './progress.ts';

/** What a command that talks to devices works with. */
export interface Surroundings {
  readonly bus: UsbBus;
  readonly clock: Clock;
  /** Raised by Ctrl-C. */
  readonly signal: AbortSignal;
  readonly onEvent: HostListener;
}

export interface RunOptions {
  readonly bus: string;
  readonly json?: true | undefined;
  /** Where milestones and JSON lines go; default standard output. */
  readonly out?: Writable | undefined;
}

/** Opens the bus, runs the command on it, closes it; an error is told as JSON too if so asked. */
export async function runOnBus(
  options: RunOptions,
  work: (around: Surroundings) => Promise<void>,
): Promise<void> {
  const { out = process.stdout, json = false } = options;
  try {
    await interruptible(async (signal) => {
      const clock = timerClock(globalThis);
      const report = await reporter({ json, out });
      const bus = await openBus(options.bus, clock);
      try {
        await work({ bus, clock, signal, onEvent: (event) => report.tell(event) });
      } finally {
        report.close();
        await bus.close();
      }
    });
  } catch (error) {
    if (json && DfuError.is(error)) {
      const { code, message, status } = error;
      writeJson(out, { type: 'error', code, message, status });
    }
    throw error;
  }
}

/** Ctrl-C cancels what runs, which leaves the device in order; a second one ends the program. */
async function interruptible(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  let asked = false;
  const stop = (): void => {
    // oxlint-disable-next-line unicorn/no-process-exit -- whoever asks twice is not kept waiting
    if (asked) process.exit(130);
    asked = true;
    controller.abort();
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const name of signals) process.on(name, stop);
  try {
    await work(controller.signal);
  } finally {
    for (const name of signals) process.off(name, stop);
  }
}
