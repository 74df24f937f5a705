import { suffixMatches } from '../../dfu/index.ts';
import { connect, send, sendingOf, speaksDfuSe } from '../../host/index.ts';
import type { DfuInterface, DfuSession, SendPlan } from '../../host/index.ts';
import { idDigits } from '../../usb/index.ts';
import { ExitCode } from '../shared/exit-codes.ts';
import { takeBlockSize } from './block-size.ts';
import type { Surroundings } from './surroundings.ts';
import { addressText, refusalEnd, sayImages, sayLayout } from './dfuse-words.ts';
import { RunEnd } from './end.ts';
import { tellEnd, tellEndOfDfuSe } from './ending-words.ts';
import { withoutPrefix } from './firmware.ts';
import { resetIt } from './reset-it.ts';
import type { Voice } from './voice.ts';

/** `-D`, and `-s` alone. */
export async function downloadIt(around: Surroundings, whole: SendPlan): Promise<number> {
  const { bus, clock, signal, wishes, selection, voice } = around;
  const { wait, returnMs } = wishes;
  const isImages = whole.format === 'dfuse';
  const modes: DfuInterface[] = [];
  voice.opening = isImages ? ['Multiple alternate interfaces for DfuSe file'] : [];
  const session = await connect(bus, {
    clock,
    signal,
    onEvent: (event) => voice.tell(event),
    selection,
    wait,
    returnMs,
    force: true,
    anyAlternate: isImages && selection.alternate === undefined,
    demand(entry) {
      modes.push(entry);
      if (entry.mode === 'dfu') demandSuffix(whole, modes, wishes.selection);
    },
  });
  try {
    const plan = narrowed(whole, session.interface, around);
    await sendIt(session, plan, around);
    if (wishes.reset) await resetIt(session, around);
    return ExitCode.ok;
  } finally {
    await session.close();
  }
}

/** Throws for a file whose suffix is neither for what the device is nor for what it was, or was said to be. */
function demandSuffix(
  { suffix }: SendPlan,
  modes: readonly DfuInterface[],
  { runtime }: Surroundings['selection'],
): void {
  const [first, last = first] = modes;
  if (suffix === undefined || first === undefined || last === undefined) return;
  const named = {
    idVendor: typeof runtime?.vendor === 'number' ? runtime.vendor : first.idVendor,
    idProduct: typeof runtime?.product === 'number' ? runtime.product : first.idProduct,
  };
  const ids = [named, last].map(({ idVendor, idProduct }) => ({ idVendor, idProduct }));
  if (ids.some((each) => suffixMatches(suffix, each))) return;
  const pair = (each: { readonly idVendor: number; readonly idProduct: number }): string =>
    `${idDigits(each.idVendor)}:${idDigits(each.idProduct)}`;
  const words = `File ID ${pair(suffix)} does not match device (${ids.map(pair).join(' or ')})`;
  throw new RunEnd(ExitCode.usage, [`Error: ${words}`]);
}

/** Of a DfuSe file, what is for the alternate that was asked for, if one was. */
function narrowed(
  plan: SendPlan,
  entry: DfuInterface,
  { selection, voice }: Surroundings,
): SendPlan {
  if (plan.format !== 'dfuse' || selection.alternate === undefined) return plan;
  const targets = plan.targets.filter(({ alternate }) => alternate === entry.alternate);
  for (const { alternate } of plan.targets) {
    if (alternate !== entry.alternate) {
      voice.warn(`No alternate setting ${alternate} (skipping elements)`);
    }
  }
  if (targets.length > 0) return { ...plan, targets };
  const message = `the file has nothing for alternate setting ${entry.alternate}: nothing was sent`;
  throw new RunEnd(ExitCode.data, [], [message]);
}

async function sendIt(session: DfuSession, given: SendPlan, around: Surroundings): Promise<void> {
  const { signal, wishes, voice } = around;
  const { interface: entry } = session;
  const transferSizeBytes = takeBlockSize(session, wishes, voice);
  // What is wrong with the file has been told.
  const told = { suffixProblem: undefined, problems: [] };
  const isForDfuSe = given.dialect === 'dfuse' || speaksDfuSe(entry);
  const bare = isForDfuSe ? withoutPrefix(given) : given;
  const plan: SendPlan = { ...bare, ...told, transferSizeBytes, anyDevice: true };
  const isDfuSe = demandPossible(plan, entry, around);
  voice.isDfuSe = isDfuSe;
  if (isDfuSe) tellDfuSe(plan, entry, voice);
  else tellPlain(voice);
  const ending = await send(session, plan, {
    signal,
    onEvent: (event) => voice.tell(event),
  });
  voice.bar.finish();
  if (isDfuSe) tellEndOfDfuSe(ending, plan, voice);
  else tellEnd(ending, voice);
}

/** Whether DfuSe is spoken. Throws what keeps the plan from this device, before anything is asked of it. */
function demandPossible(plan: SendPlan, entry: DfuInterface, { wishes }: Surroundings): boolean {
  if (plan.format === 'dfuse') {
    if (wishes.dfuse?.address === undefined) return true;
    const lines = ['This is a DfuSe file, not meant for raw download'];
    throw new RunEnd(ExitCode.usage, lines);
  }
  const sending = sendingOf(plan, entry);
  if (sending.dialect !== undefined) return sending.dialect === 'dfuse';
  throw refusalEnd(sending.refused, plan, entry);
}

function tellPlain(voice: Voice): void {
  voice.onReady = () => {
    voice.say('Copying data from PC to DFU device');
    voice.bar.draw('download', 0, 1);
  };
  voice.onProgress = ({ doneBytes, totalBytes = 0 }) => {
    voice.bar.draw('download', doneBytes, totalBytes);
  };
}

function tellDfuSe(plan: SendPlan, entry: DfuInterface, voice: Voice): void {
  const { massErase, unprotect } = plan.modifiers;
  let bytes = bytesOf(plan);
  let isErased = false;
  voice.onNote = (message) => {
    const [, number] = /^no alternate setting (\d+): left out$/.exec(message) ?? [];
    if (number === undefined) return false;
    voice.warn(`No alternate setting ${number} (skipping elements)`);
    bytes -= bytesOf({
      targets: plan.targets.filter(({ alternate }) => alternate === Number(number)),
    });
    return true;
  };
  const erased = (): void => {
    if (isErased || voice.verbose > 0) return;
    isErased = true;
    voice.bar.draw('erase', 0, bytes);
    voice.bar.draw('erase', bytes, bytes);
    voice.bar.finish();
  };
  voice.onReady = () => {
    sayLayout(entry, voice);
    if (unprotect === true) return;
    if (massErase === true) voice.say('Performing mass erase, this can take a moment');
    if (plan.format === 'dfuse') sayImages(plan, voice);
    else if (bytes > 0) {
      const address = addressText(plan.modifiers.address ?? 0);
      voice.say(`Downloading element to address = ${address}, size = ${bytes}`);
    }
  };
  voice.onProgress = ({ operation, doneBytes, totalBytes = 0 }) => {
    if (voice.verbose > 0) return;
    if (operation === 'erase') {
      // Whole pages are erased; dfu-util counts the bytes that are to be written.
      isErased = true;
      const part = totalBytes === 0 ? 1 : doneBytes / totalBytes;
      voice.bar.draw('erase', Math.floor(part * bytes), bytes);
      return;
    }
    erased();
    voice.bar.draw('download', doneBytes, bytes);
  };
}

function bytesOf({ targets }: Pick<SendPlan, 'targets'>): number {
  return targets
    .flatMap(({ elements }) => elements)
    .reduce((sum, { data }) => sum + data.length, 0);
}
