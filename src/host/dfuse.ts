import { DfuError } from '../bytes/index.ts';
import { DfuVersion, parseMemoryLayout } from '../dfu/index.ts';
import type { DfuSeElement, DfuSeTarget, MemoryLayout } from '../dfu/index.ts';
import type { CancelSignal } from '../usb/index.ts';
import type { DfuSeModifiers } from './dfuse-address.ts';
import { downloadPlan, ending, erasing, uploadPlan } from './dfuse-plan.ts';
import type { DfuSeOperation, PlanTerms } from './dfuse-plan.ts';
import { LINGER_MS } from './ending-steps.ts';
import { DFUSE_START, dfuseStep } from './dfuse-steps.ts';
import type { DfuSeEnding, DfuSeState } from './dfuse-steps.ts';
import type { DfuInterface } from './dfu-interface.ts';
import type { DownloadEnding } from './download-steps.ts';
import { drive, prepare, settled } from './drive.ts';
import type { HostListener } from './events.ts';
import { BUSY_LIMIT_MS } from './patience.ts';
import { readDfuInterfaces } from './read-interfaces.ts';
import { transferSize } from './session.ts';
import type { DfuSession } from './session.ts';
import type { UploadSink } from './upload.ts';

export interface DfuSeOptions extends DfuSeModifiers {
  readonly signal?: CancelSignal | undefined;
  readonly onEvent?: HostListener | undefined;
  /** Bytes in a block, instead of the device's wTransferSize: 1 to 65535. */
  readonly transferSizeBytes?: number | undefined;
  /** Most time that the device may be busy with one command or block. Default 120 s. */
  readonly busyLimitMs?: number | undefined;
  /** How long a device that was asked to leave may take. Default 3 s. */
  readonly lingerMs?: number | undefined;
}

/** Whether the device speaks DfuSe: bcdDFUVersion 0x011a. */
export function speaksDfuSe({ functional }: DfuInterface): boolean {
  return functional.bcdDFUVersion === DfuVersion.dfuSe;
}

/** The memory that an alternate setting's name describes; undefined where it is no layout. */
export function memoryLayoutOf({ name }: DfuInterface): MemoryLayout | undefined {
  try {
    return parseMemoryLayout(name);
  } catch (error) {
    if (DfuError.is(error)) return undefined;
    throw error;
  }
}

function termsFor(session: DfuSession, options: DfuSeOptions): PlanTerms {
  const { mode, functional, functionalFound, notes } = session.interface;
  if (mode === 'runtime') {
    throw new DfuError('INVALID_ARGUMENT', 'the device is in run-time mode: expected DFU mode');
  }
  return {
    layout: memoryLayoutOf(session.interface),
    // What was repaired is not what the device counts its blocks in.
    deviceTransferSize: functionalFound && notes.length === 0 ? functional.wTransferSize : 0,
    transferSizeBytes: transferSize(session, options.transferSizeBytes),
    modifiers: options,
  };
}

/**
 * Downloads to a DfuSe device (ST AN3156): erases the sectors that are touched, or everything, then
 * programs. With `leave` the device starts what is at `address`, or at the first element without one.
 * Cancelling leaves the device in dfuIDLE where possible, with whatever was erased erased.
 *
 * Throws as `download` does; `OUT_OF_RANGE` and `UNSUPPORTED` for memory that the device does not
 * have, `REFUSED` for what erases everything, all three unless `force`.
 */
export async function downloadDfuSe(
  session: DfuSession,
  elements: readonly DfuSeElement[],
  options: DfuSeOptions = {},
): Promise<DfuSeEnding> {
  const terms = termsFor(session, options);
  const plan = downloadPlan(elements, terms);
  plan.push(...wayOut(plan, options.address ?? elements[0]?.address, options));
  const totalBytes = elements.reduce((sum, { data }) => sum + data.length, 0);
  const result = await run(session, plan, { ...options, totalBytes, operation: 'download' });
  options.onEvent?.({ type: 'downloaded', ...withoutErased(result) });
  return result;
}

/** After a read unprotect there is nobody left to be asked. */
function wayOut(
  plan: readonly DfuSeOperation[],
  address: number | undefined,
  modifiers: DfuSeModifiers,
): DfuSeOperation[] {
  const gone = plan.some((each) => each.op === 'command' && each.mayLeave === true);
  return gone && plan.length === 1 ? [] : ending(address, modifiers);
}

function withoutErased(result: DfuSeEnding): DownloadEnding {
  const { blocks, bytes, ending: how, finalState, reset } = result;
  return { blocks, bytes, ending: how, finalState, reset };
}

/**
 * Downloads the targets of a DfuSe file, each to its alternate setting. Targets for alternates that
 * the device does not have are told as notes and left out. Throws as `downloadDfuSe` does, and
 * `NOT_FOUND` if none is left.
 */
