import { describe, expect, test } from 'vitest';
import { DfuError } from '../bytes/index.ts';
import { scan } from '../host/index.ts';
import type { Trace } from './index.ts';
import {
  dfuseDevice,
  flashDfuSe,
  flashMiniature,
  miniature,
  recorded,
  replayed,
} from '../../test/support/recorded.ts';

/** What a replay fails with. */
async function failure(work: Promise<unknown>): Promise<DfuError> {
  try {
    await work;
  } catch (error) {
    if (DfuError.is(error)) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

describe('a recorded download', () => {
  test('out of the application is played back as it was, in the time that it took', async () => {
    const { trace, value, records } = await recorded(miniature(), flashMiniature);
    expect(value).toMatchObject({ ending: 'manifested', blocks: 16 });
    expect(records.filter(({ type }) => type === 'attached').length).toBeGreaterThan(0);
    const again = await replayed(trace, flashMiniature);
    expect(again.value).toEqual(value);
    expect(again.bus.departure).toBeUndefined();
    expect(again.bus.rest).toEqual([]);
    const last = records.findLast((record) => 'ms' in record);
    expect(again.ms).toBeCloseTo(last !== undefined && 'ms' in last ? last.ms : -1, 0);
  });

  test('of DfuSe likewise', async () => {
    const { trace, value } = await recorded(dfuseDevice(), flashDfuSe);
    const again = await replayed(trace, flashDfuSe);
    expect(again.value).toEqual(value);
    expect(again.bus.rest).toEqual([]);
  });

  test('tells a host with another block size where it goes another way', async () => {
    const { trace } = await recorded(miniature(), flashMiniature);
    const error = await failure(
      replayed(trace, (bus, clock) => flashMiniature(bus, clock, { transferSizeBytes: 32 })),
    );
    expect(error.code).toBe('REPLAY');
    expect(error.message).toMatch(
      /the recording has DFU_DNLOAD block 0, 64 bytes there \(step \d+ of \d+ at 1-1\), and DFU_DNLOAD block 0, 32 bytes came/,
    );
  });
});

describe('a replay', () => {
  test('answers what devices say of themselves in any order, as often as they are asked', async () => {
    const { trace } = await recorded(miniature(), flashMiniature);
    const { value } = await replayed(trace, async (bus, clock) => {
      await scan(bus, { clock });
      return scan(bus, { clock });
    });
    expect(value.entries).toMatchObject([{ mode: 'runtime', serial: 'KEYSTONE' }]);
    expect(value.problems).toEqual([]);
  });

  test('is as bounded as what is in it', async () => {
    const empty: Trace = {
      header: (await recorded(miniature(), async () => {})).trace.header,
      records: [],
      torn: false,
    };
    const { value } = await replayed(empty, (bus) => bus.list());
    expect(value).toEqual([]);
  });
});
