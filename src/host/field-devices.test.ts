import { describe, expect, test } from 'vitest';
import { fromHex } from '../bytes/index.ts';
import { DescriptorType, VirtualClock, encodeString } from '../usb/index.ts';
import type { ControlRequest } from '../usb/index.ts';
import {
  ConnectBench,
  needsReset,
  runtimeWords,
  willDetach,
} from '../../test/support/connect-bench.ts';
import {
  ScriptedBus,
  ScriptedBusDevice,
  dfuStandard,
  onClock,
  status,
} from '../../test/support/scripted-pipe.ts';
import type { Answer, DeviceWords, Line, StandardWords } from '../../test/support/scripted-pipe.ts';
import { parseDeviceIds, parseSerials, scan, scanElseAll } from './index.ts';
import type { DfuInterface, Scan } from './index.ts';

/* Devices as they are in the field, by the reports about them. */

const dfuWords: StandardWords = {
  protocol: 2,
  serial: 'ABC',
  alternates: [{ name: 'flash', functional: willDetach }],
};

const stall: Line = ['GETSTATUS', 'stall'];
const idle: Line = ['GETSTATUS', status('dfuIDLE')];

function device(words: StandardWords, more: DeviceWords = {}): ScriptedBusDevice {
  return new ScriptedBusDevice({ standard: dfuStandard(words), ...more });
}

function application(more: DeviceWords = {}): ScriptedBusDevice {
  const script: Line[] = [stall, ['DETACH 255', 'ok']];
  const id = { id: 'run-time', descriptor: { idProduct: 0x7d00 } };
  return device(runtimeWords, { ...id, script, ...more });
}

function loader(more: DeviceWords = {}): ScriptedBusDevice {
  return device(dfuWords, { id: 'dfu', ...more });
}

/** The error that a promise ends with, or its value. */
function ending(work: Promise<unknown>): Promise<unknown> {
  return work.catch((error: unknown) => error);
}

describe('in DFU mode, but describing itself as run-time', () => {
  test('it is asked before it is sent away (greatscottgadgets/hackrf#1509)', async () => {
    const bench = new ConnectBench(application({ script: [idle] }));
    const session = await bench.connected({ selection: parseDeviceIds('1209:7d00') });
    expect(session.interface).toMatchObject({ mode: 'dfu', name: 'application' });
    expect(bench.clock.now()).toBe(0);
    expect(bench.notes).toEqual([
      'the device describes itself as in run-time mode, but is in DFU mode (dfuIDLE)',
    ]);
  });

  test('in dfuERROR too, and whatever its ids in DFU mode are said to be', async () => {
    const script: Line[] = [['GETSTATUS', status('dfuERROR', { bStatus: 3 })]];
    const bench = new ConnectBench(application({ script }));
    const selection = parseDeviceIds('1209:7d00,1234:5678');
    expect((await bench.connected({ selection })).interface.mode).toBe('dfu');
  });

  test('it is so after a reset that changed nothing else', async () => {
    const old = application({
      standard: dfuStandard({ ...runtimeWords, alternates: [{ functional: needsReset }] }),
      script: [['GETSTATUS', status('appIDLE')], ['DETACH 255', 'ok'], idle],
    });
    const session = await new ConnectBench(old).connected();
    expect(session.interface.mode).toBe('dfu');
    expect(old.log).toContain('reset');
  });

  test('it came back so', async () => {
    const old = application();
    const bench = new ConnectBench(old);
    bench.exchange(old, [application({ id: 'again', script: [idle] })]);
    const session = await bench.connected();
    expect(session.interface).toMatchObject({ mode: 'dfu', deviceId: 'again' });
    expect(bench.clock.now()).toBe(100);
  });

  test('an answer that is none is no answer', async () => {
    const old = application({
      script: [
        ['GETSTATUS', Uint8Array.of(0)],
        ['DETACH 255', 'ok'],
      ],
    });
    const bench = new ConnectBench(old);
    bench.exchange(old, [loader()]);
    expect((await bench.connected()).interface.deviceId).toBe('dfu');
  });
});

