import type { Command } from 'commander';

/** What may be written on a command line behind some words. */
export interface Completable {
  readonly summary: string;
  readonly commands: ReadonlyMap<string, Completable>;
  readonly options: readonly CompletableOption[];
  readonly operands: readonly Slot[];
}

/** Where a value stands, and what it may be. */
export interface Slot {
  /** As the help calls it: `file`, `board`. */
  readonly name: string;
  /** Empty where it is free. */
  readonly choices: readonly string[];
  /** Whether more of them may follow. */
  readonly repeats: boolean;
}

export interface CompletableOption {
  readonly flags: readonly string[];
  readonly words: string;
  /** Undefined for a switch. */
  readonly value: Slot | undefined;
  /** Few need it: it is offered to those who have begun to write it. */
  readonly rare: boolean;
}

/** A command of commander as one that can be completed. */
export function completableOf(command: Command): Completable {
  const commands = command.commands.map((each): [string, Completable] => [
    each.name(),
    completableOf(each),
  ]);
  return {
    summary: command.description(),
    commands: new Map(commands),
    options: [
      ...command.options.map(({ short, long, description, flags, ...option }) => ({
        flags: [long, short].flatMap((each) => each ?? []),
        words: description,
        value:
          option.required || option.optional
            ? slot(valueName(flags), option.argChoices)
            : undefined,
        rare: option.hidden,
      })),
      { flags: ['--help', '-h'], words: 'display help for command', value: undefined, rare: false },
    ],
    operands: command.registeredArguments.map((argument) =>
      slot(argument.name(), argument.argChoices, argument.variadic),
    ),
  };
}

/** A value by its name in the help. */
export function slot(name: string, choices: readonly string[] = [], repeats = false): Slot {
  return { name, choices, repeats };
}

/** `file` of `-o, --output <file>`. */
function valueName(flags: string): string {
  return /[<[]([^>\]]+)[>\]]/.exec(flags)?.[1] ?? '';
}
