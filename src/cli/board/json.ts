import type { BoardEvent } from '../../board/index.ts';
import { DfuError } from '../../bytes/index.ts';
import { powerCutKinds } from '../../flash/index.ts';
import type { PowerCutKind } from '../../flash/index.ts';
import { wrongOf } from './event-fields.ts';
import { parseFor } from './event-match.ts';
import type { EventMatch } from './event-match.ts';

/** Until one of these events has come. */
export interface WaitCommand {
  readonly command: 'wait';
  readonly for: readonly EventMatch[];
  readonly timeoutMs: number;
  /** Events with a greater number count; undefined: those that nothing has looked at. */
  readonly since?: number | undefined;
}

/** How long a wait waits that does not say, and how long it can, in ms. */
const WAIT_MS = 30_000;
const MOST_WAIT_MS = 86_400_000;

/** A command to a running board: one JSON object a line. */
export type BoardCommand =
  | { readonly command: 'reset'; readonly button?: boolean }
  | { readonly command: 'button'; readonly pressed: boolean; readonly name?: string }
  | { readonly command: 'unplug' | 'replug' | 'power-on' | 'power-off' | 'state' }
  | { readonly command: 'quit'; readonly now?: boolean }
  | WaitCommand
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
type CommandId = string | number;

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
  wait: ['for', 'timeoutMs', 'since'],
  quit: ['now'],
};

function isCommand(name: unknown): name is BoardCommand['command'] {
  return typeof name === 'string' && Object.hasOwn(COMMANDS, name);
}

/** Throws `INVALID_ARGUMENT` for a key that means nothing: it is a slip, and what it meant would not happen. */
function checkKeys(command: BoardCommand['command'], value: Record<string, unknown>): void {
  const known = ['command', 'id', ...COMMANDS[command]];
  const strange = Object.keys(value).find((key) => !known.includes(key));
  if (strange !== undefined)
    throw wrongOf(`a key of "${command}": ${known.join(', ')}`, strange, known);
}

/** What the answer to a command repeats of it. */
export interface CommandTags {
  readonly command?: BoardCommand['command'] | undefined;
  readonly id?: CommandId | undefined;
}

/** The tags of a line, as far as it has some. Throws for an `id` that is neither text nor number. */
export function tagsOf(line: string): CommandTags {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return {};
  }
  if (typeof value !== 'object' || value === null) return {};
  const { command: name, id } = value as { readonly command?: unknown; readonly id?: unknown };
  const command = isCommand(name) ? name : undefined;
  if (id === undefined) return { command };
  if ((typeof id === 'string' && id.length <= MOST_ID) || typeof id === 'number')
    return { command, id };
  throw wrongOf(`"id" with a number or a text of up to ${MOST_ID}`, id);
}

/** Longest id, in characters. */
const MOST_ID = 256;

function boolean(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value;
  throw wrongOf(`"${name}" true or false`, value);
}

function text(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw wrongOf(`"${name}" with text`, value);
}

function number(value: unknown, name: string): number {
  if (typeof value === 'number') return value;
  throw wrongOf(`"${name}" with a number`, value);
}

function cutKind(value: unknown): PowerCutKind {
  const kind = powerCutKinds.find((each) => each === value);
  if (kind !== undefined) return kind;
  throw wrongOf('"kind" clean, torn or torn-tail', value);
}

function parseLine(line: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw wrongOf('a JSON object on one line', line);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw wrongOf('a JSON object on one line', value);
}

function wholeTo(most: number, value: unknown, name: string): number {
  if (Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= most)
    return Number(value);
  throw wrongOf(`"${name}" with a whole number from 0 to ${most}`, value);
}

function parseWait(value: Readonly<Record<string, unknown>>): WaitCommand {
  const { timeoutMs = WAIT_MS, since } = value;
  return {
    command: 'wait',
    for: parseFor(value['for']),
    timeoutMs: wholeTo(MOST_WAIT_MS, timeoutMs, 'timeoutMs'),
    since: since === undefined ? undefined : wholeTo(Number.MAX_SAFE_INTEGER, since, 'since'),
  };
}

/** Reads a command. Throws `INVALID_ARGUMENT` with what is expected. */
export function parseCommand(line: string): BoardCommand {
  const value = parseLine(line);
  const { command } = value;
  if (!isCommand(command)) {
    const known = Object.keys(COMMANDS);
    throw wrongOf(`"command" to be one of ${known.join(', ')}`, command, known);
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
      return { command };
    case 'quit':
      if (value['now'] === undefined) return { command };
      return { command, now: boolean(value['now'], 'now') };
    case 'wait':
      return parseWait(value);
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
