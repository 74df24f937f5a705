import type { Board } from '../../board/index.ts';
import { DfuError } from '../../bytes/index.ts';
import { LineSplitter, boardMessage, errorMessage, parseCommand, runCommand } from './json.ts';
import type { BoardMessage } from './json.ts';
import { startBoard } from './session.ts';
import type { BoardRunOptions, BoardSession } from './session.ts';
import { runTerminal } from './console.ts';
import { untilSignal } from '../shared/signals.ts';

/** What can be said of a board when it is ready. */
export function readyMessage({ board, usbip, kernelPort }: BoardSession): BoardMessage {
  return {
    event: 'ready',
    board: board.model.name,
    bootloader: board.bootloader,
    serial: board.serial,
    usbip,
    ...(kernelPort !== undefined && { kernel: { port: kernelPort } }),
  };
}

/** `board run`: until somebody quits. */
export async function runBoard(
  options: BoardRunOptions,
  { json }: { readonly json: boolean },
): Promise<void> {
  if (json) await runJson(options);
  else await runTerminal(options);
}

function say(message: BoardMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function runJson(options: BoardRunOptions): Promise<void> {
  const signal = untilSignal();
  const listen = (board: Board): void => {
    board.listen((event) => say(boardMessage(event)));
  };
  let session: BoardSession;
  try {
    session = await startBoard(options, listen);
  } catch (error) {
    signal.stop();
    say(errorMessage(error));
    throw error;
  }
  try {
    say(readyMessage(session));
    await Promise.race([signal.asked, commands(session.board), brokenPipe()]);
  } finally {
    process.stdin.destroy();
    await session.close();
    signal.stop();
  }
}

/** Whoever read our events has gone. */
function brokenPipe(): Promise<void> {
  return new Promise((resolve) => process.stdout.once('error', () => resolve()));
}

/** Takes commands from standard input until `quit` or its end. */
function commands(board: Board): Promise<void> {
  return new Promise((resolve) => {
    const take = (line: string): void => {
      let name: string | undefined;
      try {
        const command = parseCommand(line);
        name = command.command;
        if (command.command === 'quit') resolve();
        else runCommand(board, command);
        say({ event: 'done', command: name });
      } catch (error) {
        say(name === undefined ? errorMessage(error) : { ...errorMessage(error), command: name });
      }
    };
    const splitter = new LineSplitter(take, () => {
      say(errorMessage(new DfuError('INVALID_ARGUMENT', 'a command is one line of up to 64 KiB')));
    });
    process.stdin.setEncoding('utf8');
    process.stdin.on('data', (chunk: string) => splitter.push(chunk));
    process.stdin.on('end', () => {
      splitter.push('\n');
      resolve();
    });
    process.stdin.on('error', () => resolve());
  });
}
