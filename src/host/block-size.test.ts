import { describe, expect, test } from 'vitest';
import { bench, downloaded, entry, idle } from '../../test/support/host-bench.ts';
import { onClock, status } from '../../test/support/scripted-pipe.ts';
import type { Line } from '../../test/support/scripted-pipe.ts';
import { download, receive, send, sendPlan } from './index.ts';
import type { DfuInterface, DfuSession, HostEvent, HostListener } from './index.ts';

/* Devices that cannot take as much at a time as they say (zephyr#97455 and others). */

const taken: Line = ['GETSTATUS', status('dfuDNLOAD-IDLE')];
const failed = (bStatus: number): Line => ['GETSTATUS', status('dfuERROR', { bStatus })];
const payload = Uint8Array.from({ length: 600 }, (_, at) => at & 0xff);

function withBlocks(wTransferSize: number): DfuInterface {
  return { ...entry, functional: { ...entry.functional, wTransferSize } };
}

/** The rest of a download in blocks of that size. */
function rest(size: number, bytes = payload.length): Line[] {
  const blocks = Math.ceil(bytes / size);
  const lines = Array.from({ length: blocks }, (_, at): Line[] => [
    [`DNLOAD ${at} ${Math.min(size, bytes - at * size)}`, 'ok'],
    taken,
  ]);
  return [...lines.flat(), [`DNLOAD ${blocks} 0`, 'ok'], idle];
}

async function halved(
  script: readonly Line[],
  { size = 512, pieces = false }: { size?: number; pieces?: boolean } = {},
): Promise<{ notes: string[]; sent: Uint8Array }> {
  const made = await bench(script, {}, withBlocks(size));
  const notes: string[] = [];
  const onEvent = (event: HostEvent): void => {
    if (event.type === 'note') notes.push(event.message);
  };
  const source = pieces ? [payload.subarray(0, 100), payload.subarray(100)] : payload;
  const { acknowledged, planned } = await downloaded(made, source, { onEvent });
  expect(acknowledged).toEqual(planned);
  const refused = script.filter(
    ([request, answer]) => request.startsWith('DNLOAD') && answer === 'stall',
  ).length;
  return { notes, sent: Uint8Array.from(Buffer.concat(made.device.sent.slice(refused))) };
}

describe('a first block that is stalled without a reason', () => {
  test.each([
    ['all at once', false],
    ['in pieces', true],
  ])('is halved until it is taken, and that is told: %s', async (_, pieces) => {
    const script: Line[] = [
      idle,
      ['DNLOAD 0 512', 'stall'],
      failed(15),
      ['CLRSTATUS', 'ok'],
      ['DNLOAD 0 256', 'stall'],
      failed(14),
      ['CLRSTATUS', 'stall'],
      ['DNLOAD 0 128', 'stall'],
      idle,
      ...rest(64),
    ];
    const { notes, sent } = await halved(script, { pieces });
    expect(sent).toEqual(payload);
    expect(notes).toEqual(
      [512, 256, 128].map(
        (size) =>
          `the device refused its first block, of ${size} bytes, without a reason: blocks of ${size / 2} are sent`,
      ),
    );
  });

  test('of a file shorter than a block, until it is cut', async () => {
    const script: Line[] = [
      idle,
      ['DNLOAD 0 600', 'stall'],
      failed(15),
      ['CLRSTATUS', 'ok'],
      ...rest(512),
    ];
    const { sent } = await halved(script, { size: 4096 });
    expect(sent).toEqual(payload);
  });

  test('is not cut below 64 bytes', async () => {
    const script: Line[] = [
      idle,
      ['DNLOAD 0 100', 'stall'],
      failed(15),
      ['CLRSTATUS', 'ok'],
      ['DNLOAD 0 64', 'stall'],
      failed(15),
    ];
    const { clock, session, device } = await bench(script, {}, withBlocks(100));
    await expect(onClock(clock, download(session, payload))).rejects.toMatchObject({
      code: 'DEVICE_STATUS',
      status: 15,
    });
    expect(device.rest).toEqual([]);
  });
});

describe('no block is cut', () => {
  test.each([1, 2, 3, 8, 10, 11])('where the device has a reason (%i)', async (bStatus) => {
    const script: Line[] = [idle, ['DNLOAD 0 512', 'stall'], failed(bStatus)];
    const { clock, session, device } = await bench(script, {}, withBlocks(512));
    await expect(onClock(clock, download(session, payload))).rejects.toMatchObject({
      code: 'DEVICE_STATUS',
      status: bStatus,
    });
    expect(device.rest).toEqual([]);
  });

  test('behind the first that was taken', async () => {
    const script: Line[] = [
      idle,
      ['DNLOAD 0 512', 'ok'],
      taken,
      ['DNLOAD 1 88', 'stall'],
      failed(15),
    ];
    const { clock, session, device } = await bench(script, {}, withBlocks(512));
    await expect(onClock(clock, download(session, payload))).rejects.toMatchObject({
      code: 'DEVICE_STATUS',
    });
    expect(device.rest).toEqual([]);
  });
});

describe('a system that carries no more than so many bytes at a time', () => {
  const bound: DfuInterface = { ...withBlocks(4096), mostTransferBytes: 512 };
  const note =
    'this system carries 512 bytes at a time: blocks of the 4096 that the device says are not sent';

  async function told(
    script: readonly Line[],
    as: DfuInterface,
    work: (session: DfuSession, onEvent: HostListener) => Promise<unknown>,
  ): Promise<string[]> {
    const { clock, session, device } = await bench(script, {}, as);
    const notes: string[] = [];
    const onEvent = (event: HostEvent): void => {
      if (event.type === 'note') notes.push(event.message);
    };
    await onClock(clock, work(session, onEvent));
    expect(device.rest).toEqual([]);
    return notes;
  }

  test('gets no longer blocks, asked for or not, and that is told', async () => {
    const script = [idle, ...rest(512)];
    const sending = (transferSizeBytes?: number) => (session: DfuSession, onEvent: HostListener) =>
      send(session, sendPlan(payload, { transferSizeBytes }), { onEvent });
    expect(await told(script, bound, sending())).toEqual([note]);
    expect(await told(script, bound, sending(2048))).toEqual([note]);
    expect(await told([idle, ...rest(128)], bound, sending(128))).toEqual([]);
    expect(await told(script, { ...withBlocks(512), mostTransferBytes: 512 }, sending())).toEqual(
      [],
    );
  });

  test('is asked for no longer blocks', async () => {
    const script: Line[] = [idle, ['UPLOAD 0 512', payload.subarray(0, 100)]];
    const work = (session: DfuSession, onEvent: HostListener): Promise<unknown> =>
      receive(session, () => {}, { onEvent });
    expect(await told(script, bound, work)).toEqual([note]);
  });
});
