import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { sorted } from '../departures/table.ts';
import { replayScenario, scenarios } from '../support/zephyr/replay.ts';
import { TABLES } from '../support/zephyr/replay-tables.ts';

const folder = fileURLToPath(new URL('../vectors/zephyr/', import.meta.url));

/** Uploads in which the original gives memory away or crashes: here they are stalled. */
const withheldIn: Readonly<Record<string, number>> = {
  abort: 1,
  'busy-nontolerant': 1,
  'dfu-detach': 1,
  'dfu-set-interface': 1,
  'download-overlong': 1,
  'download-second': 3,
  'download-short-last': 2,
  'matrix-state-2': 1,
  'upload-64': 1,
};

describe('recordings of Zephyr’s USB DFU sample', () => {
  test('are all here', () => {
    expect(scenarios(folder).length).toBe(35);
  });

  test.each(scenarios(folder))('%s', async (scenario) => {
    const { differences, withheld } = await replayScenario(folder, scenario);
    expect(sorted(differences).differences).toEqual([]);
    expect(withheld).toBe(withheldIn[scenario] ?? 0);
  });

  test.each([
    ['transitions', 240],
    ['download-oversize-sizes', 10],
  ])('%s', async (name, count) => {
    const rows = (await TABLES[name]?.(folder)) ?? [];
    expect(rows.filter(({ differences }) => differences.length > 0)).toEqual([]);
    expect(rows.length).toBe(count);
  });
});
