import { describe, expect, test } from 'vitest';
import { DfuError } from '../bytes/index.ts';
import { VirtualClock, encodeString } from '../usb/index.ts';
import {
  bench,
  downloaded,
  end,
  entry,
  functional,
  idle,
  six,
  sixSent,
  taken,
  withBits,
} from '../../test/support/host-bench.ts';
import { ScriptedBusDevice, onClock, status } from '../../test/support/scripted-pipe.ts';
import type { Answer, Line } from '../../test/support/scripted-pipe.ts';
import { DfuSession, download } from './index.ts';
import type { DfuInterface, HostEvent } from './index.ts';

describe('opening', () => {
  test('claims and selects, and closing releases', async () => {
    const { device, session } = await bench([]);
    await session.close();
    expect(device.log).toEqual(['open', 'claim 0', 'alternate 0 1', 'release 0', 'close']);
  });

  test('a refused SET_INTERFACE counts only where there is a choice', async () => {
    const one = new ScriptedBusDevice();
    const stall = async (): Promise<void> => {
      await one.controlIn({ bmRequestType: 0x80, bRequest: 6, wValue: 0, wIndex: 0 }, 1);
    };
    one.selectAlternate = stall;
    const clock = new VirtualClock();
    await expect(DfuSession.open(one, entry, { clock })).rejects.toMatchObject({ code: 'STALLED' });
    expect(one.log.at(-1)).toBe('close');
    const single = { ...entry, alternate: 0, alternates: 1 };
    await expect(DfuSession.open(one, single, { clock })).resolves.toBeDefined();
  });
});

