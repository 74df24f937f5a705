import { describe, expect, test } from 'vitest';
import { ConnectBench, needsReset, willDetach } from '../../test/support/connect-bench.ts';
import {
  ScriptedBusDevice,
  dfuStandard,
  onClock,
  status,
} from '../../test/support/scripted-pipe.ts';
import type { Answer, DeviceWords, Line, StandardWords } from '../../test/support/scripted-pipe.ts';
import { encodeUtf8, fromHex } from '../bytes/index.ts';
import { DescriptorType } from '../usb/index.ts';
import type { ControlRequest, DeviceDescriptor } from '../usb/index.ts';
import {
  download,
  leave,
  memoryLayoutOf,
  parseQuirk,
  scan,
  sendPlan,
  sendTo,
  upload,
} from './index.ts';
import type { DfuInterface, DfuSession, QuirkRow } from './index.ts';

/*
 * The devices of the table, each as a virtual one. Each test runs twice: with the ids of the device, and with ids that
 * nobody knows, where what the row is for goes wrong.
 */

const unknown = { idVendor: 0x1209, idProduct: 0x7d02 };
const six = Uint8Array.of(1, 2, 3, 4, 5, 6);
const idle: Line = ['GETSTATUS', status('dfuIDLE')];
const taken: Line = ['GETSTATUS', status('dfuDNLOAD-IDLE')];

/** bmAttributes, wTransferSize 16, bcdDFUVersion. */
const functionalOf = (attributes: number, version: string): Uint8Array =>
  fromHex(`0921${attributes.toString(16).padStart(2, '0')}ff001000${version}`);
const dfu11 = functionalOf(0x07, '1001');
const dfuSe = functionalOf(0x0b, '1a01');

const words: StandardWords = {
  protocol: 2,
  serial: 'ABC',
  alternates: [{ name: 'flash', functional: dfu11 }],
};

function device(
  ids: Partial<DeviceDescriptor>,
  own: Partial<StandardWords>,
  more: DeviceWords = {},
): ScriptedBusDevice {
  const standard = dfuStandard({ ...words, ...own });
  return new ScriptedBusDevice({ id: 'dfu', descriptor: ids, standard, ...more });
}

async function connected(
  ids: Partial<DeviceDescriptor>,
  own: Partial<StandardWords>,
  more: DeviceWords & { readonly quirks?: readonly QuirkRow[] } = {},
): Promise<{ bench: ConnectBench; session: DfuSession; made: ScriptedBusDevice }> {
  const { quirks, ...rest } = more;
  const made = device(ids, own, rest);
  const bench = new ConnectBench(made);
  return { bench, made, session: await bench.connected({ quirks }) };
}

/** How work ended: its value, or its error. */
function ended(bench: ConnectBench, work: Promise<unknown>): Promise<unknown> {
  return onClock(bench.clock, work).catch((error: unknown) => error);
}

async function looked(
  ids: Partial<DeviceDescriptor>,
  own: Partial<StandardWords>,
  answers: (request: ControlRequest) => Answer | undefined = () => undefined,
): Promise<DfuInterface | undefined> {
  const honest = dfuStandard({ ...words, ...own });
  const standard = (request: ControlRequest): Answer => answers(request) ?? honest(request);
  const bench = new ConnectBench(device(ids, own, { standard }));
  const { entries } = await onClock(bench.clock, scan(bench.bus, { clock: bench.clock }));
  return entries[0];
}

describe.each([
  ['Openmoko', 0x1d50, 0x5119, 0x0100],
  ['OpenPCD', 0x16c0, 0x076b, 0x0100],
  ['SIMtrace', 0x16c0, 0x0762, 0x0100],
  ['OpenPICC', 0x16c0, 0x076c, 0x0100],
  ['Siemens PXM', 0x0908, 0x02c4, 0x0000],
  ['M-Audio Transit', 0x0763, 0x2806, 0x0100],
  ['a SunplusIT camera', 0x1bcf, 0x0b1d, 0x0100],
])('%s, whose bwPollTimeout is what stood in its memory', (_, idVendor, idProduct, bcdDevice) => {
  const script: Line[] = [
    idle,
    ['DNLOAD 0 6', 'ok'],
    ['GETSTATUS', status('dfuDNBUSY', { pollMs: 0x7f1234 })],
    taken,
    ['DNLOAD 1 0', 'ok'],
    idle,
  ];

  test('is asked every 5 ms', async () => {
    const { bench, session } = await connected({ idVendor, idProduct, bcdDevice }, {}, { script });
    expect(await ended(bench, download(session, six))).toMatchObject({ ending: 'manifested' });
    expect(bench.clock.now()).toBe(5);
  });

  test('else it is given up', async () => {
    const { bench, session } = await connected(unknown, {}, { script });
    const error = { code: 'TIMEOUT', remedies: ['poll-time', 'busy-limit'] };
    expect(await ended(bench, download(session, six))).toMatchObject(error);
  });

  test('unless its user knows', async () => {
    const quirks = [parseQuirk('1209:7d02:poll-time=7ms')];
    const { bench, session } = await connected(unknown, {}, { script, quirks });
    expect(await ended(bench, download(session, six))).toMatchObject({ ending: 'manifested' });
    expect(bench.clock.now()).toBe(7);
  });
});

