import type { HostListener, QuirkRow, TimeLimits } from '../../host/index.ts';
import { timerClock } from '../../usb/index.ts';
import type { Clock, UsbBus } from '../../usb/index.ts';
import { openBuses } from './bus.ts';
import { explain } from '../shared/exit-codes.ts';
import { withDoctor } from './doctor-hint.ts';
import { withOptionNames } from './option-names.ts';
import { reporter } from './progress.ts';
import { quirksOf } from './quirk-options.ts';
import type { QuirkOptions } from './quirk-options.ts';
import { jsonGoesTo } from '../shared/json-failure.ts';
import { interruptible } from '../shared/signals.ts';
import type { Output, Terminal } from '../shared/terminal.ts';
import type { TracedRun } from './traced-run.ts';
import type { TraceOptions } from './trace-options.ts';

/** What a command that talks to devices works with. */
export interface Surroundings {
  readonly bus: UsbBus;
  readonly clock: Clock;
  /** Raised by Ctrl-C. */
  readonly signal: AbortSignal;
  readonly onEvent: HostListener;
  /** What the command line knows of devices besides the table. */
  readonly quirks: readonly QuirkRow[];
  /** Of several buses, those that cannot be reached now. */
  readonly dark: ReadonlySet<string>;
}

interface RunOptions extends QuirkOptions, TraceOptions {
  readonly bus: readonly string[];
  readonly json?: true | undefined;
  readonly timeout?: TimeLimits | undefined;
  /** Where milestones and JSON lines go; default standard output. */
  readonly out?: Output | undefined;
}

/** Opens the bus, runs the command on it, closes it; an error has the option in it that helps. */
export async function runOnBus<T>(
  terminal: Terminal,
  options: RunOptions,
  work: (around: Surroundings) => Promise<T>,
): Promise<T> {
  const { out = terminal.out, json = false } = options;
  jsonGoesTo(terminal, out);
  const quirks = quirksOf(terminal, options);
  try {
    return await interruptible(terminal, async (signal) => {
      const clock = timerClock(globalThis);
      const report = await reporter(terminal, { json, out });
      const onEvent: HostListener = (event) => report.tell(event);
      const dark = new Set<string>();
      const open = (): Promise<UsbBus> =>
        openBuses(terminal, options.bus, clock, (station, error) => {
          if (error === undefined) dark.delete(station);
          else dark.add(station);
          onEvent({ type: 'note', message: troubleText(station, error) });
        });
      const { bus, finish, fail } = await onBus(terminal, options, { clock, open });
      try {
        const done = await work({ bus, clock, signal, onEvent, dark, quirks });
        const message = finish();
        if (message !== undefined) onEvent({ type: 'note', message });
        return done;
      } catch (error) {
        throw fail(error);
      } finally {
        report.close();
        await bus.close();
      }
    });
  } catch (reason) {
    throw withDoctor(withOptionNames(reason, options.timeout), options.bus);
  }
}

/** What traces and replays is loaded where it is asked for. */
async function onBus(
  terminal: Terminal,
  options: TraceOptions,
  around: { readonly clock: Clock; readonly open: () => Promise<UsbBus> },
): Promise<TracedRun> {
  if (options.trace === undefined && options.replay === undefined) {
    return { bus: await around.open(), finish: () => undefined, fail: (error) => error };
  }
  const { tracedRun } = await import('./traced-run.ts');
  return tracedRun(terminal, options, around);
}

function troubleText(station: string, error: unknown): string {
  if (error === undefined) return `${station} answers again`;
  const why = explain(error);
  return `${station} is left out: ${why}`;
}
