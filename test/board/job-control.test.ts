import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { resolve } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { prepareBuild } from '../support/built-cli.ts';
import { need } from '../support/needs.ts';
import type { MissingPart } from '../support/needs.ts';

/*
 * An interactive shell at a terminal of its own (script(1) of util-linux makes one), in which a board is
 * put into the background: the terminal stops a job that asks for keys there.
 */

const main = resolve(import.meta.dirname, '../../dist/cli/main.js');

function missing(): MissingPart | undefined {
  const install = 'apt-get install bsdutils bash';
  if (process.platform !== 'linux')
    return { what: 'Linux, for job control', install: 'another machine' };
  const { stdout } = spawnSync('script', ['--version'], { encoding: 'utf8' });
  if (!/util-linux/.test(stdout ?? '')) return { what: 'script(1) of util-linux', install };
  if (spawnSync('bash', ['--version']).status !== 0) return { what: 'bash', install };
  return undefined;
}

class Shell {
  readonly #child: ChildProcessWithoutNullStreams;
  #said = '';
  #look: () => void = () => {};

  constructor() {
    const bash = 'bash --noprofile --norc -i';
    this.#child = spawn('script', ['-q', '-f', '-c', bash, '/dev/null'], {
      env: { ...process.env, PS1: '', HISTFILE: '/dev/null', SHELL: '/bin/bash', TERM: 'dumb' },
    });
    const hear = (chunk: Buffer): void => {
      this.#said += chunk.toString();
      this.#look();
    };
    this.#child.stdout.on('data', hear);
    this.#child.stderr.on('data', hear);
    this.#child.stdin.on('error', () => {});
  }

  type(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** What it has said since the last call, up to and with what fits. */
  until(what: RegExp): Promise<string> {
    return new Promise((found) => {
      this.#look = () => {
        const { index, 0: text = '' } = what.exec(this.#said) ?? {};
        if (index === undefined) return;
        const upTo = this.#said.slice(0, index + text.length);
        this.#said = this.#said.slice(index + text.length);
        this.#look = () => {};
        found(upTo);
      };
      this.#look();
    });
  }

  end(): void {
    this.type('kill -KILL %1; exit');
    this.#child.stdin.end();
    this.#child.kill('SIGHUP');
  }
}

describe('a board in the background of a shell', () => {
  let shell: Shell | undefined;
  beforeAll(prepareBuild);
  afterEach(() => shell?.end());

  const run = (more = ''): string =>
    `'${process.execPath}' '${main}' board run particle-xenon --usbip 127.0.0.1:0 ${more} &`;

  test('is not stopped by its terminal: it goes without keys, and has them after fg', async (context) => {
    need(context, missing());
    shell = new Shell();
    shell.type(run());
    await shell.until(/ready, in the background: no keys/);
    shell.type('jobs; echo "that is" all');
    expect(await shell.until(/that is all/)).toMatch(/Running/);
    shell.type('fg');
    await shell.until(/button held \+ reset/);
    shell.type('q');
    // Until then it is the board that reads what is typed.
    await shell.until(/power off/);
    shell.type('jobs; echo "still" here');
    expect(await shell.until(/still here/)).not.toMatch(/Stopped|Running/);
  });

  test('nor is one that takes commands: it takes none', async (context) => {
    need(context, missing());
    shell = new Shell();
    shell.type(run('--json'));
    await shell.until(/"event":"ready"/);
    shell.type('jobs; echo "that is" all');
    expect(await shell.until(/that is all/)).toMatch(/Running/);
    shell.type('kill -TERM %1; wait; echo "it is" over');
    await shell.until(/it is over/);
  });
});
