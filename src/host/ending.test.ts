import { describe, expect, test } from 'vitest';
import { DfuError } from '../bytes/index.ts';
import { download } from './index.ts';
import type { DfuAttributes } from '../dfu/index.ts';
import {
  bench,
  downloaded,
  end,
  idle,
  six,
  sixSent,
  taken,
  withBits,
} from '../../test/support/host-bench.ts';
import { onClock, status } from '../../test/support/scripted-pipe.ts';
import type { Line } from '../../test/support/scripted-pipe.ts';

describe('the ending', () => {
  const manifest = (pollMs: number): Line => ['GETSTATUS', status('dfuMANIFEST', { pollMs })];
  const sync: Line = ['GETSTATUS', status('dfuMANIFEST-SYNC', { pollMs: 10 })];
  const waitReset: Line = ['GETSTATUS', status('dfuMANIFEST-WAIT-RESET')];
  const tolerant = { manifestationTolerant: true };

  interface Case {
    readonly bits?: Partial<DfuAttributes> | undefined;
    readonly lines: readonly Line[];
    readonly reset?: (() => 'same' | 'gone') | undefined;
    readonly expected: object;
    readonly ms: number;
  }

  const cases: Readonly<Record<string, Case>> = {
    'tolerant: through manifestation back to dfuIDLE': {
      bits: tolerant,
      lines: [end, sync, manifest(300), sync, idle],
      expected: { ending: 'manifested', finalState: 'dfuIDLE', reset: undefined },
      ms: 320,
    },
    'intolerant: dfuMANIFEST-WAIT-RESET, and the device goes with the reset': {
      lines: [end, manifest(100), waitReset],
      reset: () => 'gone',
      expected: { ending: 'manifested', finalState: 'dfuMANIFEST-WAIT-RESET', reset: 'gone' },
      ms: 100,
    },
    'intolerant: the device stays with the reset': {
      lines: [end, waitReset],
      expected: { ending: 'manifested', reset: 'same' },
      ms: 0,
    },
    'intolerant by the letter: silent after dfuMANIFEST, so it is reset': {
      lines: [end, manifest(100), ['GETSTATUS', 'silent']],
      reset: () => 'gone',
      expected: { ending: 'manifested', finalState: 'dfuMANIFEST', reset: 'gone' },
      // A silence that is expected is waited for one second, not for the five of any transfer.
      ms: 100 + 1000,
    },
    'intolerant: a stall after dfuMANIFEST means the same': {
      lines: [end, manifest(1), ['GETSTATUS', 'stall']],
      expected: { ending: 'manifested', reset: 'same' },
      ms: 1,
    },
    'departure dfu-util/end-not-heard: gone at the end of the data': {
      // Whether it had heard that this was all is not known.
      lines: [['DNLOAD 2 0', 'gone']],
      expected: { ending: 'unconfirmed', finalState: undefined },
      ms: 0,
    },
    'gone when asked for its status': {
      bits: tolerant,
      lines: [end, ['GETSTATUS', 'gone']],
      expected: { ending: 'left' },
      ms: 0,
    },
    'gone in manifestation': {
      lines: [end, manifest(50), ['GETSTATUS', 'gone']],
      expected: { ending: 'left', finalState: 'dfuMANIFEST' },
      ms: 50,
    },
    'dfuDNLOAD-IDLE for ever': {
      lines: [end, taken],
      expected: { ending: 'unconfirmed', finalState: 'dfuDNLOAD-IDLE' },
      ms: 3000,
    },
    'busy once more, then done': {
      bits: tolerant,
      lines: [end, ['GETSTATUS', status('dfuDNBUSY', { pollMs: 10 })], idle],
      expected: { ending: 'manifested', finalState: 'dfuIDLE' },
      ms: 10,
    },
    'busy for ever': {
      bits: tolerant,
      lines: [end, ...Array.from({ length: 13 }, () => manifest(10_000))],
      expected: { ending: 'unconfirmed', finalState: 'dfuMANIFEST' },
      ms: 120_000,
    },
    'silence at the end': {
      bits: tolerant,
      lines: [end, ['GETSTATUS', 'silent']],
      expected: { ending: 'unconfirmed' },
      ms: 5000 + 3000,
    },
    'tolerant: one that falls silent in manifestation is waited for as long as any': {
      bits: tolerant,
      lines: [end, manifest(100), ['GETSTATUS', 'silent']],
      expected: { ending: 'unconfirmed', finalState: 'dfuMANIFEST', reset: undefined },
      ms: 100 + 5000 + 3000,
    },
    'nothing but stalls after the end': {
      bits: tolerant,
      lines: [end, ...Array.from({ length: 4 }, () => ['GETSTATUS', 'stall'] as const)],
      expected: { ending: 'unconfirmed' },
      ms: 3000,
    },
  };

  test.each(Object.entries(cases))('%s', async (_, { bits = {}, lines, reset, expected, ms }) => {
    const more = reset === undefined ? {} : { reset };
    const parts = await bench([...sixSent, ...lines], more, withBits(bits));
    expect(await downloaded(parts, six)).toMatchObject(expected);
    expect(parts.clock.now()).toBe(ms);
  });

  test('a state that makes no sense here is no ending', async () => {
    const strange: Line = ['GETSTATUS', status('dfuUPLOAD-IDLE')];
    const { clock, session } = await bench([
      ...sixSent,
      end,
      strange,
      strange,
      ['ABORT', 'ok'],
      idle,
    ]);
    await expect(onClock(clock, download(session, six))).rejects.toThrow(
      'manifestation: expected dfuIDLE, the device is in dfuUPLOAD-IDLE',
    );
  });

  test('RIOT: reports dfuDNLOAD-IDLE, and leaves a second later', async () => {
    const parts = await bench([...sixSent, end, taken]);
    parts.clock.at(1000, () => parts.device.leave());
    expect(await downloaded(parts, six)).toMatchObject({ ending: 'left' });
    expect(parts.clock.now()).toBe(1000);
  });

  test('a system without reset is no failure of the device', async () => {
    const reset = (): never => {
      throw new DfuError('UNSUPPORTED', 'no reset here');
    };
    const parts = await bench([...sixSent, end, waitReset], { reset });
    expect(await downloaded(parts, six)).toMatchObject({
      ending: 'manifested',
      reset: 'impossible',
    });
  });
});