describe('back at another port, with another serial number', () => {
  const stranger = (more: DeviceWords = {}): ScriptedBusDevice =>
    loader({
      id: 'stranger',
      path: '1-9',
      standard: dfuStandard({ ...dfuWords, serial: 'XYZ' }),
      ...more,
    });

  test('it is taken if it has the ids that are said, and is the only one', async () => {
    const old = application();
    const bench = new ConnectBench(old);
    bench.exchange(old, [stranger()]);
    const session = await bench.connected({ selection: parseDeviceIds('1209:7d00,1209:7d02') });
    expect(session.interface.deviceId).toBe('stranger');
    expect(bench.clock.now()).toBe(1100);
  });

  test('departure dfu-util/known-by-its-port: else it is said that it is there, and in which mode', async () => {
    const old = application();
    const bench = new ConnectBench(old);
    bench.exchange(old, [stranger()]);
    const selection = parseDeviceIds('1209:7d00');
    expect(await ending(bench.connected({ selection }))).toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining(
        'seen since: [1209:7d02] at 1-9 in DFU mode, at another port and with serial number "XYZ"',
      ) as string,
    });
  });

  test('of two such none is taken', async () => {
    const old = application();
    const bench = new ConnectBench(old);
    bench.exchange(old, [stranger(), stranger({ id: 'second', path: '1-8' })]);
    const selection = parseDeviceIds('1209:7d00,1209:7d02');
    expect(await ending(bench.connected({ selection }))).toMatchObject({ code: 'TIMEOUT' });
  });

  test('nor one that came while the device itself is still there', async () => {
    const old = application();
    const bench = new ConnectBench(old);
    bench.clock.at(50, () => bench.bus.attach(stranger()));
    const selection = parseDeviceIds('1209:7d00,1209:7d02');
    expect(await ending(bench.connected({ selection }))).toMatchObject({ code: 'TIMEOUT' });
  });

  test('and the one at the old port is taken before it', async () => {
    const old = application();
    const bench = new ConnectBench(old);
    bench.exchange(old, [stranger(), loader()]);
    const selection = parseDeviceIds('1209:7d00,1209:7d02');
    expect((await bench.connected({ selection })).interface.deviceId).toBe('dfu');
  });
});

describe('its serial number in DFU mode', () => {
  test('is another one, and -S named the one of run-time (candle-usb/candleLight_fw#175)', async () => {
    const old = application();
    const bench = new ConnectBench(old);
    bench.exchange(old, [
      loader({ standard: dfuStandard({ ...dfuWords, serial: 'FFFFFFFEFFFF' }) }),
    ]);
    expect(await ending(bench.connected({ selection: parseSerials('ABC') }))).toMatchObject({
      code: 'NOT_FOUND',
      message:
        'the device has gone to DFU mode, and its serial number there is "FFFFFFFEFFFF", not "ABC"',
      remedies: ['dfu-serial'],
    });
  });

  test('so do other ids than were said', async () => {
    const old = application();
    const bench = new ConnectBench(old);
    bench.exchange(old, [loader()]);
    const selection = parseDeviceIds('1209:7d00,1209:7d03');
    expect(await ending(bench.connected({ selection }))).toMatchObject({
      code: 'NOT_FOUND',
      message: 'the device has gone to DFU mode, and is 1209:7d02 there, not 1209:7d03',
      remedies: ['ids'],
    });
  });
});

describe('which device is meant', () => {
  test('a device in DFU mode that nobody named is not taken', async () => {
    const bench = new ConnectBench(loader({ descriptor: { idVendor: 0xdead, idProduct: 0xbeef } }));
    expect(await ending(bench.connected({ selection: parseDeviceIds('1209:7d02') }))).toMatchObject(
      { code: 'NOT_FOUND', message: expect.stringContaining('[dead:beef]') as string },
    );
  });

  test('one pair finds a device in run-time mode, whatever it is in DFU mode', async () => {
    const old = application();
    const bench = new ConnectBench(old);
    bench.exchange(old, [loader()]);
    const session = await bench.connected({ selection: parseDeviceIds('1209:7d00') });
    expect(session.interface.idProduct).toBe(0x7d02);
  });

  test('by dfu-util’s rule, one of another vendor is taken with a word', async () => {
    const bench = new ConnectBench(loader({ descriptor: { idVendor: 0xdead, idProduct: 0xbeef } }));
    await bench.connected({ selection: parseDeviceIds('1209:7d02,*:*') });
    expect(bench.notes).toEqual([
      '1209:7d02 is for run-time mode alone; dead:beef is in DFU mode and is taken',
    ]);
  });

  test('departure dfu-util/ids-of-strangers: of several that nobody named, none is taken', async () => {
    const two = { ...dfuWords, alternates: [{ name: 'a', functional: willDetach }, { name: 'b' }] };
    const bench = new ConnectBench(loader({ standard: dfuStandard(two) }));
    expect(
      await ending(bench.connected({ selection: parseDeviceIds('1234:5678,*:*') })),
    ).toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(
        /^No device 1234:5678 is there, and another is in DFU mode, with several DFU interfaces\.\n/,
      ) as string,
    });
  });
});

