import { styleText } from 'node:util';
import { Command } from 'commander';
import { firmwareImage, loadExample } from '../board/index.ts';
import type { Board, BoardEvent } from '../board/index.ts';
import { DfuError } from '../bytes/index.ts';
import { connect, download, enterDfuMode, find, listLine, scan } from '../host/index.ts';
import type { DfuInterface, HostEvent } from '../host/index.ts';
import { usbipBus } from '../link/usbip/index.ts';
import { timerClock } from '../usb/index.ts';
import type { Clock, UsbBus } from '../usb/index.ts';
import { startBoard } from './board-session.ts';
import { describeEvent } from './board-terminal.ts';

/** The board that is shown. */
const BOARD = 'particle-xenon';

/** Longest time that a step may take, in ms; each takes a second or two. */
const STEP_MS = 30_000;

/** `dfukit tour`: the whole loop on a virtual board, over USB/IP on this machine. */
export function command(): Command {
  return new Command('tour')
    .description('show a virtual board being flashed, booted, and flashed again')
    .action(run);
}

/** What a step of the tour works with. */
interface Stage {
  readonly board: Board;
  readonly bus: UsbBus;
  readonly clock: Clock;
  readonly events: EventLog;
}

async function run(): Promise<void> {
  const clock = timerClock(globalThis);
  const events = new EventLog(clock);
  say('A virtual board, flashed over USB: nothing to plug in, nothing to install as root.');
  say('"board" is what the board does and prints, "host" is the computer at the other end.');
  chapter(`A ${BOARD} without firmware is switched on`);
  const session = await startBoard(
    {
      boardName: BOARD,
      holdButton: false,
      attach: false,
      usbip: { host: '127.0.0.1', port: 0 },
    },
    (board) => board.listen((event) => events.take(event)),
  );
  const { host = '127.0.0.1', port } = session.usbip ?? {};
  const bus = usbipBus({ host, clock, ...(port === undefined ? {} : { port }) });
  try {
    await show({ board: session.board, bus, clock, events });
  } finally {
    events.mute();
    await bus.close();
    await session.close();
  }
}

async function show(stage: Stage): Promise<void> {
  const { board, bus, clock, events } = stage;
  await list(stage);
  chapter('hello-world, version 1, goes into slot 0; the board boots it');
  await flash(stage, { name: 'hello-world', slot: 0, version: 1 });
  await events.until('run-time USB', isAttached('1209:7d00'));
  await list(stage);

  chapter('The host asks it back into DFU mode, as dfu-util -e does');
  const { device, interface: runtime } = await find(bus, { clock });
  const { entries } = await enterDfuMode(bus, device, runtime, { clock, onEvent: tell });
  for (const entry of entries) hostSays(listLine(entry));

  chapter('saul, version 2, goes into the other slot; of two valid slots the newer boots');
  await flash(stage, { name: 'saul', slot: 1, version: 2 });
  await events.until('the shell', isConsole('Welcome'));
  for (const line of ['saul', 'saul read 4', 'saul write 1 1']) {
    hostSays(`types "${line}" on the board's console`);
    board.input(line);
    await events.quiet(clock);
  }

  chapter('Power off, power on: what is in flash is what runs');
  board.powerCut();
  board.powerOn();
  await events.until('the shell', isConsole('Welcome'));
  epilogue();
}

async function list({ bus, clock }: Stage): Promise<void> {
  const { entries } = await scan(bus, { clock });
  for (const entry of entries) hostSays(listLine(entry));
}

interface Firmware {
  readonly name: string;
  readonly slot: number;
  readonly version: number;
}

async function flash({ bus, clock, board, events }: Stage, firmware: Firmware): Promise<void> {
  const { name, slot, version } = firmware;
  const payload = loadExample(name, { modules: ['usbus_dfu'] });
  const { model } = board;
  const image = firmwareImage(payload, { model, bootloader: 'riotboot_dfu', slot, version });
  const session = await connect(bus, { clock, selection: { alternate: slot } });
  const startMs = clock.now();
  try {
    tellSelected(session.interface);
    const { ending, bytes, blocks } = await download(session, image, { onEvent: tell });
    const seconds = ((clock.now() - startMs) / 1000).toFixed(1);
    hostSays(`${bytes} bytes in ${blocks} blocks, ${seconds} s, ending: ${ending}`);
  } finally {
    await session.close();
  }
  await events.until('the new firmware', (event) => event.type === 'boot' && event.slot === slot);
}

/** What the board did, and a way to wait for what it will do. */
class EventLog {
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

function isAttached(id: string): (event: BoardEvent) => boolean {
  return (event) => event.type === 'usb' && event.state === 'attached' && event.id === id;
}

function isConsole(start: string): (event: BoardEvent) => boolean {
  return (event) => event.type === 'console' && event.text.startsWith(start);
}

let chapters = 0;

function chapter(title: string): void {
  chapters += 1;
  say(`\n${styleText('bold', `${chapters}  ${title}`)}`);
}

function epilogue(): void {
  const board = '--board particle-xenon';
  const bus = '--bus usbip://127.0.0.1';
  const commands: readonly (readonly [string, string])[] = [
    [`npx dfukit board run ${BOARD} --flash xenon.bin`, 'the board, with keys for reset and power'],
    [`npx dfukit list ${bus}`, 'in another terminal: what a host sees of it'],
    [`npx dfukit firmware flash saul ${board} --slot 0 --version 3 ${bus}`, 'build and flash'],
    ['sudo usbip attach -r 127.0.0.1 -b 1-1', 'the Linux kernel sees it too; then dfu-util -l'],
  ];
  say(`\n${styleText('bold', 'That was the whole loop. To do it yourself:')}`);
  for (const [line, meaning] of commands) say(`   ${line}\n      ${styleText('dim', meaning)}`);
}

/** Milestones of the host; blocks go by too fast to be told one by one. */
function tell(event: HostEvent): void {
  if (event.type === 'selected') tellSelected(event.interface);
  else if (event.type === 'detaching') hostSays('DFU_DETACH');
  else if (event.type === 'returned') {
    hostSays(`found again in DFU mode after ${Math.round(event.afterMs)} ms`);
  } else if (event.type === 'note') hostSays(event.message);
  else if (event.type === 'progress' && event.doneBytes === event.totalBytes) {
    hostSays(bar(event.doneBytes));
  }
}

function tellSelected({ alternate, name }: DfuInterface): void {
  hostSays(`downloads to alternate ${alternate}, "${name}"`);
}

function bar(bytes: number): string {
  return `Download\t[${'='.repeat(25)}] 100% ${String(bytes).padStart(12)} bytes`;
}

function hostSays(line: string): void {
  speaker('host ', 'cyan', line);
}

function boardSays(line: string): void {
  speaker('board', 'green', line);
}

function speaker(name: string, colour: 'cyan' | 'green', line: string): void {
  say(`   ${styleText(colour, name)}  ${line}`);
}

function say(line: string): void {
  process.stdout.write(`${process.stdout.isTTY ? line : plain(line)}\n`);
}

/** Colours are for terminals. */
function plain(line: string): string {
  // oxlint-disable-next-line no-control-regex -- the escape character is what is looked for
  return line.replaceAll(/\u001B\[\d+m/g, '');
}
