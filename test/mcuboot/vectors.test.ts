import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { replayPowercut } from '../support/mcuboot/replay-cuts.ts';
import { replayFuzz, replayTable } from '../support/mcuboot/replay-folder.ts';
import { replayBoot } from '../support/mcuboot/replay.ts';
import type { BootVector, FuzzVector, PowercutVector } from '../support/mcuboot/vector-files.ts';
import { VectorFolder } from '../support/mcuboot/vector-files.ts';
import { sorted } from '../departures/table.ts';
import type { ReplayedCase } from '../support/replayed.ts';

// What the C library did, operation for operation (vectors/mcuboot/README.md).
const folder = new VectorFolder(resolve(import.meta.dirname, '../vectors/mcuboot'));

/** Cases that differ, with what differs in them. */
function failures(cases: readonly ReplayedCase[]): string[] {
  return cases.flatMap(({ name, differences }) =>
    sorted(differences).differences.map((line) => `${name}: ${line}`),
  );
}

describe('MCUboot', () => {
  test('has every kind of vector here', () => {
    const counts = (['boot', 'powercut', 'fuzz', 'tables'] as const).map(
      (kind) => folder.list(kind).length,
    );
    expect(counts).toEqual([242, 31, 3, 2]);
  });

  test.each(folder.list('tables'))('%s', (name) => {
    const cases = replayTable(folder, name);
    expect(cases.length).toBe(name === 'tables/swap-type' ? 4 * 729 : 69);
    expect(failures(cases)).toEqual([]);
  });

  test.each(folder.list('boot'))('%s', async (name) => {
    const { steps } = folder.json(name) as BootVector;
    const cases = await replayBoot(folder, name);
    expect(cases.length).toBe(1 + steps.length);
    expect(failures(cases)).toEqual([]);
  });

  test.each(folder.list('powercut'))('%s', async (name) => {
    const { cuts, tornCuts = [], multiCuts } = folder.json(name) as PowercutVector;
    const cases = await replayPowercut(folder, name);
    expect(cases.length).toBe(1 + cuts.length + tornCuts.length + multiCuts.length);
    expect(failures(cases)).toEqual([]);
  });

  test.each(folder.list('fuzz'))('%s', async (name) => {
    const { bases, rows } = folder.json(name) as FuzzVector;
    const cases = await replayFuzz(folder, name);
    expect(cases.length).toBe(bases.length + rows.length);
    expect(failures(cases)).toEqual([]);
  });

  // A replay that notices nothing would pass as well.
  const changes: readonly (readonly [string, (step: Record<string, unknown>) => void])[] = [
    ['log', (step) => void (step['log'] = ['I: Starting bootloader'])],
    ['ops', (step) => void (step['ops'] = 'e1:f000:4096')],
    ['flash', (step) => void (step['flashAfterSha256'] = '0'.repeat(64))],
    ['outcome', (step) => void (step['outcome'] = 'fail')],
    ['final', (step) => void (step['swapTypeFinal'] = 'perm')],
    ['version', (step) => void (step['bootVersion'] = '9.9.9+9')],
  ];

  test.each(changes)('notices a changed %s', async (what, change) => {
    const altered = new (class extends VectorFolder {
      override json(name: string): unknown {
        const vector = super.json(name) as { steps: Record<string, unknown>[] };
        change(vector.steps[2] ?? {});
        return vector;
      }
    })(resolve(import.meta.dirname, '../vectors/mcuboot'));
    const found = await replayBoot(altered, 'boot/move-ed25519-w4-m8-seed-sequence');
    expect(failures(found).map((line) => line.replace(/^.* (?=step)/, ''))).toEqual([
      expect.stringMatching(`^step 2 \\(boot\\): ${what}`),
    ]);
  });
});