/** One more DFU interface, number 3, with an alternate 0 of its own. */
function twice(bytes: Uint8Array): Uint8Array {
  const second = fromHex('0904030000fe01020a');
  const whole = Uint8Array.of(...bytes, ...second);
  whole[2] = whole.length;
  whole[4] = 2;
  return whole;
}

test('departure dfu-util/interface-by-number: it tells two with an alternate 0 each apart', async () => {
  const bench = new ConnectBench(loader({ standard: dfuStandard({ ...dfuWords, spoil: twice }) }));
  expect(await ending(bench.connected({ selection: { alternate: 0 } }))).toMatchObject({
    code: 'AMBIGUOUS',
    message: expect.stringMatching(/say which interface\.[^]*intf=0[^]*intf=3/) as string,
    remedies: ['interface'],
  });
  const second = new ConnectBench(loader({ standard: dfuStandard({ ...dfuWords, spoil: twice }) }));
  const session = await second.connected({ selection: { interfaceNumber: 3 } });
  expect(session.interface.interfaceNumber).toBe(3);
});

/** Standard requests answered only as that device answers them. */
function looked(
  answers: (request: ControlRequest, length: number) => Answer | undefined,
  { late = 0, words = dfuWords }: { late?: number; words?: StandardWords } = {},
): Promise<Scan & { readonly ms: number }> {
  const clock = new VirtualClock();
  const honest = dfuStandard(words);
  const work = async (): Promise<Scan> => {
    const found = new ScriptedBusDevice({
      clock,
      lateMs: late,
      standard: (request, length) => answers(request, length) ?? honest(request),
    });
    return scan(new ScriptedBus(found), { clock });
  };
  return onClock(clock, work()).then((found) => ({ ...found, ms: clock.now() }));
}

const isString = ({ wValue }: ControlRequest): boolean => wValue >> 8 === DescriptorType.string;

describe('descriptors that do not come as others’ do', () => {
  const whole: Partial<DfuInterface> = { serial: 'ABC', name: 'flash' };

  test.each([500, 800, 4900])('each of them %i ms late', async (late) => {
    expect((await looked(() => undefined, { late })).entries).toMatchObject([whole]);
  });

  test('strings that are refused in 255 bytes and given in 64', async () => {
    const { entries } = await looked((request, length) =>
      isString(request) && length > 64 ? 'stall' : undefined,
    );
    expect(entries).toMatchObject([whole]);
  });

  test('strings that are never given in 255 bytes', async () => {
    const { entries, ms } = await looked((request, length) =>
      isString(request) && length > 64 ? 'silent' : undefined,
    );
    expect(entries).toMatchObject([whole]);
    expect(ms).toBe(5000);
  });

  test('a NUL within a name, and behind a serial number', async () => {
    const { entries } = await looked((request) => {
      if (!isString(request) || (request.wValue & 0xff) === 0) return undefined;
      return encodeString((request.wValue & 0xff) === 3 ? 'ABC\0' : 'flash\0rest');
    });
    expect(entries).toMatchObject([whole]);
  });

  test('a configuration that stalls once (embassy-rs/embassy#6791)', async () => {
    let asked = 0;
    const { entries } = await looked(({ wValue }) => {
      if (wValue >> 8 !== DescriptorType.configuration) return undefined;
      return (asked += 1) === 1 ? 'stall' : undefined;
    });
    expect(entries).toMatchObject([whole]);
  });

  test('a configuration that is empty at first, or another descriptor', async () => {
    for (const first of [new Uint8Array(0), Uint8Array.of(9, 1, 0, 0, 0, 0, 0, 0, 0)]) {
      let asked = 0;
      const { entries } = await looked(({ wValue }) => {
        if (wValue >> 8 !== DescriptorType.configuration) return undefined;
        return (asked += 1) === 1 ? first : undefined;
      });
      expect(entries).toMatchObject([whole]);
    }
  });
});

