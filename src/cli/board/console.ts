import { emitKeypressEvents } from 'node:readline';
import type { Board, BoardEvent } from '../../board/index.ts';
import { LineSplitter } from './json.ts';
import { startBoard } from './session.ts';
import type { BoardRunOptions, BoardSession } from './session.ts';
import { explain } from '../shared/exit-codes.ts';
import { untilSignal } from '../shared/signals.ts';

/** What is shown for `h`. */
export const KEY_HELP: string = [
  'r  reset                    b  button held + reset',
  'u  unplug / replug USB      p  power cut / power on',
  't  type a line (Enter too)  q  quit',
  'h  this help',
].join('\n');

const bootModes = { dfu: 'DFU mode', application: 'application', none: 'nothing to boot' } as const;

/** An event in words for a person. */
export function describeEvent(event: BoardEvent): string {
  switch (event.type) {
    case 'console':
      return event.text;
    case 'power':
      return `* power ${event.on ? 'on' : 'off'}`;
    case 'boot': {
      const slot =
        event.slot === undefined ? '' : ` of slot ${event.slot}, version ${event.version}`;
      return `* ${event.cause}: ${bootModes[event.mode]}${slot} (${event.why})`;
    }
    case 'usb':
      return event.state === 'detached' ? '* USB detached' : `* USB ${event.state} ${event.id}`;
    case 'fault':
      return `* ${event.message}`;
    case 'download':
      return `* download to slot ${event.slot} finished, ${event.bytes} bytes`;
    case 'actuator':
      return `* ${event.name} ${event.value === 0 ? 'off' : 'on'}`;
    default:
      return event satisfies never;
  }
}

/** Tells where the board can be reached, and what to try. */
function greeting({ board, usbip, kernelPort }: BoardSession): string {
  const lines = [
    `${board.model.name} (${board.model.chip}), ${board.bootloader}, serial ${board.serial}`,
  ];
  if (usbip !== undefined) {
    const { host, port, busid } = usbip;
    const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    lines.push(`USB/IP at ${where}, bus id ${busid}. In another terminal:`);
    lines.push(`  dfukit list --bus usbip://${where}`);
    const portOption = port === 3240 ? '' : ` --tcp-port ${port}`;
    lines.push(`  usbip${portOption} attach -r ${host} -b ${busid}   (as root, then: dfu-util -l)`);
  }
  if (kernelPort !== undefined) lines.push(`attached to this machine, vhci_hcd port ${kernelPort}`);
  return lines.join('\n');
}

/** Runs a board with its console on the terminal, until somebody quits. */
export async function runTerminal(options: BoardRunOptions): Promise<void> {
  const signal = untilSignal();
  const screen = new Screen();
  try {
    const session = await startBoard(options, (board) => {
      board.listen((event) => screen.print(describeEvent(event)));
    });
    try {
      screen.print(greeting(session));
      const ended = process.stdin.isTTY
        ? keys(session.board, screen)
        : readLines(session.board, screen);
      await Promise.race([signal.asked, ended]);
    } finally {
      if (process.stdin.isTTY) process.stdin.setRawMode(false);
      process.stdin.destroy();
      await session.close();
    }
  } finally {
    signal.stop();
  }
}

/** Prints lines above the one that is being typed. */
class Screen {
  /** The line being typed, with its prompt; undefined while none is. */
  typing: string | undefined = undefined;

  print(text: string): void {
    const clear = this.typing === undefined ? '' : '\r\u001B[K';
    // Carriage returns, since a terminal in raw mode adds none.
    const ending = process.stdin.isTTY ? '\r\n' : '\n';
    process.stdout.write(clear + text.replaceAll('\n', ending) + ending);
    if (this.typing !== undefined) this.show();
  }

  show(): void {
    process.stdout.write(`\r\u001B[K${this.typing ?? ''}`);
  }
}

/** No terminal: each line of standard input goes to the console, and its end ends nothing. */
function readLines(board: Board, screen: Screen): Promise<void> {
  const splitter = new LineSplitter(
    (line) => attempt(screen, () => board.input(line.replace(/\r$/, ''))),
    () => screen.print('* a line of up to 64 KiB is expected'),
  );
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (chunk: string) => splitter.push(chunk));
  return new Promise(() => {});
}

function attempt(screen: Screen, run: () => void): void {
  try {
    run();
  } catch (error) {
    screen.print(`* ${explain(error)}`);
  }
}

interface Key {
  readonly name?: string | undefined;
  readonly ctrl?: boolean | undefined;
}

/** Single keys drive the board; `t` or Enter begins a line for its console. */
function keys(board: Board, screen: Screen): Promise<void> {
  screen.print(KEY_HELP);
  emitKeypressEvents(process.stdin);
  process.stdin.setRawMode(true);
  process.stdin.resume();
  let plugged = true;
  const press = (name: string): boolean => {
    switch (name) {
      case 'r':
        board.pressReset();
        return true;
      case 'b':
        board.pressReset({ button: true });
        return true;
      case 'u':
        if (plugged) board.unplug();
        else board.replug();
        plugged = !plugged;
        screen.print(plugged ? '* USB cable in' : '* USB cable out');
        return true;
      case 'p':
        if (board.isOn) board.powerCut();
        else board.powerOn();
        return true;
      case 't':
      case 'return':
        screen.typing = '> ';
        screen.show();
        return true;
      case 'q':
        return false;
      default:
        screen.print(KEY_HELP);
        return true;
    }
  };
  return new Promise((resolve) => {
    process.stdin.on('keypress', (text: string | undefined, key: Key) => {
      if (key.ctrl === true && (key.name === 'c' || key.name === 'd')) resolve();
      else if (screen.typing !== undefined) attempt(screen, () => edit(board, screen, text, key));
      else attempt(screen, () => void (press(key.name ?? text ?? '') || resolve()));
    });
  });
}

/** One key of a line that is being typed. */
function edit(board: Board, screen: Screen, text: string | undefined, { name }: Key): void {
  const typed = (screen.typing ?? '').slice(2);
  if (name === 'return' || name === 'enter') {
    screen.typing = undefined;
    process.stdout.write('\r\n');
    board.input(typed);
    return;
  }
  if (name === 'escape') {
    screen.typing = undefined;
    process.stdout.write('\r\u001B[K');
    return;
  }
  if (name === 'backspace') screen.typing = `> ${typed.slice(0, -1)}`;
  else if (text !== undefined && text >= ' ' && text !== '\u007F')
    screen.typing = `> ${typed}${text}`;
  screen.show();
}