test('LeafLabs Maple: says DfuSe and means DFU', async () => {
  const maple = { idVendor: 0x1eaf, idProduct: 0x0003, bcdDevice: 0x0200 };
  const own = { alternates: [{ functional: dfuSe }] };
  const script: Line[] = [idle, ['DNLOAD 0 6', 'ok'], taken, ['DNLOAD 1 0', 'ok'], idle];
  const { bench, session } = await connected(maple, own, { script });
  expect(await ended(bench, download(session, six))).toMatchObject({ ending: 'manifested' });
  const other = await connected(unknown, own, { script });
  expect(await ended(other.bench, download(other.session, six))).toMatchObject({
    code: 'UNSUPPORTED',
  });
});

describe('GigaDevice GD32VF103', () => {
  const gd32 = { idVendor: 0x28e9, idProduct: 0x0189 };
  const own = {
    alternates: [{ name: '@Internal Flash  /0x08000000/512*002Kg', functional: dfuSe }],
  };
  // Four letters of one byte each, where UTF-16 has two.
  const utf8 = ({ wValue }: ControlRequest): Answer | undefined =>
    wValue === DescriptorType.string * 256 + 3
      ? Uint8Array.of(6, 3, ...encodeUtf8('3CBJ'))
      : undefined;

  test('its serial number and its memory are as they are', async () => {
    const entry = await looked(gd32, own, utf8);
    expect(entry).toMatchObject({ mode: 'dfu', serial: '3CBJ' });
    expect(entry && memoryLayoutOf(entry)?.regions).toMatchObject([
      { address: 0x08000000, runs: [{ count: 128, sizeBytes: 1024 }] },
    ]);
  });

  test('else neither', async () => {
    const entry = await looked(unknown, own, utf8);
    expect(entry?.serial).toBe('䌳䩂');
    expect(entry && memoryLayoutOf(entry)?.regions[0]?.runs).toMatchObject([{ count: 512 }]);
  });

  test('a serial number that tells no size leaves the layout as it is', async () => {
    const entry = await looked(gd32, own);
    expect(entry && memoryLayoutOf(entry)?.regions[0]?.runs).toMatchObject([{ count: 512 }]);
  });
});

describe('in DFU mode, whatever bInterfaceProtocol says', () => {
  const protocol = (value: number, functional = dfu11): Partial<StandardWords> => ({
    alternates: [{ name: 'flash', functional }],
    spoil: (bytes) => bytes.with(9 + 7, value),
  });

  test.each([
    ['NXP LPC', { idVendor: 0x1fc9, idProduct: 0x000c }, protocol(1), 'dfu'],
    ['another of NXP', { idVendor: 0x1fc9, idProduct: 0x000d }, protocol(1), 'runtime'],
    ['DSO Nano', unknown, protocol(0, dfuSe), 'dfu'],
    ['plain DFU with protocol 0', unknown, protocol(0), 'runtime'],
    ['Jabra', { idVendor: 0x0b0e, idProduct: 0x0412 }, protocol(0), 'dfu'],
    ['Jabra in run-time', { idVendor: 0x0b0e, idProduct: 0x0412 }, protocol(1), 'runtime'],
  ])('%s', async (_, ids, own, mode) => {
    expect((await looked(ids, own))?.mode).toBe(mode);
  });
});

describe.each([
  ['a Jabra', 0x0b0e, 0x0421],
  ['a Sonix camera', 0x0c45, 0x636d],
  ['FlatFrog', 0x25b5, 0x0004],
])('%s counts as one that gives no uploads', (_, idVendor, idProduct) => {
  test('with its ids, not without', async () => {
    const script: Line[] = [idle, ['UPLOAD 0 16', six]];
    const { bench, session } = await connected({ idVendor, idProduct }, {}, { script });
    const work = (to: DfuSession): Promise<unknown> => upload(to, () => {});
    expect(await ended(bench, work(session))).toMatchObject({ code: 'UNSUPPORTED' });
    const other = await connected(unknown, {}, { script });
    expect(await ended(other.bench, work(other.session))).toMatchObject({ bytes: 6 });
  });
});