describe('download', () => {
  test('sends blocks, the end, and believes dfuIDLE', async () => {
    const parts = await bench([...sixSent, end, idle]);
    const result = await downloaded(parts, six);
    const all = { elements: 1, bytes: 6, blocks: 2, commands: 0, erases: 0, erasedBytes: 0 };
    expect(result).toEqual({
      spent: { totalMs: 0, wireMs: 0, pollMs: 0, returnMs: 0, otherMs: 0 },
      outcome: 'written',
      planned: all,
      acknowledged: all,
      blocks: 2,
      bytes: 6,
      ending: 'manifested',
      finalState: 'dfuIDLE',
      reset: undefined,
    });
    expect(parts.device.sent).toEqual([six.subarray(0, 4), six.subarray(4), new Uint8Array(0)]);
    expect(parts.clock.now()).toBe(0);
  });

  test('waits bwPollTimeout while the device is busy, and not when it is done', async () => {
    const busy = (pollMs: number): Line => ['GETSTATUS', status('dfuDNBUSY', { pollMs })];
    const done: Line = ['GETSTATUS', status('dfuDNLOAD-IDLE', { pollMs: 255 })];
    const sync: Line = ['GETSTATUS', status('dfuDNLOAD-SYNC', { pollMs: 40 })];
    const script: Line[] = [idle, ['DNLOAD 0 4', 'ok'], busy(100), sync, done];
    const parts = await bench([...script, ['DNLOAD 1 0', 'ok'], idle]);
    await downloaded(parts, six.subarray(0, 4));
    expect(parts.clock.now()).toBe(140);
  });

  test('gives up a device that is busy for longer than the limit', async () => {
    const busy: Line = ['GETSTATUS', status('dfuDNBUSY', { pollMs: 0xfffffe })];
    const { clock, session } = await bench([
      idle,
      ['DNLOAD 0 4', 'ok'],
      busy,
      taken,
      ['ABORT', 'ok'],
      idle,
    ]);
    const work = onClock(clock, download(session, six));
    await expect(work).rejects.toThrow('the device is in dfuDNBUSY and asks for 16777214 ms more');
    expect(clock.now()).toBe(0);
  });

  test('waits as long as it is told to, whatever the device asks for', async () => {
    const busy: Line = ['GETSTATUS', status('dfuDNBUSY', { pollMs: 0xfffffe })];
    const unset: Line = ['GETSTATUS', status('dfuDNBUSY', { pollMs: 0xffffff })];
    const rest: Line[] = [taken, ['DNLOAD 1 0', 'ok'], idle];
    const told = await bench([idle, ['DNLOAD 0 4', 'ok'], busy, busy, ...rest]);
    await downloaded(told, six.subarray(0, 4), { pollTimeMs: 7 });
    expect(told.clock.now()).toBe(14);
    // Memory that nobody has written is no time.
    const erased = await bench([idle, ['DNLOAD 0 4', 'ok'], unset, unset, ...rest]);
    await downloaded(erased, six.subarray(0, 4));
    expect(erased.clock.now()).toBe(1);
    // Firmware that is known never to set it.
    const simtrace = { ...entry, idVendor: 0x16c0, idProduct: 0x0762 };
    const known = await bench([idle, ['DNLOAD 0 4', 'ok'], busy, ...rest], {}, simtrace);
    await downloaded(known, six.subarray(0, 4));
    expect(known.clock.now()).toBe(5);
  });

  test('counts the time that answers take as time that the device is busy', async () => {
    const busy: Line = ['GETSTATUS', status('dfuDNBUSY')];
    const script: Line[] = [idle, ['DNLOAD 0 4', 'ok'], ...Array.from({ length: 99 }, () => busy)];
    const { clock, session, device } = await bench(script, { answerMs: 1000 });
    const work = onClock(clock, download(session, six, { busyLimitMs: 20_000 }));
    await expect(work).rejects.toMatchObject({ code: 'TIMEOUT', remedies: ['busy-limit'] });
    expect(clock.now()).toBeLessThan(25_000);
    expect(device.rest.length).toBeGreaterThan(70);
  });

  test('gives up a device that is busy without end and names no time', async () => {
    const busy: Line = ['GETSTATUS', status('dfuDNBUSY')];
    const script = [
      idle,
      ['DNLOAD 0 4', 'ok'] as const,
      ...Array.from({ length: 300 }, () => busy),
    ];
    const { clock, session } = await bench(script);
    const work = onClock(clock, download(session, six, { busyLimitMs: 1000 }));
    await expect(work).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(clock.now()).toBeGreaterThan(900);
  });

  test('wraps wBlockNum at 65536', async () => {
    const blocks: Line[] = [idle];
    for (let at = 0; at < 65_538; at += 1) blocks.push([`DNLOAD ${at % 65_536} 1`, 'ok'], taken);
    const parts = await bench([...blocks, ['DNLOAD 2 0', 'ok'], idle]);
    const result = await downloaded(parts, new Uint8Array(65_538), { transferSizeBytes: 1 });
    expect(result.blocks).toBe(65_538);
  });

  test('takes pieces as they come', async () => {
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (const piece of [[1], [], [2, 3, 4, 5], [6]]) {
        await Promise.resolve();
        yield Uint8Array.from(piece);
      }
    }
    const parts = await bench([...sixSent, end, idle]);
    const events: HostEvent[] = [];
    await downloaded(parts, pieces(), { totalBytes: 6, onEvent: (event) => events.push(event) });
    expect(parts.device.sent).toEqual([six.subarray(0, 4), six.subarray(4), new Uint8Array(0)]);
    const progress = events.flatMap((event) => (event.type === 'progress' ? event.doneBytes : []));
    expect(progress).toEqual([0, 4, 6]);
    expect(events.map(({ type }) => type)).toEqual([
      'ready',
      'progress',
      'progress',
      'progress',
      'manifesting',
      'downloaded',
    ]);
  });

  test('ends the input when the device fails', async () => {
    let closed = false;
    function* pieces(): Generator<Uint8Array> {
      try {
        for (;;) yield six;
      } finally {
        closed = true;
      }
    }
    const { clock, session } = await bench([idle, ['DNLOAD 0 4', 'gone']]);
    await expect(onClock(clock, download(session, pieces()))).rejects.toMatchObject({
      code: 'DISCONNECTED',
    });
    expect(closed).toBe(true);
  });

  test('refuses an empty payload, a wrong size, DfuSe and run-time', async () => {
    const { clock, session, device } = await bench([idle, idle]);
    const failing = (work: Promise<unknown>): Promise<unknown> =>
      onClock(clock, work).then(
        () => undefined,
        (error: unknown) => error,
      );
    expect(await failing(download(session, new Uint8Array(0)))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'download: expected at least 1 byte, got none',
    });
    expect(await failing(download(session, six, { transferSizeBytes: 65_536 }))).toMatchObject({
      message: 'transfer size: expected 1 to 65535 bytes, got 65536',
    });
    expect(device.sent).toEqual([]);
    const dfuSe = {
      ...entry,
      name: '@Flash/0x0/1*1Kg',
      functional: { ...functional, bcdDFUVersion: 0x011a },
    };
    expect(await failing(download((await bench([], {}, dfuSe)).session, six))).toMatchObject({
      code: 'UNSUPPORTED',
    });
    const runtime: DfuInterface = { ...entry, mode: 'runtime' };
    expect(await failing(download((await bench([], {}, runtime)).session, six))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  test('heeds bitCanDnload unless forced', async () => {
    const as = withBits({ canDnload: false });
    const refused = await bench([], {}, as);
    await expect(download(refused.session, six)).rejects.toThrow('bitCanDnload is 0');
    const forced = await bench([...sixSent, end, idle], {}, as);
    expect((await downloaded(forced, six, { force: true })).bytes).toBe(6);
  });
});

describe('getting a device ready', () => {
  const sent: Line[] = [['DNLOAD 0 4', 'ok'], taken, ['DNLOAD 1 0', 'ok'], idle];
  const failed = status('dfuERROR', { bStatus: 10 });

  test.each<[string, Line[], number]>([
    ['in dfuERROR', [['GETSTATUS', failed], ['CLRSTATUS', 'ok'], idle], 0],
    [
      'idle with a status left',
      [['GETSTATUS', status('dfuIDLE', { bStatus: 13 })], ['CLRSTATUS', 'ok'], idle],
      0,
    ],
    ['in the middle of a download', [taken, ['ABORT', 'ok'], idle], 0],
    [
      'in the middle of an upload',
      [['GETSTATUS', status('dfuUPLOAD-IDLE')], ['ABORT', 'ok'], idle],
      0,
    ],
    [
      'busy',
      [['GETSTATUS', status('dfuDNBUSY', { pollMs: 70 })], taken, ['ABORT', 'ok'], idle],
      70,
    ],
    ['that stalls once', [['GETSTATUS', 'stall'], idle], 0],
    [
      'that stalls ABORT',
      [taken, ['ABORT', 'stall'], ['GETSTATUS', failed], ['CLRSTATUS', 'ok'], idle],
      0,
    ],
    ['waiting for a reset', [['GETSTATUS', status('dfuMANIFEST-WAIT-RESET')], idle], 250],
  ])('%s', async (_, opening, waitedMs) => {
    const parts = await bench([...opening, ...sent]);
    await downloaded(parts, six.subarray(0, 4));
    expect(parts.clock.now()).toBe(waitedMs);
  });

  const stuck = (line: Line, request: string): Line[] =>
    Array.from({ length: 5 }, () => [line, [request, 'ok'] as const])
      .flat()
      .slice(0, -1);

  test.each<[string, Line[], object, (() => 'same' | 'gone')?]>([
    [
      'an error that stays',
      stuck(['GETSTATUS', failed], 'CLRSTATUS'),
      { code: 'DEVICE_STATUS', status: 10 },
    ],
    ['a transfer that stays (RIOT)', stuck(taken, 'ABORT'), { code: 'PROTOCOL' }],
    ['run-time mode', [['GETSTATUS', status('appIDLE')]], { code: 'PROTOCOL' }],
    ['a short answer', [['GETSTATUS', new Uint8Array(5)]], { code: 'PROTOCOL' }],
    [
      'a state that is none',
      [['GETSTATUS', Uint8Array.of(0, 0, 0, 0, 11, 0)]],
      { code: 'PROTOCOL' },
    ],
    [
      'nothing but stalls',
      Array.from({ length: 4 }, () => ['GETSTATUS', 'stall'] as const),
      { code: 'STALLED' },
    ],
    ['silence', [['GETSTATUS', 'silent']], { code: 'TIMEOUT' }],
    [
      'its request for a reset, if it goes with it',
      [['GETSTATUS', status('dfuMANIFEST-WAIT-RESET')]],
      { code: 'DISCONNECTED', message: expect.stringContaining('start again') as string },
      () => 'gone',
    ],
    [
      'the same, if this system has none',
      [['GETSTATUS', status('dfuMANIFEST-WAIT-RESET')]],
      { code: 'PROTOCOL', message: expect.stringContaining('plug it in again') as string },
      () => {
        throw new DfuError('UNSUPPORTED', 'no reset here');
      },
    ],
  ])('is given up at %s', async (_, script, expected, reset) => {
    const { clock, device, session } = await bench(script, reset === undefined ? {} : { reset });
    await expect(onClock(clock, download(session, six))).rejects.toMatchObject(expected);
    expect(device.rest).toEqual([]);
  });
});

describe('a device that fails', () => {
  const failing = (bStatus: number, iString = 0): Line => [
    'GETSTATUS',
    status('dfuERROR', { bStatus, iString }),
  ];

  test('at a block: its status, and its own words', async () => {
    const standard = ({ wValue }: { wValue: number }): Answer =>
      wValue === 0x0300 ? Uint8Array.of(4, 3, 9, 4) : encodeString('slot is "full"');
    const script: Line[] = [idle, ['DNLOAD 0 4', 'ok'], taken, ['DNLOAD 1 2', 'ok'], failing(8, 5)];
    const { clock, session } = await bench(script, { standard });
    await expect(onClock(clock, download(session, six))).rejects.toMatchObject({
      code: 'DEVICE_STATUS',
      status: 8,
      message: `download, block 1 at byte 4: the device reports errADDRESS (8): the address is out of range; it says "slot is 'full'"; acknowledged so far: 4 of 6 bytes`,
      progress: { planned: { bytes: 6, blocks: 2 }, acknowledged: { bytes: 4, blocks: 1 } },
    });
  });

  test('in the words that the status has anyway: they are told once', async () => {
    const standard = ({ wValue }: { wValue: number }): Answer =>
      wValue === 0x0300 ? Uint8Array.of(4, 3, 9, 4) : encodeString('the address is out of range');
    const script: Line[] = [idle, ['DNLOAD 0 4', 'ok'], failing(8, 5)];
    const { clock, session } = await bench(script, { standard });
    const message =
      /errADDRESS \(8\): the address is out of range; acknowledged so far: 0 of 6 bytes$/;
    await expect(onClock(clock, download(session, six))).rejects.toThrow(message);
  });

  test('with a stall: the status says why', async () => {
    const { clock, session } = await bench([idle, ['DNLOAD 0 4', 'stall'], failing(15)]);
    await expect(onClock(clock, download(session, six))).rejects.toMatchObject({
      code: 'DEVICE_STATUS',
      status: 15,
      cause: { code: 'STALLED' },
    });
  });

  test('with a stall and no reason', async () => {
    const { clock, session } = await bench([idle, ['DNLOAD 0 4', 'stall'], idle, idle]);
    await expect(onClock(clock, download(session, six))).rejects.toMatchObject({ code: 'STALLED' });
  });

  test('with a status that DFU 1.1 does not have', async () => {
    const { clock, session } = await bench([idle, ['DNLOAD 0 4', 'ok'], failing(0x80)]);
    await expect(onClock(clock, download(session, six))).rejects.toThrow('status 128');
  });

  test('at the end, and in manifestation', async () => {
    for (const script of [
      [...sixSent, ['DNLOAD 2 0', 'stall'] as const, failing(9)],
      [...sixSent, end, ['GETSTATUS', status('dfuMANIFEST', { pollMs: 5 })] as const, failing(7)],
    ]) {
      const { clock, session } = await bench(script);
      await expect(onClock(clock, download(session, six))).rejects.toMatchObject({
        code: 'DEVICE_STATUS',
      });
    }
  });

  test('by going to a state that makes no sense', async () => {
    const script: Line[] = [idle, ['DNLOAD 0 4', 'ok'], idle, idle];
    const { clock, session } = await bench(script);
    await expect(onClock(clock, download(session, six))).rejects.toThrow(
      'expected dfuDNLOAD-IDLE, the device is in dfuIDLE',
    );
  });
});

describe('cancelling', () => {
  test('in the middle of a wait leaves the device idle', async () => {
    const stop = new AbortController();
    const busy: Line = ['GETSTATUS', status('dfuDNBUSY', { pollMs: 60_000 })];
    const script: Line[] = [idle, ['DNLOAD 0 4', 'ok'], busy, taken, ['ABORT', 'ok'], idle];
    const { clock, device, session } = await bench(script);
    clock.at(20, () => stop.abort());
    const work = onClock(clock, download(session, six, { signal: stop.signal }));
    await expect(work).rejects.toMatchObject({ code: 'ABORTED' });
    expect(device.rest).toEqual([]);
    expect(clock.now()).toBe(20);
  });

  test('before anything sends nothing', async () => {
    const { clock, device, session } = await bench([]);
    const signal = AbortSignal.abort();
    await expect(onClock(clock, download(session, six, { signal }))).rejects.toMatchObject({
      code: 'ABORTED',
    });
    expect(device.sent).toEqual([]);
  });

  test('an input that fails: its own error, the device idle', async () => {
    function* pieces(): Generator<Uint8Array> {
      yield six.subarray(0, 4);
      throw new RangeError('disk on fire');
    }
    const script: Line[] = [idle, ['DNLOAD 0 4', 'ok'], taken, taken, ['ABORT', 'ok'], idle];
    const { clock, device, session } = await bench(script);
    await expect(onClock(clock, download(session, pieces()))).rejects.toThrow('disk on fire');
    expect(device.rest).toEqual([]);
  });
});
