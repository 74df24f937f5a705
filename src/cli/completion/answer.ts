import type { Command } from 'commander';
import { completableOf } from '../shared/completable.ts';
import type { Completable, CompletableOption } from '../shared/completable.ts';
import { valuesOf } from './values.ts';

/** One thing that may be written, and what it is. */
interface Candidate {
  readonly value: string;
  readonly words: string;
}

/** What may be written at the cursor. */
interface Answer {
  readonly candidates: readonly Candidate[];
  /** Whether a file may be named there, too: the shell knows files best. */
  readonly files: boolean;
}

/** The program without any of its commands being loaded. */
export interface Program {
  /** Names and lines of the help. */
  readonly commands: readonly Candidate[];
  /** Loads one; undefined for what is none, or has nothing to tell. */
  load(name: string): Promise<Command | Completable | undefined>;
}

const NOTHING: Answer = { candidates: [], files: false };
const FILES: Answer = { candidates: [], files: true };

/** What may stand in place of the last of these words, which may be empty. */
export async function answer(program: Program, words: readonly string[]): Promise<Answer> {
  const typed = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const [name] = before[0] === 'help' ? before.slice(1) : before;
  if (name === undefined || before[0] === 'help') {
    const globals = [
      { value: '--help', words: 'display help for command' },
      { value: '--version', words: 'output the version number' },
    ];
    const help = { value: 'help', words: 'display help for a command' };
    if (typed.startsWith('-')) return starting(globals, typed);
    return starting(before[0] === 'help' ? program.commands : [...program.commands, help], typed);
  }
  const loaded = await program.load(name);
  if (loaded === undefined) return FILES;
  const root = 'registeredArguments' in loaded ? completableOf(loaded) : loaded;
  return within(root, before.slice(1), typed);
}

async function within(
  root: Completable,
  before: readonly string[],
  typed: string,
): Promise<Answer> {
  let at = root;
  let operands = 0;
  let open: CompletableOption | undefined;
  let ended = false;
  for (const word of before) {
    if (open !== undefined) {
      open = undefined;
    } else if (ended || !word.startsWith('-') || word === '-') {
      const next = operands === 0 ? at.commands.get(word) : undefined;
      if (next === undefined) operands += 1;
      else at = next;
    } else if (word === '--') {
      ended = true;
    } else {
      const found = at.options.find(({ flags }) => flags.includes(word));
      open = found?.value === undefined ? undefined : found;
    }
  }
  if (open !== undefined) return valueOf(open, typed, '');
  if (!ended && typed.startsWith('-') && typed !== '-') return optionOf(at, typed);
  if (!ended && typed === '-') return optionOf(at, typed);
  if (at.commands.size > 0) {
    const commands = [...at.commands].map(([value, { summary: words }]) => ({ value, words }));
    return starting(commands, typed);
  }
  const last = at.operands.at(-1);
  const slot = at.operands[operands] ?? (last?.repeats === true ? last : undefined);
  if (slot === undefined) return NOTHING;
  const { words, files } = await valuesOf(slot);
  return {
    ...starting(
      words.map((value) => ({ value, words: '' })),
      typed,
    ),
    files,
  };
}

async function optionOf({ options }: Completable, typed: string): Promise<Answer> {
  const equals = typed.indexOf('=');
  if (equals > 0) {
    const found = options.find(({ flags }) => flags.includes(typed.slice(0, equals)));
    return found === undefined ? NOTHING : valueOf(found, typed, typed.slice(0, equals + 1));
  }
  // What few need is offered to whoever has begun to write it.
  const offered = options.filter(({ rare }) => !rare || typed.length > 2);
  const candidates = offered.flatMap(({ flags, words }) =>
    flags
      .filter((flag) => flag.startsWith('--') || !typed.startsWith('--'))
      .map((value) => ({ value, words })),
  );
  return starting(candidates, typed);
}

async function valueOf(
  { flags, value }: CompletableOption,
  typed: string,
  prefix: string,
): Promise<Answer> {
  if (value === undefined) return NOTHING;
  const { words, files } = await valuesOf(
    value,
    flags.find((flag) => flag.startsWith('--')),
  );
  const candidates = words.map((each) => ({ value: `${prefix}${each}`, words: '' }));
  return { ...starting(candidates, typed), files };
}

function starting(candidates: readonly Candidate[], typed: string): Answer {
  return { candidates: candidates.filter(({ value }) => value.startsWith(typed)), files: false };
}
