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
import { DfuRequest } from '../../src/dfu/index.ts';
import { LoopbackBus } from '../../src/link/loopback/index.ts';
import { HELD, STALL, timerClock } from '../../src/usb/index.ts';
import type {
  DataAnswer,
  DeviceBus,
  DeviceDescriptors,
  SetupAnswer,
  SetupPacket,
  UsbBus,
  UsbDevice,
  UsbSpeed,
} from '../../src/usb/index.ts';
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
}));

/** From that transfer on, or at it alone, as the name says. */
const faults = ['silent', 'stalls once', 'stalls', 'vanishes', 'answers short', 'slow'] as const;
type Fault = (typeof faults)[number];

/** How late a slow device answers, in ms. */
const LATE_MS = 900;

/** Another device in front of it, which fails one transfer, or all from one on. */
class Failing implements UsbDevice {
  /** The transfer that failed, or the first of them. */
  failed: SetupPacket | undefined;
  /** Whether a block or a command with data was on its way. */
  touched = false;
  readonly #device: UsbDevice;
  readonly #fault: Fault;
  readonly #at: number;
  #bus: DeviceBus | undefined;
  #count = 0;
  #armed = false;
  /** What it has held back, and when it lets go of it. */
  #late: { readonly answer: SetupAnswer; readonly atMs: number } | undefined;
  #nowMs = 0;

  constructor(device: UsbDevice, fault: Fault, at: number) {
    this.#device = device;
    this.#fault = fault;
    this.#at = at;
  }

  /** The host has found it; the transfers are counted from here. */
  arm(): void {
    this.#armed = true;
  }

  /** Whether the conversation has come to the transfer that fails. */
  get struck(): boolean {
    return this.#count > this.#at;
  }

  get speed(): UsbSpeed {
    return this.#device.speed;
  }

  connect(deviceBus: DeviceBus): void {
    this.#bus = deviceBus;
    this.#device.connect(deviceBus);
  }

  disconnect(): void {
    this.#bus = undefined;
    this.#late = undefined;
    this.#device.disconnect();
  }

  setup(packet: SetupPacket): SetupAnswer {
    if (this.#armed && isBlock(packet) && packet.wLength > 0) this.touched = true;
    const number = this.#count;
    if (this.#armed) this.#count += 1;
    if (!this.#armed || number < this.#at) return this.#device.setup(packet);
    const isIt = number === this.#at;
    if (isIt) this.failed = packet;
    switch (this.#fault) {
      case 'silent':
        return HELD;
      case 'stalls once':
        return isIt ? STALL : this.#device.setup(packet);
      case 'stalls':
        return STALL;
      case 'vanishes':
        this.#bus?.detach();
        return STALL;
      case 'answers short': {
        const answer = this.#device.setup(packet);
        if (!isIt || answer.stage !== 'in') return answer;
        return { stage: 'in', data: answer.data.subarray(0, answer.data.length >> 1) };
      }
      case 'slow': {
        const answer = this.#device.setup(packet);
        if (answer.stage !== 'in') return answer;
        this.#late = { answer, atMs: this.#nowMs + LATE_MS };
        return HELD;
      }
      default:
        return this.#fault satisfies never;
    }
  }

  data(bytes: Uint8Array): DataAnswer {
    return this.#device.data(bytes);
  }
  done(): void {
    this.#device.done();
  }
  reset(): void {
    this.#late = undefined;
    this.#device.reset();
  }
  configure(value: number): boolean {
    return this.#device.configure(value);
  }
  selectAlternate(interfaceNumber: number, alternate: number): boolean {
    return this.#device.selectAlternate(interfaceNumber, alternate);
  }
  descriptors(): DeviceDescriptors {
    return this.#device.descriptors();
  }

  tick(nowMs: number): number {
    this.#nowMs = nowMs;
    const late = this.#late;
    if (late !== undefined && nowMs >= late.atMs) {
      this.#late = undefined;
      this.#bus?.resume(late.answer);
    }
    const next = this.#device.tick(nowMs);
    return Math.min(next, this.#late?.atMs ?? Infinity);
  }
}

function isBlock({ bmRequestType, bRequest }: SetupPacket): boolean {
  return bmRequestType === 0x21 && bRequest === DfuRequest.DNLOAD;
}

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

function dfuse(): Subject {
  const ram = new DfuSeRam({ layout: '@Flash /0x08000000/16*001Kg', eraseMs: 5 });
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
  [fault, at]: readonly [Fault, number],
): Promise<Run> {
  const failing = new Failing(subject.device, fault, at);
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
  ['download -s', dfuse, ['download', 'IMAGE', '-s', '0x08000000:leave']],
  ['download -s :mass-erase', dfuse, ['download', '-s', ':mass-erase:force']],
  ['upload -s', dfuse, ['upload', 'NEW', '-s', '0x08000000:3000']],
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
  demand([0, 65, 74, 75, 76, 79].includes(done.exit), 'no right exit code');
  demand(done.exit !== 79 || done.touched, 'partly written, and nothing was sent');
  const isSame = Buffer.compare(done.before, done.content) === 0;
  demand(
    ![65, 74, 76].includes(done.exit) || isSame,
    'nothing changed, it says, and something has',
  );
  const saysSo = done.out.includes('Done!') || done.out.includes('Upload done.');
  demand(!saysSo || done.exit === 0 || done.exit === 75, 'success, and it is none');
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
