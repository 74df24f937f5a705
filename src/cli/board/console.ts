import { emitKeypressEvents } from 'node:readline';
import { describeEvent } from '../../board/index.ts';
import type { Board } from '../../board/index.ts';
import { BoundedOutput, brokenPipe } from './bounded-output.ts';
import type { EndWatch, Ending } from './ends.ts';
import { LineSplitter } from './line-splitter.ts';
import { startBoard } from './session.ts';
import { addressText } from './tcp-address.ts';
import type { BoardRunOptions, BoardSession } from './session.ts';
import { explain } from '../shared/exit-codes.ts';
import { untilAborted } from '../shared/signals.ts';
import type { Input, Output, Terminal } from '../shared/terminal.ts';

/** What is shown for `h`. */
const KEY_HELP: string = [
  'r  reset                    b  button held + reset',
  'u  unplug / replug USB      p  power cut / power on',
  'k  hold / release button    t  type a line (Enter too)',
  'h  this help                q  quit',
].join('\n');

/** Tells where the board can be reached, and what to try. */
function greeting({ board, usbip, gdb, kernelPort }: BoardSession): string {
  const lines = [
    `${board.model.name} (${board.model.chip}), ${board.bootloader}, serial ${board.serial}`,
  ];
  if (usbip !== undefined) {
    const { host, port, busid } = usbip;
    const where = addressText(usbip);
    lines.push(`USB/IP at ${where}, bus id ${busid}. In another terminal:`);
    lines.push(`  dfukit list --bus usbip://${where}`);
    const portOption = port === 3240 ? '' : ` --tcp-port ${port}`;
    lines.push(`  usbip${portOption} attach -r ${host} -b ${busid}   (as root, then: dfu-util -l)`);
  }
  if (gdb !== undefined) {
    lines.push(`debugger at ${addressText(gdb)}:`);
    lines.push(`  gdb-multiarch app.elf -ex 'target remote ${addressText(gdb)}'`);
  }
  if (kernelPort !== undefined) lines.push(`attached to this machine, vhci_hcd port ${kernelPort}`);
  return lines.join('\n');
}

/** Who can end a board besides its keys. */
interface BoardEnders {
  readonly signal: AbortSignal;
  readonly watch: EndWatch;
}

/** Runs a board with its console on the terminal, until somebody quits or its own end; the answer is which. */
export async function runTerminal(
  terminal: Terminal,
  options: BoardRunOptions,
  { signal, watch }: BoardEnders,
): Promise<Ending | 'quit' | 'signal' | 'reader gone'> {
  const { in: input, out } = terminal;
  const isTerminal = input.isTTY === true;
  const screen = new Screen(out, isTerminal);
  const gone = brokenPipe(out).then(() => 'reader gone' as const);
  const session = await startBoard(terminal, options, (board) => {
    board.listen((event) => screen.print(describeEvent(event)));
    watch.watch(board);
  });
  try {
    screen.print(greeting(session));
    const driven = isTerminal
      ? keysInFront(terminal, session.board, screen, signal)
      : readLines(session.board, screen, input);
    const aborted = untilAborted(signal).then(() => 'signal' as const);
    const quit = driven.then(() => 'quit' as const);
    return await Promise.race([watch.over, aborted, quit, ...(watch.isBounded ? [] : [gone])]);
  } finally {
    watch.close();
    if (isTerminal && terminal.inForeground()) input.setRawMode?.(false);
    input.destroy();
    await session.close();
  }
}

/** Prints lines above the one that is being typed. */
class Screen {
  readonly #out: Output;
  readonly #lines: BoundedOutput;
  /** Carriage returns, since a terminal in raw mode adds none. */
  readonly #ending: string;
  /** The line being typed, with its prompt; undefined while none is. */
  typing: string | undefined = undefined;

  constructor(out: Output, isRaw: boolean) {
    this.#out = out;
    this.#ending = isRaw ? '\r\n' : '\n';
    const lost = (lines: number): string =>
      `* ${lines} lines lost: nobody read them${this.#ending}`;
    this.#lines = new BoundedOutput(out, lost);
  }

  print(text: string): void {
    const clear = this.typing === undefined ? '' : '\r\u001B[K';
    this.#lines.write(clear + text.replaceAll('\n', this.#ending) + this.#ending);
    if (this.typing !== undefined) this.show();
  }

  show(): void {
    this.#out.write(`\r\u001B[K${this.typing ?? ''}`);
  }

  /** The line is typed, and stays; or it is given up, and goes. */
  leaveLine(end: 'typed' | 'given up'): void {
    this.typing = undefined;
    this.#out.write(end === 'typed' ? '\r\n' : '\r\u001B[K');
  }
}

/** No terminal: each line of standard input goes to the console, and its end ends nothing. */
function readLines(board: Board, screen: Screen, input: Input): Promise<void> {
  const splitter = new LineSplitter(
    (line) => attempt(screen, () => board.input(line.replace(/\r$/, ''))),
    () => screen.print('* a line of up to 64 KiB is expected'),
  );
  input.setEncoding('utf8');
  input.on('data', (chunk: string) => splitter.push(chunk));
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

/** A background job has no keys: to ask its terminal for them would stop it, board and all. */
async function keysInFront(
  terminal: Terminal,
  board: Board,
  screen: Screen,
  signal: AbortSignal,
): Promise<void> {
  if (!terminal.inForeground()) {
    screen.print('* ready, in the background: no keys; fg brings them');
    await new Promise<void>((resolve) => {
      const forget = terminal.onForeground(resolve);
      void untilAborted(signal).then(forget);
    });
  }
  return keys(board, screen, terminal.in);
}

/** Single keys drive the board; `t` or Enter begins a line for its console. */
function keys(board: Board, screen: Screen, input: Input): Promise<void> {
  screen.print(KEY_HELP);
  emitKeypressEvents(input);
  input.setRawMode?.(true);
  input.resume();
  let plugged = true;
  let held = false;
  const press = (name: string): boolean => {
    switch (name) {
      case 'r':
      case 'b':
        if (board.isOn) board.pressReset({ button: name === 'b' });
        else screen.print('* no power: p gives it some');
        return true;
      case 'k':
        held = !held;
        board.setButton(held);
        screen.print(held ? '* button held' : '* button released');
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
    input.on('keypress', (text: string | undefined, key: Key) => {
      if (key.ctrl === true && (key.name === 'c' || key.name === 'd')) resolve();
      else if (screen.typing !== undefined) attempt(screen, () => edit(board, screen, text, key));
      else attempt(screen, () => void (press(key.name ?? text ?? '') || resolve()));
    });
  });
}

/** One key of a line that is being typed. */
function edit(board: Board, screen: Screen, text: string | undefined, { name, ctrl }: Key): void {
  const typed = (screen.typing ?? '').slice(2);
  if (name === 'return' || name === 'enter') {
    screen.leaveLine('typed');
    board.input(typed);
    return;
  }
  if (name === 'escape') {
    screen.leaveLine('given up');
    return;
  }
  if (ctrl === true && name === 'u') screen.typing = '> ';
  else if (ctrl === true && name === 'w') screen.typing = `> ${typed.replace(/\S+\s*$/, '')}`;
  else if (name === 'backspace') screen.typing = `> ${typed.slice(0, -1)}`;
  else if (text !== undefined && text >= ' ' && text !== '\u007F')
    screen.typing = `> ${typed}${text}`;
  screen.show();
}
