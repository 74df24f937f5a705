import { CliBoard } from '../support/cli-board.ts';
import type { Attack, UnderWay } from './attack.ts';
import { mutated } from './mutate.ts';
import type { Random } from './random.ts';

const sound: readonly object[] = [
  { command: 'reset' },
  { command: 'reset', button: true },
  { command: 'unplug' },
  { command: 'plug' },
  { command: 'power', on: false },
  { command: 'power', on: true },
  { command: 'power-cut', afterOperations: 3 },
  { command: 'input', line: 'help' },
  { command: 'sensor', name: 'NRF_TEMP', value: 2100 },
];

const values: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  '',
  '\u0000',
  'constructor',
  [],
  {},
  [[[[]]]],
  '9'.repeat(1000),
];

function line(random: Random): string {
  const command: Record<string, unknown> = { ...random.pick(sound) };
  if (random.once(3)) {
    const name = random.pick([...Object.keys(command), '__proto__', 'constructor', 'extra']);
    Object.defineProperty(command, name, { value: random.pick(values), enumerable: true });
  }
  const text = JSON.stringify(command);
  if (random.once(50)) return `{"command":"${'x'.repeat(1_000_000)}"}`;
  if (!random.once(3)) return text;
  const bytes = mutated(new TextEncoder().encode(text), random);
  return new TextDecoder().decode(bytes).replaceAll('\n', ' ');
}

class CommandAttack implements UnderWay {
  readonly #board: CliBoard;

  constructor(board: CliBoard) {
    this.#board = board;
  }

  async round(random: Random): Promise<void> {
    const { terminal } = this.#board;
    for (let count = 20; count > 0; count -= 1) this.#board.write(line(random));
    // What it answers to the last one comes after all the others.
    const mark = `mark-${random.next()}`;
    this.#board.write(JSON.stringify({ command: mark }));
    await Promise.race([
      terminal.out.until(mark),
      this.#board.ended.then((exit) => {
        throw new Error(`the board ended with ${exit}: ${terminal.err.text}`);
      }),
    ]);
    for (const each of terminal.out.take().split('\n')) check(each);
  }

  async end(): Promise<void> {
    const exit = await this.#board.quit();
    if (exit !== 0) throw new Error(`the board ended with ${exit}`);
  }
}

/** Whatever is said in between is an event. */
function check(said: string): void {
  if (said === '') return;
  const message = JSON.parse(said) as { readonly event?: unknown };
  if (typeof message.event !== 'string') throw new Error(`no event: ${said.slice(0, 500)}`);
}

/** Whoever writes to a board's standard input. */
export const boardCommands: Attack = {
  name: 'commands that no board knows, by the thousand',
  rounds: 25,
  async begin() {
    return new CommandAttack(await CliBoard.start('particle-xenon'));
  },
};
