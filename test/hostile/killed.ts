import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BoardProcess, dfukit, prepareBuild } from '../support/built-cli.ts';
import type { Outcome } from '../support/built-cli.ts';
import { checkAnswer } from './attack.ts';
import type { Attack, UnderWay } from './attack.ts';
import type { Random } from './random.ts';

/** Longer than a board needs to be ready, to take a download, and to swap. */
const LONGEST_MS = 900;

async function run(...command: string[]): Promise<Outcome> {
  const outcome = await dfukit(...command);
  if (outcome.status !== 0) throw new Error(`${command.join(' ')}: ${outcome.out}${outcome.err}`);
  return outcome;
}

interface Prepared {
  readonly folder: string;
  /** riotboot: slot 0 runs, and what goes into slot 1. */
  readonly riot: string;
  readonly update: string;
  /** MCUboot: both slots, the second one to be tried. */
  readonly pending: string;
  /** Their payloads. */
  readonly payloads: readonly Buffer[];
}

const SECOND_SLOT = 0x82000;
const HEADER_BYTES = 0x200;

async function prepared(): Promise<Prepared> {
  const folder = mkdtempSync(join(tmpdir(), 'dfukit-killed-'));
  const file = (name: string): string => join(folder, name);
  const build = ['firmware', 'build'];
  const xenon = ['--board', 'particle-xenon'];
  await run(
    ...build,
    'hello-world',
    ...xenon,
    '--slot',
    '0',
    '--version',
    '1',
    '-o',
    file('0.bin'),
  );
  await run(...build, 'saul', ...xenon, '--slot', '1', '--version', '2', '-o', file('1.bin'));
  await run('board', 'program', 'particle-xenon', file('0.bin'), '--flash', file('riot.bin'));
  const key = file('key.pem');
  await run('imgtool', 'keygen', '-k', key, '-t', 'ed25519');
  const reel = ['--board', 'reel_board', '--key', key];
  await run(...build, 'saul', ...reel, '--version', '1.0.0', '-o', file('old.bin'));
  const plain = ['--board', 'reel_board', '--unsigned', '-o', file('plain.bin')];
  await run(...build, 'hello-world', ...plain);
  const sizes = ['-H', '0x200', '-S', '0x76000', '--align', '4', '--pad', '-v', '2.0.0'];
  await run('imgtool', 'sign', '-k', key, ...sizes, file('plain.bin'), file('new.bin'));
  const pending = ['--flash', file('pending.bin')];
  await run('board', 'program', 'reel_board', file('old.bin'), ...pending);
  await run('board', 'program', 'reel_board', file('new.bin'), '--slot', '1', ...pending);
  const payloads = ['old.bin', 'new.bin'].map((name) => {
    const image = readFileSync(file(name));
    return image.subarray(0, HEADER_BYTES + image.readUInt32LE(12));
  });
  return {
    folder,
    riot: file('riot.bin'),
    update: file('1.bin'),
    pending: file('pending.bin'),
    payloads,
  };
}

class KillAttack implements UnderWay {
  readonly #all: Prepared;
  readonly #flash: string;

  constructor(all: Prepared) {
    this.#all = all;
    this.#flash = join(all.folder, 'flash.bin');
  }

  async round(random: Random): Promise<void> {
    await (random.once(2) ? this.#download(random) : this.#swap(random));
  }

  /** In the middle of a download into the other slot. */
  async #download(random: Random): Promise<void> {
    copyFileSync(this.#all.riot, this.#flash);
    const board = new BoardProcess('--flash', this.#flash, '--usbip', '127.0.0.1:0', '--button');
    const ready = await board.until({ event: 'ready' });
    const { port } = ready['usbip'] as { readonly port: number };
    const bus = `usbip://127.0.0.1:${port}`;
    const command = ['download', '--bus', bus, '-a', '1', this.#all.update];
    const download = dfukit(...command);
    await delay(random.below(LONGEST_MS));
    board.kill('SIGKILL');
    await board.ended;
    const { status, out, err } = await download;
    checkAnswer(command, { exit: status ?? -1, out, err });
    const before = readFileSync(this.#all.riot).subarray(0, SECOND_SLOT);
    const after = readFileSync(this.#flash);
    if (!after.subarray(0, SECOND_SLOT).equals(before))
      throw new Error('a download into slot 1 has changed what is before it');
    if (status === 0 && !after.includes(readFileSync(this.#all.update)))
      throw new Error('a download that succeeded is not in flash');
    const { out: said } = await run('flash', 'inspect', this.#flash, '--board', 'particle-xenon');
    if (!/^Slot [01] .* boots/.test(said)) throw new Error(`nothing boots: ${said}`);
  }

  /** In the middle of a swap. */
  async #swap(random: Random): Promise<void> {
    copyFileSync(this.#all.pending, this.#flash);
    const key = join(this.#all.folder, 'key.pem');
    const usbip = ['--usbip', '127.0.0.1:0'];
    const board = new BoardProcess('reel_board', '--flash', this.#flash, '--key', key, ...usbip);
    await delay(random.below(LONGEST_MS));
    board.kill('SIGKILL');
    await board.ended;
    const rest = join(this.#all.folder, 'rest.bin');
    const boots = ['--board', 'reel_board', '-k', key, '--times', '4', '-o', rest];
    const { out } = await run('flash', 'boot', this.#flash, ...boots);
    if (!/^runs: (?!nothing)/m.test(out)) throw new Error(`nothing boots: ${out}`);
    const flash = readFileSync(rest);
    const lost = this.#all.payloads.filter((payload) => !flash.includes(payload));
    if (lost.length > 0) throw new Error(`${lost.length} of two images lost`);
  }

  end(): void {
    rmSync(this.#all.folder, { recursive: true, force: true });
  }
}

/** `kill -9` of a board's process, at any moment. */
export const killed: Attack = {
  name: 'boards killed in the middle of downloads and swaps',
  rounds: 10,
  async begin() {
    prepareBuild();
    return new KillAttack(await prepared());
  },
};
