import { describe, expect, test } from 'vitest';
import { ConnectBench, runtimeWords } from '../../test/support/connect-bench.ts';
import {
  ScriptedBusDevice,
  dfuStandard,
  onClock,
  status,
} from '../../test/support/scripted-pipe.ts';
import type { Line } from '../../test/support/scripted-pipe.ts';
import { DfuError } from '../bytes/index.ts';
import { connect, parseDeviceIds } from './index.ts';
import type { ConnectOptions, DfuSession, HostEvent } from './index.ts';

/* Who is who behind DFU_DETACH where paths say nothing, and when a person is asked. */

const detached: Line[] = [
  ['GETSTATUS', 'stall'],
  ['DETACH 255', 'ok'],
];

let count = 0;

interface Words {
  readonly id: string;
  readonly serial?: string | undefined;
  readonly product?: number;
  readonly vendor?: number;
  readonly script?: readonly Line[];
}

/** A device of its own attachment: its path is like no other. */
function device({ id, serial, product, vendor = 0x1209, script }: Words, protocol: 1 | 2) {
  count += 1;
  const idProduct = product ?? (protocol === 1 ? 0x7d00 : 0x7d02);
  const iSerialNumber = serial === undefined ? 0 : 3;
  return new ScriptedBusDevice({
    id,
    path: `web-${count}`,
    standard: dfuStandard({ ...runtimeWords, protocol, serial: serial ?? '' }),
    descriptor: { idProduct, idVendor: vendor, iSerialNumber },
    ...(script === undefined ? {} : { script }),
  });
}

const application = (words: Words): ScriptedBusDevice => device({ script: detached, ...words }, 1);
const loader = (words: Words): ScriptedBusDevice => device(words, 2);

/** A bus as a browser's is. */
class WebBench extends ConnectBench {
  constructor(...devices: readonly ScriptedBusDevice[]) {
    super(...devices);
    Object.assign(this.bus, { request: () => Promise.resolve(undefined) });
  }

  comes(ms: number, ...devices: readonly ScriptedBusDevice[]): void {
    this.clock.at(ms, () => {
      for (const each of devices) this.bus.attach(each);
    });
  }

  goes(ms: number, ...devices: readonly ScriptedBusDevice[]): void {
    this.clock.at(ms, () => {
      for (const each of devices) {
        each.leave();
        this.bus.detach(each.id);
      }
    });
  }

  /** What comes of it: the id of what was found, else the code. */
  outcome(options: Partial<ConnectOptions> = {}): Promise<string> {
    return this.connected(options).then(idOf, codeOf);
  }

  get asked(): readonly Extract<HostEvent, { type: 'permission' }>[] {
    return this.events.flatMap((event) => (event.type === 'permission' ? [event] : []));
  }
}

const idOf = (session: DfuSession): string => session.interface.deviceId;
const codeOf = (error: unknown): string => (error as { readonly code: string }).code;
const ORDER = /by the order of arrival/;

describe('one device that comes back', () => {
  test('with its serial number is it, at once, and nothing is said', async () => {
    const app = application({ id: 'app', serial: 'A' });
    const bench = new WebBench(app);
    bench.exchange(app, [loader({ id: 'loader', serial: 'A' })]);
    expect(await bench.outcome()).toBe('loader');
    expect([bench.clock.now(), bench.notes, bench.asked]).toEqual([100, [], []]);
  });

  test.each([
    ['without a serial number', undefined, undefined],
    ['with another serial number', 'A', 'B'],
    ['with a serial number that it did not have', undefined, 'B'],
  ])('%s is it a second later, if no other comes, and a note says so', async (_, ...serials) => {
    const app = application({ id: 'app', serial: serials[0] });
    const bench = new WebBench(app, loader({ id: 'before', serial: 'C', product: 0x7d09 }));
    bench.exchange(app, [loader({ id: 'loader', serial: serials[1] })]);
    const selection = parseDeviceIds('1209:7d00,1209:7d02');
    expect(await bench.outcome({ selection })).toBe('loader');
    expect(bench.clock.now()).toBe(1100);
    expect(bench.notes).toEqual([expect.stringMatching(ORDER)]);
    expect(bench.asked).toEqual([]);
  });

  test('is not what came before it had left', async () => {
    const app = application({ id: 'app' });
    const bench = new WebBench(app);
    bench.comes(10, loader({ id: 'early' }));
    bench.exchange(app, [loader({ id: 'loader' })], [20, 100]);
    expect(await bench.outcome()).toBe('loader');
  });

  test('is not what has other ids than are said', async () => {
    const app = application({ id: 'app' });
    const bench = new WebBench(app);
    bench.exchange(app, [loader({ id: 'other', product: 0x7d03 }), loader({ id: 'loader' })]);
    const selection = parseDeviceIds('1209:7d00,1209:7d02');
    expect(await bench.outcome({ selection })).toBe('loader');
  });

  test('with the same description is asked whether it is in DFU mode', async () => {
    const app = application({ id: 'app', serial: 'A' });
    const bench = new WebBench(app);
    const script: Line[] = [['GETSTATUS', status('dfuIDLE')]];
    bench.exchange(app, [application({ id: 'same', serial: 'A', script })]);
    expect(await bench.outcome()).toBe('same');
  });
});

