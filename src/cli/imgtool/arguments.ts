import { DfuError } from '../../bytes/index.ts';
import { closeTo } from './close-to.ts';

/** A wrong command line or a wrong wish: the usage line, the message, exit 2, as imgtool has it. */
export class UsageError extends Error {}

/** One option of a command. */
export interface OptionSpec {
  /** Long and short forms, in the order that errors show them. */
  readonly flags: readonly string[];
  /** What stands behind it in the help; without it the option is a switch. */
  readonly value?: string | undefined;
  /** How many values follow; default 1. */
  readonly count?: 1 | 2 | undefined;
  readonly choices?: readonly string[] | undefined;
  readonly required?: boolean | undefined;
  /** May be given several times. */
  readonly repeats?: boolean | undefined;
  readonly help?: string | undefined;
  /** Only `--help-all` tells of it. */
  readonly rare?: true | undefined;
  /** Checks one value; a `UsageError` or `DfuError` says what is wrong with it. */
  readonly check?: ((text: string) => unknown) | undefined;
}

/** One command. */
export interface CommandSpec {
  readonly summary: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Names of the arguments, as the usage line has them. */
  readonly operands: readonly string[];
  /** What may stand behind `dfukit imgtool`, for the help. */
  readonly examples: readonly string[];
}

/** A command line read by its specification. */
export interface ParsedArguments {
  /** Whether a switch is on. */
  on(name: string): boolean;
  /** The last value of an option. */
  text(name: string): string | undefined;
  /** All values of an option, one list for each time that it was given. */
  all(name: string): readonly (readonly string[])[];
  readonly operands: readonly string[];
}

type Found = Map<string, (readonly string[])[]>;

function label({ flags }: OptionSpec): string {
  return flags.map((flag) => `'${flag}'`).join(' / ');
}

function wrong(spec: OptionSpec, words: string): UsageError {
  return new UsageError(`Invalid value for ${label(spec)}: ${words}`);
}

/** What may have been meant by a long option that there is not. */
function suggestion(flag: string, known: Iterable<string>): string {
  if (!flag.startsWith('--')) return '';
  const long = [...known, '--help'].filter((each) => each.startsWith('--'));
  const near = closeTo(flag, long).toSorted();
  if (near.length === 0) return '';
  return near.length === 1
    ? ` Did you mean ${near[0] ?? ''}?`
    : ` (Possible options: ${near.join(', ')})`;
}

interface Cursor {
  readonly args: readonly string[];
  at: number;
}

function take(cursor: Cursor, flag: string, { count = 1 }: OptionSpec, glued?: string): string[] {
  const values = glued === undefined ? [] : [glued];
  while (values.length < count) {
    const next = cursor.args[cursor.at];
    if (next === undefined) {
      const many = count === 1 ? 'an argument' : `${count} arguments`;
      throw new UsageError(`Option '${flag}' requires ${many}.`);
    }
    values.push(next);
    cursor.at += 1;
  }
  return values;
}

class Parser {
  readonly #byFlag: ReadonlyMap<string, readonly [string, OptionSpec]>;
  readonly #cursor: Cursor;
  readonly found: Found = new Map();
  readonly operands: string[] = [];

