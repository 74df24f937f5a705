import { describe, expect, test } from 'vitest';
import { onClock } from '../../test/support/scripted-pipe.ts';
import { Rack } from '../../test/support/rack.ts';
import type { Fault } from '../../test/support/rack.ts';
import { appendSuffix } from '../dfu/index.ts';
import { parseDeviceIds } from '../host/index.ts';
import { flashAll } from './index.ts';
import type { GangEvent, GangOptions, GangReport, JournalEntry } from './index.ts';

const file = Uint8Array.from({ length: 1000 }, (_, at) => (at * 7) % 251);
const which = [{ ...parseDeviceIds('1209:7d00,1209:7d02'), alternate: 0 }];

interface Ran {
  readonly report: GangReport;
  readonly events: readonly GangEvent[];
}

async function ganged(rack: Rack, options: Partial<GangOptions> = {}): Promise<Ran> {
  const events: GangEvent[] = [];
  const { clock, bus } = rack;
  const all = { clock, which, onEvent: (event: GangEvent) => events.push(event), ...options };
  const report = await onClock(clock, flashAll(bus, file, all));
  return { report, events };
}

const outcomes = ({ report }: Ran): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { outcome } of report.results) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
};

describe('many at once', () => {
  test('sixty-four boards, half of them in run-time mode, some of them broken: each ends by itself', async () => {
    const rack = new Rack();
    const faults: readonly Fault[] = ['hangs', 'stalls', 'vanishes', 'mute'];
    for (let at = 0; at < 64; at += 1) {
      rack.add({
        serial: `UNIT-${at}`,
        fault: at % 8 === 0 ? (faults[(at / 8) % 4] ?? 'well') : 'well',
        ...(at % 2 === 0 ? {} : { starts: 'loader' }),
        // Another device altogether.
        ...(at % 16 === 1 ? { loaderProduct: 0x0001 } : {}),
      });
    }
    const endings = new Map<string, number>();
    const options = {
      onEvent: (event: GangEvent) => {
        if (event.type === 'ended') endings.set(event.unit, rack.clock.now());
      },
    };
    const ran = await ganged(rack, options);
    const well = rack.boards.filter(({ fault }, at) => fault === 'well' && at % 16 !== 1);
    expect(well).toHaveLength(52);
    for (const { content } of well) expect(content).toEqual(file);
    expect(outcomes(ran)).toEqual({ written: 52, 'partly-written': 6 });
    // One that is well is done before the first one that hangs has been given up.
    for (const { serial } of well) expect(endings.get(String(serial))).toBeLessThan(1000);
    // Two keep silent about themselves, and are told as such.
    expect(ran.report.problems.map(({ code }) => code)).toEqual(['TIMEOUT', 'TIMEOUT']);
    const codes = ran.report.results.flatMap(({ error }) => error?.code ?? []);
    expect(codes.toSorted()).toEqual([
      'DISCONNECTED',
      'DISCONNECTED',
      'STALLED',
      'STALLED',
      'TIMEOUT',
      'TIMEOUT',
    ]);
  });

  test('equal boards with equal serial numbers, or none, come back each to itself', async () => {
    const rack = new Rack();
    for (let at = 0; at < 12; at += 1) rack.add({ serial: at % 2 === 0 ? 'SAME' : null });
    const inject = [{ at: 0, format: 'u32le', source: { from: 'counter', start: '1' } }] as const;
    const ran = await ganged(rack, { inject });
    expect(outcomes(ran)).toEqual({ written: 12 });
    const byPath = new Map(ran.report.results.map((each) => [each.path, each]));
    for (const { plug, content } of rack.boards) {
      const [value] = byPath.get(plug.path)?.values ?? [];
      expect(content[0]).toBe(Number(value?.text));
    }
    expect(new Set(ran.report.results.map(({ unit }) => unit)).size).toBe(12);
  });

  test('as many at a time as are asked for', async () => {
    const rack = new Rack();
    for (let at = 0; at < 6; at += 1) rack.add({ serial: `U${at}`, starts: 'loader' });
    let [now, most] = [0, 0];
    const onEvent = (event: GangEvent): void => {
      if (event.type === 'attempt') most = Math.max(most, (now += 1));
      if (event.type === 'ended') now -= 1;
    };
    await ganged(rack, { jobs: 2, onEvent });
    expect(most).toBe(2);
  });

  test('what fails is tried again where that may help, and no more often', async () => {
    const rack = new Rack();
    rack.add({ serial: 'ONCE', fault: 'stalls-once' });
    rack.add({ serial: 'EACH', fault: 'stalls' });
    rack.add({ serial: 'WELL' });
    const { report, events } = await ganged(rack, { retries: 2 });
    const attempts = report.results.map(({ unit, outcome, attempts: count }) => [
      unit,
      outcome,
      count,
    ]);
    expect(attempts.toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
      ['EACH', 'partly-written', 3],
      ['ONCE', 'written', 2],
      ['WELL', 'written', 1],
    ]);
    expect(events.filter(({ type }) => type === 'retry')).toHaveLength(3);
  });

  test('the signal ends all of them', async () => {
    const rack = new Rack();
    for (let at = 0; at < 4; at += 1) rack.add({ serial: `U${at}`, starts: 'loader' });
    const stop = new AbortController();
    rack.clock.at(20, () => stop.abort());
    const ran = await ganged(rack, { signal: stop.signal });
    expect(ran.report.results.map(({ error }) => error?.code)).toEqual(
      Array.from({ length: 4 }, () => 'ABORTED'),
    );
  });
});

