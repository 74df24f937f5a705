import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { dfukit } from '../../src/cli/dfukit.ts';
import type { Files } from '../../src/cli/shared/files.ts';
import { FakeTerminal } from '../support/fake-terminal.ts';
import { checkAnswer } from './attack.ts';
import type { Attack, UnderWay } from './attack.ts';
import { mutated } from './mutate.ts';
import type { Random } from './random.ts';

const examples = join(import.meta.dirname, '../../examples');

const sound = readdirSync(examples, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => readFileSync(join(examples, name), 'utf8'));

/** What YAML, variables and regular expressions have of their own. */
const PIECES = [
  '&a ',
  '*a',
  '<<: *a',
  '${',
  '$${V1}',
  '/(/',
  '!!binary x',
  '? ',
  '[',
  '{',
  '"',
  '---',
  '0x',
  '1e9',
  '~',
];

/** Lines of one file in another, moved in, moved out, with something in them that means something. */
function reworded(random: Random): string {
  const lines = random.pick(sound).split('\n');
  for (let times = 1 + random.below(5); times > 0; times -= 1) {
    const at = random.below(lines.length);
    const line = lines[at] ?? '';
    const other = random.pick(random.pick(sound).split('\n'));
    const from = random.below(line.length + 1);
    lines[at] = random.pick([
      '',
      other,
      `${line}\n${other}`,
      `  ${line}`,
      line.trimStart(),
      line.slice(0, from) + random.pick(PIECES) + line.slice(from),
      line.replace(/[a-z]/, random.pick(['x', '-', ':', ' '])),
    ]);
  }
  return lines.join('\n');
}

class ScenarioAttack implements UnderWay {
  async round(random: Random): Promise<void> {
    const text = new TextEncoder().encode(reworded(random));
    const bytes = random.once(3) ? mutated(text, random) : text;
    const files: Files = {
      read: () => bytes,
      standing: () => undefined,
      write: () => Promise.reject(new Error('nothing is written')),
    };
    const terminal = new FakeTerminal(files);
    const command = ['test', random.pick(['x.yaml', 'x.yaml', 'x.json']), '--list'];
    const exit = await dfukit(command, terminal);
    checkAnswer(command, { exit, out: terminal.out.text, err: terminal.err.text });
  }

  end(): void {}
}

/** Files of scenarios that somebody has not written as they should be. */
export const scenarioFiles: Attack = {
  name: 'scenario files with lines moved, cut and mixed',
  rounds: 400,
  begin: () => new ScenarioAttack(),
};
