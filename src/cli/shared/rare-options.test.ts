import { Command, Option } from 'commander';
import { expect, test } from 'vitest';
import { addDetails, addHelpAll, inGroup, rare, rareOnes } from './rare-options.ts';

function helped(command: Command, ...args: readonly string[]): string {
  let text = '';
  command.exitOverride().configureOutput({ writeOut: (more) => void (text += more) });
  expect(() => command.parse(args, { from: 'user' })).toThrow('(outputHelp)');
  return text;
}

const made = (): Command => {
  const command = inGroup(new Command('cook'), 'What:', (to) => to.option('--egg', 'eggs'));
  command
    .argument('<pan>')
    .option('--salt', 'salt')
    .addOption(rare(new Option('--saffron', 'much')));
  rareOnes(command, '--salt');
  addDetails(command, '\nThe yolk stays soft.').addHelpText('after', '\nExamples:\n  cook pan');
  addHelpAll(command, 'kitchen cook');
  return command;
};

test('--help leaves out what few need, and its last line says how to see it', () => {
  const text = helped(made(), '--help');
  expect(text).toContain('What:\n  --egg');
  expect(text).not.toMatch(/--salt|--saffron|yolk/);
  expect(text.trimEnd().split('\n').at(-1)).toBe(
    'There is more (2 more options, more about it): kitchen cook --help-all',
  );
});

test('--help-all shows all of it, and asks for no argument', () => {
  const text = helped(made(), '--help-all');
  for (const word of ['--egg', '--salt', '--saffron', '--help-all']) expect(text).toContain(word);
  expect(text).toMatch(/The yolk stays soft\.\n\nExamples:\n {2}cook pan\n$/);
});

test('where there is no more, nothing is said of it', () => {
  const command = new Command('boil').option('--egg', 'eggs');
  addHelpAll(command, 'kitchen boil');
  expect(helped(command, '--help')).not.toContain('all');
});

test('an option that there is not cannot be rare', () => {
  expect(() => rareOnes(new Command('boil'), '--egg')).toThrow('boil: no option --egg');
});

test('one that is misspelt is found among those that few need, too', () => {
  const told = (...args: readonly string[]): string => {
    let text = '';
    const command = made().exitOverride();
    command.configureOutput({ writeErr: (more) => void (text += more) });
    expect(() => command.parse(args, { from: 'user' })).toThrow('unknown option');
    return text;
  };
  expect(told('pan', '--safron')).toBe(
    "error: unknown option '--safron'\n(Did you mean --saffron?)\n",
  );
  expect(told('pan', '--eg')).toContain('(Did you mean --egg?)');
  expect(told('pan', '--water')).not.toContain('Did you mean');
});
