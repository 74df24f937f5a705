import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { prepareBuild } from '../support/built-cli.ts';
import { checkAnswer } from './attack.ts';
import type { Attack, UnderWay } from './attack.ts';
import type { Random } from './random.ts';

const main = resolve(import.meta.dirname, '../../dist/cli/main.js');

/** Commands that write the file `out`. */
const writers: readonly (readonly string[])[] = [
  ['image', 'sign', 'app.bin', '-v', '1.0.0', '-S', '0x10000', '-o', 'out'],
  [
    'imgtool',
    'sign',
    '-v',
    '1.0.0',
    '-S',
    '0x10000',
    '--align',
    '4',
    '-H',
    '32',
    '--pad-header',
    'app.bin',
    'out',
  ],
  [
    'imgtool',
    'sign',
    '-v',
    '1.0.0',
    '-S',
    '0x10000',
    '--align',
    '4',
    '-H',
    '32',
    '--pad-header',
    '--pad',
    'app.bin',
    'out',
  ],
  ['firmware', 'build', 'saul', '--board', 'particle-xenon', '-o', 'out'],
  ['flash', 'boot', 'dump.bin', '--board', 'particle-xenon', '-o', 'out'],
];

const OLD = 'what was here before';

class DiskAttack implements UnderWay {
  readonly #folder = mkdtempSync(join(tmpdir(), 'dfukit-full-disk-'));

  constructor() {
    writeFileSync(join(this.#folder, 'app.bin'), new Uint8Array(40_000).fill(0x5a));
    writeFileSync(join(this.#folder, 'dump.bin'), new Uint8Array(1 << 20).fill(0xff));
  }

  async round(random: Random): Promise<void> {
    const command = random.pick(writers);
    const out = join(this.#folder, 'out');
    writeFileSync(out, OLD);
    const before = readdirSync(this.#folder).toSorted();
    // No file may grow beyond so many KiB: to the program, a disk that is full.
    const outcome = await this.#run(command, random.below(4));
    checkAnswer(command, outcome);
    const after = readdirSync(this.#folder).toSorted();
    if (outcome.exit !== 0 && readFileSync(out, 'latin1') !== OLD)
      throw new Error(`${command.join(' ')}: ${outcome.err}, and what was in the file is gone`);
    if (outcome.exit !== 0 && after.join() !== before.join())
      throw new Error(`${command.join(' ')}: leaves ${after.join(' ')}`);
  }

  #run(
    command: readonly string[],
    limitKiB: number,
  ): Promise<{ exit: number; out: string; err: string }> {
    const script = `ulimit -f ${limitKiB}; exec "$@"`;
    const args = ['-c', script, 'bash', process.execPath, main, ...command];
    const env = { PATH: process.env['PATH'], HOME: this.#folder };
    const child = spawn('bash', args, {
      cwd: this.#folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text));
    return new Promise((done, fail) => {
      child.on('error', fail);
      child.on('close', (status) => done({ exit: status ?? -1, ...said }));
    });
  }

  end(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A disk with no room for what is to be written. */
export const fullDisk: Attack = {
  name: 'a disk that is full',
  rounds: 12,
  begin() {
    prepareBuild();
    return new DiskAttack();
  },
};
