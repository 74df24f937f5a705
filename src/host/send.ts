import { isSegmentFormat } from '../image/index.ts';
import type { CancelSignal, PartWait, UsbBus } from '../usb/index.ts';
import type { DownloadEnding } from './endings.ts';
import { connectReady } from './connect.ts';
import type { ConnectOptions } from './connect.ts';
import { quirkOf } from './dfu-interface.ts';
import type { DfuInterface } from './dfu-interface.ts';
import type { HostListener } from './events.ts';
import { waitAppMs, withApplication } from './application.ts';
import type { ApplicationTerms } from './application.ts';
import { leave } from './leave.ts';
import { unchangedElse, unconfirmedElse, withOutcome } from './outcome.ts';
import { readDfuInterfaces } from './read-interfaces.ts';
import { needed, needsOf } from './needs.ts';
import type { SendNeeds } from './needs.ts';
import { parts } from './parts.ts';
import { canBePlaced } from './place.ts';
import { Beside } from './others-beside.ts';
import { demandArguments, demandBytes } from './send-arguments.ts';
import { planFile } from './plan-file.ts';
import type { SendOptions, SendPlan } from './send-plan.ts';
import { sendPlain } from './send-plain.ts';
import { allowsAnyDevice, decidedSending, demandFit, leftOut } from './sending.ts';
import type { DfuSession } from './session.ts';
import { tellingThatItStays } from './stays-in-dfu-mode.ts';
import { deviceMs } from './time-limits.ts';

/** What sending goes by, whatever is sent. */
export interface SendTerms {
  readonly signal?: CancelSignal | undefined;
  readonly onEvent?: HostListener | undefined;
  /** Most time that the device may be busy with one command or block, or with manifestation. Default 120 s. */
  readonly busyLimitMs?: number | undefined;
  /** How long to wait between two questions to a busy device, in ms, whatever it asks for. */
  readonly pollTimeMs?: number | undefined;
  /** How long a device that has it all may take to leave. Default 3 s. */
  readonly lingerMs?: number | undefined;
  /**
   * Of a DfuSe device each piece with an address goes to the alternate setting whose memory layout has it, instead of
   * all to the one that is open. `send`: default false; `sendTo`: default true where the selection names no alternate.
   */
  readonly placeByLayout?: boolean | undefined;
}

/** How sending ended: what was meant to reach the device, and what it has acknowledged of that. */
export type SendEnding = DownloadEnding;

/**
 * Sends what a plan says, in the dialect of the device: erases, downloads, up to and including
 * manifestation or leaving. Everything is decided before anything is sent. Cancelling leaves the device
 * in dfuIDLE where possible.
 *
 * Throws as `download` does; `REFUSED` if the file's suffix is for another device, or for what erases
 * everything; `INVALID_ARGUMENT` if a DfuSe device is not told where the file belongs; `OUT_OF_RANGE` and
 * `UNSUPPORTED` for memory that the device does not have; `NOT_FOUND` if it has none of the alternates;
 * `INCOMPLETE` if it restarts at a command of the plan, read unprotect say, before it has all the data.
 */
export async function send(
  session: DfuSession,
  plan: SendPlan,
  terms: SendTerms = {},
): Promise<SendEnding> {
  await tellFile(plan, { ...terms, clock: session.clock });
  return withOutcome(session, () => sendIt(session, plan, terms));
}

/** What of the file is sent, and what is wrong with it and does not keep it from being sent: somebody should know. */
export async function fileNotes(plan: SendPlan, wait: PartWait): Promise<string[]> {
  const { suffixProblem, problems } = plan;
  const readers = isSegmentFormat(plan.format) ? await parts.readers(wait) : undefined;
  const damaged =
    suffixProblem === undefined ? undefined : `${suffixProblem.message}; sent as it is`;
  return [readers?.contentsText(plan), ...problems, damaged].filter((each) => each !== undefined);
}

async function tellFile(
  plan: SendPlan,
  terms: PartWait & Pick<SendTerms, 'onEvent'>,
): Promise<void> {
  for (const message of await fileNotes(plan, terms)) terms.onEvent?.({ type: 'note', message });
}

async function sendIt(session: DfuSession, given: SendPlan, terms: SendTerms): Promise<SendEnding> {
  const { plan, sending, left, needs } = await decided(session, given, terms);
  for (const number of left) {
    terms.onEvent?.({ type: 'note', message: `no alternate setting ${number}: left out` });
  }
  if (sending.dialect !== undefined) {
    const compared = await needs.notOlder?.demandNotOlder(session, { plan, sending }, terms.signal);
    for (const message of sending.confirmed ?? [])
      terms.onEvent?.({ type: 'note', message, isGood: true });
    for (const message of [...sending.notes, ...(compared === undefined ? [] : [compared])])
      terms.onEvent?.({ type: 'note', message });
  }
  switch (sending.dialect) {
    case 'dfu': {
      const { payload, transferSizeBytes } = sending;
      const { readBack, anyDevice: force } = plan;
      return sendPlain(session, payload, readBack, { ...terms, transferSizeBytes, force });
    }
    case 'dfuse':
      return needed(needs.dfuse).sendParts(session, { ...sending, readBack: plan.readBack }, terms);
    case undefined:
      throw sending.refused;
    default:
      return sending satisfies never;
  }
}

