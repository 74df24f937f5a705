import { expect, test } from 'vitest';
import { DfuError } from '../bytes/index.ts';
import type { DfuErrorCode, DfuErrorOptions } from '../bytes/index.ts';
import { plain } from '../../test/support/host-bench.ts';
import { tellingThatItStays } from './index.ts';
import type { HostEvent } from './index.ts';

/** What is told, where work fails that way; at the command: test/cli/download-board.test.ts. */
async function told(
  code: DfuErrorCode,
  { hasGone = true, ...options }: DfuErrorOptions & { readonly hasGone?: boolean } = {},
): Promise<readonly string[]> {
  const events: HostEvent[] = [];
  const error = new DfuError(code, 'no', options);
  const work = tellingThatItStays(
    (event) => void events.push(event),
    (onEvent) => {
      if (hasGone) onEvent({ type: 'returned', interface: plain, afterMs: 1 });
      return Promise.reject(error);
    },
  );
  await expect(work).rejects.toBe(error);
  return events.flatMap((event) => (event.type === 'note' ? [event.message] : []));
}

test('a device that was asked into DFU mode and is refused the work is there still', async () => {
  const words = [expect.stringContaining('is there still')];
  expect(await told('REFUSED')).toEqual(words);
  expect(await told('AMBIGUOUS', { outcome: 'unchanged' })).toEqual(words);
});

test('not so one that was there before, that has been written to, or that is gone', async () => {
  expect(await told('REFUSED', { hasGone: false })).toEqual([]);
  expect(await told('REFUSED', { outcome: 'partly-written' })).toEqual([]);
  expect(await told('DISCONNECTED')).toEqual([]);
});