describe('several that come', () => {
  test('are refused where nothing tells them apart', async () => {
    const app = application({ id: 'app', serial: 'A' });
    const bench = new WebBench(app);
    bench.exchange(app, [loader({ id: 'one' }), loader({ id: 'two', serial: 'B' })]);
    await expect(bench.connected()).rejects.toMatchObject({
      code: 'AMBIGUOUS',
      message: expect.stringMatching(
        /flash one after the other\.\n {2}\[1209:7d02\] serial=/,
      ) as string,
    });
  });

  test('are no matter where one has the serial number', async () => {
    const app = application({ id: 'app', serial: 'A' });
    const bench = new WebBench(app);
    bench.exchange(app, [loader({ id: 'one' }), loader({ id: 'two', serial: 'A' })]);
    expect(await bench.outcome()).toBe('two');
  });

  test('are no matter if all but one leave again', async () => {
    const app = application({ id: 'app' });
    const bench = new WebBench(app);
    const brief = loader({ id: 'brief' });
    bench.exchange(app, [brief, loader({ id: 'loader' })]);
    bench.goes(500, brief);
    expect(await bench.outcome()).toBe('loader');
  });

  test('nor is one taken if another device has left besides', async () => {
    const app = application({ id: 'app' });
    const other = application({ id: 'other', serial: 'B' });
    const bench = new WebBench(app, other);
    bench.goes(15, other);
    bench.exchange(app, [loader({ id: 'loader' })]);
    const selection = { path: app.location.path };
    expect(await bench.outcome({ selection })).toBe('AMBIGUOUS');
    expect(bench.clock.now()).toBeLessThan(12_000);
  });
});

describe('two that are asked away at once', () => {
  /** What each search comes to. */
  async function both(
    serials: readonly (readonly [string | undefined, string | undefined])[],
    backMs: readonly number[],
  ): Promise<readonly string[]> {
    const old = serials.map(([serial], at) => application({ id: `app-${at + 1}`, serial }));
    const bench = new WebBench(...old);
    for (const [at, each] of old.entries()) {
      const back = loader({ id: `loader-${at + 1}`, serial: serials[at]?.[1] });
      bench.exchange(each, [back], [20, backMs[at] ?? 0]);
    }
    const { clock, bus } = bench;
    const work = old.map(({ location }) =>
      connect(bus, { clock, selection: { path: location.path } }).then(idOf, codeOf),
    );
    return onClock(clock, Promise.all(work));
  }

  test.each([[[100, 100]], [[100, 3000]], [[3000, 100]]])(
    'find their own by serial number, back after %j ms',
    async (backMs) => {
      const found = await both(
        [
          ['A', 'A'],
          ['B', 'B'],
        ],
        backMs,
      );
      expect(found).toEqual(['loader-1', 'loader-2']);
    },
  );

  test('of which one alone has a serial number, both do', async () => {
    const found = await both(
      [
        ['A', 'A'],
        [undefined, undefined],
      ],
      [3000, 100],
    );
    expect(found).toEqual(['loader-1', 'loader-2']);
  });

  test.each([[[100, 100]], [[100, 3000]], [[100, 60_000]]])(
    'without serial numbers are refused, back after %j ms',
    async (backMs) => {
      const found = await both(
        [
          [undefined, undefined],
          [undefined, undefined],
        ],
        backMs,
      );
      expect(found).toEqual(['AMBIGUOUS', 'AMBIGUOUS']);
    },
  );

  test('with the same serial number are refused, too', async () => {
    const found = await both(
      [
        ['A', 'A'],
        ['A', 'A'],
      ],
      [100, 100],
    );
    expect(found).toEqual(['AMBIGUOUS', 'AMBIGUOUS']);
  });
});