export async function downloadDfuSeFile(
  session: DfuSession,
  targets: readonly DfuSeTarget[],
  options: DfuSeOptions = {},
): Promise<DfuSeEnding> {
  const { onEvent, signal } = options;
  const { clock, pipe } = session;
  const all = await readDfuInterfaces(pipe, { clock, deadlineMs: clock.now() + 3000, signal });
  const { interfaceNumber, configuration } = session.interface;
  const own = all.filter(
    (each) => each.interfaceNumber === interfaceNumber && each.configuration === configuration,
  );
  const wanted = targets.filter(({ alternate }) => {
    const has = own.some((each) => each.alternate === alternate);
    if (!has) onEvent?.({ type: 'note', message: `no alternate setting ${alternate}: left out` });
    return has;
  });
  let result: DfuSeEnding | undefined;
  const first = wanted[0]?.elements[0]?.address;
  for (const [index, { alternate, elements }] of wanted.entries()) {
    const entry = own.find((each) => each.alternate === alternate);
    if (entry !== undefined) await session.switchTo(entry);
    const last = index === wanted.length - 1;
    const { address = first, leave, massErase, unprotect, ...rest } = options;
    result = await downloadDfuSe(session, elements, {
      ...rest,
      address,
      // Everything is erased before the first target, and the device leaves after the last.
      ...(index === 0 && massErase !== undefined ? { massErase } : {}),
      ...(index === 0 && unprotect !== undefined ? { unprotect } : {}),
      ...(last && leave !== undefined ? { leave } : {}),
    });
  }
  if (result !== undefined) return result;
  throw new DfuError('NOT_FOUND', 'the file has nothing for the alternates of this device');
}

/** Does what needs no file: mass erase, read unprotect, leave. Throws as `downloadDfuSe` does. */
export async function commandDfuSe(
  session: DfuSession,
  options: DfuSeOptions = {},
): Promise<DfuSeEnding> {
  termsFor(session, options);
  const plan = erasing(options);
  plan.push(...wayOut(plan, options.address, options));
  return run(session, plan, { ...options, totalBytes: undefined, operation: 'download' });
}

/**
 * Uploads from a DfuSe device: from `address` for `lengthBytes`, or to the end of what can be read
 * without a gap. Without an address, 16 KiB from where the device's pointer stands. Throws as
 * `downloadDfuSe` does.
 */
export async function uploadDfuSe(
  session: DfuSession,
  sink: UploadSink,
  options: DfuSeOptions = {},
): Promise<DfuSeEnding> {
  const { plan, totalBytes } = uploadPlan(termsFor(session, options));
  plan.push(...ending(options.address, options));
  const work = { ...options, totalBytes, operation: 'upload', write: sink } as const;
  const result = await run(session, plan, work);
  const { bytes, blocks } = result;
  options.onEvent?.({ type: 'uploaded', bytes, blocks });
  return result;
}

interface Run extends DfuSeOptions {
  readonly operation: 'download' | 'upload';
  readonly totalBytes: number | undefined;
  readonly write?: UploadSink | undefined;
}

async function run(
  session: DfuSession,
  plan: readonly DfuSeOperation[],
  options: Run,
): Promise<DfuSeEnding> {
  const { signal, onEvent, write } = options;
  const busyLimitMs = options.busyLimitMs ?? BUSY_LIMIT_MS;
  const terms = { plan, busyLimitMs, lingerMs: options.lingerMs ?? LINGER_MS };
  await prepare(session, signal, busyLimitMs);
  onEvent?.({
    type: 'ready',
    transferSizeBytes: transferSize(session, options.transferSizeBytes),
  });
  const step = (state: DfuSeState, outcome: Parameters<typeof dfuseStep>[1]) =>
    dfuseStep(state, outcome, terms);
  return settled(session, () =>
    drive(session, DFUSE_START, step, {
      signal,
      write,
      ...reporting(plan, options),
    }),
  );
}

/** Turns states into events; nothing if nobody listens. */
function reporting(
  plan: readonly DfuSeOperation[],
  { onEvent, operation, totalBytes }: Run,
): { onState?: (state: DfuSeState) => void } {
  if (onEvent === undefined) return {};
  const eraseBytes = plan.reduce(
    (sum, each) => sum + (each.op === 'command' ? (each.erasesBytes ?? 0) : 0),
    0,
  );
  let toldErased = 0;
  let toldBytes = -1;
  let left = false;
  return {
    onState({ at, index, bytes, erasedBytes }) {
      if (erasedBytes !== toldErased) {
        toldErased = erasedBytes;
        const progress = { doneBytes: erasedBytes, totalBytes: eraseBytes };
        onEvent({ type: 'progress', operation: 'erase', ...progress });
      }
      const { op } = plan[index] ?? {};
      if ((op === 'write' || op === 'read' || bytes > 0) && bytes !== toldBytes) {
        toldBytes = bytes;
        onEvent({ type: 'progress', operation, doneBytes: bytes, totalBytes });
      }
      if (at === 'manifesting' && !left) {
        left = true;
        onEvent({ type: 'manifesting', state: undefined });
      }
    },
  };
}