describe('a device that says too much', () => {
  /** So many DFU alternates, and behind them so many descriptors that nobody needs. */
  function flood(settings: number, rubbish: Uint8Array, times: number): Uint8Array {
    const bytes = new Uint8Array(9 + settings * 9 + times * rubbish.length);
    bytes.set([9, 2, bytes.length & 0xff, bytes.length >> 8, 1, 1, 0, 0x80, 50]);
    for (let at = 0; at < settings; at += 1) {
      bytes.set([9, 4, at >> 8, at & 0xff, 0, 0xfe, 1, 2, 10], 9 + at * 9);
    }
    for (let at = 0; at < times; at += 1) {
      bytes.set(rubbish, 9 + settings * 9 + at * rubbish.length);
    }
    return bytes;
  }

  test.each([
    ['functional descriptors of two bytes', 300, '0221', 16_000, /the first 256 are taken/],
    ['endpoints of two bytes', 300, '0205', 16_000, /and 15992 more|and 15993 more/],
    ['alternates', 7000, '0224', 100, /7000 DFU settings: the first 256 are taken/],
    ['descriptors of two bytes', 1, '0230', 32_000, /no DFU functional descriptor/],
  ])(
    '%s: a few notes, 256 alternates, and no time',
    async (_, ...[settings, rubbish, times, told]) => {
      const bytes = flood(settings, fromHex(rubbish), times);
      const before = performance.now();
      const { entries } = await looked(({ wValue }) =>
        wValue >> 8 === DescriptorType.configuration ? bytes : undefined,
      );
      expect(performance.now() - before).toBeLessThan(8000);
      expect(entries.length).toBe(Math.min(settings, 256));
      for (const { notes } of entries) expect(notes.length).toBeLessThan(24);
      expect(entries[0]?.notes.join('\n')).toMatch(told);
    },
  );
});

describe('devices that say nothing', () => {
  const silent = (id: number, clock: VirtualClock): ScriptedBusDevice =>
    new ScriptedBusDevice({ id: `silent-${id}`, path: `2-${id}`, clock, standard: () => 'silent' });

  test('a bus full of them is looked through within a minute', async () => {
    const clock = new VirtualClock();
    const bus = new ScriptedBus(...Array.from({ length: 500 }, (_, id) => silent(id, clock)));
    const { problems } = await onClock(clock, scan(bus, { clock }));
    expect(problems).toHaveLength(500);
    const messages = problems.map(({ message }) => message).join('\n');
    expect(messages).toMatch(/the other devices took all the time/);
    expect(clock.now()).toBeLessThanOrEqual(60_000);
  });

  test('none of them hides a device that matches, nor makes it wait', async () => {
    const clock = new VirtualClock();
    const others = Array.from({ length: 20 }, (_, id) => silent(id, clock));
    const bus = new ScriptedBus(...others, loader({ path: '1-1' }));
    const selection = { path: '1-1' };
    const { entries } = await onClock(clock, scanElseAll(bus, { clock, selection }));
    expect(entries).toHaveLength(1);
    expect(clock.now()).toBe(0);
  });

  test('twenty that come while one is waited for do not hide it', async () => {
    const old = application();
    const bench = new ConnectBench(old);
    const others = Array.from({ length: 20 }, (_, id) => silent(id, bench.clock));
    bench.exchange(old, [...others, loader()]);
    expect((await bench.connected()).interface.deviceId).toBe('dfu');
    expect(bench.clock.now()).toBe(100);
  });

  test('nor keep anybody beyond the time that is granted', async () => {
    const old = application();
    const bench = new ConnectBench(old);
    bench.exchange(
      old,
      Array.from({ length: 20 }, (_, id) => silent(id, bench.clock)),
    );
    expect(await ending(bench.connected({ returnMs: 3000 }))).toMatchObject({ code: 'TIMEOUT' });
    expect(bench.clock.now()).toBe(3000);
    expect(bench.bus.listeners).toBe(0);
  });
});
