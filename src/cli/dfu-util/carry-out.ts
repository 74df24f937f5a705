import { listLine, scanElseAll, select } from '../../host/index.ts';
import { DfuError, PACKAGE_VERSION } from '../../bytes/index.ts';
import { timerClock } from '../../usb/index.ts';
import { openBuses } from '../host/bus.ts';
import { ExitCode } from '../shared/exit-codes.ts';
import { interruptible } from '../shared/signals.ts';
import type { Terminal } from '../shared/terminal.ts';
import type { Wishes } from './command-line.ts';
import { closedDevices } from './cannot-open.ts';
import { detachIt } from './detach-it.ts';
import { RunEnd } from './end.ts';
import { downloadIt } from './download-it.ts';
import { failureOf } from './failure.ts';
import type { Work } from './failure.ts';
import { firmwarePlan, withIdsOfSuffix } from './firmware.ts';
import { beginUpload, uploadIt } from './upload-it.ts';
import type { Surroundings } from './surroundings.ts';
import { Voice } from './voice.ts';
import { watchedBus } from './watched-bus.ts';

/** Does what a command line asks for. The answer is the exit code: failures are told, and not thrown. */
export async function carryOut(wishes: Wishes, terminal: Terminal): Promise<number> {
  const { mode, path, verbose } = wishes;
  const out = mode === 'upload' && path === '-' ? terminal.err : terminal.out;
  const voice = new Voice({ out, err: terminal.err, verbose, now: () => performance.now() });
  try {
    if (verbose > 0) voice.say(`dfukit version ${PACKAGE_VERSION}`);
    return await prepared(wishes, terminal, voice);
  } catch (error) {
    const { exitCode, lines, more } = failureOf(error, voice, workOf(wishes));
    voice.bar.abandon();
    for (const line of lines) voice.warn(line);
    for (const line of more) voice.add(line);
    return exitCode;
  }
}

function workOf({ mode }: Wishes): Work {
  return mode === 'version' ? 'list' : mode;
}

/** What can be known before a device is looked for, then the work. */
async function prepared(wishes: Wishes, terminal: Terminal, voice: Voice): Promise<number> {
  const { mode, dfuse } = wishes;
  const sends = mode === 'download' || mode === 'commands';
  const path = mode === 'download' ? wishes.path : undefined;
  const plan = sends ? await firmwarePlan(terminal, { path, dfuse, voice }) : undefined;
  const selection =
    plan === undefined ? wishes.selection : withIdsOfSuffix(wishes.selection, plan, voice);
  const file = mode === 'upload' ? await beginUpload(terminal, wishes.path) : undefined;
  if (wishes.wait) voice.say('Waiting for device, exit with ctrl-C');
  try {
    return await onBus(terminal, { ...wishes, selection }, voice, (around) => {
      const all = { ...around, wishes, selection, voice };
      if (plan !== undefined) return downloadIt(all, plan);
      if (file !== undefined) return uploadIt(all, file);
      return mode === 'detach' ? detachIt(all) : listThem(all);
    });
  } finally {
    await file?.discard();
  }
}

type Around = Pick<Surroundings, 'bus' | 'clock' | 'signal'>;

async function onBus(
  terminal: Terminal,
  { bus: given, selection }: Wishes,
  voice: Voice,
  work: (around: Around) => Promise<number>,
): Promise<number> {
  return interruptible(terminal, async (signal) => {
    const clock = timerClock(globalThis);
    const names = given.length > 0 ? given : busesOf(process.env['DFUKIT_BUS'] ?? '');
    const opened = await openBuses(terminal, names, clock, (station, error) => {
      const why = DfuError.is(error) ? `is left out: ${error.message}` : 'answers again';
      voice.add(`${station} ${why}`);
    });
    const closed = closedDevices(terminal.files, selection, voice);
    const bus = watchedBus(opened, (moment) => voice.hear(moment), closed);
    try {
      return await work({ bus, clock, signal });
    } finally {
      await bus.close();
    }
  });
}

/** The buses that DFUKIT_BUS names; this machine's own if it names none. */
function busesOf(text: string): readonly string[] {
  const names = text.split(/[\s,]+/).filter((each) => each !== '');
  return names.length > 0 ? names : ['native'];
}

/** `-l`: nothing there is no failure; that nobody could look is one. */
async function listThem({ bus, clock, signal, selection, voice }: Surroundings): Promise<number> {
  try {
    const { entries: all, problems } = await scanElseAll(bus, { clock, signal, selection });
    const entries = select(all, selection);
    for (const entry of entries) voice.say(listLine(entry));
    for (const { message } of problems) voice.add(message);
    if (entries.length === 0 && all.length > 0) {
      voice.add('no DFU interface matches; there is:');
      for (const entry of all.slice(0, MOST_OTHERS)) voice.add(listLine(entry));
    }
  } catch (error) {
    if (!DfuError.is(error, 'NO_USB')) throw error;
    const { isPackageMissing } = await import('../../link/node-usb/index.ts');
    if (isPackageMissing(error)) {
      const line = 'unable to initialize libusb: LIBUSB_ERROR_OTHER';
      throw new RunEnd(ExitCode.io, [line], [error.message]);
    }
    voice.add(error.message);
  }
  return ExitCode.ok;
}

/** The most lines that tell of what was not asked for. */
const MOST_OTHERS = 20;
