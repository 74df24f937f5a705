import { DfuError, retold } from '../bytes/index.ts';
import type { DfuErrorCode, DfuRemedy } from '../bytes/index.ts';
import { Canceller, throwIfAborted } from '../usb/index.ts';
import type { CancelSignal } from '../usb/index.ts';
import { DfuRequest, dfuRequestName } from '../dfu/index.ts';
import { printable } from './dfu-interface.ts';
import { BUSY_LIMIT_MS } from './patience.ts';
import type { PlanWalk } from './plan-walk.ts';
import { PREPARE_START, prepareStep } from './prepare-steps.ts';
import type { PrepareLimits } from './prepare-steps.ts';
import { readString } from './descriptor-reader.ts';
import type { DfuSession } from './session.ts';
import type { StatusReport } from './status-report.ts';
import { START } from './steps.ts';
import type { Action, FailedOutcome, OutAction, Outcome, Step } from './steps.ts';

const DONE: Outcome = { is: 'done' };

/** What a conversation needs besides the device. */
interface DriveOptions<S> {
  readonly signal?: CancelSignal | undefined;
  /** Where `read` gets its blocks. */
  readonly read?: (() => Uint8Array | Promise<Uint8Array>) | undefined;
  /** Whom `shrink` asks. */
  readonly shrink?: ((blockBytes: number) => void) | undefined;
  /** Where `plan` gets its operations. */
  readonly plan?: PlanWalk | undefined;
  /** Where `write` puts its bytes. */
  readonly write?: ((data: Uint8Array) => unknown) | undefined;
  /** Told of every state, before the action that leads out of it. */
  readonly onState?: ((state: S) => void) | undefined;
}

/** Holds a conversation with the device: does what each step says until one says that it ended. */
export async function drive<S, R>(
  session: DfuSession,
  start: S,
  step: Step<S, R>,
  options: DriveOptions<S> = {},
): Promise<R> {
  if (options.signal === undefined) return converse(session, start, step, options);
  // One listener for all of it: those of an AbortSignal cost more than the rest of a transfer here.
  const canceller = new Canceller(options.signal);
  try {
    return await converse(session, start, step, { ...options, signal: canceller.signal });
  } finally {
    canceller.cancel();
  }
}

async function converse<S, R>(
  session: DfuSession,
  start: S,
  step: Step<S, R>,
  options: DriveOptions<S>,
): Promise<R> {
  let [state, action] = step(start, START);
  for (;;) {
    options.onState?.(state);
    if (action.do === 'end') return action.result;
    if (action.do === 'fail') throw await withDeviceText(session, action.error, action.report);
    throwIfAborted(options.signal);
    [state, action] = step(state, await perform(session, action, options));
  }
}

type Doable = Exclude<Action<never>, { readonly do: 'end' | 'fail' }>;

async function perform<S>(
  session: DfuSession,
  action: Doable,
  options: DriveOptions<S>,
): Promise<Outcome> {
  const { signal } = options;
  switch (action.do) {
    case 'wait':
      await session.watch.during('pollMs', () => session.wait(action.ms, signal));
      return DONE;
    case 'linger':
      return session.watch.during('returnMs', async () => ({
        is: 'lingered',
        left: await session.wait(action.ms, signal),
      }));
    case 'read':
      return { is: 'data', data: (await options.read?.()) ?? new Uint8Array(0) };
    case 'shrink':
      options.shrink?.(action.blockBytes);
      return DONE;
    case 'plan':
      return { is: 'planned', operation: options.plan?.next(action.toEnd) };
    case 'write':
      await options.write?.(action.data);
      return DONE;
    case 'out':
    case 'in':
    case 'reset':
      return timed(session, action, signal);
    default:
      return action satisfies never;
  }
}

/** What came of a transfer, and how long it took. */
async function timed(
  session: DfuSession,
  action: Transfer,
  signal: CancelSignal | undefined,
): Promise<Outcome> {
  const startMs = session.clock.now();
  const took = (): number => {
    const tookMs = session.clock.now() - startMs;
    session.watch.spend('wireMs', tookMs);
    return tookMs;
  };
  try {
    const outcome = await transfer(session, action, signal);
    const tookMs = took();
    return outcome.is === 'data' ? { is: 'data', data: outcome.data, tookMs } : outcome;
  } catch (error) {
    const tookMs = took();
    return { ...failedOutcome(error, action), tookMs };
  }
}

