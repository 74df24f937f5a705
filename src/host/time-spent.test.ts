import { describe, expect, test } from 'vitest';
import { ConnectBench, runtimeWords } from '../../test/support/connect-bench.ts';
import { bench, dfuse, downloaded, end, idle, six, taken } from '../../test/support/host-bench.ts';
import {
  ScriptedBusDevice,
  dfuStandard,
  onClock,
  status,
} from '../../test/support/scripted-pipe.ts';
import type { Line } from '../../test/support/scripted-pipe.ts';
import { downloadDfuSe, sendPlan, sendTo, waitsText } from './index.ts';

/* Where the time goes, on virtual time; what is not waited for; and what is said of it. */

const busy = (pollMs: number): Line => ['GETSTATUS', status('dfuDNBUSY', { pollMs })];
/** A state that needs no wait, with a time. */
const takenLater: Line = ['GETSTATUS', status('dfuDNLOAD-IDLE', { pollMs: 5000 })];

describe('what a state asks for that needs no wait', () => {
  test('is not waited for in DFU', async () => {
    const script = [
      idle,
      ['DNLOAD 0 4', 'ok'],
      takenLater,
      ['DNLOAD 1 2', 'ok'],
      takenLater,
      end,
      idle,
    ];
    const made = await bench(script as Line[]);
    const { spent } = await downloaded(made, six);
    expect(made.clock.now()).toBe(0);
    expect(spent).toEqual({ totalMs: 0, wireMs: 0, pollMs: 0, returnMs: 0, otherMs: 0 });
  });

  test('nor in DfuSe', async () => {
    const command: Line[] = [['DNLOAD 0 5', 'ok'], busy(0), takenLater];
    const script = [
      idle,
      ...command,
      ...command,
      ['DNLOAD 2 6', 'ok'],
      busy(0),
      takenLater,
      ['ABORT', 'ok'],
      idle,
    ];
    const { clock, session } = await bench(script as Line[], {}, dfuse);
    await onClock(clock, downloadDfuSe(session, [{ address: 0x08000000, data: six }]));
    expect(clock.now()).toBe(0);
  });
});

test('104 ms a block are obeyed, and told', async () => {
  const block = (at: number, size: number): Line[] => [
    [`DNLOAD ${at} ${size}`, 'ok'],
    busy(104),
    taken,
  ];
  const script = [idle, ...block(0, 4), ...block(1, 2), end, idle];
  const made = await bench(script, { answerMs: 1 });
  const ending = await downloaded(made, six);
  // Nine requests of 1 ms each, two waits.
  expect(ending.spent).toEqual({ totalMs: 217, wireMs: 9, pollMs: 208, returnMs: 0, otherMs: 0 });
  expect(made.clock.now()).toBe(217);
});

test('the way from run-time to DFU mode, and leaving, are told apart from the rest', async () => {
  const old = new ScriptedBusDevice({
    id: 'run-time',
    descriptor: { idProduct: 0x7d00 },
    standard: dfuStandard(runtimeWords),
    script: [
      ['GETSTATUS', 'stall'],
      ['DETACH 255', 'ok'],
    ],
  });
  const loader = new ScriptedBusDevice({
    id: 'dfu',
    standard: dfuStandard({ ...runtimeWords, protocol: 2 }),
    script: [idle, ['DNLOAD 0 6', 'ok'], taken, ['DNLOAD 1 0', 'ok'], taken],
  });
  const made = new ConnectBench(old);
  made.exchange(old, [loader]);
  const { clock, bus } = made;
  const plan = sendPlan(six);
  const { spent, ending } = await onClock(clock, sendTo(bus, plan, { clock, lingerMs: 250 }));
  expect(ending).toBe('unconfirmed');
  expect(spent).toEqual({ totalMs: 350, wireMs: 0, pollMs: 0, returnMs: 350, otherMs: 0 });
});

describe('in words', () => {
  const nothing = { totalMs: 0, wireMs: 0, pollMs: 0, returnMs: 0, otherMs: 0 };

  test.each<readonly [number, number, number, number, string | undefined]>([
    [
      54_000,
      51_000,
      490,
      0,
      '51 s of 54 s went into waiting for the device as it asks to be waited for, 104 ms a block',
    ],
    [
      4200,
      3100,
      100,
      3,
      '3.1 s of 4.2 s went into waiting for the device as it asks to be waited for',
    ],
    [54_000, 20_000, 490, 0, undefined],
    [1900, 1900, 2, 0, undefined],
  ])('%i ms in all, %i ms of waits', (totalMs, pollMs, ...[blocks, erases, text]) => {
    const spent = { ...nothing, totalMs, pollMs };
    expect(waitsText({ spent, planned: { erases }, blocks })).toBe(text);
  });
});
