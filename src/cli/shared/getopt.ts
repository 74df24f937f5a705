/** An option as getopt_long(3) knows it. */
export interface GetoptOption {
  /** What it is called in the answer. */
  readonly key: string;
  readonly short?: string | undefined;
  /** Names behind `--`; any beginning that fits one option alone stands for it. */
  readonly long?: readonly string[] | undefined;
  /** Whether a value belongs to it. */
  readonly takesValue?: boolean | undefined;
}

/** What a command line says next, in the order of the options; all operands come at the end. */
type GetoptItem =
  | { readonly is: 'option'; readonly key: string; readonly value: string }
  | { readonly is: 'operand'; readonly value: string }
  /** In the program's words, for behind the program's name and a colon. */
  | { readonly is: 'fault'; readonly message: string };

/** How a program words what is wrong; names come with their dashes. */
export interface GetoptWords {
  readonly unknown: (name: string) => string;
  readonly ambiguous: (name: string, possible: readonly string[]) => string;
  readonly takesNone: (name: string) => string;
  readonly needsOne: (name: string) => string;
}

/** As in glibc. */
const glibc: GetoptWords = {
  unknown: (name) =>
    name.startsWith('--')
      ? `unrecognized option '${name}'`
      : `invalid option -- '${name.slice(1)}'`,
  ambiguous: (name, possible) =>
    `option '${name}' is ambiguous; possibilities: ${possible.map((each) => `'${each}'`).join(' ')}`,
  takesNone: (name) => `option '${name}' doesn't allow an argument`,
  needsOne: (name) =>
    name.startsWith('--')
      ? `option '${name}' requires an argument`
      : `option requires an argument -- '${name.slice(1)}'`,
};

interface Found {
  readonly option: GetoptOption;
  readonly name: string;
}

/** The options that a long name may stand for; one only if it is all of its name. */
function candidates(options: readonly GetoptOption[], name: string): readonly Found[] {
  const all = options.flatMap((option) =>
    (option.long ?? []).map((each): Found => ({ option, name: each })),
  );
  const exact = all.filter((each) => each.name === name);
  return exact.length > 0 ? exact : all.filter((each) => each.name.startsWith(name));
}

function fault(message: string): GetoptItem {
  return { is: 'fault', message };
}

interface Walk {
  readonly options: readonly GetoptOption[];
  readonly args: readonly string[];
  readonly words: GetoptWords;
  at: number;
}

function longOption(walk: Walk, text: string): GetoptItem {
  const { words } = walk;
  const equals = text.indexOf('=');
  const name = equals < 0 ? text : text.slice(0, equals);
  const given = equals < 0 ? undefined : text.slice(equals + 1);
  const found = candidates(walk.options, name);
  const [first] = found;
  if (first === undefined) return fault(words.unknown(`--${name}`));
  if (found.some(({ option }) => option !== first.option)) {
    const possible = found.map((each) => `--${each.name}`);
    return fault(words.ambiguous(`--${name}`, possible));
  }
  const { key, takesValue = false } = first.option;
  if (!takesValue) {
    if (given !== undefined) return fault(words.takesNone(`--${first.name}`));
    return { is: 'option', key, value: '' };
  }
  const value = given ?? walk.args[walk.at];
  if (value === undefined) return fault(words.needsOne(`--${first.name}`));
  if (given === undefined) walk.at += 1;
  return { is: 'option', key, value };
}

function* shortOptions(walk: Walk, letters: string): Generator<GetoptItem> {
  for (let index = 0; index < letters.length; index += 1) {
    const letter = letters.charAt(index);
    const option = walk.options.find(({ short }) => short === letter);
    if (option === undefined) {
      yield fault(walk.words.unknown(`-${letter}`));
      continue;
    }
    const { key, takesValue = false } = option;
    if (!takesValue) {
      yield { is: 'option', key, value: '' };
      continue;
    }
    const rest = letters.slice(index + 1);
    const value = rest === '' ? walk.args[walk.at] : rest;
    if (value === undefined) {
      yield fault(walk.words.needsOne(`-${letter}`));
      return;
    }
    if (rest === '') walk.at += 1;
    yield { is: 'option', key, value };
    return;
  }
}

/**
 * Reads a command line as GNU getopt_long does: options may stand behind operands, `--` ends them, short ones
 * share a dash, a long one may be cut short. Options that a program takes one after the other, and stops at the
 * first that is wrong. `words` are those of another reader of the same command lines; default: glibc's.
 */
export function* getopt(
  args: readonly string[],
  options: readonly GetoptOption[],
  words: GetoptWords = glibc,
): Generator<GetoptItem> {
  const walk: Walk = { options, args, words, at: 0 };
  const operands: string[] = [];
  while (walk.at < args.length) {
    const text = args[walk.at] ?? '';
    walk.at += 1;
    if (text === '--') {
      operands.push(...args.slice(walk.at));
      break;
    }
    if (text.startsWith('--')) yield longOption(walk, text.slice(2));
    else if (text.length > 1 && text.startsWith('-')) yield* shortOptions(walk, text.slice(1));
    else operands.push(text);
  }
  for (const value of operands) yield { is: 'operand', value };
}