  constructor(spec: CommandSpec, args: readonly string[]) {
    this.#byFlag = new Map(
      Object.entries(spec.options).flatMap(([name, option]) =>
        option.flags.map((flag): [string, [string, OptionSpec]] => [flag, [name, option]]),
      ),
    );
    this.#cursor = { args, at: 0 };
  }

  #keep(name: string, values: readonly string[]): void {
    // An option given again moves to the end: values are checked in the order they were given.
    const before = this.found.get(name) ?? [];
    this.found.set(name, [...before, values]);
  }

  #option(flag: string, glued?: string): void {
    const known = this.#byFlag.get(flag);
    if (known === undefined) {
      const near = suggestion(flag, this.#byFlag.keys());
      throw new UsageError(`No such option: ${flag}${near}`);
    }
    const [name, option] = known;
    if (option.value !== undefined) {
      this.#keep(name, take(this.#cursor, flag, option, glued));
      return;
    }
    if (glued !== undefined) throw new UsageError(`Option '${flag}' does not take a value.`);
    this.#keep(name, []);
  }

  /** `-kFILE`, or several switches in one word. */
  #short(word: string): void {
    for (let at = 1; at < word.length; at += 1) {
      const flag = `-${word[at] ?? ''}`;
      const option = this.#byFlag.get(flag)?.[1];
      const rest = word.slice(at + 1);
      if (option?.value !== undefined) {
        this.#option(flag, rest === '' ? undefined : rest);
        return;
      }
      this.#option(flag);
    }
  }

  run(): this {
    const { args } = this.#cursor;
    while (this.#cursor.at < args.length) {
      const word = args[this.#cursor.at] ?? '';
      this.#cursor.at += 1;
      if (word === '--') {
        this.operands.push(...args.slice(this.#cursor.at));
        break;
      }
      const equals = word.indexOf('=');
      if (!word.startsWith('-') || word === '-') this.operands.push(word);
      else if (word.startsWith('--') && equals > 0)
        this.#option(word.slice(0, equals), word.slice(equals + 1));
      else if (word.startsWith('--') || this.#byFlag.has(word)) this.#option(word);
      else this.#short(word);
    }
    return this;
  }
}

function checkValues(spec: OptionSpec, values: readonly string[]): void {
  const [text] = values;
  if (text === undefined) return;
  const { choices, check } = spec;
  if (choices !== undefined && !choices.includes(text)) {
    const list = choices.map((choice) => `'${choice}'`).join(', ');
    throw wrong(spec, `'${text}' is not one of ${list}.`);
  }
  try {
    check?.(text);
  } catch (error) {
    if (error instanceof UsageError) throw wrong(spec, error.message);
    if (DfuError.is(error, 'INVALID_ARGUMENT')) throw wrong(spec, error.message);
    throw error;
  }
}

function checkAll(spec: CommandSpec, { found, operands }: Parser): void {
  for (const [name, times] of found) {
    const option = spec.options[name];
    if (option === undefined) continue;
    const kept = option.repeats === true ? times : times.slice(-1);
    for (const values of kept) checkValues(option, values);
  }
  for (const [name, option] of Object.entries(spec.options)) {
    if (option.required !== true || found.has(name)) continue;
    const choose = option.choices === undefined ? '' : ` Choose from: ${option.choices.join(', ')}`;
    throw new UsageError(`Missing option ${label(option)}.${choose}`);
  }
  const missing = spec.operands[operands.length];
  if (missing !== undefined) throw new UsageError(`Missing argument '${missing}'.`);
  const extra = operands.slice(spec.operands.length);
  if (extra.length > 0) {
    const many = extra.length === 1 ? 'argument' : 'arguments';
    throw new UsageError(`Got unexpected extra ${many} (${extra.join(' ')})`);
  }
}

/** Reads a command line as imgtool's parser does. Throws `UsageError`. */
export function parseArguments(spec: CommandSpec, args: readonly string[]): ParsedArguments {
  const parser = new Parser(spec, args).run();
  checkAll(spec, parser);
  const { found, operands } = parser;
  return {
    on: (name) => found.has(name),
    text: (name) => found.get(name)?.at(-1)?.[0],
    all: (name) => found.get(name) ?? [],
    operands,
  };
}

const based =
  /^\s*([+-]?)(?:0[xX]_?([0-9a-fA-F_]+)|0[bB]_?([01_]+)|0[oO]_?([0-7_]+)|([0-9_]+))\s*$/u;

/**
 * A number as Python's `int(text, 0)` reads it: 0x, 0o, 0b, or decimal without leading zeros. Throws
 * `UsageError`.
 */
export function basedInteger(text: string): number {
  const fail = (): UsageError =>
    new UsageError(
      `${text} is not a valid integer. Please use code literals prefixed with ` +
        '0b/0B, 0o/0O, or 0x/0X as necessary.',
    );
  const match = based.exec(text);
  if (match === null) throw fail();
  const [, sign, hex, binary, octal, decimal] = match;
  const digits = hex ?? binary ?? octal ?? decimal ?? '';
  const radix = hex !== undefined ? 16 : binary !== undefined ? 2 : octal !== undefined ? 8 : 10;
  if (/^_|_$|__/.test(digits)) throw fail();
  const plain = digits.replaceAll('_', '');
  if (radix === 10 && /^0+[1-9]/.test(plain)) throw fail();
  const value = Number.parseInt(plain, radix);
  if (!Number.isSafeInteger(value)) throw fail();
  return sign === '-' ? -value : value;
}

/** The last value of an option as such a number. Throws `UsageError`. */
export function integer(args: ParsedArguments, name: string): number | undefined {
  const text = args.text(name);
  return text === undefined ? undefined : basedInteger(text);
}

/** A decimal number. Throws `UsageError`. */
export function decimalInteger(text: string): number {
  if (!/^\s*[+-]?\d+(?:_\d+)*\s*$/u.test(text)) {
    throw new UsageError(`'${text}' is not a valid integer.`);
  }
  return Number(text.replaceAll('_', ''));
}

/** The help page of a command; the whole of it where `all` is asked for. */
export function helpOf(name: string, spec: CommandSpec, all: boolean): string {
  const options = Object.values(spec.options);
  const shown = options.filter(({ rare }) => all || rare !== true);
  const rows = shown.map(({ flags, value, choices, help, required }) => {
    const meta = choices === undefined ? value : `[${choices.join('|')}]`;
    const head = flags.toSorted((one, other) => one.length - other.length).join(', ');
    const left = meta === undefined ? head : `${head} ${meta}`;
    return [left, `${help ?? ''}${required === true ? '  [required]' : ''}`] as const;
  });
  const lines = [...rows, ['-h, --help', 'Show this message and exit.'] as const].map(
    ([left, right]) =>
      left.length > 30 ? `  ${left}\n${' '.repeat(34)}${right}` : `  ${left.padEnd(32)}${right}`,
  );
  const examples = spec.examples.map((each) => `  dfukit imgtool ${each}`);
  const left = options.length - shown.length;
  const more = `There is more (${left} more options): dfukit imgtool ${name} --help-all`;
  const page = [usageLine(name, spec), '', `  ${spec.summary}`, '', 'Options:', ...lines];
  page.push('', 'Examples:', ...examples);
  if (left > 0) page.push('', more);
  return `${page.join('\n')}\n`;
}

/** `Usage: imgtool sign [OPTIONS] INFILE OUTFILE`. */
export function usageLine(name: string, { operands }: CommandSpec): string {
  return ['Usage: imgtool', name, '[OPTIONS]', ...operands].join(' ');
}