/** What a plan comes to with the device that is open. */
interface Decision {
  readonly plan: SendPlan;
  readonly sending: ReturnType<typeof decidedSending>;
  /** Alternates that the file names and the device does not have. */
  readonly left: readonly number[];
  readonly needs: SendNeeds;
}

/** Decides all that is sent, and sends nothing. */
async function decided(
  session: DfuSession,
  given: SendPlan,
  { signal, placeByLayout = false }: SendTerms,
): Promise<Decision> {
  const { interface: entry, was } = session;
  const needs = await needsOf(given, entry, { clock: session.clock, signal });
  const places = placeByLayout && canBePlaced(given);
  const names = given.targets.some(({ alternate }) => alternate !== undefined);
  const alternates = places || names ? await alternatesOf(session, signal) : undefined;
  const plan = (places && needs.dfuse?.placedByLayout(given, entry, alternates ?? [])) || given;
  const sending = decidedSending(plan, entry, { alternates, was, needs });
  return { plan, sending, left: leftOut(plan, alternates ?? []), needs };
}

/** The other alternates of the interface that is open. */
async function alternatesOf(
  { clock, pipe, descriptorMs: transferMs, quirks, interface: own }: DfuSession,
  signal: CancelSignal | undefined,
): Promise<DfuInterface[]> {
  const totalMs = deviceMs(transferMs);
  const all = await readDfuInterfaces(pipe, { clock, transferMs, totalMs, signal, quirks });
  return all.filter(
    (each) =>
      each.interfaceNumber === own.interfaceNumber && each.configuration === own.configuration,
  );
}

/** A DfuSe file says itself which alternates it is for; addresses say it of a DfuSe device. */
function anyAlternateFor(
  plan: SendPlan,
  { placeByLayout = true }: SendToOptions,
): boolean | 'dfuse' {
  if (plan.format === 'dfuse') return true;
  return placeByLayout && canBePlaced(plan) ? 'dfuse' : false;
}

/** Which device, and how it is talked to. */
export interface SendToOptions
  extends Omit<ConnectOptions, 'suffix' | 'anyAlternate' | 'force'>, SendTerms, ApplicationTerms {
  /** Afterwards, ask the device out of DFU mode, as `leave` does. Default: where it is known to stay otherwise. */
  readonly detach?: boolean | undefined;
}

/** How the device is found that a plan is for. */
export function findTerms(
  plan: SendPlan,
  options: SendToOptions,
): ConnectOptions & { readonly ready: (found: DfuInterface) => Promise<SendNeeds> } {
  const isAlternateOpen = options.selection?.alternate === undefined;
  return {
    ...options,
    suffix: plan.suffix,
    force: allowsAnyDevice(plan),
    ready: async (entry) => {
      const needs = await needsOf(plan, entry, options);
      options.demand?.(entry);
      demandFit(plan, entry, needs);
      return needs;
    },
    anyAlternate: isAlternateOpen ? anyAlternateFor(plan, options) : false,
  };
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
  return tellingThatItStays(options.onEvent, (onEvent) =>
    sendToOne(bus, plan, { ...options, onEvent }),
  );
}

async function sendToOne(bus: UsbBus, plan: SendPlan, options: SendToOptions): Promise<SendEnding> {
  await tellFile(plan, options);
  // What cannot be waited for is said before anything is sent.
  const isWaited = waitAppMs(options) !== undefined;
  const session = await unchangedElse(() => connectReady(bus, findTerms(plan, options)));
  const { interface: dfu, was: runtime } = session;
  const beside = isWaited ? new Beside(bus, options.clock, dfu) : undefined;
  try {
    const ending = await sendAndClose(session, { plan, options, before: () => beside?.look() });
    if (beside === undefined) return ending;
    const was = { bus, clock: options.clock, dfu, runtime, beside };
    return await withApplication(was, ending, options);
  } finally {
    beside?.close();
  }
}

interface SendingTo {
  readonly plan: SendPlan;
  readonly options: SendToOptions;
  /** Done before anything is sent. */
  readonly before: () => Promise<void> | undefined;
}

async function sendAndClose(
  session: DfuSession,
  { plan, options, before }: SendingTo,
): Promise<SendEnding> {
  const { signal, onEvent, selection, detach, placeByLayout = true } = options;
  const places = selection?.alternate === undefined && placeByLayout;
  const work = async (): Promise<SendEnding> => {
    const ending = await sendIt(session, plan, { ...options, placeByLayout: places });
    // Some stay where they are unless they are asked.
    const mustAsk = quirkOf(session.interface).detachToLeave === true;
    if (detach ?? mustAsk) {
      const reset = detach === true;
      await unconfirmedElse(() => leave(session, { signal, onEvent, reset }));
    }
    return ending;
  };
  try {
    await unchangedElse(async () => before());
    return await withOutcome(session, work);
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
export async function flashFile(
  bus: UsbBus,
  file: Uint8Array,
  options: FlashOptions,
): Promise<SendEnding> {
  demandBytes(file);
  demandArguments(file, options);
  return sendTo(bus, await planFile(file, options, options), options);
}
