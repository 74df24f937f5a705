import type { Terminal } from '../shared/terminal.ts';
import { githubReporter } from './report/github.ts';
import { jsonReporter } from './report/json.ts';
import { junitReporter } from './report/junit.ts';
import type { Reporter } from './report/result.ts';
import { tapReporter } from './report/tap.ts';
import { textReporter } from './report/text.ts';
import type { ReporterChoice } from './reporters-option.ts';

type Write = (text: string) => void;

function made({ kind, file }: ReporterChoice, { out }: Terminal, write: Write): Reporter {
  switch (kind) {
    case 'text': {
      const colour = file === undefined && out.isTTY === true && !process.env['NO_COLOR'];
      return textReporter(write, colour);
    }
    case 'tap':
      return tapReporter(write);
    case 'junit':
      return junitReporter(write);
    default:
      return kind satisfies never;
  }
}

/** A reporter of which the file is written when all is done. */
function inFile(choice: ReporterChoice, terminal: Terminal, file: string): Reporter {
  const pieces: string[] = [];
  const inner = made(choice, terminal, (text) => void pieces.push(text));
  return {
    ...inner,
    async end(results) {
      await inner.end?.(results);
      const bytes = new TextEncoder().encode(pieces.join(''));
      await terminal.files.write(file, bytes, { makeFolders: true });
    },
  };
}

/** Where GitHub's runner has the repository; undefined elsewhere. */
export function githubWorkspace(): string | undefined {
  if (process.env['GITHUB_ACTIONS'] !== 'true') return undefined;
  return process.env['GITHUB_WORKSPACE'] ?? process.cwd();
}

/** All that were asked for, as one. */
export function reporterOf(
  terminal: Terminal,
  choices: readonly ReporterChoice[],
  { json }: { readonly json: boolean },
): Reporter {
  const write: Write = (text) => void terminal.out.write(text);
  const workspace = githubWorkspace();
  const all = [
    ...choices.map((choice) =>
      choice.file === undefined
        ? made(choice, terminal, write)
        : inFile(choice, terminal, choice.file),
    ),
    ...(json ? [jsonReporter(terminal.out)] : []),
    // To standard error: what is on standard output may be XML. GitHub's runner reads both.
    ...(workspace === undefined ? [] : [githubReporter(terminal.err, workspace)]),
  ];
  return {
    begin: (count) => all.forEach((each) => each.begin?.(count)),
    scenarioBegins: (scenario) => all.forEach((each) => each.scenarioBegins?.(scenario)),
    stepEnded: (scenario, result) => all.forEach((each) => each.stepEnded?.(scenario, result)),
    scenarioEnded: (result) => all.forEach((each) => each.scenarioEnded?.(result)),
    async end(results) {
      for (const each of all) await each.end?.(results);
    },
  };
}