describe('m-stack: is read before it does anything else', () => {
  const ids = { idVendor: 0x273f, idProduct: 0x1003 };
  const read: Line[] = [
    ['UPLOAD 0 16', new Uint8Array(16)],
    ['GETSTATUS', status('dfuUPLOAD-IDLE')],
    ['ABORT', 'ok'],
    idle,
  ];
  const write: Line[] = [['DNLOAD 0 6', 'ok'], taken, ['DNLOAD 1 0', 'ok'], idle];

  test('before a block is written', async () => {
    const { bench, session, made } = await connected(
      ids,
      {},
      { script: [idle, ...read, ...write] },
    );
    expect(await ended(bench, download(session, six))).toMatchObject({ ending: 'manifested' });
    await ended(
      bench,
      leave(session).catch(() => undefined),
    );
    expect(made.rest).toEqual([]);
    const other = await connected(unknown, {}, { script: [idle, ...write] });
    expect(await ended(other.bench, download(other.session, six))).toMatchObject({ bytes: 6 });
  });

  test('before it is asked to leave, and not where it refuses', async () => {
    const script: Line[] = [...read, ['DETACH 1000', 'ok']];
    const { bench, session, made } = await connected(ids, {}, { script });
    expect(await ended(bench, leave(session))).toMatchObject({ accepted: true });
    expect(made.rest).toEqual([]);
    const refusing: Line[] = [['UPLOAD 0 16', 'stall'], idle, ['DETACH 1000', 'ok']];
    const second = await connected(ids, {}, { script: refusing });
    expect(await ended(second.bench, leave(second.session))).toMatchObject({ accepted: true });
  });
});

/** A device in run-time mode that answers nothing to DFU_GETSTATUS, and notes where DFU_DETACH goes. */
function camera(
  ids: Partial<DeviceDescriptor>,
  functional: Uint8Array,
): { old: ScriptedBusDevice; indexes: number[] } {
  const script: Line[] = [
    ['GETSTATUS', 'stall'],
    ['DETACH 255', 'ok'],
    ['GETSTATUS', 'stall'],
  ];
  const own = { protocol: 1, alternates: [{ name: 'application', functional }] } as const;
  const old = device(ids, own, { id: 'run-time', script });
  const indexes: number[] = [];
  const out = old.controlOut.bind(old);
  old.controlOut = (request, ...rest) => {
    indexes.push(request.wIndex);
    return out(request, ...rest);
  };
  return { old, indexes };
}

describe('Poly', () => {
  test.each([
    ['Studio USB', 0x9217, [0x100]],
    ['Studio P15', 0x9290, [0x100]],
    ['Eagle Eye Cube', 0x9212, [0]],
  ])('%s is asked out of run-time by its wIndex', async (_, idProduct, wanted) => {
    const { old, indexes } = camera({ idVendor: 0x095d, idProduct }, willDetach);
    const bench = new ConnectBench(old);
    bench.exchange(old, [device(unknown, {})]);
    await bench.connected();
    expect(indexes).toEqual(wanted);
  });

  test('or by the index of another interface, which is claimed for it', async () => {
    const { old, indexes } = camera(unknown, willDetach);
    const bench = new ConnectBench(old);
    bench.exchange(old, [device(unknown, {})]);
    await bench.connected({ quirks: [parseQuirk('1209:7d02:detach-index=3')] });
    expect(indexes).toEqual([3]);
    expect(old.log).toContain('claim 3');
  });

  test('may take a minute to come back, and its port is not reset', async () => {
    const { old } = camera({ idVendor: 0x095d, idProduct: 0x9160 }, needsReset);
    const bench = new ConnectBench(old);
    bench.exchange(old, [device(unknown, {})], [20, 45_000]);
    expect((await bench.connected()).interface.deviceId).toBe('dfu');
    expect(old.log).not.toContain('reset');
    const other = camera(unknown, needsReset);
    const second = new ConnectBench(other.old);
    second.exchange(other.old, [device(unknown, {})], [20, 45_000]);
    await expect(second.connected()).rejects.toThrow(/did not come back/);
    expect(other.old.log).toContain('reset');
  });

  /** Without bitManifestationTolerant. */
  const intolerant = { alternates: [{ name: 'flash', functional: functionalOf(0x03, '1001') }] };

  test('is asked until it is done, though it says that it is not tolerant', async () => {
    const script: Line[] = [
      idle,
      ['DNLOAD 0 6', 'ok'],
      taken,
      ['DNLOAD 1 0', 'ok'],
      ['GETSTATUS', status('dfuMANIFEST', { pollMs: 100 })],
      ['GETSTATUS', 'stall'],
      idle,
    ];
    const { bench, session, made } = await connected(
      { idVendor: 0x095d, idProduct: 0x9213 },
      intolerant,
      { script },
    );
    expect(await ended(bench, download(session, six))).toMatchObject({ finalState: 'dfuIDLE' });
    expect(made.log).not.toContain('reset');
    const other = await connected(unknown, intolerant, { script });
    expect(await ended(other.bench, download(other.session, six))).toMatchObject({
      finalState: 'dfuMANIFEST',
    });
    expect(other.made.log).toContain('reset');
  });

  test('a port that may not be reset is not, at the end of a download either', async () => {
    const script: Line[] = [
      idle,
      ['DNLOAD 0 6', 'ok'],
      taken,
      ['DNLOAD 1 0', 'ok'],
      ['GETSTATUS', status('dfuMANIFEST-WAIT-RESET')],
    ];
    const ids = { idVendor: 0x095d, idProduct: 0x9218 };
    const { bench, session, made } = await connected(ids, intolerant, { script });
    expect(await ended(bench, download(session, six))).toMatchObject({ reset: 'impossible' });
    expect(made.log).not.toContain('reset');
  });
});

