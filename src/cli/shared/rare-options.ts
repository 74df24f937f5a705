import type { Command, Option } from 'commander';
import { didYouMean } from '../../bytes/index.ts';

// `--help` is a screen of what is usual. What few need is told by `--help-all`, which every command has.

const rares = new WeakSet<Option>();
const detailed = new WeakSet<Command>();
/** Commands that tell all. */
const tellsAll = new WeakSet<Command>();

/** Marks an option that few need: `--help` leaves it out, `--help-all` shows it. */
export function rare(option: Option): Option {
  rares.add(option);
  return option.hideHelp();
}

/** The same for options that a command has already, by their long names, such as `--cfg`. */
export function rareOnes(command: Command, ...names: readonly string[]): Command {
  for (const name of names) {
    const found = command.options.find(({ long }) => long === name);
    if (found === undefined) throw new Error(`${command.name()}: no option ${name}`);
    rare(found);
  }
  return command;
}

/** Adds options under a heading of their own; what is added later stands under the usual one. */
export function inGroup(command: Command, heading: string, add: (to: Command) => Command): Command {
  return add(command.optionsGroup(heading)).optionsGroup('');
}

/** Adds what only `--help-all` says, behind the options and in front of what is added later. */
export function addDetails(command: Command, text: string): Command {
  detailed.add(command);
  return command.addHelpText('after', () => (tellsAll.has(command) ? text : ''));
}

/** Commander's sentence about an option that there is not, which knows of those in `--help` alone. */
function withRareOnes(message: string, { options }: Command): string {
  const [said, word = ''] = /^error: unknown option '([^'=]*)/.exec(message) ?? [];
  const nearest = didYouMean(
    word,
    options.flatMap(({ long }) => long ?? []),
  );
  const near = options.find(({ long }) => nearest.includes(`"${long}"`));
  if (said === undefined || near === undefined || !rares.has(near)) return message;
  return `${message.split('\n')[0] ?? ''}\n(Did you mean ${near.long}?)`;
}

/** Gives a command its `--help-all`, and `--help` a last line about it; `path` is how it is called. */
export function addHelpAll(command: Command, path: string): void {
  const left = command.options.filter((option) => rares.has(option));
  const error = command.error.bind(command);
  command.error = (message, more) =>
    error(
      more?.code === 'commander.unknownOption' ? withRareOnes(message, command) : message,
      more,
    );
  const all = command.createOption('--help-all', 'display all of it').hideHelp();
  command.addOption(all).on('option:help-all', () => {
    for (const option of [...left, all]) option.hidden = false;
    tellsAll.add(command);
    command.help();
  });
  const options = left.length === 1 ? '1 more option' : `${left.length} more options`;
  const more = [
    ...(left.length > 0 ? [options] : []),
    ...(detailed.has(command) ? ['more about it'] : []),
  ];
  if (more.length === 0) return;
  const line = `\nThere is more (${more.join(', ')}): ${path} --help-all`;
  command.addHelpText('after', () => (tellsAll.has(command) ? '' : line));
}
