import { describe, expect, test } from 'vitest';
import { ConnectBench, runtimeWords } from '../../test/support/connect-bench.ts';
import { ScriptedBusDevice, dfuStandard, onClock } from '../../test/support/scripted-pipe.ts';
import type { DeviceWords, Line } from '../../test/support/scripted-pipe.ts';
import { connect, parseDeviceIds } from './index.ts';
import type { Selection } from './index.ts';

/* Who is who behind DFU_DETACH: by the port, by the serial number, and by ids where they are said. */

const detached: Line[] = [
  ['GETSTATUS', 'stall'],
  ['DETACH 255', 'ok'],
];

interface Board {
  readonly id: string;
  readonly path: string;
  readonly serial: string | undefined;
  readonly idProduct: number;
}

function made(
  { id, path, serial, idProduct }: Board,
  protocol: 1 | 2,
  more: DeviceWords = {},
): ScriptedBusDevice {
  const words = { ...runtimeWords, protocol } as const;
  const standard = dfuStandard(
    serial === undefined ? { ...words, serial: '' } : { ...words, serial },
  );
  const iSerialNumber = serial === undefined ? 0 : 3;
  return new ScriptedBusDevice({
    id,
    path,
    standard,
    descriptor: { idProduct, iSerialNumber },
    ...more,
  });
}

const app: Board = { id: 'app', path: '1-1', serial: 'A', idProduct: 0x7d00 };

describe('one board', () => {
  const same = { path: '1-1', serial: 'A', idProduct: 0x7d00 };
  const ids = parseDeviceIds('1209:7d00,1209:7d02');

  test.each<readonly [string, Partial<Board>, Selection, boolean]>([
    ['nothing but its mode is another', {}, {}, true],
    ['another product id', { idProduct: 0x7d02 }, {}, true],
    ['another serial number', { serial: 'B' }, {}, true],
    ['no serial number', { serial: undefined }, {}, true],
    ['another product id and serial number', { idProduct: 0x7d02, serial: 'B' }, {}, true],
    ['another port', { path: '1-2' }, {}, true],
    ['another port and product id', { path: '1-2', idProduct: 0x7d02 }, {}, true],
    ['another port and serial number', { path: '1-2', serial: 'B' }, {}, false],
    ['all of it', { path: '1-2', serial: 'B', idProduct: 0x7d02 }, {}, false],
    ['all of it, and its ids are said', { path: '1-2', serial: 'B', idProduct: 0x7d02 }, ids, true],
    [
      'all of it, and other ids are said',
      { path: '1-2', serial: 'B', idProduct: 0x7d03 },
      ids,
      false,
    ],
    ['no serial number, at another port', { path: '1-2', serial: undefined }, {}, false],
  ])('comes back with %s', async (_, change, selection, isFound) => {
    const old = made(app, 1, { script: detached });
    const bench = new ConnectBench(old);
    bench.exchange(old, [made({ id: 'loader', ...same, ...change }, 2)]);
    const session = await bench.connected({ selection }).catch(() => undefined);
    expect(session?.interface.deviceId).toBe(isFound ? 'loader' : undefined);
  });
});

/** Which loader the board at 1-1 and the one at 1-2 get that are asked away at once, and come back so. */
async function both(
  serials: readonly [string | undefined, string | undefined],
  backMs: readonly [number, number],
  selections: readonly Selection[] = [{ path: '1-1' }, { path: '1-2' }],
): Promise<readonly (string | undefined)[]> {
  const boards = serials.map((serial, at) => ({
    id: `app-${at + 1}`,
    path: `1-${at + 1}`,
    serial,
    idProduct: 0x7d00,
  }));
  const old = boards.map((board) => made(board, 1, { script: detached }));
  const bench = new ConnectBench(...old);
  for (const [at, device] of old.entries()) {
    const board = boards[at] ?? app;
    const loader = made({ ...board, id: `loader-${at + 1}`, idProduct: 0x7d02 }, 2);
    bench.exchange(device, [loader], [20, backMs[at] ?? 0]);
  }
  const { clock, bus } = bench;
  const work = selections.map((selection) =>
    connect(bus, { clock, selection }).then(
      (session) => session.interface.deviceId,
      () => undefined,
    ),
  );
  return onClock(clock, Promise.all(work));
}

describe('two equal boards that are asked away at once each find their own', () => {
  const cases = [
    ['numbers of their own', ['A', 'B']],
    ['the same number', ['A', 'A']],
    ['no number', [undefined, undefined]],
  ] as const;

  for (const [name, serials] of cases) {
    test.each([
      [100, 100],
      [100, 3000],
      [3000, 100],
    ])(`with ${name}, back after %i and %i ms`, async (...backMs) => {
      expect(await both(serials, backMs)).toEqual(['loader-1', 'loader-2']);
    });

    test(`with ${name}, and one that never comes back gets nothing`, async () => {
      expect(await both(serials, [100, 60_000])).toEqual(['loader-1', undefined]);
      expect(await both(serials, [60_000, 100])).toEqual([undefined, 'loader-2']);
    });
  }

  test('though the ids that are said fit both', async () => {
    const ids = parseDeviceIds('1209:7d00,1209:7d02');
    const selections = [
      { ...ids, path: '1-1' },
      { ...ids, path: '1-2' },
    ];
    expect(await both(['A', 'B'], [60_000, 100], selections)).toEqual([undefined, 'loader-2']);
  });
});
