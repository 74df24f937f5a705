import { mkdtempSync, readFileSync, rmSync, existsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  COMPATIBLE,
  Device,
  DfuSeMode,
  DfuSeRam,
  SwitchableDevice,
} from '../../src/device/index.ts';
import { LoopbackBus } from '../../src/link/loopback/index.ts';
import { timerClock } from '../../src/usb/index.ts';
import type { UsbBus, UsbDevice } from '../../src/usb/index.ts';
import { FailingDevice, faults, isBlock } from '../support/failing-device.ts';
import type { Fault } from '../support/failing-device.ts';
import { FakeTerminal, ran } from '../support/fake-terminal.ts';
import type { Ran } from '../support/fake-terminal.ts';
import { MiniatureBoard } from '../support/miniature-board.ts';
import { turn } from '../support/scripted-pipe.ts';
import { checkAnswer } from './attack.ts';

/* Every command, with a device that fails it at each transfer of the conversation in turn. */

let bus: UsbBus;
vi.mock('../../src/cli/host/bus.ts', () => ({
  BUS_FORMS: 'a loopback',
  openBus: () => Promise.resolve(bus),
  openBuses: () => Promise.resolve(bus),
}));

const all = { canDnload: true, canUpload: true, manifestationTolerant: true, willDetach: true };
const image = Uint8Array.from({ length: 3000 }, (_, at) => (at * 7) ^ (at >> 8));
const START = 0x08000000;

/** A device, what of it is read and written, and how often that was acknowledged in full. */
interface Subject {
  readonly device: UsbDevice;
  content(): Uint8Array;
}

function board(isLoader: boolean): Subject {
  // By the letter a blank board is its loader from the beginning.
  const made = new MiniatureBoard(all, 1024, COMPATIBLE);
  const disk = made.disks[1];
  if (disk === undefined) throw new Error('no disk');
  if (!isLoader) return { device: made.device, content: () => disk.content };
  const loader = new MiniatureBoard(all, 1024, COMPATIBLE, { starts: 'loader' });
  return { device: loader.device, content: () => loader.disks[1]?.content ?? disk.content };
}

function dfuseFlash(): DfuSeRam {
  return new DfuSeRam({ layout: '@Flash /0x08000000/16*001Kg', eraseMs: 5 });
}

function dfuse(ram: DfuSeRam = dfuseFlash()): Subject {
  const functional = { wTransferSize: 1024 };
  const identity = { idVendor: 0x0483, idProduct: 0xdf11, serial: 'ST' };
  const functions = [new DfuSeMode({ functional, memories: [ram] })];
  const device = new Device({ identity, configurations: [{ functions }] });
  return {
    device: new SwitchableDevice(device),
    content: () => ram.read(START, image.length),
  };
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-each-'));
  writeFileSync(join(folder, 'image.bin'), image);
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => vi.useRealTimers());

interface Run extends Ran {
  readonly ms: number;
  readonly struck: boolean;
  /** The device went instead of taking a block, the empty one at the end included. */
  readonly wentAtBlock: boolean;
  /** Something that changes a device's memory was on its way to it. */
  readonly touched: boolean;
  readonly before: Uint8Array;
  readonly content: Uint8Array;
}

/** One command line with a device that fails there, on a clock that jumps. */
async function run(
  args: readonly string[],
  subject: Subject,
  [fault, at]: readonly [Fault, number] = ['vanishes', Infinity],
): Promise<Run> {
  const failing = new FailingDevice(subject.device, fault, at);
  const before = Uint8Array.from(subject.content());
  const loopback = new LoopbackBus(timerClock(globalThis));
  loopback.plug(failing);
  await onFakeTime(loopback.list());
  bus = loopback;
  failing.arm();
  const startMs = performance.now();
  const terminal = new FakeTerminal();
  terminal.in.end();
  const done = await onFakeTime(ran(args, terminal));
  const ms = performance.now() - startMs;
  const { struck, failed, touched } = failing;
  const wentAtBlock = fault === 'vanishes' && failed !== undefined && isBlock(failed);
  return { ...done, ms, struck, wentAtBlock, touched, before, content: subject.content() };
}

