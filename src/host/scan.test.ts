import { describe, expect, test } from 'vitest';
import { DfuError, fromHex } from '../bytes/index.ts';
import { VirtualClock } from '../usb/index.ts';
import {
  ScriptedBus,
  ScriptedBusDevice,
  dfuStandard,
  onClock,
} from '../../test/support/scripted-pipe.ts';
import type { DeviceWords, StandardWords } from '../../test/support/scripted-pipe.ts';
import { parseDeviceIds, scan } from './index.ts';
import type { DfuInterface, Scan, ScanOptions } from './index.ts';

/** CanDnload, WillDetach, 255 ms, 64 bytes, DFU 1.1: RIOT's. */
const functional = fromHex('092109ff0040001001');

async function scanOne(
  words: StandardWords,
  more: DeviceWords = {},
): Promise<readonly DfuInterface[]> {
  const device = new ScriptedBusDevice({ standard: dfuStandard(words), ...more });
  return (await scanAll([device])).entries;
}

function scanAll(
  devices: readonly ScriptedBusDevice[],
  more?: Partial<ScanOptions>,
): Promise<Scan> {
  const clock = new VirtualClock();
  return onClock(clock, scan(new ScriptedBus(...devices), { clock, ...more }));
}

const slots = [{ name: 'Slot 0', functional }, { name: 'Slot 1' }];

describe('finding', () => {
  test('lists alternates in order, with names, serial and the one functional descriptor', async () => {
    const entries = await scanOne({ protocol: 2, serial: 'ABC', alternates: slots });
    expect(entries).toMatchObject([
      { mode: 'dfu', alternate: 0, alternates: 2, name: 'Slot 0', serial: 'ABC', notes: [] },
      { mode: 'dfu', alternate: 1, alternates: 2, name: 'Slot 1', serial: 'ABC', notes: [] },
    ]);
    expect(entries[1]?.functional).toMatchObject({
      wTransferSize: 64,
      bmAttributes: { canDnload: true, canUpload: false, willDetach: true },
    });
  });

  test('tells run-time by its protocol', async () => {
    const [entry] = await scanOne({ protocol: 1, alternates: [{ functional }] });
    expect(entry).toMatchObject({ mode: 'runtime', name: 'UNKNOWN', serial: 'UNKNOWN' });
  });

  test('closes what it opened', async () => {
    const standard = dfuStandard({ protocol: 2, alternates: slots });
    const device = new ScriptedBusDevice({ standard });
    await scanAll([device]);
    expect(device.log).toEqual(['open', 'close']);
  });

  test('does not open what cannot be meant, nor hubs', async () => {
    const standard = dfuStandard({ protocol: 2, alternates: slots });
    const meant = new ScriptedBusDevice({ standard, id: 'a' });
    const strange = new ScriptedBusDevice({ standard, id: 'b', descriptor: { idVendor: 1 } });
    const hub = new ScriptedBusDevice({ standard, id: 'c', descriptor: { bDeviceClass: 9 } });
    const selection = parseDeviceIds('1209:7d00,1209:7d02');
    const { entries } = await scanAll([strange, hub, meant], { selection });
    expect(entries.map(({ deviceId }) => deviceId)).toEqual(['a', 'a']);
    expect([strange.log, hub.log]).toEqual([[], []]);
  });

  test('orders by port as people count', async () => {
    const standard = dfuStandard({ protocol: 2, alternates: [{ functional }] });
    const devices = ['1-10', '1-2', '1-2.1'].map(
      (path) => new ScriptedBusDevice({ standard, path, id: path }),
    );
    const { entries } = await scanAll(devices);
    expect(entries.map(({ location }) => location.path)).toEqual(['1-2', '1-2.1', '1-10']);
  });

  test('goes on past a device that may not be opened, and says so', async () => {
    const standard = dfuStandard({ protocol: 2, alternates: slots });
    const closed = new ScriptedBusDevice({
      id: 'x',
      open: () => {
        throw new DfuError('ACCESS', 'no permission');
      },
    });
    const found = await scanAll([closed, new ScriptedBusDevice({ standard })]);
    expect(found.entries).toHaveLength(2);
    expect(found.problems).toMatchObject([
      { code: 'ACCESS', message: '[1209:7d02] at 1-4.2: no permission' },
    ]);
  });
});

