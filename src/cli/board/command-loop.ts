import { fstatSync } from 'node:fs';
import type { Board } from '../../board/index.ts';
import { DfuError } from '../../bytes/index.ts';
import type { Input } from '../shared/terminal.ts';
import type { EventWriter } from './event-writer.ts';
import { LineSplitter, commandId, errorMessage, parseCommand } from './json.ts';
import type { CommandId } from './json.ts';
import { carryOut } from './carry-out.ts';

/** Why no more commands come. */
export type CommandsEnd = 'command' | 'end of standard input';

/**
 * Nothing but `/dev/null` is a character device that ends before anything was read of it and is no terminal: a script's
 * background job, a service or a container has it, and means that nobody gives commands.
 */
function isNothing(input: Input): boolean {
  const { fd } = input as { readonly fd?: unknown };
  if (typeof fd !== 'number' || input.isTTY === true) return false;
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    return false;
  }
}

/**
 * Takes commands from standard input until `quit` or its end, one a turn of the event loop: a flood of them keeps
 * nothing else waiting, and is read no faster than it is carried out.
 */
export class CommandLoop {
  readonly #board: Board;
  readonly #input: Input;
  readonly #events: EventWriter;
  /** Undefined: a line that was too long. */
  readonly #lines: (string | undefined)[] = [];
  #working = false;
  #hasEnded = false;
  #over: (why: CommandsEnd) => void = () => {};

  constructor(board: Board, input: Input, events: EventWriter) {
    this.#board = board;
    this.#input = input;
    this.#events = events;
  }

  /** Resolves with the end; never, where nobody can give commands. */
  run(): Promise<CommandsEnd> {
    const input = this.#input;
    const silent = isNothing(input);
    const splitter = new LineSplitter(
      (line) => this.#lines.push(line),
      () => this.#lines.push(undefined),
    );
    input.setEncoding('utf8');
    input.on('data', (chunk: string) => {
      splitter.push(chunk);
      void this.#work();
    });
    const ended = (): void => {
      splitter.push('\n');
      this.#hasEnded = !silent;
      void this.#work();
    };
    input.on('end', ended);
    input.on('error', ended);
    return new Promise((resolve) => {
      this.#over = resolve;
    });
  }

  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    this.#input.pause();
    while (this.#lines.length > 0) {
      if (await this.#take(this.#lines.shift())) {
        this.#over('command');
        return;
      }
      await new Promise((turn) => setImmediate(turn));
      await this.#events.room();
    }
    this.#working = false;
    if (this.#hasEnded) this.#over('end of standard input');
    else this.#input.resume();
  }

  /** Carries one command out; answers whether it was `quit`. */
  async #take(line: string | undefined): Promise<boolean> {
    let said: { readonly command?: string; readonly id?: CommandId | undefined } = {};
    try {
      if (line === undefined) {
        throw new DfuError('INVALID_ARGUMENT', 'a command is one line of up to 64 KiB');
      }
      said = { id: commandId(line) };
      const command = parseCommand(line);
      said = { command: command.command, ...said };
      const more = command.command === 'quit' ? {} : await carryOut(this.#board, command);
      this.#events.say({ event: 'done', ...said, ...more });
      return command.command === 'quit';
    } catch (error) {
      this.#events.say({ ...errorMessage(error), ...said });
      return false;
    }
  }
}
