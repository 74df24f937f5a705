import { writeJson } from '../../shared/terminal.ts';
import type { Output } from '../../shared/terminal.ts';
import { bounded, brokenLine } from './result.ts';
import type { Outcome, Reporter, ScenarioResult } from './result.ts';

/** Most characters of what a board or a command has said. */
const MOST_DETAILS = 8192;

/** For programs: one object a line. */
export function jsonReporter(out: Output): Reporter {
  const count = (results: readonly ScenarioResult[], outcome: Outcome): number =>
    results.filter((each) => each.outcome === outcome).length;
  return {
    begin: (scenarios) => writeJson(out, { type: 'begin', scenarios }),
    stepEnded({ file, name, lineOf }, { step, outcome, ms, message, details, inner, note }) {
      const said = details === undefined ? undefined : bounded(details, MOST_DETAILS);
      const line = lineOf(inner?.at ?? step.at);
      const where = { file, scenario: name, line };
      const { title } = step;
      writeJson(out, {
        type: 'step',
        ...where,
        title,
        outcome,
        ms,
        message,
        note,
        inner: inner?.title,
        said,
      });
    },
    scenarioEnded(result) {
      const { scenario, outcome, ms, message } = result;
      const { file, name } = scenario;
      const line = brokenLine(result);
      writeJson(out, { type: 'scenario', file, scenario: name, line, outcome, ms, message });
    },
    end(results) {
      const [passed, failed] = [count(results, 'passed'), count(results, 'failed')];
      writeJson(out, { type: 'end', passed, failed, errors: count(results, 'error') });
    },
  };
}