describe.each([
  ['a Realtek camera', 0x0bda, 0x5800],
  ['an AVer camera', 0x34ad, 0x0006],
])('%s stays in DFU mode until it is asked', (_, idVendor, idProduct) => {
  test('behind a download', async () => {
    const write: Line[] = [idle, ['DNLOAD 0 6', 'ok'], taken, ['DNLOAD 1 0', 'ok'], idle];
    const plan = sendPlan(six);
    const asked = device(
      { idVendor, idProduct },
      {},
      { script: [...write, ['DETACH 1000', 'ok']] },
    );
    const bench = new ConnectBench(asked);
    await onClock(bench.clock, sendTo(bench.bus, plan, { clock: bench.clock }));
    expect(asked.rest).toEqual([]);
    const other = device(unknown, {}, { script: write });
    const second = new ConnectBench(other);
    await onClock(second.clock, sendTo(second.bus, plan, { clock: second.clock }));
    expect(other.rest).toEqual([]);
  });
});

describe('what no device of the table needs, and a user may say', () => {
  test('a version, a size and a layout of its own', async () => {
    const quirks = [
      parseQuirk('1209:*:dfu-version=0x011a,transfer-size=8,layout=@F/0x08000000/4*16Bg'),
    ];
    const { session } = await connected(unknown, {}, { quirks });
    expect(session.interface).toMatchObject({
      name: '@F/0x08000000/4*16Bg',
      functional: { bcdDFUVersion: 0x011a, wTransferSize: 8 },
    });
  });

  test('more stalls than three', async () => {
    const script: Line[] = [
      idle,
      ['DNLOAD 0 6', 'ok'],
      ...Array.from({ length: 5 }, (): Line => ['GETSTATUS', 'stall']),
      taken,
      ['DNLOAD 1 0', 'ok'],
      idle,
    ];
    const quirks = [parseQuirk('1209:*:status-stalls=5')];
    const { bench, session } = await connected(unknown, {}, { script, quirks });
    expect(await ended(bench, download(session, six))).toMatchObject({ ending: 'manifested' });
    const other = await connected(
      unknown,
      {},
      {
        script: [...script.slice(0, 6), idle],
      },
    );
    expect(await ended(other.bench, download(other.session, six))).toMatchObject({
      code: 'STALLED',
    });
  });

  test('a longer silence behind an erase of everything', async () => {
    const own = { alternates: [{ name: '@F/0x08000000/4*16Bg', functional: dfuSe }] };
    const silent: Line[] = [idle, ['DNLOAD 0 1', 'ok'], ['GETSTATUS', 'silent']];
    const ms = async (quirks: readonly QuirkRow[]): Promise<number> => {
      const bench = new ConnectBench();
      const made = device(unknown, own, { script: silent, clock: bench.clock });
      bench.bus.devices.push(made);
      const plan = sendPlan(undefined, { massErase: true, force: true });
      await ended(bench, sendTo(bench.bus, plan, { clock: bench.clock, quirks }));
      return bench.clock.now();
    };
    expect(await ms([])).toBe(35_000);
    expect(await ms([parseQuirk('1209:*:mass-erase-time=90s')])).toBe(90_000);
  });

  test('rows that are none are refused before anything is asked', async () => {
    const made = device(unknown, {});
    const bench = new ConnectBench(made);
    const quirks = [{ devices: '1209', pollTimeMs: 5 }];
    await expect(bench.connected({ quirks })).rejects.toThrow(/^quirks\[0\].devices: expected/);
    expect(made.log).toEqual([]);
  });
});
