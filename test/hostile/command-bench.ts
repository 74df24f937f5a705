import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LoopbackBus } from '../../src/link/loopback/index.ts';
import { isTrace, readTrace } from '../../src/trace/index.ts';
import type { UsbBus, UsbDevice } from '../../src/usb/index.ts';
import { FakeTerminal, ran } from '../support/fake-terminal.ts';
import type { Ran } from '../support/fake-terminal.ts';
import type { Fault } from '../support/failing-device.ts';
import { checkAnswer } from './attack.ts';
import { PATHS, image } from './command-lines.ts';
import type { CommandLine, Subject } from './command-lines.ts';
import { onJumpingTime } from './jumping-time.ts';

/** The longest that a command may take with any device, in ms of its time. */
const MOST_MS = 30 * 60_000;

/** What a command has done with a device. */
export interface Run extends Ran {
  readonly words: readonly string[];
  readonly ms: number;
  readonly before: Uint8Array;
  readonly content: Uint8Array;
  /** Of the device with which nothing is wrong. */
  readonly beside: Uint8Array | undefined;
  /** The folder in which its files are. */
  readonly folder: string;
}

/** A device that is plugged in, and what begins when the host has found it. */
interface Plugged {
  readonly device: UsbDevice;
  readonly arm: (bus: LoopbackBus) => void;
}

/** Runs a command line with devices on a loopback, on a clock that jumps. `disguise` says what the host gets to see. */
export async function runLine(
  { words, subject: make, neighbour, stopMs }: CommandLine,
  {
    folder,
    subject = make(),
    disguise,
  }: {
    readonly folder: string;
    readonly subject?: Subject;
    readonly disguise?: (device: UsbDevice) => Plugged;
  },
): Promise<Run> {
  const args = words.map((word) => (isPath(word) ? join(folder, PATHS[word]) : word));
  const beside = neighbour?.();
  writeFileSync(join(folder, PATHS.IMAGE), image);
  const before = Uint8Array.from(subject.content());
  const done = await onJumpingTime(async (clock) => {
    const bus = new LoopbackBus(clock);
    const plugged = disguise?.(subject.device) ?? { device: subject.device, arm: () => {} };
    bus.plug(plugged.device);
    if (beside !== undefined) bus.plug(beside.device);
    await bus.list();
    plugged.arm(bus);
    const terminal = terminalWith(bus);
    const stop =
      stopMs === undefined ? undefined : clock.at(clock.now() + stopMs, () => terminal.interrupt());
    const answer = await ran(args, terminal);
    stop?.();
    return answer;
  }, MOST_MS).catch((error: unknown) => {
    throw new Error(`${words.join(' ')}: ${String(error)}`, { cause: error });
  });
  const { value, ms } = done;
  const content = Uint8Array.from(subject.content());
  return { ...value, words, ms, before, content, beside: beside?.content(), folder };
}

function isPath(word: string): word is keyof typeof PATHS {
  return Object.hasOwn(PATHS, word);
}

export function terminalWith(bus: UsbBus): FakeTerminal {
  const terminal = new FakeTerminal();
  terminal.in.end();
  terminal.openBus = () => Promise.resolve(bus);
  return terminal;
}

/** Files that a command has made are none of the next one's. */
export function clearFiles(folder: string): void {
  for (const name of Object.values(PATHS)) rmSync(join(folder, name), { force: true });
}

const isSame = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;

/** What is never shown of what a device says: a terminal would do as it is told. */
const CONTROLS = /[^\P{Cc}\t\n\r]|[\u202a-\u202e\u2066-\u2069]/u;
const CONTROLS_OF_JSON = /[^\P{Cc}\n\u0080-\u009f]/u;

/** What a device may have lied about. */
interface Lies {
  /** What it gave of its memory may be something else than what is in there. */
  readonly memory?: boolean | undefined;
  /** It may have said of what it has not done that it is done. */
  readonly work?: boolean | undefined;
}

/** What a device may have lied about that fails so. */
export function liesOf(fault: Fault, words: readonly string[]): Lies {
  // Whose report has no word for one that has left, as dfu-util has none.
  const isTerse =
    words[0] === 'dfu-util' || words.some((word) => /^--(?:all|watch|retry)$/.test(word));
  const goes = fault === 'vanishes' || fault === 'goes and comes back';
  return { memory: fault === 'answers otherwise', work: goes && isTerse };
}

