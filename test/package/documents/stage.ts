import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a command came to. */
interface Ended {
  readonly status: number | null;
  /** Both streams, in the order of arrival. */
  readonly said: string;
}

/** What `board run` says when others can reach it. */
const READY = /USB\/IP|"event":"ready"/;

/** A shell in a fresh folder that has the package installed, with an empty home: what a reader of a page types in. */
export class Stage {
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;
  #board: ChildProcess | undefined;

  /** In a folder of that name, beside the node_modules of those who have installed the package; with that in the environment. */
  constructor(installed: string, name: string, env: Readonly<Record<string, string>> = {}) {
    this.folder = join(installed, 'pages', name);
    const home = join(this.folder, 'home');
    mkdirSync(home, { recursive: true });
    symlinkSync(join(installed, 'node_modules'), join(this.folder, 'node_modules'));
    const { PATH } = process.env;
    this.#env = {
      PATH,
      HOME: home,
      NO_UPDATE_NOTIFIER: '1',
      npm_config_update_notifier: 'false',
      ...env,
    };
  }

  write(name: string, bytes: Uint8Array | string): void {
    const path = join(this.folder, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, bytes);
  }

  /**
   * Types a command and waits for its end. A board without an end of its own stays on in the background until the
   * next one, or the end.
   */
  async type(command: string): Promise<Ended> {
    const stays = /\bboard run\b/.test(command) && !/ --(?:until|timeout) (?!.*&$)/.test(command);
    if (!stays) return this.#ended(this.#shell(command));
    await this.clear();
    const board = this.#shell(command.replace(/&\s*$/, ''));
    this.#board = board;
    return this.#ended(board, READY);
  }

  /** Ends the board that is on. */
  async clear(): Promise<void> {
    const board = this.#board;
    this.#board = undefined;
    if (board?.pid === undefined || board.exitCode !== null || board.signalCode !== null) return;
    const closed = new Promise((done) => board.once('close', done));
    process.kill(-board.pid, 'SIGTERM');
    await closed;
  }

  #shell(command: string): ChildProcess {
    const options = { cwd: this.folder, env: this.#env, detached: true } as const;
    return spawn('bash', ['-c', command], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** What came of it when it has ended, or has said that. */
  #ended(child: ChildProcess, or?: RegExp): Promise<Ended> {
    let said = '';
    return new Promise((done, fail) => {
      const heard = (chunk: string): void => {
        said += chunk;
        if (or?.test(said) === true) done({ status: 0, said });
      };
      child.stdout?.setEncoding('utf8').on('data', heard);
      child.stderr?.setEncoding('utf8').on('data', heard);
      child.on('error', fail);
      child.on('close', (status) => done({ status, said }));
    });
  }
}
