import { describe, expect, test } from 'vitest';
import type { SeenTransfer } from '../../../web/boards/board-client.ts';
import { WaitingLines } from '../../../web/lab/console/console-lines.ts';
import { SeenRow, dumpOf, factsOf, isShown } from '../../../web/lab/transfers/seen-row.ts';
import { MOST_ROWS, TransferLog } from '../../../web/lab/transfers/transfer-log.ts';

const seen = (setup: readonly number[], more: Partial<SeenTransfer> = {}): SeenTransfer => ({
  atMs: 0,
  setup: Uint8Array.from(setup),
  end: 'ok',
  data: more.data ?? new Uint8Array(0),
  dataBytes: more.data?.length ?? 0,
  ...more,
});

const status = seen([0xa1, 3, 0, 0, 0, 0, 6, 0], { data: Uint8Array.of(0, 16, 0, 0, 4, 0) });
const block = seen([0x21, 1, 7, 0, 0, 0, 64, 0], { data: new Uint8Array(64), dataBytes: 2048 });
const device = seen([0x80, 6, 0, 1, 0, 0, 18, 0], { end: 'stall' });

const rowOf = (each: SeenTransfer, number: number): SeenRow => new SeenRow(each, number);

describe('a transfer in words', () => {
  test('names request, state and status', () => {
    expect(rowOf(status, 3)).toMatchObject({
      number: 3,
      asked: 'DFU_GETSTATUS',
      answered: 'OK, dfuDNBUSY, poll 16 ms',
    });
    expect(rowOf(device, 0)).toMatchObject({
      asked: 'GET_DESCRIPTOR device 0, 18 bytes',
      answered: 'STALL',
    });
  });

  test('says how long a data stage was of which only the beginning is there', () => {
    expect(rowOf(block, 0).answered).toBe('00 00 00 00 00 00 00 00 00 00 00 00 … (2048)');
    expect(dumpOf(block).split('\n')).toEqual([
      ...['0000', '0010', '0020', '0030'].map(
        (at) => `${at}  ${Array(16).fill('00').join(' ')}  ................`,
      ),
      '… and 1984 more bytes',
    ]);
  });

  test('tells every field of setup packet and status', () => {
    expect(factsOf(rowOf(status, 0))).toEqual([
      ['bmRequestType', '0xa1: device to host, class, interface'],
      ['bRequest', '0x03'],
      ['wValue', '0x0000 (0)'],
      ['wIndex', '0x0000 (0)'],
      ['wLength', '6'],
      ['bStatus', '0: OK, no error condition is present'],
      ['bwPollTimeout', '16 ms'],
      ['bState', '4: dfuDNBUSY'],
      ['iString', '0'],
    ]);
  });

  test('is shown by kind and by text', () => {
    const [a, b, c] = [status, block, device].map(rowOf);
    const shown = (filter: Parameters<typeof isShown>[1], text = ''): boolean[] =>
      [a, b, c].map((row) => row !== undefined && isShown(row, filter, text));
    expect(shown('all')).toEqual([true, true, true]);
    expect(shown('dfu')).toEqual([true, true, false]);
    expect(shown('blocks')).toEqual([false, true, false]);
    expect(shown('failed')).toEqual([false, false, true]);
    expect(shown('all', 'DNBUSY')).toEqual([true, false, false]);
  });
});

describe('the log', () => {
  test('keeps the last ones, and counts all', () => {
    const log = new TransferLog();
    log.show('blocks', '');
    for (let n = 0; n < 3 * MOST_ROWS; n++) {
      log.add(n % 2 === 0 ? block : status);
      log.take();
    }
    expect(log.count).toBe(3 * MOST_ROWS);
    expect(log.kept).toBeLessThan(MOST_ROWS + 1000);
    const shown = log.shown.map(({ number }) => number);
    expect(shown.at(-1)).toBe(3 * MOST_ROWS - 2);
    log.show('blocks', '');
    expect(log.shown.map(({ number }) => number)).toEqual(shown);
    log.add(block);
    log.clear();
    log.take();
    expect([log.count, log.kept, log.shown.length]).toEqual([0, 0, 0]);
  });

  test('keeps no more while nobody looks, and counts those that it let go', () => {
    const log = new TransferLog();
    for (let n = 0; n < 3 * MOST_ROWS; n++) log.add(status);
    expect(log.count + log.waiting).toBe(3 * MOST_ROWS);
    expect(log.waiting).toBeLessThan(MOST_ROWS);
    expect(log.kept).toBe(0);
    log.take();
    expect([log.count, log.waiting]).toEqual([3 * MOST_ROWS, 0]);
    expect(log.shown.at(-1)?.number).toBe(3 * MOST_ROWS - 1);
  });
});

test('lines that nobody has seen are bounded, and what was dropped is told', () => {
  const lines = new WaitingLines(3);
  for (let n = 0; n < 10; n++) lines.add({ text: `${n}`, kind: 'said' });
  expect(lines.length).toBeLessThan(7);
  expect(lines.take()).toEqual([
    { text: '… 7 lines were left out', kind: 'event' },
    ...['7', '8', '9'].map((text) => ({ text, kind: 'said' })),
  ]);
  lines.add({ text: 'more', kind: 'said' });
  expect(lines.take()).toEqual([{ text: 'more', kind: 'said' }]);
});
