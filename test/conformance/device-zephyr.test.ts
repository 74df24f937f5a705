import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ZEPHYR } from '../../src/device/index.ts';
import { sorted } from '../departures/table.ts';
import { replayScenario, scenarios } from '../support/zephyr/replay.ts';
import { TABLES } from '../support/zephyr/replay-tables.ts';
import { STALLED, dfuBench } from './device-bench.ts';

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

describe('where the sample ends', () => {
  test('departure zephyr/blocks-that-kill: the status after a block that is too long is stalled', () => {
    const { wire, mode } = dfuBench({ profile: ZEPHYR });
    expect(wire.out(1, 0, new Uint8Array(1000))).toEqual(STALLED);
    expect(wire.in(5, 1)).toEqual({ end: 'ok', bytes: Uint8Array.of(2) });
    expect(wire.in(3, 6)).toEqual(STALLED);
    expect(wire.lines).toEqual([
      'stalled: no memory for a data stage of 1000 bytes',
      'stalled: the original has crashed, of the data stage that it had no memory for',
    ]);
    expect(wire.in(3, 6).end).toBe('ok');
    expect(mode.state).toBe('dfuIDLE');
  });

  test('one that it has memory for is none of these, nor what comes after a bus reset', () => {
    const { wire } = dfuBench({ profile: ZEPHYR });
    wire.out(1, 0, new Uint8Array(999));
    expect(wire.in(3, 6).end).toBe('ok');
    wire.out(1, 1, new Uint8Array(1000));
    wire.reset();
    wire.configure();
    expect(wire.in(3, 6).end).toBe('ok');
  });
});