describe('a person is asked', () => {
  test('once nothing has come two seconds after it left, and time stands still', async () => {
    const app = application({ id: 'app', serial: 'A' });
    const bench = new WebBench(app);
    bench.goes(20, app);
    bench.comes(200_000, loader({ id: 'loader', serial: 'A' }));
    let askedMs = 0;
    bench.clock.at(2030, () => {
      askedMs = bench.asked.length;
    });
    expect(await bench.outcome()).toBe('loader');
    expect(askedMs).toBe(1);
    expect(bench.asked).toEqual([
      {
        type: 'permission',
        interface: expect.objectContaining({ mode: 'runtime' }) as object,
        filters: [
          { classCode: 0xfe, subclassCode: 1, protocolCode: 2 },
          { vendorId: 0x1209, classCode: 0xfe, subclassCode: 1 },
        ],
        why: expect.stringMatching(/point at it once more/) as string,
      },
    ]);
  });

  test.each([
    [parseDeviceIds('1209:7d00,1209:7d02'), [{ vendorId: 0x1209, productId: 0x7d02 }]],
    [parseDeviceIds('1209:7d00,1209:*'), [{ vendorId: 0x1209, classCode: 0xfe, subclassCode: 1 }]],
    [
      { ...parseDeviceIds('*:*,0483:df11'), dfuSerial: 'X' },
      [{ vendorId: 0x0483, productId: 0xdf11, serialNumber: 'X' }],
    ],
  ])('for what %j says that it is there', async (selection, filters) => {
    const app = application({ id: 'app' });
    const bench = new WebBench(app);
    bench.goes(20, app);
    expect(await bench.outcome({ selection })).toBe('TIMEOUT');
    expect(bench.asked.map((each) => each.filters)).toEqual([filters]);
  });

  test('again and again by the page, until what fits comes', async () => {
    const app = application({ id: 'app' });
    const bench = new WebBench(app);
    bench.goes(20, app);
    bench.comes(30_000, application({ id: 'wrong' }));
    bench.comes(60_000, loader({ id: 'loader' }));
    expect(await bench.outcome()).toBe('loader');
    expect(bench.asked).toHaveLength(1);
    expect(bench.notes).toEqual([expect.stringMatching(ORDER)]);
  });

  test('for five minutes', async () => {
    const app = application({ id: 'app' });
    const bench = new WebBench(app);
    bench.goes(20, app);
    await expect(bench.connected()).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringMatching(/nobody has pointed at it within 300000 ms/) as string,
    });
    expect(bench.clock.now()).toBe(302_020);
  });

  test('when the time is over, at the latest', async () => {
    const app = application({ id: 'app' });
    const bench = new WebBench(app);
    bench.goes(20, app);
    bench.comes(5000, loader({ id: 'loader' }));
    expect(await bench.outcome({ returnMs: 500 })).toBe('loader');
    expect(bench.asked).toHaveLength(1);
  });

  test('until it is cancelled', async () => {
    const app = application({ id: 'app' });
    const bench = new WebBench(app);
    bench.goes(20, app);
    const stop = new AbortController();
    bench.clock.at(10_000, () => stop.abort());
    expect(await bench.outcome({ signal: stop.signal })).toBe('ABORTED');
    expect(bench.bus.listeners).toBe(0);
    expect(bench.clock.nextMs).toBe(Infinity);
  });
});

describe('nobody is asked', () => {
  test('while it has not left', async () => {
    const bench = new WebBench(application({ id: 'app' }));
    expect(await bench.outcome()).toBe('TIMEOUT');
    expect([bench.asked, bench.clock.now()]).toEqual([[], 30_000]);
  });

  test('while one that has come does not answer yet', async () => {
    const app = application({ id: 'app', serial: 'A' });
    const bench = new WebBench(app);
    const late = loader({ id: 'loader', serial: 'A' });
    const open = late.open.bind(late);
    let tries = 0;
    late.open = () => {
      tries += 1;
      if (bench.clock.now() > 1900) return open();
      return Promise.reject(new DfuError('ACCESS', 'not yet'));
    };
    bench.exchange(app, [late], [20, 100]);
    expect(await bench.outcome()).toBe('loader');
    expect(tries).toBeGreaterThan(2);
    expect(bench.asked).toEqual([]);
  });

  test('where nobody listens', async () => {
    const app = application({ id: 'app' });
    const bench = new WebBench(app);
    bench.goes(20, app);
    const { clock, bus } = bench;
    await expect(onClock(clock, connect(bus, { clock }))).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    expect(clock.now()).toBe(30_000);
  });
});
