import { relative, resolve, sep } from 'node:path';
import type { Output } from '../../shared/terminal.ts';
import { bounded, brokenLine, brokenStep, brokenText } from './result.ts';
import type { Reporter } from './result.ts';

/** Most characters of an annotation. */
const MOST = 4096;

const data = (text: string): string =>
  bounded(text, MOST).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** What an annotation is about. */
interface Annotation {
  readonly file: string;
  readonly line: number | undefined;
  readonly title: string;
  readonly message: string;
}

/** An error at its place in the repository, as GitHub's runner reads it from what a step prints. */
export function annotation({ file, line, title, message }: Annotation, workspace: string): string {
  const path = relative(workspace, resolve(file)).replaceAll(sep, '/');
  const place = [
    `file=${property(path)}`,
    ...(line === undefined ? [] : [`line=${line}`]),
    `title=${property(title)}`,
  ];
  return `::error ${place.join(',')}::${data(message)}\n`;
}

/** An annotation for each scenario that has not passed. */
export function githubReporter(err: Output, workspace: string): Reporter {
  return {
    scenarioEnded(result) {
      const { scenario, outcome } = result;
      if (outcome === 'passed') return;
      const details = brokenStep(result)?.details ?? '';
      const message = `${brokenText(result)}${details === '' ? '' : `\n${details}`}`;
      const line = brokenLine(result);
      err.write(
        annotation({ file: scenario.file, line, title: scenario.name, message }, workspace),
      );
    },
  };
}
