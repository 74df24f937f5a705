import { describeEvent } from '../../board/index.ts';
import type { Board, BoardEvent } from '../../board/index.ts';
import { DfuError } from '../../bytes/index.ts';
import type { NorFlash } from '../../flash/index.ts';
import type { Key } from '../../image/index.ts';
import { enterDfuMode, find, listLine, scan } from '../../host/index.ts';
import { usbipBus } from '../../link/usbip/index.ts';
import { timerClock } from '../../usb/index.ts';
import type { Clock, UsbBus } from '../../usb/index.ts';
import { startBoard } from '../board/session.ts';
import { untilAborted } from '../shared/signals.ts';
import type { Terminal } from '../shared/terminal.ts';
import type { Guide } from './guide.ts';

/** Longest time that a step may take, in ms; each takes a second or two. */
const STEP_MS = 30_000;

/** What a part of the tour works with: a board that runs, and a host at the other end of the cable. */
export interface Stage {
  readonly board: Board;
  readonly bus: UsbBus;
  readonly clock: Clock;
  readonly events: EventLog;
  readonly guide: Guide;
}

/** Who shows the tour, and where. */
export interface Tour {
  readonly guide: Guide;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** The board of a part. */
interface Cast {
  readonly boardName: string;
  readonly flash?: NorFlash | undefined;
  /** What its MCUboot trusts; default: the examples' key. */
  readonly keys?: readonly Key[] | undefined;
}

/** Switches a board on, lends it over USB/IP on this machine, shows the part, puts the board away. */
export async function onStage(
  { guide, terminal, signal }: Tour,
  { boardName, flash, keys }: Cast,
  show: (stage: Stage) => Promise<void>,
): Promise<void> {
  const clock = timerClock(globalThis);
  const events = new EventLog(clock, guide);
  const session = await startBoard(
    terminal,
    {
      boardName,
      holdButton: false,
      attach: false,
      usbip: { host: '127.0.0.1', port: 0 },
      flash,
      mcuboot: { keys },
    },
    (board) => board.listen((event) => events.take(event)),
  );
  const { host = '127.0.0.1', port } = session.usbip ?? {};
  const bus = usbipBus({ host, clock, port });
  try {
    const stopped = untilAborted(signal).then(() => {
      throw new DfuError('ABORTED', 'the tour was stopped');
    });
    await Promise.race([show({ board: session.board, bus, clock, events, guide }), stopped]);
  } finally {
    events.mute();
    await bus.close();
    await session.close();
  }
}

/** What a host lists. */
export async function list({ bus, clock, guide }: Stage): Promise<void> {
  const { entries } = await scan(bus, { clock });
  for (const entry of entries) guide.hostSays(listLine(entry));
}

/** The host asks the board from run-time into DFU mode. */
export async function detach({ bus, clock, guide }: Stage): Promise<void> {
  const { device, interface: runtime } = await find(bus, { clock });
  const { entries } = await enterDfuMode(bus, device, runtime, { clock, onEvent: guide.tell });
  for (const entry of entries) guide.hostSays(listLine(entry));
}

/** What the board did, and a way to wait for what it will do. */
class EventLog {
  readonly #clock: Clock;
  readonly #guide: Guide;
  /** Who waits, and how to give up. */
  readonly #waiting = new Map<(event: BoardEvent) => void, () => void>();
  #muted = false;
  /** Events that no wait has looked at yet. */
  #unseen: BoardEvent[] = [];

  constructor(clock: Clock, guide: Guide) {
    this.#clock = clock;
    this.#guide = guide;
  }

  /** The show is over: what comes now is the board being put away. */
  mute(): void {
    this.#muted = true;
    for (const cancel of this.#waiting.values()) cancel();
    this.#waiting.clear();
  }

  take(event: BoardEvent): void {
    if (this.#muted) return;
    this.#guide.boardSays(describeEvent(event));
    this.#unseen.push(event);
    for (const look of this.#waiting.keys()) look(event);
  }

  /** The next such event, from where the last wait left off. Throws `TIMEOUT`. */
  until(what: string, wanted: (event: BoardEvent) => boolean): Promise<void> {
    const at = this.#unseen.findIndex(wanted);
    if (at >= 0) {
      this.#unseen = this.#unseen.slice(at + 1);
      return Promise.resolve();
    }
    this.#unseen = [];
    return new Promise((resolve, reject) => {
      const look = (event: BoardEvent): void => {
        if (!wanted(event)) return;
        finish();
        this.#unseen = [];
        resolve();
      };
      const finish = (): void => {
        cancel();
        this.#waiting.delete(look);
      };
      const cancel = this.#clock.at(this.#clock.now() + STEP_MS, () => {
        finish();
        reject(new DfuError('TIMEOUT', `tour: waited ${STEP_MS} ms for ${what}`));
      });
      this.#waiting.set(look, cancel);
    });
  }

  /** Until the board has printed something and then nothing for a moment. */
  async quiet(clock: Clock): Promise<void> {
    await this.until('an answer', (event) => event.type === 'console');
    let last = -1;
    while (last !== this.#unseen.length) {
      last = this.#unseen.length;
      await new Promise<void>((resolve) => void clock.at(clock.now() + 100, resolve));
    }
    this.#unseen = [];
  }
}

export function isAttached(id: string): (event: BoardEvent) => boolean {
  return (event) => event.type === 'usb' && event.state === 'attached' && event.id === id;
}

export function isConsoleWith(part: string): (event: BoardEvent) => boolean {
  return (event) => event.type === 'console' && event.text.includes(part);
}
