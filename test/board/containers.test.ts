import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BoardProcess, prepareBuild } from '../support/built-cli.ts';
import { need } from '../support/needs.ts';
import type { MissingPart } from '../support/needs.ts';

/* Two containers with the same folder: numbers of processes of the one mean nothing in the other. */

const main = resolve(import.meta.dirname, '../../dist/cli/main.js');

function missing(): MissingPart | undefined {
  const { status } = spawnSync('unshare', ['-p', '-f', 'true']);
  if (status === 0) return undefined;
  return {
    what: 'a PID namespace by unshare(1)',
    install: 'apt-get install util-linux, and run as root',
  };
}

describe('a flash file of a board in another container', () => {
  let folder = '';
  let board: BoardProcess;
  beforeAll(() => prepareBuild());
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'dfukit-containers-'));
    board = new BoardProcess('--usbip', '127.0.0.1:0', '--flash', join(folder, 'flash.bin'));
    await board.until({ event: 'ready' });
  });
  afterEach(async () => {
    board.kill('SIGKILL');
    await board.ended;
    rmSync(folder, { recursive: true });
  });

  test.for([
    ['with the machine’s /proc', []],
    ['with a /proc of its own', ['--mount-proc']],
  ] as const)('is not taken from it, %s', ([, more], context) => {
    need(context, missing());
    const flash = join(folder, 'flash.bin');
    const erase = [process.execPath, main, 'board', 'erase', 'particle-xenon', '--flash', flash];
    const { status, stderr } = spawnSync('unshare', ['-p', '-f', ...more, ...erase], {
      encoding: 'utf8',
    });
    expect(stderr).toMatch(/in use by process \d+ of another container or machine \(.*\.lock\)/);
    expect(status).toBe(74);
    expect(existsSync(`${flash}.lock`)).toBe(true);
  });
});
