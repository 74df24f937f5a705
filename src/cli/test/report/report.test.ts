import { describe, expect, test } from 'vitest';
import type { Scenario, Step } from '../format/scenario.ts';
import { annotation } from './github.ts';
import { junitXml } from './junit.ts';
import type { Reporter, ScenarioResult, StepResult } from './result.ts';
import { tapReporter } from './tap.ts';
import { textReporter } from './text.ts';

const step = (title: string, at: number): Step => ({
  action: { kind: 'detach' },
  title,
  at: ['steps', at],
});

const scenario = (name: string, file = 'a/b.yaml'): Scenario => ({
  name,
  file,
  folder: '/',
  at: [],
  boards: [],
  timeOutMs: 1,
  steps: [],
  lineOf: (path) => 10 + Number(path.at(-1) ?? 0),
});

const good: ScenarioResult = {
  scenario: scenario('good'),
  outcome: 'passed',
  ms: 1234,
  steps: [{ step: step('reset', 0), outcome: 'passed', ms: 1234, note: '12 power cuts' }],
};

const nasty = `expected <"v2" & 'v3'> #, got \u001b[31m]]>\u0000\ud800 100%\r\n: ,`;
const bad: ScenarioResult = {
  scenario: scenario('bad # \\ <&">'),
  outcome: 'failed',
  ms: 10,
  steps: [
    { step: step('reset', 0), outcome: 'passed', ms: 1 },
    {
      step: step('expect boot', 1),
      outcome: 'failed',
      ms: 9,
      message: nasty,
      details: 'Last lines:\n  | Hello',
    },
    { step: step('unplug', 2), outcome: 'skipped', ms: 0 },
  ],
};
const stopped: ScenarioResult = {
  scenario: scenario('stopped', 'c.json'),
  outcome: 'error',
  ms: 0,
  steps: [],
  message: 'v1.bin: no such file',
  exit: 66,
};

function told(
  make: (write: (text: string) => void) => Reporter,
  results: readonly ScenarioResult[],
): string {
  const pieces: string[] = [];
  const reporter = make((text) => void pieces.push(text));
  reporter.begin?.(results.length);
  for (const result of results) {
    reporter.scenarioBegins?.(result.scenario);
    for (const each of result.steps) reporter.stepEnded?.(result.scenario, each);
    reporter.scenarioEnded?.(result);
  }
  void reporter.end?.(results);
  return pieces.join('');
}

describe('for people', () => {
  test('a line a step, what was expected and what came, and no commands to their terminal', () => {
    expect(told((write) => textReporter(write, false), [good, bad, stopped]).split('\n')).toEqual([
      'a/b.yaml: good',
      '  ok    reset (12 power cuts)',
      'a/b.yaml: bad # \\ <&">',
      '  ok    reset',
      '  FAIL  expect boot',
      `        a/b.yaml:11: expected <"v2" & 'v3'> #, got \ufffd[31m]]>\ufffd\ud800 100%\ufffd`,
      '        : ,',
      '        Last lines:',
      '          | Hello',
      '  -     unplug',
      'c.json: stopped',
      '  STOP  c.json:10: v1.bin: no such file',
      '1 passed, 1 failed, 1 could not run (1.2 s)',
      '',
    ]);
  });

  test('in colour, where there is some', () => {
    const text = told((write) => textReporter(write, true), [good]);
    expect(text).toContain('  \u001b[32mok  \u001b[0m  reset');
    expect(text).toContain('\u001b[32m1 passed\u001b[0m (1.2 s)');
  });
});

test('TAP 14: a subtest a scenario, a point a step', () => {
  expect(told(tapReporter, [good, bad, stopped]).split('\n')).toEqual([
    'TAP version 14',
    '1..3',
    '# Subtest: a/b.yaml: good',
    '    ok 1 - reset',
    '    1..1',
    'ok 1 - a/b.yaml: good',
    String.raw`# Subtest: a/b.yaml: bad \# \\ <&">`,
    '    ok 1 - reset',
    '    not ok 2 - expect boot',
    '      ---',
    `      message: ${JSON.stringify(nasty)}`,
    '      severity: "fail"',
    '      file: "a/b.yaml"',
    '      line: 11',
    String.raw`      said: "Last lines:\n  | Hello"`,
    '      ...',
    '    ok 3 - unplug # SKIP a step before it has not passed',
    '    1..3',
    String.raw`not ok 2 - a/b.yaml: bad \# \\ <&">`,
    '# Subtest: c.json: stopped',
    '    1..0',
    'not ok 3 - c.json: stopped',
    '  ---',
    '  message: "v1.bin: no such file"',
    '  severity: "error"',
    '  file: "c.json"',
    '  line: 10',
    '  ...',
    '',
  ]);
});

describe('JUnit XML', () => {
  const xml = junitXml([good, bad, stopped]);

  test('has a suite a file and a case a scenario, with counts', () => {
    expect(xml).toContain(
      '<testsuites name="dfukit test" tests="3" failures="1" errors="1" time="1.244">',
    );
    expect(xml).toContain(
      '<testsuite name="a/b.yaml" tests="2" failures="1" errors="0" time="1.244">',
    );
    expect(xml).toContain(
      '<testcase name="good" classname="a/b.yaml" file="a/b.yaml" line="10" time="1.234">',
    );
    expect(xml).toContain(
      '<error type="error" message="v1.bin: no such file">c.json:10: v1.bin: no such file</error>',
    );
  });

  test('holds nothing that XML cannot, however much it is', () => {
    expect(xml).toContain('name="bad # \\ &lt;&amp;&quot;&gt;"');
    const failure = /<failure [^>]*>([^<]*)<\/failure>/.exec(xml)?.[1] ?? '';
    expect(failure).toContain(
      `a/b.yaml:11: expect boot: expected &lt;"v2" &amp; 'v3'&gt; #, got \ufffd[31m]]&gt;\ufffd\ufffd 100%`,
    );
    expect(failure).toContain('Last lines:\n  | Hello');
    // oxlint-disable-next-line no-control-regex -- what must not be there
    expect(xml).not.toMatch(/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/);
    expect(xml).not.toMatch(/\p{Surrogate}/u);
    const details = 'x<'.repeat(100_000);
    const broken: StepResult = {
      step: step('a', 0),
      outcome: 'failed',
      ms: 0,
      message: details,
      details,
    };
    const long = junitXml([{ ...bad, steps: [broken] }]);
    expect(long.length).toBeLessThan(200_000);
    expect(long).toContain('more characters');
  });
});

test('an annotation for GitHub is one line, and what is in it stays in it', () => {
  const about = {
    file: '/repo/a,b:c.yaml',
    line: 3,
    title: 'x::y,z',
    message: '100% of\r\n::error::it',
  };
  expect(annotation(about, '/repo')).toBe(
    '::error file=a%2Cb%3Ac.yaml,line=3,title=x%3A%3Ay%2Cz::100%25 of%0D%0A::error::it\n',
  );
  expect(annotation({ ...about, file: '/repo/c.yaml', line: undefined }, '/repo')).toContain(
    '::error file=c.yaml,title=',
  );
});
