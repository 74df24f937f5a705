import { describe, expect, test } from 'vitest';
import { DfuError, fromHex } from '../bytes/index.ts';
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
import { VirtualClock, bcdOf } from '../usb/index.ts';
import { sendPlan, sendTo } from './index.ts';
import type { HostEvent, SendEnding, SendToOptions } from './index.ts';
import { namesVersion } from './version-text.ts';

/* What is at a device's place behind a download, on a bus that tells of devices and may not let them be opened. */

/** Blocks of four bytes, bitManifestationTolerant 0. */
const functional = fromHex('09210bff0004001001');
const loaderWords = { protocol: 2, serial: 'ABC', alternates: [{ functional }] } as const;
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

function loader(more: DeviceWords = {}): ScriptedBusDevice {
  return new ScriptedBusDevice({
    id: 'loader',
    standard: dfuStandard(loaderWords),
    ...more,
  });
}

function application(more: DeviceWords = {}): ScriptedBusDevice {
  return new ScriptedBusDevice({
    id: 'application',
    descriptor: { idProduct: 0x7d00, bcdDevice: 0x0102 },
    standard: dfuStandard(runtimeWords),
    ...more,
  });
}

const refuses = (): never => {
  throw new DfuError('ACCESS', 'no permission');
};

class Place {
  readonly clock = new VirtualClock();
  readonly bus = new ScriptedBus();
  readonly notes: string[] = [];
  /** Sends, and what comes at these times, in ms from the end of the data. */
  sent(
    comes: readonly (readonly [ms: number, device: ScriptedBusDevice])[],
    options: Partial<SendToOptions> = {},
  ): Promise<SendEnding> {
    const device = loader({ script });
    this.bus.attach(device);
    const exchange = async (): Promise<void> => {
      await device.gone;
      this.bus.detach('loader');
      for (const [ms, each] of comes) {
        this.clock.at(this.clock.now() + ms, () => this.#comes(each));
      }
    };
    void exchange();
    const onEvent = (event: HostEvent): void => {
      if (event.type === 'note') this.notes.push(event.message);
    };
    const { clock, bus } = this;
    const terms = { clock, onEvent, selection: { path: '1-4.2' }, waitAppMs: 10_000, ...options };
    return onClock(clock, sendTo(bus, sendPlan(six), terms));
  }

  #comes(next: ScriptedBusDevice): void {
    for (const { id, location } of this.bus.devices) {
      if (location.path === next.location.path) this.bus.detach(id);
    }
    this.bus.attach(next);
  }
}

describe('an application that nobody may open', () => {
  const closed = (): ScriptedBusDevice => application({ open: refuses });

  test('is known by its place, its ids and its release', async () => {
    const place = new Place();
    const ending = await place.sent([[200, closed()]]);
    expect(ending).toMatchObject({
      outcome: 'written',
      application: { idProduct: 0x7d00, bcdDevice: 0x0102, serial: undefined, product: undefined },
    });
    expect(place.bus.listeners).toBe(0);
  });

  test.each([
    ['1.02', 'written'],
    ['1.03', 'unconfirmed'],
  ])('expected to be %s: %s', async (expectVersion, outcome) => {
    expect(await new Place().sent([[200, closed()]], { expectVersion })).toMatchObject({ outcome });
  });

  test('gives no serial number: one that is expected is in doubt', async () => {
    const place = new Place();
    const ending = await place.sent([[200, closed()]], { expectSerial: 'ABC' });
    expect(ending.outcome).toBe('unconfirmed');
    expect(place.notes.at(-1)).toContain('no serial number that it gives, expected "ABC"');
  });

  test('is not what looks as the loader does: that may be the loader', async () => {
    const place = new Place();
    const ending = await place.sent([[200, loader({ id: 'again', open: refuses })]]);
    expect(ending).toMatchObject({ outcome: 'unconfirmed', application: undefined });
    expect(place.notes.at(-1)).toContain('with the ids that it has in DFU mode, and cannot be');
  });

  test('nor a loader of other ids whose permissions come a moment later', async () => {
    const place = new Place();
    let opened = 0;
    const open = (): void => {
      opened += 1;
      if (opened < 4) refuses();
    };
    const other = loader({ id: 'other', descriptor: { idProduct: 0x7d03 }, open });
    const ending = await place.sent([[200, other]]);
    expect(ending).toMatchObject({ outcome: 'unconfirmed', application: undefined });
    expect(place.notes.at(-1)).toContain('in DFU mode');
  });
});

