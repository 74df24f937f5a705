import { describe, expect, test } from 'vitest';
import { DfuError, fromHex } from '../bytes/index.ts';
import { functionalDescriptor } from '../dfu/index.ts';
import type { DfuAttributes } from '../dfu/index.ts';
import { VirtualClock, encodeString } from '../usb/index.ts';
import { ScriptedBusDevice, onClock, status } from '../../test/support/scripted-pipe.ts';
import type { Answer, DeviceWords, Line } from '../../test/support/scripted-pipe.ts';
import { DfuSession, download, leave, upload } from './index.ts';
import type { DfuInterface, DownloadOptions, HostEvent, Payload, UploadOptions } from './index.ts';

const functional = functionalDescriptor.decode(fromHex('09210b00010400 1001'));
const entry: DfuInterface = {
  mode: 'dfu',
  deviceId: 'device-1',
  location: { bus: 1, address: 5, path: '1-4.2' },
  speed: 'full',
  idVendor: 0x1209,
  idProduct: 0x7d02,
  bcdDevice: 0x0100,
  serial: 'ABC',
  configuration: 1,
  interfaceNumber: 0,
  alternate: 1,
  alternates: 2,
  name: 'Slot 1',
  functional,
  functionalFound: true,
  notes: [],
};

/** An entry with these bits besides CanDnload and CanUpload; blocks of four bytes. */
function withBits(bits: Partial<DfuAttributes>): DfuInterface {
  const bmAttributes = { ...functional.bmAttributes, ...bits };
  return { ...entry, functional: { ...functional, bmAttributes } };
}

interface Bench {
  readonly clock: VirtualClock;
  readonly device: ScriptedBusDevice;
  readonly session: DfuSession;
}

async function bench(script: readonly Line[], more: DeviceWords = {}, as = entry): Promise<Bench> {
  const clock = new VirtualClock();
  const device = new ScriptedBusDevice({ script, standard: () => 'stall', ...more });
  return { clock, device, session: await DfuSession.open(device, as, { clock }) };
}

async function downloaded(
  { clock, session, device }: Bench,
  payload: Payload,
  options: DownloadOptions = {},
): Promise<Awaited<ReturnType<typeof download>>> {
  const result = await onClock(clock, download(session, payload, options));
  expect(device.rest).toEqual([]);
  return result;
}

const idle: Line = ['GETSTATUS', status('dfuIDLE')];
const taken: Line = ['GETSTATUS', status('dfuDNLOAD-IDLE')];
const six = Uint8Array.of(1, 2, 3, 4, 5, 6);
const sixSent: Line[] = [idle, ['DNLOAD 0 4', 'ok'], taken, ['DNLOAD 1 2', 'ok'], taken];
const end: Line = ['DNLOAD 2 0', 'ok'];

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
    expect(result).toEqual({
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
    const busy: Line = ['GETSTATUS', status('dfuDNBUSY', { pollMs: 0xffffff })];
    const { clock, session } = await bench([
      idle,
      ['DNLOAD 0 4', 'ok'],
      busy,
      taken,
      ['ABORT', 'ok'],
      idle,
    ]);
    const work = onClock(clock, download(session, six));
    await expect(work).rejects.toThrow('the device is in dfuDNBUSY and asks for 16777215 ms more');
    expect(clock.now()).toBe(0);
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
    const dfuSe = { ...entry, functional: { ...functional, bcdDFUVersion: 0x011a } };
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
    ['waiting for a reset', [['GETSTATUS', status('dfuMANIFEST-WAIT-RESET')], idle], 0],
  ])('%s', async (_, opening, waitedMs) => {
    const parts = await bench([...opening, ...sent]);
    await downloaded(parts, six.subarray(0, 4));
    expect(parts.clock.now()).toBe(waitedMs);
  });

  const stuck = (line: Line, request: string): Line[] =>
    Array.from({ length: 5 }, () => [line, [request, 'ok'] as const])
      .flat()
      .slice(0, -1);

  test.each<[string, Line[], object]>([
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
  ])('is given up at %s', async (_, script, expected) => {
    const { clock, device, session } = await bench(script);
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
      message: `download, block 1 at byte 4: the device reports errADDRESS (8): the address is out of range; it says "slot is 'full'"`,
    });
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

describe('the ending', () => {
  const manifest = (pollMs: number): Line => ['GETSTATUS', status('dfuMANIFEST', { pollMs })];
  const sync: Line = ['GETSTATUS', status('dfuMANIFEST-SYNC', { pollMs: 10 })];
  const waitReset: Line = ['GETSTATUS', status('dfuMANIFEST-WAIT-RESET')];
  const tolerant = { manifestationTolerant: true };

  interface Case {
    readonly bits?: Partial<DfuAttributes>;
    readonly lines: readonly Line[];
    readonly reset?: () => 'same' | 'gone';
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
      ms: 100,
    },
    'intolerant: a stall after dfuMANIFEST means the same': {
      lines: [end, manifest(1), ['GETSTATUS', 'stall']],
      expected: { ending: 'manifested', reset: 'same' },
      ms: 1,
    },
    'gone at the end of the data': {
      lines: [['DNLOAD 2 0', 'gone']],
      expected: { ending: 'left', finalState: undefined },
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
    'silence at the end': {
      bits: tolerant,
      lines: [end, ['GETSTATUS', 'silent']],
      expected: { ending: 'unconfirmed' },
      ms: 3000,
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
      { accepted: true, reset: 'same' },
      ['release 0', 'reset', 'claim 0', 'alternate 0 1'],
    ],
    ['gone', { accepted: true, reset: undefined }, []],
  ])('%s', async (answer, expected, log) => {
    const { clock, device, session } = await bench([['DETACH 1000', answer]]);
    device.log.length = 0;
    expect(await onClock(clock, leave(session))).toEqual(expected);
    expect(device.log).toEqual(log);
  });

  test('asks nothing of a device that has left', async () => {
    const { clock, device, session } = await bench([]);
    device.leave();
    await Promise.resolve();
    expect(await onClock(clock, leave(session))).toEqual({ accepted: true, reset: 'gone' });
  });
});
