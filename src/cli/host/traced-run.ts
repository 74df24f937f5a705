import { DfuError } from '../../bytes/index.ts';
import { replayBus, tracedBus } from '../../trace/index.ts';
import type { ReplayBus } from '../../trace/index.ts';
import type { Clock, UsbBus } from '../../usb/index.ts';
import type { Terminal } from '../shared/terminal.ts';
import { readTraceFile, refuseSame, traceSink } from '../shared/trace-file.ts';
import type { TraceOptions } from './trace-options.ts';

/** What a command has instead of its bus. */
export interface TracedRun {
  readonly bus: UsbBus;
  /** The command has gone well: throws if the replay did not, or the trace is not whole; else what to tell. */
  readonly finish: () => string | undefined;
  /** The command has failed: what it failed with, or what made it fail. */
  readonly fail: (error: unknown) => unknown;
}

/** Puts a trace around a bus, which is that of a recording if one is to be played. */
export async function tracedRun(
  terminal: Terminal,
  { trace, replay }: TraceOptions,
  { clock, open }: { readonly clock: Clock; readonly open: () => Promise<UsbBus> },
): Promise<TracedRun> {
  if (trace !== undefined && replay !== undefined) refuseSame(replay, trace);
  const recording = replay === undefined ? undefined : await readTraceFile(terminal.files, replay);
  const sink = trace === undefined ? undefined : traceSink(terminal, trace);
  try {
    const played = recording === undefined ? undefined : replayBus(recording, { clock });
    const bus = played ?? (await open());
    return {
      bus: sink === undefined ? bus : tracedBus(bus, clock, (record) => sink.tell(record)),
      finish() {
        sink?.close();
        return played === undefined ? undefined : afterReplay(played);
      },
      fail(error) {
        sink?.abandon();
        return played?.departure ?? error;
      },
    };
  } catch (error) {
    sink?.abandon();
    throw error;
  }
}

/** Throws if it went another way than the recording; a note if it ended before that. */
function afterReplay({ departure, rest }: ReplayBus): string | undefined {
  if (DfuError.is(departure)) throw departure;
  const [next] = rest;
  if (next === undefined) return undefined;
  return `the recording goes on: ${next}${rest.length > 1 ? ` and ${rest.length - 1} more` : ''}`;
}
