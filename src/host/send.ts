import { DfuError } from '../bytes/index.ts';
import type { SendTally } from '../bytes/index.ts';
import type { CancelSignal, UsbBus } from '../usb/index.ts';
import { connect } from './connect.ts';
import type { ConnectOptions } from './connect.ts';
import type { DfuInterface } from './dfu-interface.ts';
import { sendPart } from './dfuse.ts';
import type { DfuSeEnding } from './dfuse-steps.ts';
import { download } from './download.ts';
import type { DownloadEnding } from './download-steps.ts';
import type { HostListener } from './events.ts';
import { contentsText } from './file-contents.ts';
import { leave } from './leave.ts';
import { readDfuInterfaces } from './read-interfaces.ts';
import { sendPlan } from './send-plan.ts';
import type { SendOptions, SendPlan } from './send-plan.ts';
import { leftOut, sendingOf } from './sending.ts';
import type { Sending } from './sending.ts';
import type { DfuSession } from './session.ts';
import { plainTally, sumOf, tallyOf } from './tally.ts';
import { deviceMs } from './time-limits.ts';

/** What sending goes by, whatever is sent. */
export interface SendTerms {
  readonly signal?: CancelSignal | undefined;
  readonly onEvent?: HostListener | undefined;
  /** Most time that the device may be busy with one command or block, or with manifestation. Default 120 s. */
  readonly busyLimitMs?: number | undefined;
  /** How long a device that has it all may take to leave. Default 3 s. */
  readonly lingerMs?: number | undefined;
}

/** How sending ended: what was meant to reach the device, and what it has acknowledged of that. */
export interface SendEnding extends DownloadEnding {
  readonly planned: SendTally;
  readonly acknowledged: SendTally;
}

/**
 * Sends what a plan says, in the dialect of the device: erases, downloads, up to and including
 * manifestation or leaving. Everything is decided before anything is sent. Cancelling leaves the device
 * in dfuIDLE where possible.
 *
 * Throws as `download` does; `REFUSED` if the file's suffix is for another device, or for what erases
 * everything; `INVALID_ARGUMENT` if a DfuSe device is not told where the file belongs; `OUT_OF_RANGE` and
 * `UNSUPPORTED` for memory that the device does not have; `NOT_FOUND` if it has none of the alternates;
 * `DISCONNECTED` if it restarts at a command of the plan, read unprotect say, before it has all the data.
 */
export async function send(
  session: DfuSession,
  plan: SendPlan,
  terms: SendTerms = {},
): Promise<SendEnding> {
  tellFile(plan, terms.onEvent);
  return sendIt(session, plan, terms);
}

/** What of the file is sent, and that a damaged suffix goes to the device with it: somebody should know. */
function tellFile(plan: SendPlan, onEvent: HostListener | undefined): void {
  const message = contentsText(plan);
  if (message !== undefined) onEvent?.({ type: 'note', message });
  if (plan.suffixProblem === undefined) return;
  onEvent?.({ type: 'note', message: `${plan.suffixProblem.message}; sent as it is` });
}

async function sendIt(session: DfuSession, plan: SendPlan, terms: SendTerms): Promise<SendEnding> {
  const namesAlternates = plan.targets.some(({ alternate }) => alternate !== undefined);
  const alternates = namesAlternates ? await alternatesOf(session, terms.signal) : undefined;
  for (const number of leftOut(plan, alternates ?? [])) {
    terms.onEvent?.({ type: 'note', message: `no alternate setting ${number}: left out` });
  }
  const sending = sendingOf(plan, session.interface, { alternates, was: session.was });
  switch (sending.dialect) {
    case 'dfu':
      return demandWhole(await sendPlain(session, sending, { ...terms, force: plan.anyDevice }));
    case 'dfuse':
      return demandWhole(await sendParts(session, sending, terms));
    case undefined:
      throw sending.refused;
    default:
      return sending satisfies never;
  }
}

