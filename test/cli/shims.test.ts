import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dfukit, prepareBuild } from '../support/built-cli.ts';

const isWindows = process.platform === 'win32';
const folder = mkdtempSync(join(tmpdir(), "dfukit's shims "));

describe('programs that install-shims has written', () => {
  beforeAll(async () => {
    prepareBuild();
    await dfukit('install-shims', folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each([
    ['dfu-util', '-V', 'dfu-util 0.11'],
    ['dfu-suffix', '-V', 'dfu-suffix (dfu-util) 0.11'],
    ['dfu-prefix', '-V', 'dfu-prefix (dfu-util) 0.11'],
    ['dfuse-pack', '--help', 'dfuse-pack'],
  ])('%s is found by its name', (name, option, says) => {
    const PATH = [folder, process.env['PATH'] ?? ''].join(delimiter);
    const env = { ...process.env, PATH };
    const { status, stdout } = spawnSync(name, [option], {
      env,
      shell: isWindows,
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    expect(stdout).toContain(says);
    expect(stdout).toContain('dfukit');
  });

  test.skipIf(isWindows)('arguments are handed on as they are, and so is the exit code', () => {
    const words = ['-D', 'no such file $HOME "x"'];
    const { status, stderr } = spawnSync(join(folder, 'dfu-util'), words, { encoding: 'utf8' });
    expect(status).toBe(66);
    expect(stderr).toContain('Could not open file no such file $HOME "x" for reading');
  });
});
