import { PACKAGE_VERSION } from '../../bytes/index.ts';
import { timerClock } from '../../usb/index.ts';
import type { Clock } from '../../usb/index.ts';
import { brokenPipe } from './bounded-output.ts';
import { CommandLoop } from './command-loop.ts';
import type { CommandsEnd } from './command-loop.ts';
import { EndWatch } from './ends.ts';
import type { Ending, Ends } from './ends.ts';
import { EventLog } from './event-log.ts';
import { EventWriter, PROTOCOL_VERSION } from './event-writer.ts';
import { boardMessage, errorMessage } from './json.ts';
import type { BoardMessage } from './json.ts';
import { startBoard } from './session.ts';
import type { BoardRunOptions, BoardSession } from './session.ts';
import { CommandEnd, ExitCode } from '../shared/exit-codes.ts';
import { isTold } from '../shared/json-failure.ts';
import { interruptible, untilAborted } from '../shared/signals.ts';
import { warn } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';

/** What can be said of a board when it is ready. */
function readyMessage({ board, usbip, gdb, kernelPort }: BoardSession): BoardMessage {
  return {
    event: 'ready',
    board: board.model.name,
    bootloader: board.bootloader,
    serial: board.serial,
    usbip,
    gdb,
    kernel: kernelPort === undefined ? undefined : { port: kernelPort },
  };
}

/** What `board run` was asked for: a board, and when it ends by itself. */
export interface RunOrder {
  readonly options: BoardRunOptions;
  readonly ends: Ends;
}

/** `board run`: until somebody quits, or an end of its own. `asked` throws for options that cannot be had. */
export async function runBoard(
  terminal: Terminal,
  asked: () => RunOrder,
  { json }: { readonly json: boolean },
): Promise<void> {
  await interruptible(terminal, (signal) =>
    json ? runJson(terminal, asked, signal) : runText(terminal, asked(), signal),
  );
}

/** Says for a person why the board was put away, where there is something to say. Throws where that is no success. */
function conclude(terminal: Terminal, watch: EndWatch, why: string | Ending): void {
  const { exitCode, message } = typeof why === 'string' ? watch.endedBy(why) : why;
  if (message !== '') warn(terminal, `dfukit: ${message}`);
  if (exitCode !== ExitCode.ok) throw new CommandEnd(exitCode);
}

function watchFor(terminal: Terminal, ends: Ends, clock: Clock): EndWatch {
  return new EndWatch(ends, clock, (line) => warn(terminal, `dfukit: ${line}`));
}

async function runText(terminal: Terminal, order: RunOrder, signal: AbortSignal): Promise<void> {
  const { runTerminal } = await import('./console.ts');
  const watch = watchFor(terminal, order.ends, timerClock(globalThis));
  conclude(terminal, watch, await runTerminal(terminal, order.options, { signal, watch }));
}

/** Why the board is put away, as its last event says. */
type Quit = CommandsEnd | 'signal' | 'reader gone';

async function runJson(
  terminal: Terminal,
  asked: () => RunOrder,
  signal: AbortSignal,
): Promise<void> {
  const clock = timerClock(globalThis);
  const events = new EventWriter(terminal.out, () => clock.now());
  const log = new EventLog(clock);
  const { say } = events;
  const gone = brokenPipe(terminal.out).then(() => 'reader gone' as const);
  let session: BoardSession;
  let watch: EndWatch;
  try {
    const { options, ends } = asked();
    watch = watchFor(terminal, ends, clock);
    session = await startBoard(terminal, options, (board) => {
      say({ event: 'hello', protocol: PROTOCOL_VERSION, dfukit: PACKAGE_VERSION });
      board.listen((event) => log.add({ event, ...say(boardMessage(event)) }));
      watch.watch(board);
    });
  } catch (error) {
    say(errorMessage(error));
    isTold(error);
    throw error;
  }
  const commands = new CommandLoop(session.board, terminal.in, { events, log });
  let why: Quit | Ending = 'signal';
  try {
    say(readyMessage(session));
    const aborted = untilAborted(signal).then(() => 'signal' as const);
    // A background job that reads its terminal is stopped, board and all.
    const reads = terminal.in.isTTY !== true || terminal.inForeground();
    const commanded = reads ? lastCommand(commands.run(), watch) : aborted;
    why = await Promise.race([watch.over, aborted, commanded, ...(watch.isBounded ? [] : [gone])]);
  } finally {
    watch.close();
    commands.stop();
    terminal.in.destroy();
    await session.close();
    if (typeof why === 'object') say({ event: 'quit', why: why.why, message: why.message });
    else if (why !== 'reader gone') say({ event: 'quit', why });
  }
  conclude(terminal, watch, why);
}

/** Who has said until when it runs may close standard input. */
async function lastCommand(ended: Promise<CommandsEnd>, watch: EndWatch): Promise<CommandsEnd> {
  const why = await ended;
  return why === 'command' || !watch.isBounded ? why : new Promise(() => {});
}