describe('at the end', () => {
  test('those whose turn has not come are told, too', async () => {
    const rack = new Rack();
    for (let at = 0; at < 3; at += 1) rack.add({ serial: `U${at}`, starts: 'loader' });
    const stop = new AbortController();
    rack.clock.at(20, () => stop.abort());
    const { report } = await ganged(rack, { signal: stop.signal, jobs: 1 });
    expect(report.results.map(({ unit, attempts }) => [unit, attempts])).toEqual([
      ['U0', 1],
      ['U1', 0],
      ['U2', 0],
    ]);
  });

  test('without a watch, what comes later is no unit: an application that takes its time', async () => {
    const rack = new Rack();
    const first = rack.add({ serial: null });
    rack.add({ serial: 'SLOW', fault: 'hangs' });
    rack.clock.at(1000, () => first.plug.unplug());
    rack.clock.at(1500, () => first.plug.replug());
    const { report } = await ganged(rack, { settleMs: 1 });
    expect(report.results.map(({ unit }) => unit)).toEqual(['1-1', 'SLOW']);
  });

  test('what has a serial number that two have stands in the journal without one', async () => {
    const rack = new Rack();
    for (let at = 0; at < 2; at += 1) rack.add({ serial: 'SAME', starts: 'loader' });
    const lines: JournalEntry[] = [];
    const append = (line: JournalEntry): Promise<void> => {
      lines.push(line);
      return Promise.resolve();
    };
    await ganged(rack, { journal: { append } });
    const ended = lines.filter(({ type }) => type === 'ended');
    expect(ended.map(({ serial }) => serial)).toEqual([null, null]);
  });
});

describe('which are meant', () => {
  test('all of one kind without a word, several kinds not', async () => {
    const rack = new Rack();
    rack.add({ serial: 'A', starts: 'loader' });
    rack.add({ serial: 'B', starts: 'loader' });
    expect(outcomes(await ganged(rack, { which: [{ alternate: 0 }] }))).toEqual({ written: 2 });
    const other = new Rack();
    other.add({ serial: 'A', starts: 'loader' });
    other.add({ serial: 'B', starts: 'loader', loaderProduct: 1 });
    await expect(ganged(other, { which: [{ alternate: 0 }] })).rejects.toMatchObject({
      code: 'AMBIGUOUS',
      message: expect.stringContaining('1209:7d02, 1209:0001') as string,
    });
  });

  test('one that leaves while it is looked into is told, and the others go on', async () => {
    for (const selections of [which, [{ alternate: 0 }]]) {
      const rack = new Rack();
      rack.add({ serial: 'A', starts: 'loader' });
      rack.add({ serial: 'B', starts: 'loader', fault: 'leaves-early' });
      const { report, events } = await ganged(rack, { which: selections });
      expect(report.results).toMatchObject([{ unit: 'A', outcome: 'written' }]);
      const message = '[1209:7d02] at 1-2: it left before it could be looked into, and got nothing';
      expect(report.problems).toMatchObject([{ code: 'DISCONNECTED', message }]);
      expect(events).toContainEqual({ type: 'problem', code: 'DISCONNECTED', message });
    }
  });

  test('one that comes back later gets nothing either, unless the line is watched', async () => {
    for (const watch of [undefined, 2]) {
      const rack = new Rack();
      const { plug } = rack.add({ serial: 'B', starts: 'loader', fault: 'leaves-early' });
      rack.add({ serial: 'SLOW', starts: 'loader', fault: 'hangs' });
      rack.clock.at(1000, () => plug.replug());
      const { report } = await ganged(rack, { watch });
      const isWatched = watch !== undefined;
      expect(report.problems.map(({ code }) => code)).toEqual(isWatched ? [] : ['DISCONNECTED']);
      expect(report.results.map(({ unit }) => unit)).toEqual(isWatched ? ['B', 'SLOW'] : ['SLOW']);
    }
  });

  test('a suffix leaves out what the file is not for', async () => {
    const rack = new Rack();
    const well = rack.add({ serial: 'A', starts: 'loader' });
    const other = rack.add({ serial: 'B', starts: 'loader', loaderProduct: 1 });
    const suffixed = appendSuffix(file, {
      idVendor: 0x1209,
      idProduct: 0x7d02,
      bcdDevice: 0xffff,
      bcdDFU: 0x0100,
    });
    const events: GangEvent[] = [];
    const { clock, bus } = rack;
    const terms = { clock, which: [{ alternate: 0 }], onEvent: (e: GangEvent) => events.push(e) };
    const report = await onClock(clock, flashAll(bus, suffixed, terms));
    expect(report.results.map(({ unit }) => unit)).toEqual(['A']);
    expect(well.content).toEqual(file);
    expect(other.content).not.toEqual(file);
    expect(events.find(({ type }) => type === 'left-alone')).toMatchObject({ path: '1-2' });
  });

  test('each that is named must be there', async () => {
    const rack = new Rack();
    rack.add({ serial: 'A', starts: 'loader' });
    rack.add({ serial: 'B', starts: 'loader' });
    const named = ['A', 'C'].map((serial) => ({
      runtimeSerial: serial,
      dfuSerial: serial,
      alternate: 0,
    }));
    const { report } = await ganged(rack, { which: named });
    expect(report.results.map(({ unit }) => unit)).toEqual(['A']);
    expect(report.problems.map(({ message }) => message)).toEqual([
      'no DFU device "C" is there that matches',
    ]);
  });
});

