import type { Outcome } from './guest/scenario.ts';
import type { SeedCommand } from './guest/seed-command.ts';

const HEAD = `# The commands of the documents

Every command in the documents that the boards here follow, and what came of it: typed by the tests in a Linux guest with
unmodified dfu-util 0.11. Numbers that differ from run to run are letters. The tests write this page, and fail if it
differs from what they saw; \`npx vitest run test/kernel -u\` writes it anew.
`;

function code(text: string): string {
  return `\`${text.replaceAll('|', String.raw`\|`)}\``;
}

function row({ command, typed, seen }: SeedCommand): string {
  const here = typed === undefined ? 'the same' : code(typed);
  return `| ${code(command)} | ${here} | ${seen.map((line) => code(line)).join('<br>')} |`;
}

/** docs/seeds.md, as it should be after these scenarios. */
export function seedsPage(outcomes: readonly Outcome[]): string {
  const commands = outcomes.flatMap((outcome) => outcome.commands);
  const documents = [...new Set(commands.map(({ document }) => document))].toSorted();
  const sections = documents.map((document) => {
    const rows = commands.filter((each) => each.document === document).map((each) => row(each));
    const table = ['| in the document | typed here | what came |', '| --- | --- | --- |', ...rows];
    return `\n## ${document}\n\n${table.join('\n')}\n`;
  });
  return HEAD + sections.join('');
}