describe('the application', () => {
  test('may come behind the loader, which starts anew in between', async () => {
    const comes = [
      [200, loader({ id: 'again' })],
      [1500, application()],
    ] as const;
    expect(await new Place().sent(comes, { expectVersion: '0102' })).toMatchObject({
      outcome: 'written',
      application: { serial: 'ABC' },
    });
  });

  test('may come at another port, and is known by its serial number', async () => {
    const ending = await new Place().sent([[200, application({ path: '1-9' })]]);
    expect(ending).toMatchObject({ outcome: 'written', application: { serial: 'ABC' } });
  });

  test('is no device that was there before, though its serial number is the same', async () => {
    const place = new Place();
    place.bus.attach(application({ id: 'twin', path: '1-9' }));
    const ending = await place.sent([]);
    expect(ending).toMatchObject({ outcome: 'unconfirmed', application: undefined });
    expect(place.notes.at(-1)).toContain('has not come back within 10000 ms');
  });

  test('is no loader that describes itself as in run-time mode', async () => {
    const place = new Place();
    const standard = dfuStandard({ ...loaderWords, protocol: 1 });
    const asks = Array.from({ length: 40 }, () => idle);
    const ending = await place.sent([[200, loader({ id: 'again', standard, script: asks })]]);
    expect(ending).toMatchObject({ outcome: 'unconfirmed', application: undefined });
    expect(place.notes.at(-1)).toContain('has come back in DFU mode');
  });

  test('nor one that a row of the caller says to be in DFU mode', async () => {
    const place = new Place();
    const standard = dfuStandard({ ...loaderWords, protocol: 1 });
    const again = loader({ id: 'again', descriptor: { idProduct: 0x7d05 }, standard });
    const quirks = [{ devices: '1209:7d05', mode: 'dfu' }] as const;
    const ending = await place.sent([[200, again]], { quirks });
    expect(ending).toMatchObject({ outcome: 'unconfirmed', application: undefined });
  });

  test('takes its time to describe itself: as much as others have', async () => {
    const place = new Place();
    const slow = application({ lateMs: 900, clock: place.clock });
    const ending = await place.sent([[200, slow]], { waitAppMs: 20_000 });
    expect(ending).toMatchObject({ outcome: 'written', application: { serial: 'ABC' } });
  });
});

describe('a version', () => {
  test.each([
    ['0102', 0x0102],
    ['0xBEEF', 0xbeef],
    ['1.02', 0x0102],
    ['12.34', 0x1234],
    ['1.2', undefined],
    ['1.2.3', undefined],
    ['v1.02', undefined],
  ])('%s is bcdDevice %s', (text, bcd) => {
    expect(bcdOf(text)).toBe(bcd);
  });

  test.each([
    ['Thing 1.2', '1.2', true],
    ['Thing v1.2-rc1', '1.2', true],
    ['1.2', '1.2', true],
    ['Thing 1.20', '1.2', false],
    ['Thing 1.2.1', '1.2', false],
    ['Thing 11.2', '1.2', false],
    ['Thing 0.1.2', '1.2', false],
    ['Thing 1.20, loader 1.2', '1.2', true],
    ['Thing 1.2.', '1.2', true],
    ['Thing, build abc', 'build abc', true],
  ])('in "%s" is %s: %s', (text, version, is) => {
    expect(namesVersion(text, version)).toBe(is);
  });
});
