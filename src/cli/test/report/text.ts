import { bounded, placeText } from './result.ts';
import type { Outcome, Reporter, ScenarioResult, StepResult } from './result.ts';

const MARKS: Readonly<Record<StepResult['outcome'], string>> = {
  passed: 'ok  ',
  failed: 'FAIL',
  error: 'STOP',
  skipped: '-   ',
};

const COLOURS: Readonly<Record<StepResult['outcome'], number>> = {
  passed: 32,
  failed: 31,
  error: 33,
  skipped: 90,
};

/** Most characters that are shown of what a board or a command has said. */
const MOST_DETAILS = 8192;

/** Control characters of somebody's console would be commands to the terminal. */
function harmless(text: string): string {
  // oxlint-disable-next-line no-control-regex -- those are meant
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd');
}

function indented(text: string, by: string): string {
  return harmless(text)
    .split('\n')
    .map((line) => (line === '' ? '' : by + line))
    .join('\n');
}

/** How many ended how: `2 passed, 1 failed`. */
function tallyText(results: readonly ScenarioResult[]): string {
  const words: [Outcome, string][] = [
    ['passed', 'passed'],
    ['failed', 'failed'],
    ['error', 'could not run'],
  ];
  const counted = words.map(([outcome, word]) => {
    const count = results.filter((each) => each.outcome === outcome).length;
    return { count, text: `${count} ${word}` };
  });
  const told = counted.filter(({ count }) => count > 0).map(({ text }) => text);
  return told.join(', ') || 'nothing to run';
}

function secondsText(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** For people: a line a step. */
export function textReporter(write: (text: string) => void, colour: boolean): Reporter {
  const painted = (outcome: StepResult['outcome'], text: string): string =>
    colour ? `\u001b[${COLOURS[outcome]}m${text}\u001b[0m` : text;
  const say = (line: string): void => write(`${line}\n`);
  return {
    scenarioBegins: ({ file, name }) => say(harmless(`${file}: ${name}`)),
    stepEnded({ file, lineOf }, { step, outcome, message = '', details = '', inner, note }) {
      const extra = note === undefined ? '' : ` (${note})`;
      const isBroken = outcome === 'failed' || outcome === 'error';
      say(`  ${painted(outcome, MARKS[outcome])}  ${harmless(step.title)}${extra}`);
      if (!isBroken) return;
      const place = placeText(file, lineOf(inner?.at ?? step.at));
      const which = inner === undefined ? '' : ` ${inner.title}:`;
      say(indented(`${place}:${which} ${message}`, '        '));
      if (details !== '') say(indented(bounded(details, MOST_DETAILS), '        '));
    },
    scenarioEnded({ scenario: { file, at, lineOf }, outcome, message }) {
      if (message === undefined) return;
      say(
        `  ${painted(outcome, MARKS[outcome === 'passed' ? 'error' : outcome])}  ${placeText(file, lineOf(at))}: ${harmless(message)}`,
      );
    },
    end(results) {
      const ms = results.reduce((sum, each) => sum + each.ms, 0);
      const worst = results.find(({ outcome }) => outcome !== 'passed')?.outcome ?? 'passed';
      say(`${painted(worst, tallyText(results))} (${secondsText(ms)})`);
    },
  };
}
