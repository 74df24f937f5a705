import { styleText } from 'node:util';
import type { Board, BoardEvent } from '../../board/index.ts';
import { DfuError } from '../../bytes/index.ts';
import type { NorFlash } from '../../flash/index.ts';
import { enterDfuMode, find, listLine, scan } from '../../host/index.ts';
import type { HostEvent } from '../../host/index.ts';
import { usbipBus } from '../../link/usbip/index.ts';
import { timerClock } from '../../usb/index.ts';
import type { Clock, UsbBus } from '../../usb/index.ts';
import { startBoard } from '../board/session.ts';
import { describeEvent } from '../board/console.ts';

/** Longest time that a step may take, in ms; each takes a second or two. */
const STEP_MS = 30_000;

/** What a part of the tour works with: a board that runs, and a host at the other end of the cable. */
export interface Stage {
  readonly board: Board;
  readonly bus: UsbBus;
  readonly clock: Clock;
  readonly events: EventLog;
}

/** Switches a board on, lends it over USB/IP on this machine, shows the part, puts the board away. */
export async function onStage(
  boardName: string,
  flash: NorFlash | undefined,
  show: (stage: Stage) => Promise<void>,
): Promise<void> {
  const clock = timerClock(globalThis);
  const events = new EventLog(clock);
  const session = await startBoard(
    {
      boardName,
      holdButton: false,
      attach: false,
      usbip: { host: '127.0.0.1', port: 0 },
      flash,
    },
    (board) => board.listen((event) => events.take(event)),
  );
  const { host = '127.0.0.1', port } = session.usbip ?? {};
  const bus = usbipBus({ host, clock, port });
  try {
    await show({ board: session.board, bus, clock, events });
  } finally {
    events.mute();
    await bus.close();
    await session.close();
  }
}

/** What a host lists. */
export async function list({ bus, clock }: Stage): Promise<void> {
  const { entries } = await scan(bus, { clock });
  for (const entry of entries) hostSays(listLine(entry));
}

/** The host asks the board from run-time into DFU mode. */
export async function detach({ bus, clock }: Stage): Promise<void> {
  const { device, interface: runtime } = await find(bus, { clock });
  const { entries } = await enterDfuMode(bus, device, runtime, { clock, onEvent: tell });
  for (const entry of entries) hostSays(listLine(entry));
}

/** What the board did, and a way to wait for what it will do. */
export class EventLog {
  readonly #clock: Clock;
  readonly #waiting = new Set<(event: BoardEvent) => void>();
  #muted = false;
  /** Events that no wait has looked at yet. */
  #unseen: BoardEvent[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The show is over: what comes now is the board being put away. */
  mute(): void {
    this.#muted = true;
  }

  take(event: BoardEvent): void {
    if (this.#muted) return;
    boardSays(describeEvent(event));
    this.#unseen.push(event);
    for (const look of this.#waiting) look(event);
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
      this.#waiting.add(look);
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

let chapters = 0;

/** Begins the next part. */
export function chapter(title: string): void {
  chapters += 1;
  say(`\n${styleText('bold', `${chapters}  ${title}`)}`);
}

/** Milestones of the host; blocks go by too fast to be told one by one. */
export function tell(event: HostEvent): void {
  if (event.type === 'selected') {
    const { alternate, name } = event.interface;
    hostSays(`takes alternate ${alternate}, "${name}"`);
  } else if (event.type === 'detaching') hostSays('DFU_DETACH');
  else if (event.type === 'returned') {
    hostSays(`found again in DFU mode after ${Math.round(event.afterMs)} ms`);
  } else if (event.type === 'note') hostSays(event.message);
  else if (event.type === 'progress' && event.doneBytes === event.totalBytes) {
    hostSays(bar(event.operation, event.doneBytes));
  } else if (event.type === 'downloaded') hostSays(`the end: ${event.ending}`);
}

function bar(operation: string, bytes: number): string {
  const label = operation.charAt(0).toUpperCase() + operation.slice(1);
  return `${label.padEnd(8)}\t[${'='.repeat(25)}] 100% ${String(bytes).padStart(12)} bytes`;
}

/** A line of the computer at the other end. */
export function hostSays(line: string): void {
  speaker('host ', 'cyan', line);
}

function boardSays(line: string): void {
  speaker('board', 'green', line);
}

function speaker(name: string, colour: 'cyan' | 'green', line: string): void {
  say(`   ${styleText(colour, name)}  ${line}`);
}

/** A line of the guide. */
export function say(line: string): void {
  process.stdout.write(`${process.stdout.isTTY ? line : plain(line)}\n`);
}

/** Colours are for terminals. */
function plain(line: string): string {
  // oxlint-disable-next-line no-control-regex -- the escape character is what is looked for
  return line.replaceAll(/\u001B\[\d+m/g, '');
}