type Transfer = Doable & { readonly do: 'out' | 'in' | 'reset' };

async function transfer(
  session: DfuSession,
  action: Transfer,
  signal: CancelSignal | undefined,
): Promise<Outcome> {
  switch (action.do) {
    case 'out':
      if (mayChange(action)) session.noteChange();
      await session.out(action.bRequest, action.wValue, action.data, {
        signal,
        wIndex: action.wIndex,
      });
      return DONE;
    case 'in': {
      const { bRequest, wValue, lengthBytes, timeoutMs, leastTimeoutMs } = action;
      const options = { timeoutMs, leastTimeoutMs, signal };
      const data = await session.in(bRequest, wValue, lengthBytes, options);
      return { is: 'data', data };
    }
    case 'reset':
      return { is: 'reset', port: await session.reset() };
    default:
      return action satisfies never;
  }
}

/** Whether the device's memory may be another one behind it, also if the request is lost on its way. */
function mayChange({ bRequest, data, harmless }: OutAction): boolean {
  return bRequest === DfuRequest.DNLOAD && data !== undefined && harmless !== true;
}

function failedOutcome(error: unknown, action: Transfer): FailedOutcome {
  if (!DfuError.is(error) || error.code === 'ABORTED') throw error;
  const is = outcomes.get(error.code) ?? 'broken';
  return { is, error: named(error, action) };
}

/** A failure by the name of the request that it befell; one that took too long may be given more time. */
function named(error: DfuError, action: Transfer): DfuError {
  const { code, message } = error;
  const isErase = 'isErase' in action && action.isErase === true;
  const time: DfuRemedy = isErase ? 'erase-time' : 'transfer-time';
  const more = code === 'TIMEOUT' ? { remedies: [time] } : {};
  return retold(error, `${requestName(action)}: ${message}`, more);
}

function requestName(action: Transfer): string {
  if (action.do === 'reset') return 'reset';
  const { bRequest, wValue } = action;
  const name = `DFU_${dfuRequestName(bRequest) ?? bRequest}`;
  const hasBlock = bRequest === DfuRequest.DNLOAD || bRequest === DfuRequest.UPLOAD;
  return hasBlock ? `${name} of block ${wValue}` : name;
}

const outcomes: ReadonlyMap<DfuErrorCode, 'stalled' | 'silent' | 'gone'> = new Map([
  ['STALLED', 'stalled'],
  ['TIMEOUT', 'silent'],
  ['DISCONNECTED', 'gone'],
]);

/** The error with what the device itself says about it (iString, DFU 1.1 §6.1.2), if anything. */
async function withDeviceText(
  session: DfuSession,
  error: DfuError,
  report: StatusReport | undefined,
): Promise<DfuError> {
  if (report === undefined || report.iString === 0) return error;
  const { clock, pipe, descriptorMs: transferMs } = session;
  // In all, for the two or three requests that it takes: the error is known already.
  const limits = { clock, transferMs, totalMs: transferMs };
  const text = await readString(pipe, report.iString, limits);
  if (text === undefined || error.message.includes(text)) return error;
  return retold(error, `${error.message}; it says "${printable(text)}"`, { status: report.status });
}

/** Brings the device to dfuIDLE. Throws what keeps it from there. */
export async function prepare(
  session: DfuSession,
  signal?: CancelSignal,
  limits: PrepareLimits = { busyLimitMs: BUSY_LIMIT_MS },
): Promise<void> {
  session.watch.begin();
  await drive(session, PREPARE_START, (state, outcome) => prepareStep(state, outcome, limits), {
    signal,
  });
}

/** Failures after which the device is left as it is: it says why, or says nothing any more. */
const hopeless: ReadonlySet<string> = new Set(['DISCONNECTED', 'DEVICE_STATUS', 'TIMEOUT']);

/** How long a device may be busy before it is left where a cancelled transfer left it, in ms. */
const SETTLE_MS = 2000;

/** Runs `work`; if this side gives it up, the device is brought back to dfuIDLE where possible. */
export async function settled<T>(session: DfuSession, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (session.left || (DfuError.is(error) && hopeless.has(error.code))) throw error;
    try {
      await prepare(session, undefined, { busyLimitMs: SETTLE_MS, leavesBusy: true });
    } catch (another) {
      if (!DfuError.is(another)) throw another;
      // What counts is the failure that led here.
    }
    throw error;
  }
}