async function onFakeTime<T>(work: Promise<T>): Promise<T> {
  const state = { over: false };
  const settle = (): void => {
    state.over = true;
  };
  work.then(settle, settle);
  while (!state.over) {
    await turn();
    if (!state.over && vi.getTimerCount() > 0) await vi.advanceTimersToNextTimerAsync();
  }
  return work;
}

/** The longest that a command may take with any of these devices. */
const MOST_MS = 5 * 60_000;

const commands: readonly (readonly [string, () => Subject, readonly string[]])[] = [
  ['list', () => board(true), ['list']],
  ['list --json', () => board(true), ['list', '--json']],
  ['download', () => board(true), ['download', 'IMAGE', '-a', '1']],
  ['download from run-time', () => board(false), ['download', 'IMAGE', '-a', '1', '-R']],
  ['upload', () => board(true), ['upload', 'NEW', '-a', '1', '-R']],
  ['detach', () => board(false), ['detach']],
  ['detach from DFU mode', () => board(true), ['detach']],
  ['download -s', () => dfuse(), ['download', 'IMAGE', '-s', '0x08000000:leave']],
  ['download --verify', () => board(true), ['download', 'IMAGE', '-a', '1', '--verify']],
  ['download -s --verify', () => dfuse(), ['download', 'IMAGE', '-s', '0x08000000', '--verify']],
  [
    'download -s --changed-only',
    () => dfuse(),
    ['download', 'IMAGE', '-s', '0x08000000', '--changed-only'],
  ],
  ['download -s :mass-erase', () => dfuse(), ['download', '-s', ':mass-erase:force']],
  ['upload -s', () => dfuse(), ['upload', 'NEW', '-s', '0x08000000:3000']],
];

describe.each(commands)('%s', (_, subject, words) => {
  test.each(faults)('with a device that %s from each transfer on', async (fault) => {
    let at = 0;
    for (let struck = true; struck; at += 1) {
      const path = join(folder, `new-${at}.bin`);
      const args = words.map((word) =>
        word === 'IMAGE' ? join(folder, 'image.bin') : word === 'NEW' ? path : word,
      );
      const done = await run(args, subject(), [fault, at]);
      struck = done.struck;
      judge([...args, `(${fault} at transfer ${at})`], done, path);
      rmSync(path, { force: true });
    }
    // A conversation is longer than its beginning.
    expect(at).toBeGreaterThan(3);
  });
});

function judge(args: readonly string[], done: Run, path: string): void {
  checkAnswer(args, done);
  const demand = (holds: boolean, what: string): void => {
    const said = `${done.exit}\n${done.out}${done.err}`;
    if (!holds) throw new Error(`${args.join(' ')}: ${what}: ${said}`);
  };
  demand(done.ms < MOST_MS, `took ${done.ms} ms`);
  // 65: what a device does not say of its memory is not guessed.
  demand([0, 65, 74, 75, 76, 79, 80].includes(done.exit), 'no right exit code');
  demand(done.exit !== 79 || done.touched, 'partly written, and nothing was sent');
  const isSame = Buffer.compare(done.before, done.content) === 0;
  demand(
    ![65, 74, 76].includes(done.exit) || isSame,
    'nothing changed, it says, and something has',
  );
  const saysSo = done.out.includes('Done!') || done.out.includes('Upload done.');
  demand(!saysSo || [0, 75, 80].includes(done.exit), 'success, and it is none');
  // A DfuSe device that is told to leave has all its data, and may be off before it says so.
  const mayGo = args.some((arg) => arg.endsWith(':leave'));
  demand(!done.wentAtBlock || done.exit !== 0 || mayGo, 'success, and a block was not taken');
  // One that has taken all and leaves says no more: what it does with it is seen where it stays.
  const stays = args[0] === 'download' && !done.out.includes('The device has left');
  if (stays && done.exit === 0 && !args.includes(':mass-erase:force')) {
    const sent = done.content.subarray(0, image.length);
    demand(Buffer.compare(sent, image) === 0, 'success, and the bytes are others');
  }
  if (args[0] === 'upload' && existsSync(path)) {
    const got = readFileSync(path);
    const there = done.content.subarray(0, got.length);
    demand(Buffer.compare(got, there) === 0, 'a file with other bytes');
  }
}

