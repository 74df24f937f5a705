import { bootReasons } from '../../board/index.ts';
import type { BoardEvent, BoardFault, BoardPowerCut } from '../../board/index.ts';
import { DfuError, didYouMean } from '../../bytes/index.ts';
import { DFU_STATUSES } from '../../dfu/index.ts';
import { powerCutKinds } from '../../flash/index.ts';

/** What a field can hold: any text, a version, a number, true or false, or one of these. */
type FieldKind = 'text' | 'version' | 'number' | 'boolean' | readonly string[];

/** The kind of event that a board tells of. */
export type EventName = BoardEvent['type'];

/** The fields of every variant of an event, and those inside of `cut` and `core` behind a dot. */
type FieldsOf<E> = E extends unknown ? Exclude<keyof E, 'type'> : never;
type Dotted<K> = K extends 'cut'
  ? `cut.${keyof BoardPowerCut}`
  : K extends 'core'
    ? `core.${Exclude<keyof BoardFault, 'frame'>}`
    : K & string;
type Table = {
  readonly [T in EventName]: Readonly<
    Record<Dotted<FieldsOf<Extract<BoardEvent, { readonly type: T }>>>, FieldKind>
  >;
};

/** Every event of a board with its fields. The compiler misses one that is new. */
const table: Table = {
  power: {
    on: 'boolean',
    operations: 'number',
    'cut.operation': 'number',
    'cut.type': ['program', 'erase'],
    'cut.address': 'number',
    'cut.bytes': 'number',
    'cut.kind': powerCutKinds,
  },
  boot: {
    cause: ['power-on', 'reset-pin', 'watchdog', 'software'],
    mode: ['dfu', 'application', 'none'],
    slot: 'number',
    version: 'version',
    why: bootReasons,
  },
  native: {
    slot: 'number',
    version: 'version',
    entry: 'number',
    stackPointer: 'number',
    sha256: 'text',
  },
  console: { text: 'text' },
  usb: { state: ['attached', 'configured', 'detached'], id: 'text' },
  fault: {
    message: 'text',
    'core.pc': 'number',
    'core.where': 'text',
    'core.lr': 'number',
    'core.caller': 'text',
    'core.xpsr': 'number',
    'core.unmodelled': 'boolean',
  },
  download: { slot: 'number', bytes: 'number' },
  refused: { status: DFU_STATUSES, reason: 'text', slot: 'number', bytes: 'number' },
  upgrade: { slot: 'number', permanent: 'boolean' },
  confirmed: { slot: 'number' },
  actuator: { name: 'text', value: 'number' },
};

/** The field that says in words what happened, where there is one. */
const words: Readonly<Partial<Record<EventName, string>>> = {
  boot: 'why',
  console: 'text',
  fault: 'message',
  refused: 'reason',
};

function isEvent(name: unknown): name is EventName {
  return typeof name === 'string' && Object.hasOwn(table, name);
}

/** What is expected, what came, and what may have been meant. */
export function wrongOf(expected: string, got: unknown, known: readonly string[] = []): DfuError {
  const shown = (JSON.stringify(got) ?? 'nothing').slice(0, 80);
  const hint = typeof got === 'string' ? didYouMean(got, known) : '';
  return new DfuError('INVALID_ARGUMENT', `expected ${expected}, got ${shown}${hint}`);
}

/** The event of that name. Throws `INVALID_ARGUMENT` for one that no board tells of. */
export function eventName(name: unknown): EventName {
  if (isEvent(name)) return name;
  const known = Object.keys(table);
  throw wrongOf(`an event: ${known.join(', ')}`, name, known);
}

/** What a field of an event can hold. Throws `INVALID_ARGUMENT` for one that it never has. */
export function fieldKind(event: EventName, field: string): FieldKind {
  const fields: Readonly<Record<string, FieldKind>> = table[event];
  const kind = Object.hasOwn(fields, field) ? fields[field] : undefined;
  if (kind !== undefined) return kind;
  const known = Object.keys(fields);
  throw wrongOf(`a field of "${event}": ${known.join(', ')}`, field, known);
}

/** The field that a bare `/regex/` looks at. Throws `INVALID_ARGUMENT` for an event that says nothing in words. */
export function wordsField(event: EventName): string {
  const field = words[event];
  if (field !== undefined) return field;
  const known = Object.keys(table[event]).join(', ');
  throw wrongOf(`FIELD=/regex/ for "${event}", which has ${known}`, '/regex/');
}

/** A value as the field would tell it, as text. Throws `INVALID_ARGUMENT` for one that it never has. */
export function literalOf(
  field: string,
  kind: FieldKind,
  value: string | number | boolean,
): string {
  const told = String(value);
  if (kind === 'text' || kind === 'version') return told;
  if (kind === 'boolean') {
    if (told === 'true' || told === 'false') return told;
    throw wrongOf(`"${field}" true or false`, value);
  }
  if (kind === 'number') {
    if (/^-?\d+(?:\.\d+)?$/.test(told)) return String(Number(told));
    throw wrongOf(`"${field}" with a number`, value);
  }
  if (kind.includes(told)) return told;
  throw wrongOf(`"${field}" ${kind.join(', ')}`, value, kind);
}
