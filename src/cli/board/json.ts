import type { Board, BoardEvent } from '../../board/index.ts';
import { DfuError } from '../../bytes/index.ts';
import { powerCutKinds } from '../../flash/index.ts';
import type { PowerCutKind } from '../../flash/index.ts';

/** A command to a running board: one JSON object a line. */
type BoardCommand =
  | { readonly command: 'reset'; readonly button?: boolean }
  | { readonly command: 'button'; readonly pressed: boolean; readonly name?: string }
  | { readonly command: 'unplug' | 'replug' | 'power-on' | 'power-off' }
  | { readonly command: 'quit' }
  | {
      readonly command: 'power-cut';
      readonly afterOperations: number;
      readonly kind?: PowerCutKind;
    }
  | { readonly command: 'input'; readonly text: string }
  | { readonly command: 'sensor'; readonly name: string; readonly value: number };

/** What a board tells while it runs: one JSON object a line. */
export type BoardMessage = {
  readonly event: string;
  readonly [key: string]: unknown;
};

/** An event of the board as it goes out. */
export function boardMessage({ type, ...rest }: BoardEvent): BoardMessage {
  return { event: type, ...rest };
}

/** An error as it goes out. */
export function errorMessage(error: unknown): BoardMessage {
  if (DfuError.is(error)) return { event: 'error', code: error.code, message: error.message };
  return { event: 'error', code: 'INTERNAL', message: String(error) };
}

const COMMANDS =
  'reset, button, unplug, replug, power-on, power-off, power-cut, input, sensor, quit';

function wrong(expected: string, got: unknown): DfuError {
  const shown = JSON.stringify(got) ?? 'nothing';
  return new DfuError('INVALID_ARGUMENT', `expected ${expected}, got ${shown.slice(0, 80)}`);
}

function boolean(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value;
  throw wrong(`"${name}" true or false`, value);
}

function text(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw wrong(`"${name}" with text`, value);
}

function number(value: unknown, name: string): number {
  if (typeof value === 'number') return value;
  throw wrong(`"${name}" with a number`, value);
}

function cutKind(value: unknown): PowerCutKind {
  const kind = powerCutKinds.find((each) => each === value);
  if (kind !== undefined) return kind;
  throw wrong('"kind" clean, torn or torn-tail', value);
}

function parseLine(line: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw wrong('a JSON object on one line', line);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw wrong('a JSON object on one line', value);
}

/** Reads a command. Throws `INVALID_ARGUMENT` with what is expected. */
export function parseCommand(line: string): BoardCommand {
  const value = parseLine(line);
  const { command } = value;
  switch (command) {
    case 'reset':
      if (value['button'] === undefined) return { command };
      return { command, button: boolean(value['button'], 'button') };
    case 'button': {
      const pressed = boolean(value['pressed'], 'pressed');
      if (value['name'] === undefined) return { command, pressed };
      return { command, pressed, name: text(value['name'], 'name') };
    }
    case 'unplug':
    case 'replug':
    case 'power-on':
    case 'power-off':
    case 'quit':
      return { command };
    case 'power-cut': {
      const afterOperations = number(value['afterOperations'] ?? 0, 'afterOperations');
      if (value['kind'] === undefined) return { command, afterOperations };
      return { command, afterOperations, kind: cutKind(value['kind']) };
    }
    case 'input':
      return { command, text: text(value['text'], 'text') };
    case 'sensor':
      return {
        command,
        name: text(value['name'], 'name'),
        value: number(value['value'], 'value'),
      };
    default:
      throw wrong(`"command" to be one of ${COMMANDS}`, command);
  }
}

/** Carries a command out; `quit` is for the caller. Throws `DfuError`. */
export function runCommand(
  board: Board,
  command: Exclude<BoardCommand, { command: 'quit' }>,
): void {
  switch (command.command) {
    case 'reset':
      board.pressReset({ button: command.button === true });
      return;
    case 'button':
      board.setButton(command.pressed, command.name);
      return;
    case 'unplug':
      board.unplug();
      return;
    case 'replug':
      board.replug();
      return;
    case 'power-on':
      board.powerOn();
      return;
    case 'power-off':
      board.powerCut();
      return;
    case 'power-cut':
      board.cutAfter(command.afterOperations, { kind: command.kind });
      return;
    case 'input':
      board.input(command.text);
      return;
    case 'sensor':
      board.sensors.simulate(command.name, command.value);
      return;
    default:
      command satisfies never;
  }
}

/** Longest command, in characters. */
const MOST_LINE = 0x10000;

/** Cuts a stream of text into lines, none of them longer than is sensible. */
export class LineSplitter {
  readonly #line: (line: string) => void;
  readonly #tooLong: () => void;
  #rest = '';
  #skipping = false;

  constructor(line: (line: string) => void, tooLong: () => void) {
    this.#line = line;
    this.#tooLong = tooLong;
  }

  push(chunk: string): void {
    const pieces = (this.#rest + chunk).split('\n');
    this.#rest = pieces.pop() ?? '';
    for (const piece of pieces) {
      if (this.#skipping) this.#skipping = false;
      else if (piece.length > MOST_LINE) this.#tooLong();
      else if (piece.trim() !== '') this.#line(piece);
    }
    if (this.#rest.length <= MOST_LINE) return;
    this.#rest = '';
    if (!this.#skipping) this.#tooLong();
    this.#skipping = true;
  }
}
