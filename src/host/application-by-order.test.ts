import { describe, expect, test } from 'vitest';
import { runtimeWords } from '../../test/support/connect-bench.ts';
import { end, idle, taken } from '../../test/support/host-bench.ts';
import {
  ScriptedBus,
  ScriptedBusDevice,
  dfuStandard,
  onClock,
  status,
} from '../../test/support/scripted-pipe.ts';
import type { DeviceWords, Line } from '../../test/support/scripted-pipe.ts';
import { DfuError, fromHex } from '../bytes/index.ts';
import { VirtualClock } from '../usb/index.ts';
import { sendPlan, sendTo } from './index.ts';
import type { HostEvent, SendEnding, SendToOptions } from './index.ts';

/* What has become of a device behind a download, on a bus where a path is new with each attachment. */

/** Blocks of four bytes, bitManifestationTolerant 0. */
const functional = fromHex('09210bff0004001001');
const six = Uint8Array.of(1, 2, 3, 4, 5, 6);

const script: readonly Line[] = [
  idle,
  ['DNLOAD 0 4', 'ok'],
  taken,
  ['DNLOAD 1 2', 'ok'],
  taken,
  end,
  ['GETSTATUS', status('dfuMANIFEST-SYNC')],
  ['GETSTATUS', 'gone'],
];

let count = 0;
const place = (): string => `web-${(count += 1)}`;

function loader(serial: string | undefined, more: DeviceWords = {}): ScriptedBusDevice {
  const words = { protocol: 2, serial: serial ?? '', alternates: [{ functional }] } as const;
  return new ScriptedBusDevice({
    id: `loader-${count}`,
    path: place(),
    standard: dfuStandard(words),
    descriptor: { iSerialNumber: serial === undefined ? 0 : 3 },
    ...more,
  });
}

function application(serial: string | undefined, more: DeviceWords = {}): ScriptedBusDevice {
  const iSerialNumber = serial === undefined ? 0 : 3;
  return new ScriptedBusDevice({
    id: `application-${count}`,
    path: place(),
    descriptor: { idProduct: 0x7d00, bcdDevice: 0x0102, iSerialNumber },
    standard: dfuStandard({ ...runtimeWords, serial: serial ?? '' }),
    ...more,
  });
}

type Comes = readonly (readonly [ms: number, device: ScriptedBusDevice])[];

/** A bus as a browser's is. */
class Page {
  readonly clock = new VirtualClock();
  readonly bus = new ScriptedBus();
  readonly notes: string[] = [];

  constructor() {
    Object.assign(this.bus, { request: () => Promise.resolve(undefined) });
  }

  /** Sends; what comes in the middle, and behind the departure, in ms from then on. */
  sent(
    own: ScriptedBusDevice,
    comes: Comes,
    options: Partial<SendToOptions> = {},
  ): Promise<SendEnding> {
    this.bus.attach(own);
    const exchange = async (): Promise<void> => {
      await own.gone;
      this.bus.detach(own.id);
      for (const [ms, each] of comes) {
        this.clock.at(this.clock.now() + ms, () => this.bus.attach(each));
      }
    };
    void exchange();
    const onEvent = (event: HostEvent): void => {
      if (event.type === 'note') this.notes.push(event.message);
    };
    const { clock, bus } = this;
    const selection = { path: own.location.path };
    const terms = { clock, onEvent, selection, waitAppMs: 10_000, ...options };
    return onClock(clock, sendTo(bus, sendPlan(six), terms));
  }
}

const ORDER = /^what has come is taken for the device by the order of arrival/;

