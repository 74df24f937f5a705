import type { Board } from '../../board/index.ts';
import { PACKAGE_VERSION } from '../../bytes/index.ts';
import { timerClock } from '../../usb/index.ts';
import { brokenPipe } from './bounded-output.ts';
import { CommandLoop } from './command-loop.ts';
import type { CommandsEnd } from './command-loop.ts';
import { EventWriter, PROTOCOL_VERSION } from './event-writer.ts';
import { boardMessage, errorMessage } from './json.ts';
import type { BoardMessage } from './json.ts';
import { startBoard } from './session.ts';
import type { BoardRunOptions, BoardSession } from './session.ts';
import { interruptible, untilAborted } from '../shared/signals.ts';
import { isTold } from '../shared/json-failure.ts';
import type { Terminal } from '../shared/terminal.ts';

/** What can be said of a board when it is ready. */
function readyMessage({ board, usbip, kernelPort }: BoardSession): BoardMessage {
  return {
    event: 'ready',
    board: board.model.name,
    bootloader: board.bootloader,
    serial: board.serial,
    usbip,
    kernel: kernelPort === undefined ? undefined : { port: kernelPort },
  };
}

/** `board run`: until somebody quits. `asked` throws for options that cannot be had. */
export async function runBoard(
  terminal: Terminal,
  asked: () => BoardRunOptions,
  { json }: { readonly json: boolean },
): Promise<void> {
  await interruptible(terminal, async (signal) => {
    if (json) return runJson(terminal, asked, signal);
    const { runTerminal } = await import('./console.ts');
    return runTerminal(terminal, asked(), signal);
  });
}

/** Why the board is put away, as its last event says. */
type Quit = CommandsEnd | 'signal' | 'reader gone';

async function runJson(
  terminal: Terminal,
  asked: () => BoardRunOptions,
  signal: AbortSignal,
): Promise<void> {
  const clock = timerClock(globalThis);
  const events = new EventWriter(terminal.out, () => clock.now());
  const { say } = events;
  const gone = brokenPipe(terminal.out).then(() => 'reader gone' as const);
  const listen = (board: Board): void => {
    say({ event: 'hello', protocol: PROTOCOL_VERSION, dfukit: PACKAGE_VERSION });
    board.listen((event) => say(boardMessage(event)));
  };
  let session: BoardSession;
  try {
    session = await startBoard(terminal, asked(), listen);
  } catch (error) {
    say(errorMessage(error));
    isTold(error);
    throw error;
  }
  let why: Quit = 'signal';
  try {
    say(readyMessage(session));
    const aborted = untilAborted(signal).then(() => 'signal' as const);
    // A background job that reads its terminal is stopped, board and all.
    const reads = terminal.in.isTTY !== true || terminal.inForeground();
    const commanded = reads ? new CommandLoop(session.board, terminal.in, events).run() : aborted;
    why = await Promise.race([aborted, commanded, gone]);
  } finally {
    terminal.in.destroy();
    await session.close();
    if (why !== 'reader gone') say({ event: 'quit', why });
  }
}