describe('a DfuSe device that is unplugged at each transfer of a download', () => {
  const download = (...more: string[]): string[] => [
    'download',
    join(folder, 'image.bin'),
    '-s',
    '0x08000000',
    ...more,
  ];

  test('is what the outcome says; plugged in again it is finished by --resume', async () => {
    const outcomes = new Set<string>();
    for (let at = 0, struck = true; struck; at += 1) {
      const flash = dfuseFlash();
      const cut = await run([...download(), '--json'], dfuse(flash), ['vanishes', at]);
      struck = cut.struck;
      const { outcome } = lastLine(cut);
      outcomes.add(outcome);
      const isSame = Buffer.compare(cut.before, cut.content) === 0;
      const isAll = Buffer.compare(cut.content, image) === 0;
      expect([at, outcome !== 'unchanged' || isSame]).toEqual([at, true]);
      expect([at, outcome !== 'written' || isAll]).toEqual([at, true]);
      expect([at, outcome === 'partly-written']).toEqual([at, cut.exit === 79]);
      const again = await run([...download('--resume', '--verify'), '--json'], dfuse(flash));
      expect([at, again.exit]).toEqual([at, 0]);
      expect(lastLine(again).outcome).toBe('verified');
      expect(Buffer.compare(again.content, image)).toBe(0);
    }
    expect([...outcomes].toSorted()).toEqual([
      'partly-written',
      'unchanged',
      'unconfirmed',
      'written',
    ]);
  });
});

describe('a device of plain DFU that fails each transfer of a download', () => {
  test.each(faults)('%s: the exit code, the outcome and its memory say the same', async (fault) => {
    const args = ['download', join(folder, 'image.bin'), '-a', '1', '--json'];
    const outcomes = new Set<string>();
    for (let at = 0, struck = true; struck; at += 1) {
      const done = await run(args, board(true), [fault, at]);
      struck = done.struck;
      const { outcome, ending } = lastLine(done);
      outcomes.add(outcome);
      const { exit, touched, before, content } = done;
      const isSame = Buffer.compare(before, content) === 0;
      const isAll = Buffer.compare(content.subarray(0, image.length), image) === 0;
      // Why it is unchanged is in the code; every other outcome has one of its own.
      const exits = { written: [0], unconfirmed: [75], 'partly-written': [79] }[outcome] ?? [
        74, 76,
      ];
      expect({ at, outcome, isExit: exits.includes(exit) }).toEqual({ at, outcome, isExit: true });
      // One that has acknowledged all of it and leaves makes of it what it does.
      const isWritten = isAll || ending === 'left';
      const isUnchanged = isSame && !touched;
      const isTrue =
        outcome === 'written' ? isWritten : outcome === 'unchanged' ? isUnchanged : touched;
      expect({ at, outcome, isTrue }).toEqual({ at, outcome, isTrue: true });
    }
    expect(outcomes).toContain('written');
    expect(outcomes.size).toBeGreaterThan(fault === 'slow' || fault === 'stalls once' ? 0 : 2);
  });
});

interface LastLine {
  readonly outcome: string;
  readonly ending?: string | undefined;
}

function lastLine({ out }: Ran): LastLine {
  return JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as LastLine;
}