describe('the functional descriptor', () => {
  const sized = (wTransferSize: number): Uint8Array =>
    Uint8Array.of(9, 0x21, 0x0b, 0xff, 0, wTransferSize & 0xff, wTransferSize >> 8, 0x10, 0x01);

  test.each([
    ['behind the last alternate', { alternates: [{}, { functional }] }],
    ['by a request of its own', { alternates: [{}, {}], functional }],
    [
      'in front of the interface',
      {
        alternates: [{}, {}],
        spoil: (bytes: Uint8Array): Uint8Array => {
          const whole = Uint8Array.of(...bytes.subarray(0, 9), ...functional, ...bytes.subarray(9));
          whole[2] = whole.length;
          return whole;
        },
      },
    ],
  ])('is found %s', async (_, words) => {
    const entries = await scanOne({ protocol: 2, ...words });
    expect(entries).toHaveLength(2);
    for (const entry of entries) {
      expect(entry).toMatchObject({ functionalFound: true, notes: [] });
      expect(entry.functional.wDetachTimeOut).toBe(255);
    }
  });

  test('of DFU 1.0 has seven bytes', async () => {
    const [entry] = await scanOne({
      protocol: 2,
      alternates: [{ functional: fromHex('072103e8034000') }],
    });
    expect(entry).toMatchObject({
      notes: [],
      functional: { bcdDFUVersion: 0x0100, wTransferSize: 64 },
    });
  });

  test('is made up where there is none, with a note', async () => {
    const [entry] = await scanOne({ protocol: 2, alternates: [{}] });
    expect(entry).toMatchObject({ functionalFound: false, functional: { wTransferSize: 64 } });
    expect(entry?.notes).toEqual([expect.stringContaining('no DFU functional descriptor')]);
  });

  test.each([
    [0, 64, 1],
    [0xffff, 4096, 1],
    [1, 1, 0],
    [0xfffe, 0xfffe, 0],
  ])('with wTransferSize %i means %i', async (said, meant, notes) => {
    const [entry] = await scanOne({ protocol: 2, alternates: [{ functional: sized(said) }] });
    expect(entry?.functional.wTransferSize).toBe(meant);
    expect(entry?.notes).toHaveLength(notes);
  });

  test('departure dfu-util/descriptor-of-its-own: each of two interfaces has another', async () => {
    const entries = await scanOne({
      protocol: 2,
      alternates: [{ functional: sized(64) }],
      spoil: (bytes) => {
        const second = Uint8Array.of(9, 4, 1, 0, 0, 0xfe, 1, 2, 0, ...sized(1024));
        const whole = Uint8Array.of(...bytes, ...second);
        return whole.with(2, whole.length).with(4, 2);
      },
    });
    expect(entries.map((entry) => entry.functional.wTransferSize)).toEqual([64, 1024]);
  });

  test('is not taken from an interface that is not DFU', async () => {
    // A HID descriptor has the type 0x21 too.
    const [entry] = await scanOne({
      protocol: 2,
      alternates: [{}],
      spoil: (bytes) => {
        const hid = fromHex('0904010000030000 00 092111010001223f00'.replaceAll(' ', ''));
        const whole = Uint8Array.of(...bytes, ...hid);
        whole[2] = whole.length;
        whole[4] = 2;
        return whole;
      },
    });
    expect(entry?.functionalFound).toBe(false);
  });
});

describe('descriptors that lie', () => {
  const honest: StandardWords = { protocol: 2, serial: 'ABC', alternates: slots };

  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['wTotalLength beyond what comes', (bytes) => bytes.with(2, 0xff).with(3, 0xff)],
    ['a trailing byte', (bytes) => Uint8Array.of(...bytes, 7).with(2, bytes.length + 1)],
    ['a trailing bLength 0', (bytes) => Uint8Array.of(...bytes, 0, 4).with(2, bytes.length + 2)],
    [
      'the interface twice',
      (bytes) => Uint8Array.of(...bytes, ...bytes.subarray(9, 18)).with(2, bytes.length + 9),
    ],
  ])('%s: survived, with a note', async (_, spoil) => {
    const entries = await scanOne({ ...honest, spoil });
    expect(entries).toHaveLength(2);
    expect(entries[0]?.notes).toHaveLength(1);
  });

  test('any byte of it: no more than a note, or a problem', async () => {
    const length = 9 + 9 + 9 + 9;
    for (let at = 0; at < length; at += 1) {
      for (const value of [0, 1, 2, 0x7f, 0xff]) {
        const standard = dfuStandard({ ...honest, spoil: (bytes) => bytes.with(at, value) });
        const { entries, problems } = await scanAll([new ScriptedBusDevice({ standard })]);
        expect(entries.length).toBeLessThanOrEqual(2);
        for (const problem of problems) expect(problem.code).toMatch(/MALFORMED|TRUNCATED/);
      }
    }
  });

  test('255 configurations that never come end with the time for one device', async () => {
    const clock = new VirtualClock();
    const device = new ScriptedBusDevice({
      descriptor: { bNumConfigurations: 255 },
      standard: () => {
        clock.advance(400);
        return 'stall';
      },
    });
    const found = await onClock(clock, scan(new ScriptedBus(device), { clock }));
    expect(found).toMatchObject({ entries: [], problems: [{ code: 'STALLED' }] });
    expect(clock.now()).toBeLessThanOrEqual(30_400);
  });

  test('a device that leaves in the middle is no problem', async () => {
    const found = await scanAll([new ScriptedBusDevice({ standard: () => 'gone' })]);
    expect(found).toMatchObject({ entries: [], problems: [] });
  });
});
