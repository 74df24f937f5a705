import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { prepareBuild } from '../../../test/support/built-cli.ts';
import { FakeTerminal, ran } from '../../../test/support/fake-terminal.ts';
import { dfukit } from '../dfukit.ts';

let folder: string;

beforeAll(() => prepareBuild());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-tour-'));
  vi.stubEnv('XDG_CONFIG_HOME', folder);
  vi.stubEnv('FORCE_COLOR', undefined);
  vi.stubEnv('NO_COLOR', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

describe('tour', () => {
  test('goes from chapter to chapter, in plain text where nobody sees colours', async () => {
    const { exit, out, err } = await ran(['tour']);
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    const chapters = out.match(/^\d+ {2}.*$/gm) ?? [];
    expect(chapters.map((line) => Number.parseInt(line, 10))).toEqual(
      Array.from({ length: 12 }, (_, at) => at + 1),
    );
    expect(out).not.toContain('\u001B');
    for (const line of [
      /^ {3}host {3}Found DFU: \[1209:7d02\]/m,
      /^ {3}board {2}Data:\t/m,
      /^ {3}board {2}I: Image index: 0, Swap type: revert$/m,
      /^ {3}host {3}the end: left$/m,
      /^ {3}npx dfukit board run particle-xenon/m,
    ]) {
      expect(out).toMatch(line);
    }
  });

  test('stops at Ctrl-C, in colours, and leaves no board behind', async () => {
    const terminal = new FakeTerminal().sitDown();
    const ended = dfukit(['tour'], terminal);
    await terminal.out.until('goes into slot 0');
    expect(terminal.out.text).toContain('\u001B[1m1  A particle-xenon without firmware');
    terminal.interrupt();
    expect(await ended).toBe(130);
    expect(terminal.err.text).toBe('dfukit: the tour was stopped\n');
    expect(terminal.listeners).toBe(0);
    expect(terminal.out.text).not.toContain('reel_board');
  });
});