/** Throws if a command has said what is not so, or has not said what is. */
export function judge(done: Run, about: string, lies: Lies = {}): void {
  const { words, exit, out, err, before, content } = done;
  checkAnswer([...words, about], done);
  const demand = (holds: boolean, what: string): void => {
    if (!holds) throw new Error(`${words.join(' ')} ${about}: ${what}: ${exit}\n${out}${err}`);
  };
  const isJson = words.includes('--json');
  const controls = (isJson ? CONTROLS_OF_JSON : CONTROLS).exec(out) ?? CONTROLS.exec(err);
  demand(controls === null, `shows ${JSON.stringify(controls?.[0])}`);
  const isDfuUtil = words[0] === 'dfu-util';
  demand(exitsOf(done).includes(exit), 'no right exit code');
  const isUnchanged = isSame(before, content);
  const sends =
    (words[0] === 'download' && words[1] === 'IMAGE') || (isDfuUtil && words.includes('-D'));
  const erases = words.some((word) => word.startsWith(':mass-erase'));
  if (words.includes('--dry-run') || (!sends && !erases)) {
    demand(isUnchanged, 'writes, and was not asked to');
    if (existsSync(join(done.folder, PATHS.NEW))) judgeUpload(done, lies, demand);
    judgeTrace(done, demand);
    return;
  }
  // Ctrl-C ends a watch, whatever it has done; of what it has not seen to its end it says so.
  const saysUnchanged = !isDfuUtil && exit >= 64 && exit <= 77 && exit !== 75;
  demand(!saysUnchanged || isUnchanged, 'nothing changed, it says, and something has');
  const saysSo = /^Done!$/m.test(out);
  demand(!saysSo || [0, 75, 80].includes(exit), 'success, and it is none');
  if (done.beside !== undefined)
    demand(isSame(done.beside.subarray(0, image.length), image), 'the neighbour has paid for it');
  // What went before anybody knew that it is one of those that are meant is none of them.
  const isMeant = done.beside === undefined || out.includes('KEYSTONE');
  // One that has acknowledged all of it and goes makes of it what it does.
  const hasLeft = out.includes('The device has left') || out.includes('"ending":"left"');
  if (sends && isMeant && !hasLeft && (exit === 0 || exit === 80) && lies.work !== true)
    demand(isSame(content.subarray(0, image.length), image), 'success, and the bytes are others');
  const isGang = words.includes('--all') || words.includes('--retry');
  if (isJson && !isGang) judgeOutcome(done, demand);
  judgeTrace(done, demand);
}

function exitsOf({ words: [first = '', ...rest] }: Run): readonly number[] {
  // What a device does not say of its memory is not guessed: 65.
  if (first === 'dfu-util') return [0, 64, 65, 74, 75, 76];
  if (first === 'doctor') return [0, 1];
  if (first === 'download' && rest.includes('--watch')) return [0, 65, 74, 75, 76, 79, 80, 130];
  if (first === 'download') return [0, 64, 65, 74, 75, 76, 79, 80];
  return [0, 64, 65, 74, 75, 76];
}

type Demand = (holds: boolean, what: string) => void;

const OUTCOMES: Readonly<Record<string, (exit: number) => boolean>> = {
  verified: (exit) => exit === 0,
  written: (exit) => exit === 0 || exit === 80,
  unconfirmed: (exit) => exit === 75,
  unchanged: (exit) => exit >= 64 && exit <= 77 && exit !== 75,
  'partly-written': (exit) => exit === 79,
};

/** The last word of a JSON report is the one of its exit code. */
function judgeOutcome({ out, exit, words }: Run, demand: Demand): void {
  const lines = out
    .trimEnd()
    .split('\n')
    .map((each) => JSON.parse(each) as { readonly outcome?: string });
  const outcome = lines.findLast((each) => each.outcome !== undefined)?.outcome;
  demand(outcome !== undefined, 'no outcome');
  const isRight = OUTCOMES[outcome ?? '']?.(exit) === true;
  // Which of both is about the application is for the exit code.
  const waits = words.some((word) => word.startsWith('--wait-app')) && exit === 75;
  demand(isRight || waits, `outcome ${outcome}`);
}

function judgeUpload({ words, folder, content }: Run, lies: Lies, demand: Demand): void {
  if (lies.memory === true || words.includes('--format')) return;
  const got = readFileSync(join(folder, PATHS.NEW));
  demand(isSame(got, content.subarray(0, got.length)), 'a file with other bytes');
}

/** A trace can be read, however the command ended. */
function judgeTrace({ folder, words }: Run, demand: Demand): void {
  const path = join(folder, PATHS.TRACE);
  if (!words.includes('TRACE')) return;
  demand(existsSync(path), 'no trace');
  const bytes = readFileSync(path);
  demand(isTrace(bytes), 'what stands there is no trace');
  demand(readTrace(bytes).records.length > 0, 'a trace of nothing');
}

/** The same command line with the trace as its device comes to the same end. */
export async function judgeReplay(done: Run, about: string): Promise<void> {
  const { folder, exit } = done;
  const at = done.words.indexOf('--trace');
  const words = [...done.words.slice(0, at), ...done.words.slice(at + 2)];
  rmSync(join(folder, PATHS.NEW), { force: true });
  const args = words.map((word) => (isPath(word) ? join(folder, PATHS[word]) : word));
  const { value } = await onJumpingTime(() => {
    const terminal = new FakeTerminal();
    terminal.in.end();
    terminal.openBus = () => Promise.reject(new Error('a replay opens no bus'));
    return ran([...args, '--replay', join(folder, PATHS.TRACE)], terminal);
  }, MOST_MS);
  if (value.exit !== exit)
    throw new Error(
      `${done.words.join(' ')} ${about}: ${exit}, and ${value.exit} when played again: ${value.out}${value.err}\nat first: ${done.out}${done.err}`,
    );
}
