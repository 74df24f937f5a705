import type { BoardEvent } from '../../board/index.ts';
import { DfuError } from '../../bytes/index.ts';
import { powerCutKinds } from '../../flash/index.ts';
import type { PowerCutKind } from '../../flash/index.ts';

/** A command to a running board: one JSON object a line. */
export type BoardCommand =
  | { readonly command: 'reset'; readonly button?: boolean }
  | { readonly command: 'button'; readonly pressed: boolean; readonly name?: string }
  | { readonly command: 'unplug' | 'replug' | 'power-on' | 'power-off' | 'state' }
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

/** What a reader finds again in the answer to its command. */
export type CommandId = string | number;

/** The commands, and the keys that each takes besides `command` and `id`. */
const COMMANDS: Readonly<Record<BoardCommand['command'], readonly string[]>> = {
  reset: ['button'],
  button: ['pressed', 'name'],
  unplug: [],
  replug: [],
  'power-on': [],
  'power-off': [],
  'power-cut': ['afterOperations', 'kind'],
  input: ['text'],
  sensor: ['name', 'value'],
  state: [],
  quit: [],
};

function isCommand(name: unknown): name is BoardCommand['command'] {
  return typeof name === 'string' && Object.hasOwn(COMMANDS, name);
}

/** Throws `INVALID_ARGUMENT` for a key that means nothing: it is a slip, and what it meant would not happen. */
function checkKeys(command: BoardCommand['command'], value: Record<string, unknown>): void {
  const known = ['command', 'id', ...COMMANDS[command]];
  const strange = Object.keys(value).find((key) => !known.includes(key));
  if (strange !== undefined) throw wrong(`a key of "${command}": ${known.join(', ')}`, strange);
}

/** The `id` of a command; undefined without one, and for a line that is no command. Throws for one that is neither text nor number. */
export function commandId(line: string): CommandId | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'id')) return undefined;
  const { id } = value as { readonly id: unknown };
  if ((typeof id === 'string' && id.length <= MOST_ID) || typeof id === 'number') return id;
  throw wrong(`"id" with a number or a text of up to ${MOST_ID}`, id);
}

/** Longest id, in characters. */
const MOST_ID = 256;

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
  if (!isCommand(command)) {
    throw wrong(`"command" to be one of ${Object.keys(COMMANDS).join(', ')}`, command);
  }
  checkKeys(command, value);
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
    case 'state':
    case 'quit':
      return { command };
    case 'power-cut': {
      const afterOperations = number(value['afterOperations'], 'afterOperations');
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
      return command satisfies never;
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