/** The other alternates of the interface that is open. */
async function alternatesOf(
  { clock, pipe, transferMs, interface: own }: DfuSession,
  signal: CancelSignal | undefined,
): Promise<DfuInterface[]> {
  const totalMs = deviceMs(transferMs);
  const all = await readDfuInterfaces(pipe, { clock, transferMs, totalMs, signal });
  return all.filter(
    (each) =>
      each.interfaceNumber === own.interfaceNumber && each.configuration === own.configuration,
  );
}

/** A device may leave at a command, before it has the data: that is no way of having it. */
function demandWhole(ending: SendEnding): SendEnding {
  const { planned, acknowledged } = ending;
  if (acknowledged.bytes >= planned.bytes) return ending;
  const sent = `${acknowledged.bytes} of ${planned.bytes} bytes`;
  const message = `the device restarted when it was told to, with ${sent} sent: send the file again`;
  throw new DfuError('DISCONNECTED', message);
}

async function sendPlain(
  session: DfuSession,
  { payload, transferSizeBytes, planned }: Sending & { readonly dialect: 'dfu' },
  terms: SendTerms & { readonly force: boolean },
): Promise<SendEnding> {
  const ending = await download(session, payload, { ...terms, transferSizeBytes });
  const { bytes, blocks } = ending;
  return { ...ending, planned, acknowledged: plainTally(bytes, blocks, bytes === planned.bytes) };
}

async function sendParts(
  session: DfuSession,
  { parts, planned }: Sending & { readonly dialect: 'dfuse' },
  terms: SendTerms,
): Promise<SendEnding> {
  const tallies: SendTally[] = [];
  let last: DfuSeEnding | undefined;
  for (const part of parts) {
    last = await sendPart(session, part, terms);
    tallies.push(tallyOf(part.operations.slice(0, last.operations)));
  }
  const acknowledged = sumOf(tallies);
  return {
    blocks: acknowledged.blocks,
    bytes: acknowledged.bytes,
    ending: last?.ending ?? 'written',
    finalState: last?.finalState,
    reset: last?.reset,
    planned,
    acknowledged,
  };
}

/** Which device, and how it is talked to. */
export interface SendToOptions
  extends Omit<ConnectOptions, 'suffix' | 'anyAlternate' | 'force'>, SendTerms {
  /** Afterwards, ask the device out of DFU mode, as `leave` does. */
  readonly detach?: boolean | undefined;
}

/**
 * Finds the device that is meant, or that the file's suffix is for, brings it to DFU mode, sends the plan
 * and closes the device. Throws what `connect` and `send` throw.
 */
export async function sendTo(
  bus: UsbBus,
  plan: SendPlan,
  options: SendToOptions,
): Promise<SendEnding> {
  const { signal, onEvent, selection, detach = false } = options;
  tellFile(plan, onEvent);
  const session = await connect(bus, {
    ...options,
    suffix: plan.suffix,
    force: plan.anyDevice,
    // A DfuSe file says itself which alternates it is for.
    anyAlternate: plan.format === 'dfuse' && selection?.alternate === undefined,
  });
  try {
    const ending = await sendIt(session, plan, options);
    if (detach) await leave(session, { signal, onEvent });
    return ending;
  } finally {
    await session.close();
  }
}

/** What `flashFile` goes by: which device, and what is said of the file besides its bytes. */
export interface FlashOptions extends SendToOptions, SendOptions {}

/**
 * From the bytes of a file to a device that has them, in one call: what the file is and how it is sent is
 * found out (`sendPlan`), then it is sent (`sendTo`). A DFU suffix is checked and not sent. Throws what
 * these two throw.
 */
export function flashFile(
  bus: UsbBus,
  file: Uint8Array,
  options: FlashOptions,
): Promise<SendEnding> {
  return sendTo(bus, sendPlan(file, options), options);
}