describe('a line that is watched', () => {
  const watched = (rack: Rack, watch: number, more: Partial<GangOptions> = {}): Promise<Ran> =>
    ganged(rack, { watch, ...more });

  test('what is plugged in is flashed, once as long as it stays, and its application is no new unit', async () => {
    const rack = new Rack();
    const first = rack.add({ serial: 'A' });
    rack.clock.at(20_000, () => first.plug.unplug());
    rack.clock.at(21_000, () => first.plug.replug());
    rack.clock.at(30_000, () => rack.add({ serial: 'B' }));
    const { report, events } = await watched(rack, 2);
    expect(report.results.map(({ unit, outcome }) => [unit, outcome])).toEqual([
      ['A', 'written'],
      ['B', 'written'],
    ]);
    expect(rack.clock.now()).toBeGreaterThan(30_000);
    expect(first.board.history.filter((each) => each === 'loader')).toHaveLength(1);
    const alone = events.flatMap((event) => (event.type === 'left-alone' ? event.message : []));
    expect(alone.every((message) => message === 'A has been done')).toBe(true);
  });

  test('without serial numbers, what comes to a port a while later is another board', async () => {
    const rack = new Rack();
    const first = rack.add({ serial: null });
    rack.clock.at(20_000, () => first.plug.unplug());
    rack.clock.at(32_000, () => first.plug.replug());
    const { report } = await watched(rack, 2);
    expect(report.results.map(({ unit }) => unit)).toEqual(['1-1', '1-1#2']);
  });

  test('one that failed is tried again when it is plugged in again', async () => {
    const rack = new Rack();
    const bad = rack.add({ serial: 'A', fault: 'stalls-once' });
    rack.clock.at(20_000, () => bad.plug.unplug());
    rack.clock.at(25_000, () => bad.plug.replug());
    const { report } = await watched(rack, 2);
    expect(report.results.map(({ outcome }) => outcome)).toEqual(['partly-written', 'written']);
  });

  test('goes on until somebody stops it', async () => {
    const rack = new Rack();
    rack.add({ serial: 'A', starts: 'loader' });
    const stop = new AbortController();
    rack.clock.at(60_000, () => stop.abort());
    const { report } = await watched(rack, Infinity, { signal: stop.signal });
    expect(report.results).toHaveLength(1);
    expect(rack.clock.now()).toBe(60_000);
  });
});

test('the journal has a line before anything is sent, and one when it is over', async () => {
  const rack = new Rack();
  const board = rack.add({ serial: 'A', starts: 'loader' });
  const lines: JournalEntry[] = [];
  const contents: Uint8Array[] = [];
  const journal = {
    append: (line: JournalEntry): Promise<void> => {
      lines.push(line);
      contents.push(board.content.slice());
      return Promise.resolve();
    },
  };
  const inject = [{ at: 4, format: 'hex', source: { from: 'serial' } }] as const;
  const failed = await ganged(rack, { journal, inject });
  expect(failed.report.results[0]?.error?.message).toContain('expected two hex digits a byte');
  expect(lines).toEqual([]);
  await ganged(rack, { journal, inject: [{ ...inject[0], format: 'text' }] });
  expect(lines.map(({ type }) => type)).toEqual(['started', 'ended']);
  expect(contents.map((each) => each.length)).toEqual([200_000, file.length]);
  expect(lines[0]).toMatchObject({
    unit: 'A',
    serial: 'A',
    path: '1-1',
    attempt: 1,
    values: [{ at: 4, from: 'serial', text: 'A', hex: '41' }],
  });
  expect(lines[1]).toMatchObject({ outcome: 'written', attempts: 1 });
});

test('a bus that does not tell ports is not worked on', async () => {
  const rack = new Rack();
  rack.add({ serial: 'A', starts: 'loader' });
  Object.assign(rack.bus, { request: () => Promise.resolve(undefined) });
  await expect(ganged(rack)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
});
