import type { BootloaderRecord } from '../board/index.ts';
import { DfuError } from '../bytes/index.ts';
import { connect, enterDfuMode, find, receive, sendPlan, sendTo } from '../host/index.ts';
import type { DownloadEnding, Selection } from '../host/index.ts';
import type { UsbBus } from '../usb/index.ts';
import type { BenchClock } from './bench-clock.ts';
import { demandKnown } from './known-keys.ts';
import type { DownloadTarget } from './options.ts';

/** How long a device may take until it is on the bus, in ms of the board's time. */
const ARRIVES_MS = 10_000;

/** The host of a bench: this package's own, on the bus that the board is plugged into. */
export interface BenchHost {
  readonly bus: UsbBus;
  readonly clock: BenchClock;
  readonly record: BootloaderRecord;
}

/** The alternate setting that is meant. */
function alternateOf({ record }: BenchHost, target: DownloadTarget): Pick<Selection, 'alternate'> {
  const { alt, slot } = target;
  demandKnown('transfer', target, ['alt', 'slot', 'within', 'signal']);
  if (slot === undefined) return { alternate: alt };
  if (alt !== undefined) {
    throw new DfuError('INVALID_ARGUMENT', 'expected "alt" or "slot", got both');
  }
  // Zephyr's names of the media, where the application takes downloads.
  return { alternate: record.dfu?.alternate(slot) ?? `slot${slot}_image` };
}

/** Runs work with a signal that is raised if no device has come in time; then says what is there instead. */
async function withDevice<T>(
  { bus, clock }: BenchHost,
  selection: Selection,
  work: (around: { readonly signal: AbortSignal; readonly found: () => void }) => Promise<T>,
): Promise<T> {
  const waiting = new AbortController();
  const cancel = clock.at(clock.now() + ARRIVES_MS, () => waiting.abort());
  try {
    return await work({ signal: waiting.signal, found: cancel });
  } catch (error) {
    if (!DfuError.is(error, 'ABORTED') || !waiting.signal.aborted) throw error;
    await find(bus, { clock, selection, anyAlternate: true });
    throw error;
  } finally {
    cancel();
  }
}

/** As `dfukit download`: finds the device, detaches it if it must, and sends. Throws where it is no success. */
export function benchDownload(
  host: BenchHost,
  file: Uint8Array,
  target: DownloadTarget,
): Promise<DownloadEnding> {
  const { bus, clock } = host;
  const selection = alternateOf(host, target);
  const plan = sendPlan(file);
  return withDevice(host, selection, async ({ signal, found }) => {
    const ending = await sendTo(bus, plan, {
      clock,
      selection,
      signal,
      wait: true,
      onEvent: ({ type }) => {
        if (type === 'selected') found();
      },
    });
    if (ending.ending !== 'unconfirmed') return ending;
    const words = 'the device has taken all of it, and did not say what became of it';
    throw new DfuError('INCOMPLETE', words, { progress: ending });
  });
}

/** As `dfukit upload`. */
export function benchUpload(host: BenchHost, target: DownloadTarget): Promise<Uint8Array> {
  const { bus, clock } = host;
  const selection = alternateOf(host, target);
  return withDevice(host, selection, async ({ signal, found }) => {
    const session = await connect(bus, { clock, selection, signal, wait: true });
    found();
    const pieces: Uint8Array[] = [];
    try {
      await receive(session, (piece) => void pieces.push(piece.slice()));
    } finally {
      await session.close();
    }
    return new Uint8Array(Buffer.concat(pieces));
  });
}

/** As `dfukit detach`: from the run-time function to DFU mode, where it may be already. */
export function benchDetach(host: BenchHost): Promise<void> {
  const { bus, clock } = host;
  return withDevice(host, {}, async ({ signal, found }) => {
    const options = { clock, signal, wait: true, anyAlternate: true } as const;
    const { device, interface: entry } = await find(bus, options);
    found();
    if (entry.mode === 'runtime') await enterDfuMode(bus, device, entry, { clock });
  });
}
