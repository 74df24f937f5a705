import { fstatSync } from 'node:fs';
import type { Board } from '../../board/index.ts';
import { DfuError } from '../../bytes/index.ts';
import type { Input } from '../shared/terminal.ts';
import type { EventWriter } from './event-writer.ts';
import { carryOut } from './carry-out.ts';
import type { EventLog } from './event-log.ts';
import { boardMessage, errorMessage, parseCommand, tagsOf } from './json.ts';
import type { BoardCommand, BoardMessage, CommandTags, WaitCommand } from './json.ts';
import { LineSplitter } from './line-splitter.ts';

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

/** Where answers go, and where events can be looked up. */
interface CommandEvents {
  readonly events: EventWriter;
  readonly log: EventLog;
}

/** So many commands may stand behind a wait before no more are read. */
const MOST_BEHIND = 1024;

/** Whether a line ends the program before what stands in front of it is carried out. */
function quitsNow(line: string): boolean {
  if (!line.includes('"now"')) return false;
  try {
    const command = parseCommand(line);
    return command.command === 'quit' && command.now === true;
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
  readonly #log: EventLog;
  /** Undefined: a line that was too long. */
  readonly #lines: (string | undefined)[] = [];
  #working = false;
  #hasEnded = false;
  /** Number of the newest event that a wait no longer looks at. */
  #seen = 0;
  /** Ends the wait that is under way. */
  #wait: AbortController | undefined;
  #over: (why: CommandsEnd) => void = () => {};

  constructor(board: Board, input: Input, { events, log }: CommandEvents) {
    this.#board = board;
    this.#input = input;
    this.#events = events;
    this.#log = log;
  }

  /** Resolves with the end; never, where nobody can give commands. */
  run(): Promise<CommandsEnd> {
    const input = this.#input;
    const silent = isNothing(input);
    const splitter = new LineSplitter(
      (line) => this.#heard(line),
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

  /** Ends the wait that is under way; no other begins. */
  stop(): void {
    this.#lines.length = 0;
    this.#wait?.abort();
  }

  #heard(line: string): void {
    if (quitsNow(line)) this.stop();
    this.#lines.push(line);
    if (this.#working && this.#lines.length >= MOST_BEHIND) this.#input.pause();
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
    let said: CommandTags = {};
    try {
      if (line === undefined) {
        throw new DfuError('INVALID_ARGUMENT', 'a command is one line of up to 64 KiB');
      }
      said = tagsOf(line);
      const command = parseCommand(line);
      const { event, ...more } = await this.#answer(command);
      this.#events.say({ event, ...said, ...more });
      return command.command === 'quit';
    } catch (error) {
      this.#events.say({ ...errorMessage(error), ...said });
      return false;
    }
  }

  /** Carries it out. What comes of a command can be waited for: a wait looks back as far as its beginning. */
  async #answer(command: BoardCommand): Promise<BoardMessage> {
    if (command.command === 'quit') return { event: 'done' };
    if (command.command === 'wait') return this.#until(command);
    if (command.command !== 'state') this.#seen = this.#events.seq;
    return { event: 'done', ...(await carryOut(this.#board, command)) };
  }

  /** Waits, and reads on meanwhile: `quit` with `now` ends it. */
  async #until(command: WaitCommand): Promise<BoardMessage> {
    const log = this.#log;
    const { timeoutMs, since = Math.max(this.#seen, log.forgotten) } = command;
    this.#wait = new AbortController();
    if (!this.#hasEnded && this.#lines.length < MOST_BEHIND) this.#input.resume();
    try {
      const { signal } = this.#wait;
      const found = await log.until(command.for, { since, timeoutMs, signal });
      if (found === undefined) return nothingCame(command, log);
      const { event, ...stamp } = found;
      this.#seen = found.seq;
      return { event: 'done', found: { ...boardMessage(event), ...stamp } };
    } finally {
      this.#wait = undefined;
      this.#input.pause();
    }
  }
}

/** What is told of a wait whose time is up: what was waited for, and what came instead. */
function nothingCame({ for: any, timeoutMs }: WaitCommand, log: EventLog): BoardMessage {
  const wanted = any.map(({ asked }) => asked).join(' or ');
  const lines = log.consoleEnd();
  const last = log.last(any[0]?.event ?? 'boot');
  const shown = last === undefined ? 'there was none' : JSON.stringify(boardMessage(last));
  const ending = lines.slice(-3).map((line) => JSON.stringify(line));
  const message =
    `no ${wanted} within ${timeoutMs} ms; the last of its kind: ${shown}; ` +
    `the console ended with ${ending.join(', ') || 'nothing'}`;
  return { event: 'error', code: 'TIMEOUT', message, console: lines };
}
