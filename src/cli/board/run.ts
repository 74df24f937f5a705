import type { Board } from '../../board/index.ts';
import { DfuError } from '../../bytes/index.ts';
import { OneATurn } from './one-a-turn.ts';
import { LineSplitter, boardMessage, errorMessage, parseCommand, runCommand } from './json.ts';
import type { BoardMessage } from './json.ts';
import { startBoard } from './session.ts';
import type { BoardRunOptions, BoardSession } from './session.ts';
import { interruptible, untilAborted } from '../shared/signals.ts';
import { isTold } from '../shared/json-failure.ts';
import { writeJson } from '../shared/terminal.ts';
import type { Input, Output, Terminal } from '../shared/terminal.ts';

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

/** `board run`: until somebody quits. */
export async function runBoard(
  terminal: Terminal,
  options: BoardRunOptions,
  { json }: { readonly json: boolean },
): Promise<void> {
  await interruptible(terminal, async (signal) => {
    if (json) return runJson(terminal, options, signal);
    const { runTerminal } = await import('./console.ts');
    return runTerminal(terminal, options, signal);
  });
}

async function runJson(
  terminal: Terminal,
  options: BoardRunOptions,
  signal: AbortSignal,
): Promise<void> {
  const say = (message: BoardMessage): void => writeJson(terminal.out, message);
  const listen = (board: Board): void => {
    board.listen((event) => say(boardMessage(event)));
  };
  let session: BoardSession;
  try {
    session = await startBoard(terminal, options, listen);
  } catch (error) {
    say(errorMessage(error));
    isTold(error);
    throw error;
  }
  try {
    say(readyMessage(session));
    // A background job that reads its terminal is stopped, board and all.
    const reads = terminal.in.isTTY !== true || terminal.inForeground();
    const commanded = reads ? commands(session.board, terminal.in, say) : untilAborted(signal);
    await Promise.race([untilAborted(signal), commanded, brokenPipe(terminal.out)]);
  } finally {
    terminal.in.destroy();
    await session.close();
  }
}

/** Whoever read our events has gone. */
function brokenPipe(out: Output): Promise<void> {
  return new Promise((resolve) => out.once('error', () => resolve()));
}

/** Takes commands from standard input until `quit` or its end. */
function commands(board: Board, input: Input, say: (message: BoardMessage) => void): Promise<void> {
  return new Promise((resolve) => {
    const queue = new OneATurn(input);
    const take = (line: string): void => {
      let name: string | undefined;
      try {
        const command = parseCommand(line);
        name = command.command;
        if (command.command === 'quit') {
          queue.drop();
          resolve();
        } else runCommand(board, command);
        say({ event: 'done', command: name });
      } catch (error) {
        say(name === undefined ? errorMessage(error) : { ...errorMessage(error), command: name });
      }
    };
    const splitter = new LineSplitter(
      (line) => queue.add(() => take(line)),
      () => {
        const message = 'a command is one line of up to 64 KiB';
        queue.add(() => say(errorMessage(new DfuError('INVALID_ARGUMENT', message))));
      },
    );
    input.setEncoding('utf8');
    input.on('data', (chunk: string) => splitter.push(chunk));
    input.on('end', () => {
      splitter.push('\n');
      queue.add(resolve);
    });
    input.on('error', () => resolve());
  });
}