describe('the application', () => {
  test('is known by its serial number, and nothing is said', async () => {
    const page = new Page();
    const ending = await page.sent(loader('A', { script }), [[200, application('A')]]);
    expect(ending).toMatchObject({ outcome: 'written', application: { serial: 'A' } });
    expect(page.notes).toEqual([]);
    expect(page.bus.listeners).toBe(0);
  });

  test.each([
    [undefined, undefined],
    [undefined, 'B'],
    ['A', undefined],
    ['A', 'B'],
  ])('of a loader with number %s, with number %s, is all that has come', async (was, is) => {
    const page = new Page();
    page.bus.attach(application('C'));
    const ending = await page.sent(loader(was, { script }), [[200, application(is)]]);
    expect(ending).toMatchObject({ outcome: 'written', application: { serial: is } });
    expect(page.notes).toEqual([expect.stringMatching(ORDER)]);
  });

  test('is none of several', async () => {
    const page = new Page();
    const comes: Comes = [
      [200, application(undefined)],
      [300, application(undefined)],
    ];
    const ending = await page.sent(loader(undefined, { script }), comes);
    expect(ending).toMatchObject({ outcome: 'unconfirmed', application: undefined });
    expect(page.notes.at(-1)).toMatch(/2 devices have come, and nothing says which/);
  });

  test('is the one of several with the serial number', async () => {
    const comes: Comes = [
      [200, application(undefined)],
      [300, application('A')],
    ];
    const ending = await new Page().sent(loader('A', { script }), comes);
    expect(ending).toMatchObject({ outcome: 'written', application: { serial: 'A' } });
  });

  test('is not one with another number than is expected', async () => {
    const page = new Page();
    const ending = await page.sent(loader(undefined, { script }), [[200, application('B')]], {
      expectSerial: 'A',
    });
    expect(ending).toMatchObject({ outcome: 'unconfirmed', application: undefined });
  });

  test('that the page is not shown is not confirmed, and a note says why', async () => {
    const page = new Page();
    const ending = await page.sent(loader(undefined, { script }), []);
    expect(ending).toMatchObject({ outcome: 'unconfirmed', application: undefined });
    expect(page.notes.at(-1)).toMatch(/not come back, or is not shown.*without a serial number/u);
  });

  test('that nobody may open is known by the order, too', async () => {
    const refuses = (): never => {
      throw new DfuError('ACCESS', 'no permission');
    };
    const held = application('A', { open: refuses });
    const ending = await new Page().sent(loader(undefined, { script }), [[200, held]]);
    expect(ending).toMatchObject({ outcome: 'written', application: { idProduct: 0x7d00 } });
  });
});

describe('what came while it was sent', () => {
  test('is not the application', async () => {
    const page = new Page();
    const early = application(undefined);
    const onEvent = ({ type }: HostEvent): void => {
      if (type === 'manifesting') page.bus.attach(early);
    };
    const ending = await page.sent(loader(undefined, { script }), [], { onEvent });
    expect(page.bus.devices).toEqual([early]);
    expect(ending).toMatchObject({ outcome: 'unconfirmed', application: undefined });
  });
});

describe('a version that is seen', () => {
  /** It says that it stays on the bus behind a download, and does not. */
  const alternates = [{ functional: fromHex('09210fff0004001001') }];
  const unsure: DeviceWords = {
    script,
    standard: dfuStandard({ protocol: 2, serial: 'A', alternates }),
  };

  test.each([
    ['A', 'written'],
    [undefined, 'unconfirmed'],
  ])('with serial number %s leaves a doubtful ending %s', async (serial, outcome) => {
    const page = new Page();
    const ending = await page.sent(loader('A', unsure), [[200, application(serial)]], {
      expectVersion: '0102',
    });
    expect(ending).toMatchObject({ outcome, application: { bcdDevice: 0x0102 } });
  });
});

describe('a loader that comes back', () => {
  test('with its serial number has not started anything', async () => {
    const page = new Page();
    const ending = await page.sent(loader('A', { script }), [[200, loader('A')]], {
      waitAppMs: undefined,
    });
    expect(ending.outcome).toBe('unconfirmed');
    expect(page.notes.at(-1)).toBe('the device has gone, and is there in DFU mode');
  });

  test('with another is another', async () => {
    const page = new Page();
    const ending = await page.sent(loader('A', { script }), [[200, loader('B')]], {
      waitAppMs: undefined,
    });
    expect(ending.outcome).toBe('written');
  });

  test('beside which there is another of its kind is not mistaken for that', async () => {
    const page = new Page();
    page.bus.attach(loader(undefined));
    const ending = await page.sent(loader(undefined, { script }), [], { waitAppMs: undefined });
    expect(ending.outcome).toBe('written');
  });
});
