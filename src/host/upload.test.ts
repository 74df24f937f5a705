import { describe, expect, test } from 'vitest';
import { bench, idle, withBits } from '../../test/support/host-bench.ts';
import { ScriptedBusDevice, onClock, status } from '../../test/support/scripted-pipe.ts';
import type { Answer, Line } from '../../test/support/scripted-pipe.ts';
import { leave, upload } from './index.ts';
import type { HostEvent, UploadOptions } from './index.ts';

describe('upload', () => {
  async function uploaded(
    script: readonly Line[],
    options: UploadOptions = {},
  ): Promise<{ bytes: number[]; blocks: number; device: ScriptedBusDevice }> {
    const { clock, device, session } = await bench(script);
    const bytes: number[] = [];
    const sink = (chunk: Uint8Array): void => void bytes.push(...chunk);
    const { blocks } = await onClock(clock, upload(session, sink, options));
    expect(device.rest).toEqual([]);
    return { bytes, blocks, device };
  }
  const four = (first: number): Uint8Array => Uint8Array.of(first, 0, 0, 0);

  test('ends with a short block', async () => {
    const { bytes, blocks } = await uploaded([
      idle,
      ['UPLOAD 0 4', four(1)],
      ['UPLOAD 1 4', Uint8Array.of(2)],
    ]);
    expect(bytes).toEqual([1, 0, 0, 0, 2]);
    expect(blocks).toBe(2);
  });

  test('ends with an empty block', async () => {
    const script: Line[] = [idle, ['UPLOAD 0 4', four(1)], ['UPLOAD 1 4', new Uint8Array(0)]];
    const { bytes, blocks } = await uploaded(script);
    expect(bytes).toEqual([1, 0, 0, 0]);
    expect(blocks).toBe(1);
  });

  test('gives up a device that does not end, and leaves it idle', async () => {
    const loop: Line[] = [idle];
    for (let at = 0; at < 3; at += 1) loop.push([`UPLOAD ${at} 4`, four(at)]);
    const script: Line[] = [
      ...loop,
      ['GETSTATUS', status('dfuUPLOAD-IDLE')],
      ['ABORT', 'ok'],
      idle,
    ];
    const { clock, device, session } = await bench(script);
    const work = onClock(
      clock,
      upload(session, () => {}, { maxBytes: 10 }),
    );
    await expect(work).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    expect(device.rest).toEqual([]);
  });

  test('exactly as much as is allowed is allowed', async () => {
    const script: Line[] = [idle, ['UPLOAD 0 4', four(1)], ['UPLOAD 1 4', new Uint8Array(0)]];
    expect((await uploaded(script, { maxBytes: 4 })).bytes).toHaveLength(4);
  });

  test('a refused block: the status says why', async () => {
    const failed = status('dfuERROR', { bStatus: 11 });
    const script: Line[] = [idle, ['UPLOAD 0 4', 'stall'], ['GETSTATUS', failed]];
    await expect(uploaded(script)).rejects.toMatchObject({ code: 'DEVICE_STATUS', status: 11 });
  });

  test('a sink that fails leaves the device idle', async () => {
    const script: Line[] = [
      idle,
      ['UPLOAD 0 4', four(1)],
      ['GETSTATUS', status('dfuUPLOAD-IDLE')],
      ['ABORT', 'ok'],
      idle,
    ];
    const { clock, device, session } = await bench(script);
    const sink = (): never => {
      throw new RangeError('disk full');
    };
    await expect(onClock(clock, upload(session, sink))).rejects.toThrow('disk full');
    expect(device.rest).toEqual([]);
  });

  test('tells how far it is, to the last byte', async () => {
    const events: unknown[] = [];
    const onEvent = (event: HostEvent): void => void events.push(event);
    const script: Line[] = [idle, ['UPLOAD 0 4', four(1)], ['UPLOAD 1 4', Uint8Array.of(2)]];
    await uploaded(script, { onEvent, totalBytes: 5 });
    const progress = { type: 'progress', operation: 'upload', totalBytes: 5 };
    expect(events).toEqual([
      { type: 'ready', transferSizeBytes: 4 },
      { ...progress, doneBytes: 0 },
      { ...progress, doneBytes: 4 },
      { ...progress, doneBytes: 5 },
      { type: 'uploaded', bytes: 5, blocks: 2, plannedBytes: 5 },
    ]);
  });

  test('heeds bitCanUpload', async () => {
    const { session } = await bench([], {}, withBits({ canUpload: false }));
    await expect(upload(session, () => {})).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});

describe('leaving DFU mode', () => {
  test.each<[Answer, object, string[]]>([
    ['ok', { accepted: true, reset: 'same' }, ['release 0', 'reset', 'claim 0', 'alternate 0 1']],
    [
      'stall',
      { accepted: false, reset: 'same' },
      ['release 0', 'reset', 'claim 0', 'alternate 0 1'],
    ],
    [
      'broken',
      { accepted: false, reset: 'same' },
      ['release 0', 'reset', 'claim 0', 'alternate 0 1'],
    ],
    ['gone', { accepted: true, reset: undefined }, []],
  ])('%s', async (answer, expected, log) => {
    const { clock, device, session } = await bench([['DETACH 1000', answer]]);
    device.log.length = 0;
    expect(await onClock(clock, leave(session))).toMatchObject(expected);
    expect(device.log).toEqual(log);
  });

  test('asks nothing of a device that has left', async () => {
    const { clock, device, session } = await bench([]);
    device.leave();
    await Promise.resolve();
    expect(await onClock(clock, leave(session))).toEqual({ accepted: true, reset: 'gone' });
  });
});
